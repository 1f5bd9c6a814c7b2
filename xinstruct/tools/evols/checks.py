"""Sees whether an evolved instruction really changed as its Evol says, and whether the answer has the form asked for.

The words of a change are looked for in English alone; of an instruction in another language it is only seen that it is
not the old one, its length, its sentences, what it quotes, and that it shares words with the old one or the page's.
"""

import difflib
import itertools

import regex

from xinstruct.candidate import Candidate
from xinstruct.tools.evols import signs
from xinstruct.tools.evols.families import native_text
from xinstruct.tools.evols.taxonomy import Check, Evol
from xinstruct.tools.evols.wording import names, stems, words
from xinstruct.tools.passages.lengths import english_characters
from xinstruct.tools.quotation_marks import quotations
from xinstruct.tools.sentences import is_unmarked, is_unspaced, sentences

REASONS = {
    "unchanged": "the evolved instruction is the old one, or differs from it in two words",
    "repeats_the_evol": "it repeats what the writer was told to do, instead of doing it",
    "subject_lost": "it shares no name and hardly a word with the old one, where it should keep the subject",
    "not_as_asked": "it does not show the change that its Evol asks for; the detail says what is missing",
    "answer_form": "the answer does not have the form that the Evol asks for; the detail says what is missing",
}
ENGLISH = "eng_Latn"

_FEWEST_WORDS_CHANGED = 3
_FEWEST_LETTERS_CHANGED = 6  # where words are not set apart by blanks
_LOWEST_SHARE_OF_SUBJECT_KEPT = 0.2
_MOST_OF_OLD_WORDS = 0.5
_RUN = 3
_MOST_OF_ASK = 0.6
_SHORTEST_SHARED = 5  # letters as of English
_FEWEST_SHARED = 2
_MOST_WORDS_OF_A_QUERY = 12
_FEWEST_WORDS_OF_A_MESSAGE = 12
_WORDS_OF_OTHERS = (0.5, 1.25)  # times as many as of English, at least and at most
_QUESTION_MARK = regex.compile(r"[?？]")
_QUESTION_WORD = regex.compile(
    r"\b(?:who|whom|whose|what|when|where|why|how|which|is it|are there|do|does|did|can|could)\b", regex.I
)
_ORDER = regex.compile(
    r"\b(?:please|write|explain|describe|tell me|give me|could you|can you|i want|i need)\b|[.!]$", regex.I
)
_PERSON = regex.compile(r"\b(?:i|i'm|i've|i'd|me|my|mine|we|we're|our|us)\b", regex.I)
_SENTENCE = regex.compile(r"[\p{L}\p{N}][\"”»)]*[.!?]+(?=[\"”»)\s]|$)|\p{L}$")
_OURS = regex.compile(
    r"\b(?:the|a) native text\b|\b(?:the|your) (?:old|original|evolved) (?:answer|question|instruction)\b|\bthe evol\b"
    r"|^\W*ask (?:for|about|what|which|who|whether|how|why|the|an?|one|only|in)\b"
    r"|^\W*(?:rewrite|rephrase|turn|keep|change) (?:the|this) (?:instruction|question|request)\b",
    regex.I,
)
# What stands where a word was left out of a quotation.
_GAP = " .…_-[]"
_LETTERS = regex.compile(r"[\p{L}\p{N}]")


def fault_of(before: str, after: str, evol: Evol, candidate: Candidate, language: str = ENGLISH) -> tuple[str, str]:
    """The first of REASONS for which an evolved instruction is refused, with what shows it; two empty strings if none.

    before: the old instruction, in English or the same language. candidate: the row that it belongs to, whose native
    text may be quoted.
    language: of `after`; where it is not English, only what needs no words is looked at.
    """
    english = language == ENGLISH
    if english or not _spoken_otherwise(before, after):
        changed = _changed(before, after)
        if changed < (_FEWEST_LETTERS_CHANGED if is_unspaced(after) else _FEWEST_WORDS_CHANGED):
            return "unchanged", f"{changed} changed: {after[:150]}"
    repeated = _repeated(after, evol.ask) or _of_the_evols(after)
    if repeated:
        return "repeats_the_evol", repeated
    free = evol.check.subject == "free" or evol.check.hides or (evol.check.reworded and not names(before))
    if not free and not _same_subject(before, after, candidate, language):
        return "subject_lost", after[:200]
    missing = _missing_anywhere(after, evol.check, candidate, language)
    if english and not missing:
        missing = _missing_in_english(before, after, evol.check)
    return ("not_as_asked", missing) if missing else ("", "")


def _spoken_otherwise(before: str, after: str) -> bool:
    """Whether the two have hardly a word in common, as where one is in another language."""
    old, new = set(words(before)), set(words(after))
    return len(old & new) * 2 < min(len(old), len(new))


def _changed(before: str, after: str) -> int:
    """How many words were put in, taken out or exchanged; letters, where words are not set apart by blanks."""
    old, new = (
        (_LETTERS.findall(before.casefold()), _LETTERS.findall(after.casefold()))
        if is_unspaced(after)
        else (words(before), words(after))
    )
    steps = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return sum(
        max(old_to - old_at, new_to - new_at) for kind, old_at, old_to, new_at, new_to in steps if kind != "equal"
    )


def _repeated(after: str, ask: str) -> str:
    """What the instruction shares with what the writer was told, where it is most of that."""
    said, told = _runs_of_words(after), _runs_of_words(ask)
    shared = [run for run in told if run in set(said)]
    return " ... ".join(" ".join(run) for run in shared)[:200] if len(shared) > _MOST_OF_ASK * len(told) else ""


