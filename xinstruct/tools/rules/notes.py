"""Takes short native notes out of a passage and its page, from which a reader could write the passage."""

import regex

from xinstruct import prompts
from xinstruct.tools.rules import topic as topics
from xinstruct.tools.sentences import ends_sentence, is_unmarked, sentences

_CLAUSE_END = regex.compile(r"[,;،؛၊]\s+|[、，；]|\s+[–—-]\s+|:\s+")
_ITEM_MARK = regex.compile(r"^\s*(?:[-*•·‣▪●◦–]|\(?[\p{Nd}]{1,2}[.)])\s+")
# The hour at which a page went live is no fact of its text.
_DATE = regex.compile(r"^(\d{4}-\d\d-\d\d)(?:[T ]\S*)?$")
_DURATION = regex.compile(r"^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:[\d.]+S)?)?$")
_NUMBER = regex.compile(r"\p{Nd}+")
# A number with what it counts, where blanks stand between words.
_FIGURE = regex.compile(r"\p{Nd}+(?:[.,]\p{Nd}+)*(?:\s?%|\s[\p{L}\p{M}]{1,14}(?![\p{L}\p{M}]))?")
_COMBINING = regex.compile(r"\p{M}")
# Neither a number with at most its unit, nor a line of code, says anything by itself.
_LONE_QUANTITY = regex.compile(r"[\p{N}\p{P}\p{S}\s]*\p{N}[\p{N}\p{P}\p{S}\s]*[\p{L}\p{M}]*[\p{P}\s]*")
_MOST_NOTES = 8
_FEWEST_NOTES = 3
# In characters as of the Latin script.
_LONGEST_NOTE = 64
_USUAL_NOTE = 45
_LARGEST_SHARE = 0.2
# A note is never a whole sentence.
_LARGEST_PART = 0.7
_CUT_OFF = " ..."
_LONGEST_ITEM = 90
_LONGEST_BYLINE = 60
_LONGEST_UNMARKED_BYLINE = 40
_SHORTEST_PARAGRAPH = 80
_SHORTEST_OPENING = 60
_LONGEST_OPENING = 500
_SHORTEST_NOTE = 12
_LONGEST_HEAD_LINE = 32
_FEWEST_FIGURES_OF_DATE = 3
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


def without_head(text: str, title: str | None) -> str:
    """The same, and without the date, the print button and the headline said again that sites set over a text."""
    words = prompts.table("boilerplate")["head"]
    lines = text.split("\n")
    count = 0
    while count < len(lines) - 1 and (is_head(lines[count], words) or (count and topics.same(lines[count], title))):
        count += 1
    # A headline alone is part of the text; what stands below a date or a button is its frame.
    framed = any(is_head(line, words) for line in lines[:count])
    return without_byline("\n".join(lines[count:]) if framed else text)


