"""Takes short native notes out of a passage and its page, from which a reader could write the passage."""

import regex

from xinstruct.tools.rules import topic as topics
from xinstruct.tools.sentences import ends_sentence, is_unmarked, sentences

_CLAUSE_END = regex.compile(r"[,;،؛၊、，]\s+|\s+[–—-]\s+|:\s+")
_ITEM_MARK = regex.compile(r"^\s*(?:[-*•·‣▪●◦–]|\(?[\p{Nd}]{1,2}[.)])\s+")
# The hour at which a page went live is no fact of its text.
_DATE = regex.compile(r"^(\d{4}-\d\d-\d\d)(?:[T ]\S*)?$")
_DURATION = regex.compile(r"^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:[\d.]+S)?)?$")
_NUMBER = regex.compile(r"\p{Nd}+")
# Neither a number with at most its unit, nor a line of code, says anything by itself.
_LONE_QUANTITY = regex.compile(r"[\p{N}\p{P}\p{S}\s]*\p{N}[\p{N}\p{P}\p{S}\s]*[\p{L}\p{M}]*[\p{P}\s]*")
_MOST_NOTES = 8
_LONGEST_NOTE = 120
_LONGEST_ITEM = 90
_LONGEST_BYLINE = 60
_LONGEST_UNMARKED_BYLINE = 40
_SHORTEST_PARAGRAPH = 80
_SHORTEST_OPENING = 60
_LONGEST_OPENING = 500
_SHORTEST_NOTE = 12
_SHORTEST_CUT = 40
# Facts of the markup that may become notes, under the English words that say what they are.
_FACTS = {
    "startDate": "Start",
    "endDate": "End",
    "location": "Place",
    "recipeYield": "Yield",
    "totalTime": "Total time",
    "cookTime": "Cooking time",
    "birthDate": "Born",
    "birthPlace": "Place of birth",
    "jobTitle": "Occupation",
    "price": "Price",
    "brand": "Brand",
}
_NEWS_FACTS = {"datePublished": "Date", "dateline": "Dateline", "contentLocation": "Place", **_FACTS}
_CODE = regex.compile(r".*[{};]\s*")
_LABEL = regex.compile(rf"^(?:{'|'.join(sorted(set(_NEWS_FACTS.values())))}): ")


