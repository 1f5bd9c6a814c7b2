"""Judges by rules how well a native text answers an English instruction: seven marks, each with what it lacks."""

from collections.abc import Mapping
from typing import Any

import regex

from xinstruct import prompts
from xinstruct.tools import guards
from xinstruct.tools.passages.starts import continuation, is_small
from xinstruct.tools.quotation_marks import DOUBLY_QUOTED, quotations
from xinstruct.tools.rules import furniture, notes
from xinstruct.tools.rules import topic as topics
from xinstruct.tools.sentences import ends_sentence

Mark = tuple[float, str]

_OPENING_MARKS = regex.compile(r"^[\s\"'“”‘’«»„(\[¿¡–—-]+")
_CONTINUES = regex.compile(r"^\s*(?:[,;:)\]}%،؛、，。.]|…)")
_WORD = regex.compile(r"[\p{L}\p{M}]+(?:['’-][\p{L}\p{M}]+)*")
_PARAGRAPHS = regex.compile(r"\b(one|two|three|four|five|six|seven|eight|nine|ten|\d+)(?: \w+)? paragraphs?\b", regex.I)
_NUMBERS = ("", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_LISTED = regex.compile(r"\b(?:list|itemi[sz]ed?|ingredients|steps|step-by-step)\b", regex.I)

# Words that name nothing, beside those that any instruction may hold.
_EMPTY = frozenset(("something", "anything", "thing", "things", "stuff", "interesting", "random", "whatever"))
_PASSAGE_LIKE = frozenset(
    ("text_to_title", "text_to_lead", "text_to_answer", "continue_text", "notes_to_text", "write_news")
)
# Initials of the writer or a footnote behind the last sentence do not make it end in mid-sentence.
_CREDIT = regex.compile(r"(?<=[.!?।۔])\s*[(\[][^()\[\]]{1,40}[)\]]$")
_WEIGHTS = {"Hans": 3.0, "Hant": 3.0, "Jpan": 2.2, "Hang": 1.9, "Kore": 1.9, "Ethi": 1.45}
_SCRIPTS = {
    "Hans": r"\p{Han}",
    "Hant": r"\p{Han}",
    "Jpan": r"\p{Han}\p{Hiragana}\p{Katakana}",
    "Kore": r"\p{Hangul}\p{Han}",
}


def judge(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Marks of 0 to 1 by name, and under `reasons` a reason for each that is under 1."""
    marks = {
        "start": _start(fields),
        "end": _end(fields),
        "satisfiable": _satisfiable(fields),
        "specific": _specific(fields),
        "purity": _purity(fields),
        "length": _length(fields),
        "clean": _clean(fields),
    }
    reasons = [f"{name}: {why}" for name, (mark, why) in marks.items() if mark < 1]
    return {**{name: round(mark, 3) for name, (mark, _) in marks.items()}, "reasons": reasons}


def _start(fields: Mapping[str, Any]) -> Mark:
    text, task = fields["passage"], fields["task"]
    if task in ("text_to_title", "continue_text", "text_to_answer"):
        return 1.0, ""
    if _CONTINUES.match(text):
        return 0.0, "begins with a mark that continues something"
    opening = _OPENING_MARKS.sub("", text)
    if is_small(opening):
        return (0.75 if task == "define_term" else 0.0), "begins with a small letter"
    kind, found = continuation(text, fields["label"])
    if kind == "continuing":
        return 0.25, f"begins with '{found}'"
    if kind == "pronouns" and task not in ("answer_question", "define_term"):
        return 0.6, f"begins with '{found}', which stands for something said before"
    if notes.without_byline(text) != text:
        return 0.7, "begins with a byline or caption"
    return 1.0, ""


def _end(fields: Mapping[str, Any]) -> Mark:
    text, task = _CREDIT.sub("", fields["passage"].rstrip()), fields["task"]
    if task in ("text_to_title", "text_to_answer"):
        return 1.0, ""
    if text.endswith((":", "：", "،", ",", ";", "-", "–")):
        return 0.0, "ends by announcing something that does not come"
    if text.endswith(("...", "…")):
        return 0.4, "trails off"
    if ends_sentence(text):
        return 1.0, ""
    last = notes.paragraphs(text)[-1] if text else ""
    if task == "define_term" or last in notes.items(text):
        return 0.9, "ends with an item, not a sentence"
    return 0.0, "ends in mid-sentence"


def _satisfiable(fields: Mapping[str, Any]) -> Mark:
    text, instruction, task = fields["passage"], fields["instruction"], fields["task"]
    outside = DOUBLY_QUOTED.sub(" ", instruction)
    if impossible := guards.impossible(instruction, text, handed=bool(fields["context"])):
        return 0.0, f"no answer of this kind can satisfy '{impossible}'"
    if task == "text_to_answer" and text not in (fields["context"] or ""):
        return 0.0, "the answer is not in the text that is handed over"
    worst: Mark = (1.0, "")
    for check in (_topic_met, _notes_met, _form_met):
        worst = min(worst, check(fields, outside), key=lambda mark: mark[0])
    return worst


def _topic_met(fields: Mapping[str, Any], outside: str) -> Mark:
    """Whether what is named in quotation marks comes up in the answer, or in what is handed over with it."""
    named = quotations(fields["instruction"])
    if not named or fields["task"] in ("text_to_answer", "text_to_title"):
        return 1.0, ""
    heard = {
        quotation: topics.echo(quotation, f"{fields['passage']}\n{fields['context'] or ''}") for quotation in named
    }
    lenient = fields["task"] in ("answer_question", "define_term", "write_section", "continue_text")
    best = max(heard.values())
    if best == 0:
        return (0.75 if lenient else 0.25), "nothing of what the instruction names comes up"
    if best < 0.25 and not lenient:
        return 0.5, "little of what the instruction names comes up"
    wanted = regex.search(
        r"\b(?:[Mm]ention|[Ii]nclude|come up|[Bb]ring in|touch on|[Cc]over|headings|parts)\b", outside
    )
    missing = [q for q in named[1:] if heard[q] < 0.6] if wanted and not lenient else []
    return (0.5, f"'{missing[0]}' does not come up") if missing else (1.0, "")


def _notes_met(fields: Mapping[str, Any], outside: str) -> Mark:
    if fields["task"] not in ("notes_to_text", "write_news") or not fields["context"]:
        return 1.0, ""
    # A day in figures is there for the writer to know when; the text need not say it.
    said = [note for line in fields["context"].splitlines() if topics.stems(note := notes.unlabelled(line))]
    met = sum(topics.echo(note, fields["passage"]) >= 0.5 for note in said)
    share = met / len(said) if said else 0.0
    return (1.0, "") if share >= 0.7 else (share, "few of the notes come up in the answer")


def _form_met(fields: Mapping[str, Any], outside: str) -> Mark:
    """Whether paragraphs and lists that the instruction asks for are there."""
    lines = notes.paragraphs(fields["passage"])
    if asked := _PARAGRAPHS.search(outside):
        number = _NUMBERS.index(asked[1].lower()) if asked[1].lower() in _NUMBERS else int(asked[1])
        if abs(number - len(lines)) > max(1, number // 4):
            return 0.5, f"{asked[0]} wanted, {len(lines)} there"
    if fields["task"] == "list_items" and len(notes.items(fields["passage"])) < 3:
        return 0.25, "a list is wanted and none is there"
    if _LISTED.search(outside) and len(lines) < 3:
        return 0.6, "a list or steps are wanted, but there are hardly any lines"
    return 1.0, ""


def _specific(fields: Mapping[str, Any]) -> Mark:
    if fields["context"] and fields["task"] in _PASSAGE_LIKE:
        return 1.0, ""
    vague = prompts.table("vague")["titles"]
    named = [quotation for quotation in quotations(fields["instruction"]) if quotation.casefold() not in vague]
    weight = _WEIGHTS.get(fields["label"][-4:], 1.0)
    letters = max((len(regex.findall(r"[\p{L}\p{N}]", quotation)) for quotation in named), default=0) * weight
    known = prompts.english_words() | _EMPTY
    own = [
        word for word in _WORD.findall(DOUBLY_QUOTED.sub(" ", fields["instruction"]).casefold()) if word not in known
    ]
    if letters >= 10 or len(own) >= 3 or fields["task"] == "define_term":
        return 1.0, ""
    if letters >= 4 or len(own) == 2:
        return 0.75, "names its subject in very few letters"
    return (0.5, "names its subject in hardly any letters") if letters >= 2 or own else (0.0, "names no subject")


def _purity(fields: Mapping[str, Any]) -> Mark:
    """The share of the text in its language as harvest measured it, at most the share of letters in its script."""
    script = fields["label"][-4:]
    letters = regex.findall(r"\p{L}", fields["passage"])
    pattern = _SCRIPTS.get(script, rf"\p{{Script={script}}}")
    try:
        own = regex.compile(f"[{pattern}]")
    except regex.error:
        return 1.0, ""
    share = sum(bool(own.match(letter)) for letter in letters) / len(letters) if letters else 0.0
    measured = fields["lid_purity"]
    mark = share if measured is None else min(share, measured)
    # A few names in another script are part of how people write.
    return (1.0, "") if mark >= 0.97 else (mark, f"{mark:.0%} of it is in its language and script")


def _length(fields: Mapping[str, Any]) -> Mark:
    table = prompts.table("lengths")
    shortest, longest = table.get(fields["task"], table["usual"])
    length = len(fields["passage"]) * _WEIGHTS.get(fields["label"][-4:], 1.0)
    if length < shortest:
        return length / shortest, f"{len(fields['passage'])} characters are short for this task"
    if length > longest:
        return longest / length, f"{len(fields['passage'])} characters are long for this task"
    outside = DOUBLY_QUOTED.sub(" ", fields["instruction"])
    if (
        regex.search(r"\b(?:detailed|long|longer) (?:article|text|blog post|guide|account)\b", outside)
        and length < 1200
    ):
        return 0.6, "a long text was wanted"
    return 1.0, ""


def _clean(fields: Mapping[str, Any]) -> Mark:
    """1 without page furniture; half a mark less for the first line of it, more for more."""
    text = fields["passage"]
    found = furniture.remains(text, fields["label"])
    if not found:
        return 1.0, ""
    share = sum(map(len, found)) / max(1, len(text))
    return max(0.0, 0.75 - 0.25 * (len(found) - 1) - 2 * share), f"page furniture such as '{found[0][:60]}'"
