"""Finds by fixed rules what is wrong with an instruction, whoever wrote it: not English, leaks, impossible tasks."""

import functools

import regex

from xinstruct import prompts
from xinstruct.candidate import Candidate
from xinstruct.tools import english, plans
from xinstruct.tools.quotation_marks import QUOTED

REASONS = {
    "leaked_prompt": "it carries placeholders, chat tokens, parts of the prompt, or links that are not in the passage",
    "speaks_as_model": "it speaks to or of an assistant, or as one, instead of as a person who asks",
    "not_english": "it is not English outside its quotation marks",
    "names_language": "it says in which language to answer, which is added later",
    "points_at_missing_text": "it speaks of a text that is not handed over",
    "asks_the_impossible": "it asks for what no text can give: a translation, a link, a picture, a summary of nothing",
    "bare_news": "it asks for news or an announcement without handing over what happened",
    "gives_the_answer_away": "the answer, or much of it, stands in the instruction",
}

# What stands for a quotation once its words are taken out: the patterns below see that a name stood there.
_TAKEN_OUT = ' "" '
_PARENTHESIS = regex.compile(r"\(([^()\n]{1,80})\)")
_WORD = regex.compile(r"[\p{L}\p{M}]+(?:['’-][\p{L}\p{M}]+)*")
_FOREIGN = regex.compile(r"[\p{L}--\p{Latin}]", regex.V1)
_LONGEST_QUOTATION_FROM_RESPONSE = 200
# So many words in a row are a prompt's own, not a person's.
_LEAKED_WORDS = 8

# All patterns below but the templates are looked for in lower case: to fold the text once is cheaper.
CHAT_TOKEN = regex.compile(
    r"<[|｜][^<>\n]{1,64}>|<[^<>\n]{1,64}[|｜]>|</?(?:start|end)_of_[a-z]{1,20}>"
    r"|</?(?:s|bos|eos|pad|unk|sop|eop|think|tool_call|tool_response|passage|answer|instruction)(?: [^<>\n]{0,20})?>"
    r"|\[/?(?:inst|system_prompt|available_tools|tool_calls|tool_results|think)\]|\[\|[^\[\]\n]{1,64}\|\]|<</?sys>>"
    r"|^\s*#+ ?(?:instruction|response|input|system|user|assistant)\b"
)
_FIELD = regex.compile(
    r"(?:^|\n|[.!?]\s+)\W{0,2}(?:instruction|task|style|response|evidence|skip|system|assistant)\W{0,2}:"
)
# Signs that a page about templates or program code has too.
_TEMPLATE = regex.compile(
    r"\{[^{}\n]{0,60}\}?|\}|<[/!]?[a-z][^<>\n]{0,60}>"
    r"|\[(?:insert|your|topic|title|name|place|subject)\b[^\]\n]{0,40}\]"
    r"|\b(?:text_to|notes_to|answer|define|give|explain|announce|portrait|describe|tell|write|list|continue"
    r"|asked)_[a-z]+\b",
    regex.I,
)
_OF_THE_PROMPT = regex.compile(
    r"\bnative (?:text|passage) (?:from|of|on) a (?:web ?)?page\b|\btasks? allowed\b|\ballowed tasks?\b"
    r"|\b(?:style|length) wished\b|\bwished (?:style|length)\b|\btrain(?:ing)? (?:a|an|the) multilingual assistant\b"
    r"|\bjson object\b|^\W*(?:sure|certainly|of course)[,!]"
    r"|\bhere(?: is|'s) (?:the|an?|your) (?:english )?(?:instruction|prompt)\b"
)
LINK = regex.compile(r"(?:https?://|www\.)[^\s\"\p{Pi}\p{Pf}\p{Pe}]+")