def _runs_of_words(text: str) -> list[tuple[str, ...]]:
    said = words(text)
    return [tuple(said[at : at + _RUN]) for at in range(len(said) - _RUN + 1)]


def _of_the_evols(after: str) -> str:
    """Words of which nobody would speak who only asks."""
    found = _OURS.search(after)
    return found[0] if found else ""


def _same_subject(before: str, after: str, candidate: Candidate, language: str) -> bool:
    called = names(before)
    if called & set(words(after)):
        return True
    if language != ENGLISH:
        own = (before, native_text(candidate), candidate.title, candidate.heading, candidate.question)
        shortest = max(_FEWEST_SHARED, round(_SHORTEST_SHARED / english_characters(language)))
        return bool(_carriers(after, shortest) & _carriers("\n".join(filter(None, own)), shortest))
    old, new = stems(before), stems(after)
    return not old or len(old & new) >= max(1, _LOWEST_SHARE_OF_SUBJECT_KEPT * len(old))


def _carriers(text: str, shortest: int) -> set[str]:
    """What may carry the subject of a text in any language: beginnings of long words, and each two words in a row, for
    some languages set blanks between syllables; where words are not set apart, runs of letters.
    """
    if is_unspaced(text):
        letters = "".join(_LETTERS.findall(text.casefold()))
        return {letters[at : at + shortest] for at in range(len(letters) - shortest + 1)}
    said = words(text)
    pairs = {f"{one} {next_one}" for one, next_one in itertools.pairwise(said)}
    return pairs | {word[:shortest] for word in said if len(word) >= shortest}


def _missing_anywhere(after: str, check: Check, candidate: Candidate, language: str) -> str:
    """What an instruction in any language lacks of what the check names; "" if nothing."""
    said = 0 if is_unspaced(after) else len(words(after))
    # What English says in so many words takes half of them where endings do the work, and more where syllables are set
    # apart.
    least, most = (1.0, 1.0) if language == ENGLISH else _WORDS_OF_OTHERS
    fewest = round(least * check.fewest_words)
    if said and said < fewest:
        return f"{fewest} words; it has {said}"
    longest = round(most * (check.most_words or (_MOST_WORDS_OF_A_QUERY if check.shape == "query" else said)))
    if said > longest:
        return f"at most {longest} words; it has {said}"
    found = _sentences(after, language)
    if found and not check.sentences <= found <= (check.most_sentences or found):
        return f"{check.sentences or 1} to {check.most_sentences or 'any number of'} sentences; it has {found}"
    if check.quotes:
        page = native_text(candidate).casefold()
        if not any(part.strip(_GAP).casefold() in page for part in quotations(after) if part.strip(_GAP)):
            return "words of the native text in quotation marks"
    return ""


def _sentences(after: str, language: str) -> int:
    """How many sentences it has; 0 where none can be told, since its script parts them by no mark."""
    if language == ENGLISH:
        return len(_SENTENCE.findall(after))
    return 0 if is_unmarked(after) else len(sentences(after, language))


def _missing_in_english(before: str, after: str, check: Check) -> str:
    """What an English instruction lacks of what the check names; "" if nothing."""
    if check.forms and not any(_new(signs.forms(form, before), signs.forms(form, after)) for form in check.forms):
        return f"a form: {' or '.join(check.forms)}"
    if check.says and not any(_new(signs.shown(sign, before), signs.shown(sign, after)) for sign in check.says):
        return f"a sign of {' or '.join(check.says)}"
    more = signs.conditions(after) - signs.conditions(before)
    if check.adds and more < check.adds:
        return f"{check.adds} conditions more than before; it has {max(more, 0)} more"
    asked = _questions(after)
    if asked < check.questions:
        return f"{check.questions} questions; it has {asked}"
    if len(names(after) - names(before)) < check.names:
        return f"{check.names} names that the old instruction does not have"
    if check.hides and names(before) <= set(words(after)):
        return f"a name that is gone; it still has {', '.join(sorted(names(before)))[:150]}"
    kept, old = stems(after) & stems(before), stems(before)
    if check.reworded and len(kept - _stems_of_names(before)) > _MOST_OF_OLD_WORDS * len(old):
        return f"other words than {', '.join(sorted(kept))[:150]}"
    return _misshapen(after, check)


def _stems_of_names(instruction: str) -> set[str]:
    return stems(" ".join(names(instruction)))


def _new(old: list[str], new: list[str]) -> bool:
    """Whether there are more words than there were, or others."""
    return len(new) > len(old) or bool(set(new) - set(old))


def _questions(after: str) -> int:
    """How many questions an English instruction asks: question marks, and question words joined by `and`."""
    joined = len(regex.findall(r"\b(?:and|or|then|,) (?:who|what|when|where|why|how|which)\b", after, regex.I))
    return len(_QUESTION_MARK.findall(after)) + joined


def _misshapen(after: str, check: Check) -> str:
    if check.shape == "question" and not (_QUESTION_MARK.search(after) and _QUESTION_WORD.search(after)):
        return "a question"
    if check.shape == "query" and _ORDER.search(after):
        return f"the few words of a query, without an order: {after[:100]}"
    if check.shape == "message":
        if not _PERSON.search(after):
            return "a person who speaks of their own case"
        if len(words(after)) < _FEWEST_WORDS_OF_A_MESSAGE:
            return f"a message of {_FEWEST_WORDS_OF_A_MESSAGE} words or more"
    return ""