def paragraphs(text: str) -> list[str]:
    """The lines of the passage that hold anything."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def items(text: str) -> list[str]:
    """The list items of a passage: lines with an item mark, or runs of short lines that are no sentences."""
    lines = paragraphs(text)
    marked = [_ITEM_MARK.sub("", line) for line in lines if _ITEM_MARK.match(line)]
    if len(marked) >= 3:
        return marked
    found: list[str] = []
    run: list[str] = []
    for line in [*lines, "." * 200]:
        if len(line) <= _LONGEST_ITEM and (is_unmarked(line) or not ends_sentence(line)) and not topics.asks(line):
            run.append(line)
            continue
        # The first short line of a run is as a rule the heading over the list.
        found.extend(run[1:] if len(run) >= 4 else [])
        run = []
    return found


def without_byline(text: str) -> str:
    """The passage without short lines before its first paragraph that are no sentences: author, date, place."""
    lines = text.split("\n")
    for count, line in enumerate(lines[:4]):
        if len(line) >= _SHORTEST_PARAGRAPH and count:
            return "\n".join(lines[count:])
        closed = ends_sentence(line) and not (is_unmarked(line) and len(line) <= _LONGEST_UNMARKED_BYLINE)
        if len(line) > _LONGEST_BYLINE or closed or line.rstrip().endswith((":", "：")):
            break
    return text


def sections(text: str, headings: list[str]) -> list[tuple[str, str]]:
    """The sections of a passage that stand under its inner headings, as they stand in it: (heading, text under it)."""
    lines = text.split("\n")
    at = [number for number, line in enumerate(lines) if any(topics.same(line, heading) for heading in headings)]
    return [
        (lines[here], "\n".join(lines[here + 1 : after])) for here, after in zip(at, [*at, len(lines)][1:], strict=True)
    ]


def opening(text: str, language: str) -> str:
    """The first sentences of a passage, 60 characters or more together; "" where nothing is left behind them."""
    said = 0
    for start, end in sentences(text, language):
        said += end - start
        if said >= _SHORTEST_OPENING:
            return text[:end] if end <= _LONGEST_OPENING and end < len(text) else ""
    return ""


def take(
    text: str, language: str, headings: list[str], description: str | None, facts: list[dict[str, str]], news: bool
) -> list[str]:
    """Three to eight notes of up to 120 characters: summary, facts, headings, items, telling sentences.

    Where there are fewer than three the page has no notes to give: then the list is empty.
    """
    labels = _NEWS_FACTS if news else _FACTS
    told = [(labels[fact["name"]], _told(fact["value"], text)) for fact in facts if fact["name"] in labels]
    found = [f"{label}: {_short(value)}" for label, value in told if value][:3]
    if description and topics.echo(description, text) >= 0.6:
        found.insert(0, _short(_sentences(description, language)[0]))
    found += [heading for heading in headings if not topics.same(heading, description)][:3]
    listed = items(text)
    found += [_short(item) for item in listed if not _LONE_QUANTITY.fullmatch(item) and not _CODE.fullmatch(item)][:3]
    bodies = [line for line in paragraphs(text) if len(line) > 80 and _ITEM_MARK.sub("", line) not in listed]
    room = max(2, _MOST_NOTES - len(found))
    per_body = max(1, room // max(1, len(bodies)))
    for body in bodies[:room]:
        found += _telling(body, language, min(3, per_body))
    kept = _distinct([note for note in found if note])
    return kept[:_MOST_NOTES] if len(kept) >= 3 else []


def unlabelled(note: str) -> str:
    """A note as the context shows it, without its dash, the English label of a fact, or a day in figures."""
    return _DATE.sub("", _LABEL.sub("", note.removeprefix("- ")))


def _told(value: str, text: str) -> str:
    """A fact of the markup as people write it, 1 h 30 min for PT1H30M; "" where the text does not say it too.

    A day in figures may stay without that: a text says "yesterday" of it.
    """
    if day := _DATE.match(value):
        return day[1]
    said = {int(number) for number in _NUMBER.findall(text)}
    if not value.startswith("P") or not (duration := _DURATION.match(value)):
        known = {int(number) for number in _NUMBER.findall(value)} <= said
        return value if known and topics.echo(value, text) >= 0.5 else ""
    days, hours, minutes = (int(number or 0) for number in duration.groups())
    named = [(number, unit) for number, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if number]
    in_minutes = (days * 24 + hours) * 60 + minutes
    known = {number for number, _ in named} <= said or in_minutes in said
    return " ".join(f"{number} {unit}" for number, unit in named) if known else ""


def _sentences(text: str, language: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text, language)]


def _short(text: str) -> str:
    """The text, cut at a clause or blank where it is longer than a note, without marks that the cut left alone."""
    text = regex.sub(r"\s+", " ", text).strip()
    if len(text) > _LONGEST_NOTE:
        cuts = [m.start() for m in _CLAUSE_END.finditer(text) if _SHORTEST_CUT <= m.start() <= _LONGEST_NOTE]
        blank = text.rfind(" ", 0, _LONGEST_NOTE)
        at = cuts[-1] if cuts else blank if blank > _SHORTEST_CUT else _LONGEST_NOTE
        text = text[:at] + " ..."
    if any(text.count(one) != text.count(other) for one, other in ("“”", "«»", "‘’", "()")) or text.count('"') % 2:
        text = regex.sub('["“”«»‘()]', "", text).strip()
    return text.rstrip(".।۔،, ") if not text.endswith("...") else text


def _telling(body: str, language: str, how_many: int) -> list[str]:
    """The beginnings of those sentences of a paragraph that hold most numbers and names, in their order."""
    openings = [short for sentence in _sentences(body, language) if len(short := _short(sentence)) >= _SHORTEST_NOTE]
    best = sorted(openings, key=_weight, reverse=True)[:how_many]
    return [note for note in openings if note in best][:how_many]


def _weight(clause: str) -> float:
    """More for numbers, for capitals inside, and for a length that says something."""
    numbers = len(regex.findall(r"\p{Nd}+", clause))
    names = len(regex.findall(r"(?<=\s)\p{Lu}\p{Ll}+", clause))
    return 2.0 * min(numbers, 2) + min(names, 3) + min(len(clause), 80) / 40


def _distinct(notes: list[str]) -> list[str]:
    kept: list[str] = []
    for note in notes:
        if all(topics.echo(note, other) < 0.8 and topics.echo(other, note) < 0.8 for other in kept):
            kept.append(note)
    return kept