# What stands before an order: a sentence's start, or words that ask for something.
_BEFORE_ORDER = regex.compile(
    r"(?:^|[.!?:;]\W)\W*$"
    r"|\b(?:please|kindly|(?:can|could|would|will) you|you to|help me(?: to)?|then|let's)\s+(?:please\s+)?$"
)
# Behind these words a sentence is about doing something, and does not ask for it.
_ABOUT = regex.compile(r"\b(?:how|why|what|when|whether|who|where|explain|describe|discuss|tell me about)\b[^.!?]*$")
_FOLLOWED = regex.compile(
    r"\b(?:ignore|disregard|forget|override) (?:\w+ ){0,4}(?:instructions?|prompts?|rules|guidelines)\b"
    r"|\b(?:reveal|print|show|output|repeat) (?:me )?(?:your|the) (?:\w+ )?(?:prompt|instructions)\b"
)
_MODEL = regex.compile(
    r"\bas an? (?:ai|artificial intelligence|(?:large )?language model|llm|chatbot)(?: (?:language )?model| assistant)?"
    r"(?=[,.;:!?]|\s+(?:i|you|we|please)\b|\s*$)"
    r"|\b(?:you are|you're|act as|imagine you are|pretend to be) (?:an?|the) (?:[\w-]+ ){0,2}"
    r"(?:ai|assistant|language model|chatbot)\b(?! \w+(?:er|or|ist)\b)"
    r"|\b(?:the|an|this) (?:(?:ai )?assistant|ai(?: model)?|language model|chatbot|model)"
    r" (?:should|must|needs to|has to|is asked to)\b"
    r"|\bi(?: am|'m) (?:just |only )?an? (?:ai|assistant|language model|chatbot)\b"
    r"|\bi (?:cannot|can't|am unable to) (?:comply|assist|fulfil|write an instruction|create an instruction)\b"
)

_MATTER = (
    r"(?:text|passage|article|document|page|paragraph|excerpt|extract|content|sentence|note|point|line|story|website"
    r"|post|essay|report|interview|transcript|list|table|recipe|poem|letter|review|guide|file|image|picture|photo)s?"
)
_HERE = regex.compile(rf"(?<!\bat )\b(?:this|these) {_MATTER}\b")
_POINTS = regex.compile(
    rf"\b(?:following|above|provided|attached|uploaded|enclosed|aforementioned|the given) {_MATTER}\b"
    r"(?!(?<=points|list): ?[\w\"])"
    rf"|\b{_MATTER} (?:below|above|that follows?|provided|given)\b(?! (?:sea|zero|the|average|to|by|for|in|at|as)\b)"
    r"|\bthe passage\b(?! (?:of|to|from|through|into|between|by|across|over)\b)"
    r"|\b(?:listed|mentioned|described|given|pasted|shown|quoted|stated) (?:above|below|here)\b"
    r"|\b(?:according to|based on|as described in|mentioned in|stated in|said in|found in|from|in) the (?:text|excerpt"
    r"|article|web ?page|source text|provided context|information provided|information given|context)\b(?! of\b)"
    r"|\baccording to the (?:author|writer|narrator|blogger|speaker)\b"
    r"|\b(?:provided|given) (?:information|context|material)\b|\binformation (?:provided|given) (?:above|below)\b"
    r"|\b(?:my|your) (?:notes|draft|bullet points)\b"
)
_AUTHOR = regex.compile(r"\b(?:does|did|would) the (?:author|writer|narrator|blogger)\b(?! \p{Lu})")
_READ = regex.compile(
    r"\b(?:continue|finish|complete|read|proofread|analy[sz]e) (?:the|this)"
    r" (?:story|text|article|paragraph|sentence|poem)\b"
)
_SEEN = r"(?:picture|image|photo|photograph|video|drawing|sketch|map|diagram|chart)s?"
_ORDERED = regex.compile(
    r"\btranslate\b"
    rf"|\b(?:draw|sketch|paint|generate|show|send|play)(?: me| us)? (?:an?|the|this|some|your) (?:\w+ ){{0,2}}"
    rf"(?:{_SEEN}|song|recording)\b"
    rf"|\b(?:describe|caption|explain) (?:this|the(?: following| attached| above)?) {_SEEN}"
    r"\b(?! +(?:of|by|called|titled|in|game|\"))"
    r"|\b(?:search|browse|google) (?:the )?(?:web|internet|online|for)\b|\bremind me\b"
    r"|\b(?:book|order|buy|call|email|phone) (?:me |us )?(?:an?|my) (?:flight|room|table|ticket|taxi|doctor|friend)\b"
    r"|\bset (?:an?|my) (?:alarm|timer|reminder)\b"
)
_WANTED = regex.compile(
    r"\b(?:give|provide|write|make|send|need|want|prepare|produce)(?: me| us)? (?:an?|the|your|some) (?:\w+ )?"
    r"translations?\b(?= (?:of|into|from)\b|\W*$|[.,!?])"
    r"|\b(?:send|find|share|give|get|provide|post|paste|need|want|show)(?: me| us)? (?:an?|the|some|any|your)? ?"
    r"(?:\w+ ){0,2}?(?:links?|urls?|web address(?:es)?|download|pdf|file)\b(?! (?:between|among|with|of|in)\b)"
    r"|\b(?:send|find|share|give|show)(?: me| us)? (?:an?|the|some|any) (?:\w+ ){0,2}?web ?(?:site|page)s?\b"
    r"|\b(?:link|url) to (?:an?|the|your|this) (?:\w+ ){0,2}(?:page|site|website|article|file|video|post)\b"
)
_OF_TODAY = regex.compile(
    r"\btoday's (?:weather|news|date|headlines?|exchange rates?|scores?|match|horoscope)\b"
    r"|\b(?:current|latest|live) (?:weather|temperature|news|exchange rates?|scores?)\b"
)
_SUMMARISED = regex.compile(r"\b(?:summari[sz]e|paraphrase|shorten|proofread|rewrite|rephrase)\b")
_SUMMARY = regex.compile(
    r"\b(?:summary|summari[sz]e|overview|paraphrase) (?:of )?(?:the|a|my|your) (?:\w+ )?"
    r"(?:document|file|text|article|report|meeting|video|paper|e-?mail|attachment|transcript)\b"
)
_NEWS = regex.compile(
    r"\b(?:write|compose|draft|prepare|produce|create|make|give|need|want|publish|do|generate)(?: me| us| up)?"
    r"(?: an?| the| one| some| another)?(?: (?!about\b|on\b|of\b|for\b|how\b)[\w-]+){0,3} "
    r"(?:(?:news|newspaper|newswire|press)[ -](?:article|story|report|item|piece|post|release|bulletin|text|brief"
    r"|update|coverage|dispatch)s?|newsflash|breaking news)\b"
)
_TOLD = regex.compile(r"\b(?:report|give|tell|share)(?: me| us)? (?:all )?the (?:latest )?news\b")


