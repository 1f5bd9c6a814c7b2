"""Finds by fixed rules what is wrong with an instruction, whoever wrote it: not English, leaks, impossible tasks."""

import regex

from xinstruct import prompts

_QUOTATION = regex.compile(r'"[^"]*"|“[^”]*”|«[^»]*»')
_WORD = regex.compile(r"[\p{L}\p{M}]+(?:['’-][\p{L}\p{M}]+)*")
_FOREIGN = regex.compile(r"[\p{L}--\p{Latin}]", regex.V1)
_LEAK = regex.compile(r"[{}]|<\|?/?\w+\|?>|\[/?INST\]|<</?SYS>>|^\s*(?:instruction|task|style)\s*:", regex.I)
_LINK = regex.compile(r"(?:https?://|www\.)[^\s\"”»)]+")
_MATTER = r"(?:text|passage|article|document|page|paragraph|excerpt|content|sentence|note|point|line|story|website)s?"
_POINTS = regex.compile(
    rf"\b(?:this|these|(?:the )?(?:following|above|given|provided|attached|aforementioned)) {_MATTER}\b"
    rf"|\b{_MATTER} (?:below|above|that follows?|provided|given)\b|\bthe passage\b"
    r"|\b(?:listed|mentioned|described|given|pasted) (?:above|below)\b",
    regex.I,
)
_IMPOSSIBLE = regex.compile(
    r"\btranslat(?:e|ion)\b|\b(?:link|url) to\b|\b(?:send|find|share) (?:me )?(?:a|the) (?:link|url|file|website)\b"
    r"|\b(?:draw|show|describe) (?:me )?(?:a|an|the|this) (?:picture|image|photo|photograph|video|drawing)\b"
    r"|\btoday's\b|\bcurrent (?:weather|time)\b",
    regex.I,
)
_SUMMARISE = regex.compile(r"\b(?:summari[sz]e|paraphrase|shorten|proofread|rewrite)\b", regex.I)
_LOWEST_ENGLISH_KEPT = 0.3
_LONGEST_QUOTATION_FROM_RESPONSE = 200


def fault(instruction: str, response: str, answer: str, *, handed: bool, bare: bool, own: str = "") -> tuple[str, str]:
    """The first fault of an instruction in snake case, with the words that show it; two empty strings if none.

    response: the text that answers. answer: a short stretch that must not stand in the instruction, or "".
    handed: whether a text goes along with the instruction. bare: whether a quoted question alone will do.
    own: what else the page says, such as its title and terms.
    """
    outside = _QUOTATION.sub(" ", instruction)
    links = [link for link in _LINK.findall(instruction) if link not in response]
    found = {
        "leaked_prompt": _words(_LEAK.search(_without_code(instruction, f"{own}\n{response}"))) or " ".join(links),
        "not_english": _not_english(outside, bare),
        "points_at_missing_text": "" if handed else _words(_POINTS.search(outside)),
        "asks_the_impossible": _words(_IMPOSSIBLE.search(outside))
        or ("" if handed else _words(_SUMMARISE.search(outside))),
        "gives_the_answer_away": _given_away(instruction, response, answer),
    }
    return next(((reason, words) for reason, words in found.items() if words), ("", ""))


def _without_code(instruction: str, page: str) -> str:
    """The instruction without what it quotes from the page: a text on templates is full of braces."""
    return _QUOTATION.sub(lambda quoted: " " if quoted[0][1:-1] in page else quoted[0], instruction)


def _words(match: regex.Match[str] | None) -> str:
    return match[0] if match else ""


def _not_english(outside: str, bare: bool) -> str:
    """The words outside quotation marks when they are not English; "" when they are."""
    words = _WORD.findall(outside.casefold())
    known = prompts.english_words()
    heard = sum(word in known for word in words)
    fits = heard >= _LOWEST_ENGLISH_KEPT * len(words) and (heard > 0 or bare)
    return "" if fits and not _FOREIGN.search(outside) else " ".join(words)[:200] or "no English word"


def _given_away(instruction: str, response: str, answer: str) -> str:
    if answer and answer.casefold() in instruction.casefold():
        return answer[:200]
    long = [part[1:-1] for part in _QUOTATION.findall(instruction) if len(part) > _LONGEST_QUOTATION_FROM_RESPONSE]
    return next((quotation[:200] for quotation in long if quotation in response), "")