def is_head(line: str, words: list[str]) -> bool:
    """Whether a line is a date or a button, and not a heading such as a year."""
    shown = line.strip()
    figures = _NUMBER.findall(shown)
    dated = len(figures) >= _FEWEST_FIGURES_OF_DATE or (len(figures) == 2 and len(figures[-1]) == 4)
    closed = ends_sentence(shown) and not is_unmarked(shown)
    dated = dated and len(shown) <= _LONGEST_HEAD_LINE and not closed
    return dated or shown.casefold() in words


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
    """Three to eight short notes: facts, summary, headings, items, first words and figures of telling sentences.

    Together they hold at most a fifth of the text's characters, days in figures aside: who writes from notes that hold
    the text learns to copy. Where there are fewer than three the page has no notes to give: then the list is empty.
    """
    room = int(_LARGEST_SHARE * len(text))
    scale = topics.WEIGHTS.get(topics.script(text), 1.0)
    most = max(_FEWEST_NOTES, min(_MOST_NOTES, int(room * scale) // _USUAL_NOTE))
    longest = min(int(_LONGEST_NOTE / scale), room // most)
    if longest * scale < _SHORTEST_NOTE:
        return []
    labels = _NEWS_FACTS if news else _FACTS
    told = [(labels[fact["name"]], _told(fact["value"], text)) for fact in facts if fact["name"] in labels]
    found = [f"{label}: {_short(value, longest)}" for label, value in told if value][:3]
    if description and topics.echo(description, text) >= 0.6:
        found.append(_gist(_sentences(description, language)[0], longest))
    listed = items(text)
    named = [heading for heading in headings if len(heading) <= longest and not topics.same(heading, description)][:3]
    named += [
        _short(item, longest) for item in listed if not _LONE_QUANTITY.fullmatch(item) and not _CODE.fullmatch(item)
    ][:3]
    bodies = [line for line in paragraphs(text) if len(line) > 80 and _ITEM_MARK.sub("", line) not in listed]
    # Where sentences have something to say, the names of parts leave them half of the room.
    first = max(1, most // 2) if bodies else len(named)
    found += named[:first]
    found += _telling(bodies, language, max(2, most - len(found)), longest) + named[first:]
    kept = _within(_distinct([note for note in found if note]), room)[:most]
    return kept if len(kept) >= _FEWEST_NOTES else []


def _within(notes: list[str], room: int) -> list[str]:
    """The notes, in their order, that fit into so many characters together; a day in figures takes none."""
    kept: list[str] = []
    for note in notes:
        cost = len(unlabelled(note))
        if cost <= room:
            kept.append(note)
            room -= cost
    return kept


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


def _short(text: str, longest: int) -> str:
    """The text, cut at a clause or blank where it is longer, without marks that the cut left alone."""
    text = regex.sub(r"\s+", " ", text).strip()
    if len(text) > longest:
        text = f"{_cut(text, longest - len(_CUT_OFF))}{_CUT_OFF}"
    if any(text.count(one) != text.count(other) for one, other in ("“”", "«»", "‘’", "()")) or text.count('"') % 2:
        text = regex.sub('["“”«»‘()]', "", text).strip()
    return text.rstrip(".।۔،, ") if not text.endswith("...") else text


def _cut(text: str, longest: int) -> str:
    """The first words of a text; a clause where one ends in the second half of the room."""
    clauses = [m.start() for m in _CLAUSE_END.finditer(text, 0, longest + 2) if longest / 2 <= m.start() <= longest]
    blank = text.rfind(" ", 0, longest + 1)
    at = clauses[-1] if clauses else blank if blank > 0 else longest
    while not clauses and blank <= 0 and at > 1 and _COMBINING.match(text, at):
        at -= 1
    return text[:at].rstrip(" ,;:،؛、，–—-")


def _gist(sentence: str, longest: int) -> str:
    """The first words of a sentence, and a figure from its rest: what tells the writer which sentence is meant."""
    text = regex.sub(r"\s+", " ", sentence).strip()
    room = min(longest, int(_LARGEST_PART * len(text)))
    whole = _short(text, room)
    shown = whole.removesuffix(_CUT_OFF)
    figure = next((m[0] for m in _FIGURE.finditer(text, min(len(shown), len(text))) if len(m[0]) <= room // 2), "")
    if not figure or figure in shown:
        return whole
    return f"{_short(text, room - len(figure) - 1)} {figure}"


def _telling(bodies: list[str], language: str, how_many: int, longest: int) -> list[str]:
    """The gist of telling sentences in their order: in each paragraph those with most numbers and names first."""
    scale = topics.WEIGHTS.get(topics.script("".join(bodies)), 1.0)
    ranked: list[tuple[int, int, int, str]] = []
    for number, body in enumerate(bodies):
        said = [sentence for sentence in _sentences(body, language) if len(sentence) * scale >= 2 * _SHORTEST_NOTE]
        best = sorted(range(len(said)), key=lambda at: -telling(said[at]))
        ranked += [(rank, number, at, said[at]) for rank, at in enumerate(best)]
    chosen = sorted(sorted(ranked)[:how_many], key=lambda sentence: sentence[1:3])
    gists = [_gist(sentence, longest) for *_, sentence in chosen]
    return [gist for gist in gists if len(gist.removesuffix(_CUT_OFF)) * scale >= _SHORTEST_NOTE]


def telling(clause: str) -> float:
    """How telling a sentence is: more for numbers, for capitals inside, and for a length that says something."""
    numbers = len(regex.findall(r"\p{Nd}+", clause))
    names = len(regex.findall(r"(?<=\s)\p{Lu}\p{Ll}+", clause))
    return 2.0 * min(numbers, 2) + min(names, 3) + min(len(clause), 80) / 40


def _distinct(notes: list[str]) -> list[str]:
    kept: list[str] = []
    for note in notes:
        if all(topics.echo(note, other) < 0.8 and topics.echo(other, note) < 0.8 for other in kept):
            kept.append(note)
    return kept