def fault_of(asked: Candidate, prompt: str) -> tuple[str, str]:
    """The first fault of a candidate's instruction, see `fault`. prompt: the text with which it was asked for."""
    return fault(
        asked.instruction or "",
        asked.response,
        asked.response if asked.task in plans.PART_TASKS else "",
        handed=bool(asked.context),
        bare=asked.style == "chat",
        query=asked.style == "search",
        own="\n".join(filter(None, (asked.title, asked.heading, *asked.headings, asked.question, asked.term))),
        language=asked.language,
        prompt=prompt,
    )


def fault(
    instruction: str,
    response: str,
    answer: str,
    *,
    handed: bool,
    bare: bool,
    query: bool = False,
    own: str = "",
    language: str = "",
    prompt: str = "instruct",
) -> tuple[str, str]:
    """The first fault of an instruction, one of REASONS, with the words that show it; two empty strings if none.

    response: the text that answers. answer: a short stretch that must not stand in the instruction, or "".
    handed: whether a text goes along with the instruction. bare: whether a quoted question alone will do; query:
    whether a few words will do that make no sentence. own: what else the page says, such as its title and terms.
    language: of the response, such as swh_Latn. prompt: whose words are a leak.
    """
    page = f"{own}\n{response}"
    outside = _outside(instruction, page)
    said = outside.casefold()
    found = {
        "leaked_prompt": _leaked(instruction, said, page, prompt),
        "speaks_as_model": _wanted(_MODEL, said),
        "not_english": english.not_english(outside, response, bare, query),
        "names_language": english.named_language(said, language),
        "points_at_missing_text": "" if handed else _pointed_at(said, outside),
        "asks_the_impossible": _impossible(said, handed),
        "bare_news": "" if handed else _wanted(_NEWS, said) or _ordered(_TOLD, said),
        "gives_the_answer_away": _given_away(instruction, response, answer),
    }
    return next(((reason, words) for reason, words in found.items() if words), ("", ""))


