"""Finds in an instruction what it is about: the names and quotations in it, and the words that carry its subject."""

import regex

from xinstruct import prompts
from xinstruct.tools.quotation_marks import quotations

_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+(?:['’-][\p{L}\p{M}\p{N}]+)*")
_POSSESSIVE = regex.compile(r"['’]s$")
_STARTS_SENTENCE = regex.compile(r"(?:^|[.!?:\n]\s*)[\"“«„「]?$")
_CAPITAL_NEXT = regex.compile(r" \p{Lu}")
_STEM = 5
_SHORTEST_STEM = 4
# Words of asking, which any instruction may have.
_ASKING = frozenset(
    regex.findall(
        r"\w+",
        "about above after again also answer answers article asked because been before below between briefly brief "
        "could describe description detail details does each either every example examples explain explained "
        "explanation facts following from give given gives have having help here include including information into "
        "just know like list main make many might more most much must name need notes only other others over "
        "passage piece please post provide question questions reader response said same section sentence sentences "
        "shall short should show some story such summary tell text than that their them then there these they this "
        "those three topic under until using very want were what when where whether which while whom whose will "
        "with within without word words would write written your yours",
    )
)


def words(text: str) -> list[str]:
    """The words of a text, in lower case, without the 's of an English genitive; in scripts without blanks each run of
    letters is one.
    """
    return [_POSSESSIVE.sub("", word.casefold()) for word in _WORD.findall(text)]


def names(instruction: str) -> set[str]:
    """What an English instruction calls by name, lower case: words with a capital, but for the first word of a
    sentence where no further capital follows it, and words of quotations.
    """
    known = prompts.english_words()
    found = {word for part in quotations(instruction) for word in words(part) if len(word) > 1}
    for match in _WORD.finditer(instruction):
        word = match[0]
        if not word[0].isupper() or word == "I" or word.startswith(("I'", "I’")):
            continue
        opens = _STARTS_SENTENCE.search(instruction[: match.start()])
        if not opens or (word.casefold() not in known and _CAPITAL_NEXT.match(instruction, match.end())):
            found.add(_POSSESSIVE.sub("", word.casefold()))
    return found


def stems(instruction: str) -> set[str]:
    """The beginnings, of five letters, of the words that carry an English instruction's subject."""
    long = (word for word in words(instruction) if len(word) >= _SHORTEST_STEM and word not in _ASKING)
    return {word[:_STEM] for word in long}