def impossible(instruction: str, page: str, *, handed: bool) -> str:
    """The words that ask for what no text can give; "" where nothing does. What is quoted does not count, nor does what
    stands both in parentheses and on the page. handed: whether a text goes along, which may be summarised.
    """
    return _impossible(_outside(instruction, page).casefold(), handed)


def _impossible(said: str, handed: bool) -> str:
    asked = _ordered(_ORDERED, said) or _wanted(_WANTED, said) or _words(_OF_TODAY.search(said))
    return asked or ("" if handed else _ordered(_SUMMARISED, said) or _wanted(_SUMMARY, said))


def _outside(instruction: str, page: str) -> str:
    """The instruction without what it quotes, and without native words of the page in parentheses."""
    without = QUOTED.sub(_TAKEN_OUT, instruction)
    return _PARENTHESIS.sub(
        lambda aside: _TAKEN_OUT if _FOREIGN.search(aside[1]) and aside[1] in page else aside[0], without
    )


def _words(match: regex.Match[str] | None) -> str:
    return match[0] if match else ""


def _wanted(pattern: regex.Pattern[str], said: str) -> str:
    """The first place where the thing is asked for, and is not what a question or explanation is about."""
    found = (match for match in pattern.finditer(said) if not _ABOUT.search(said, endpos=match.start()))
    return _words(next(found, None))


def _ordered(pattern: regex.Pattern[str], said: str) -> str:
    """The first place where the thing is what an order says to do."""
    found = (match for match in pattern.finditer(said) if _BEFORE_ORDER.search(said, endpos=match.start()))
    return _words(next((match for match in found if not _ABOUT.search(said, endpos=match.start())), None))


def _leaked(instruction: str, said: str, page: str, prompt: str) -> str:
    """What does not come from a person: tokens and templates, words of the prompt, orders to a model, foreign links."""
    unquoted = QUOTED.sub(lambda quoted: " " if quoted[0][1:-1] in page else quoted[0], instruction)
    templates = (match[0] for match in _TEMPLATE.finditer(unquoted) if match[0] not in page)
    links = (link for link in LINK.findall(instruction) if link.rstrip(".,;:!?") not in page)
    runs = (run for run in _runs(_WORD.findall(said)) if run in _runs_of(prompt))
    return (
        _words(CHAT_TOKEN.search(unquoted.casefold()))
        or _words(_FIELD.search(unquoted.casefold()))
        or next(templates, "")
        or _words(_OF_THE_PROMPT.search(said))
        or _ordered(_FOLLOWED, said)
        or next((" ".join(run) for run in runs), "")
        or next(links, "")
    )


def _runs(words: list[str]) -> list[tuple[str, ...]]:
    return [tuple(words[at : at + _LEAKED_WORDS]) for at in range(len(words) - _LEAKED_WORDS + 1)]


@functools.cache
def _runs_of(prompt: str) -> frozenset[tuple[str, ...]]:
    return frozenset(_runs(_WORD.findall(prompts.text(prompt).casefold())))


def _pointed_at(said: str, outside: str) -> str:
    """The words that speak of a text which is not there; what it named itself it may call this."""
    for match in _HERE.finditer(said):
        noun = match[0].split()[-1].rstrip("s")
        if noun not in said[: match.start()]:
            return match[0]
    author = "" if _TAKEN_OUT.strip() in said else _words(_AUTHOR.search(outside))
    return _words(_POINTS.search(said)) or _ordered(_READ, said) or author


def _given_away(instruction: str, response: str, answer: str) -> str:
    if answer and answer.casefold() in instruction.casefold():
        return answer[:200]
    long = [part[1:-1] for part in QUOTED.findall(instruction) if len(part) > _LONGEST_QUOTATION_FROM_RESPONSE]
    return next((quotation[:200] for quotation in long if quotation in response), "")
