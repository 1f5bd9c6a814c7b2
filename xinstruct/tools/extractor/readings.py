"""Weighs readings of the same bytes: which encoding makes of them letters that stand side by side in some language.

The weight is in bits, what a reader pays who expects the letters of a language as corpora/letters.yml knows them: a
reading that costs least is the likeliest, and one that costs much for each of its letters is none.
"""

import functools
import unicodedata
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from math import log2

import regex

from xinstruct.tables import shipped

# One byte for a letter; the more usual ones first, for many differ in a few letters only.
ALPHABETS = (
    "cp1252", "cp1251", "cp1250", "cp1254", "cp1256", "cp1253", "cp1255", "cp1257", "cp1258", "cp874", "koi8_r",
    "koi8_u", "iso8859-2", "iso8859-15", "iso8859-7", "iso8859-5", "cp866", "iso8859-4", "iso8859-13", "iso8859-3",
    "iso8859-10", "iso8859-16", "iso8859-6", "iso8859-8", "mac_roman", "mac_cyrillic", "mac_latin2", "mac_turkish",
    "mac_greek", "cp850", "cp852", "cp857",
)  # fmt: skip
_SIGNS = {
    "gb18030": "cmn_Hans", "big5hkscs": "cmn_Hant", "cp932": "jpn_Jpan", "euc_jp": "jpn_Jpan", "cp949": "kor_Hang",
}  # fmt: skip
CODECS = (*ALPHABETS, *_SIGNS)
# Seldom met on the web, and near enough to others to be taken for them by chance.
RARE = frozenset(ALPHABETS[ALPHABETS.index("iso8859-4") :]) | {"cp866", "koi8_u"} - {"iso8859-15"}

_BYTES_READ = 12_000
_SEARCHED = 120_000  # bytes, from shortly before the first beyond ASCII
_SHORTLY = 2000
_WORD = regex.compile(rb"[^\s<>&;]+")
_HIGH = regex.compile(rb"[\x80-\xff]")
_TAGS = regex.compile(rb"<(script|style)\b.*?</\1\s*>|<!--.*?-->|<[^>]*>", regex.I | regex.S)
# Marks of any print.
_MARKS = "«»“”„‘’‚‹›–—…·•°§©®™€£¿¡№´\u00a0\u200e\u200f\u200c、。，！？「」『』（）：；・〜～《》【】　‥※→、ーº"
_INSIDE = "’´–—…·•\u00a0\u200c\u200d"  # of these, what may stand between two letters
_CHANGED = regex.compile(r"\p{Ll}\p{Lu}")
_WEDGED = regex.compile(rf"(?<=\p{{L}})[^\p{{L}}\p{{M}}\x00-\x7f{_INSIDE}\u3000-\u303f\uff00-\uffef](?=\p{{L}})")
_MIXED = regex.compile(r"[a-z][\u3000-\uffff]|[\u3000-\uffff][a-z]", regex.I)
_MIXED_BITS = 8.0
_SIGN_MARK_BITS = 6.0
_MARK_BITS = 8.0
_STRAY_BITS = 16.0  # a sign that texts do not have, or a letter that the language does not have
_RARE_BITS = 12.0  # two letters of the language that it does not put side by side
_CHANGED_BITS = 14.0
_WEDGED_BITS = 30.0
_FIRST_SIGN_BITS = 2.5  # the most frequent; the n-th costs log2 n more
_LOST_BITS = 40.0
_UTF8_BITS = 4.0  # for a byte that fits in with its neighbours
_UNKNOWN_BITS = 3.0  # more than two neighbours cost in any language of the script, where the language is none of these
_FEWEST_JUDGED = 24  # pairs, bytes
_HIGHEST_KEPT_LETTERS = {"Latn": 10.0, "Cyrl": 10.0, "": 8.5}  # bits for two neighbours
_HIGHEST_KEPT_SIGNS = 7.4  # bits for a byte of Chinese, Japanese or Korean
_HIGHEST_LOSS = 0.05  # of the bytes; an encoding that has no letter for more of them is not tried


@dataclass(frozen=True, slots=True)
class Reading:
    """Bytes read in an encoding. bits: what all of it costs; each: what its letters cost by two neighbours, or
    by a byte of Chinese, Japanese or Korean; likely: whether that is little enough for a text in a language.
    """

    codec: str
    bits: float
    each: float
    likely: bool


def is_letter(sign: str) -> bool:
    """Whether a sign is a letter or a mark on one."""
    return unicodedata.category(sign)[0] in "LM"


def folded(text: str) -> str:
    """The text in small letters, character by character, with _ for ASCII that is no letter."""
    small = text if len(text.lower()) == len(text) else "".join(sign.lower()[0] for sign in text)
    return regex.sub(r"[\x00-\x60\x7b-\x7f]", "_", small.lower())


def sample(body: bytes) -> bytes:
    """The words of a page that are not in ASCII, each once, a line for each."""
    found: dict[bytes, None] = {}
    size = 0
    first = _HIGH.search(body)
    start = max(0, first.start() - _SHORTLY) if first else len(body)
    for word in _WORD.finditer(_TAGS.sub(b" ", body[start : start + _SEARCHED])):
        if not word[0].isascii() and word[0] not in found:
            found[word[0]] = None
            size += len(word[0])
        if size > _BYTES_READ:
            break
    return b"\n".join(found)[: 2 * _BYTES_READ]


def high(words: bytes) -> int:
    """How many bytes beyond ASCII a sample has."""
    return len(_HIGH.findall(words))


def weigh(words: bytes, codec: str) -> Reading | None:
    """What a sample costs in an encoding, in the language in which it costs least; None where it has no letters for
    the bytes.
    """
    many = high(words) or 1
    text = words.decode(codec, "replace")
    lost = text.count("\ufffd")
    if codec == "utf-8":
        good = max(0, many - lost)
        return Reading(codec, _UTF8_BITS * good + _LOST_BITS * lost, _UTF8_BITS, True)
    if lost > _HIGHEST_LOSS * many:
        return None
    if codec in _SIGNS:
        bits = _of_signs(text, _SIGNS[codec])
        return Reading(codec, bits, bits / many, many < _FEWEST_JUDGED or bits <= _HIGHEST_KEPT_SIGNS * many)
    return _of_alphabet(text, codec)


def _of_signs(text: str, language: str) -> float:
    ranks = _table().signs[language]
    bits = _MIXED_BITS * len(_MIXED.findall(text))
    for sign, times in Counter(text).items():
        if sign > "\x7f":
            rank = ranks.get(sign)
            known = _SIGN_MARK_BITS if sign in _MARKS else _STRAY_BITS
            bits += times * (_FIRST_SIGN_BITS + log2(rank) if rank else known)
    return bits


def _of_alphabet(text: str, codec: str) -> Reading:
    plain = f"_{folded(text)}_"
    signs = [sign for sign in plain if sign > "\x7f" and not is_letter(sign)]
    stray = _STRAY_BITS * sum(sign not in _MARKS for sign in signs)
    beside = stray + _MARK_BITS * sum(sign in _MARKS for sign in signs)
    pairs: Counter[tuple[str, str]] = Counter()
    for (a, b), times in Counter(pairwise(plain)).items():
        if max(a, b) > "\x7f":
            a, b = (sign if sign <= "\x7f" or is_letter(sign) else "_" for sign in (a, b))
            if max(a, b) > "\x7f":
                pairs[a, b] += times
    number = pairs.total()
    script = _script(pairs)
    own = (_bits(pairs, language) for name, language in _table().pairs.items() if name.endswith(script))
    bits = min(own, default=_STRAY_BITS * number) + _WEDGED_BITS * len(_WEDGED.findall(text))
    bits += _CHANGED_BITS * sum(max(two[0]) > "\x7f" for two in _CHANGED.finditer(text))
    # a page in Latin letters may have more fractions and degrees than accents
    judged = bits if script == "Latn" else bits + stray
    likely = number < _FEWEST_JUDGED or judged <= _HIGHEST_KEPT_LETTERS.get(script, _HIGHEST_KEPT_LETTERS[""]) * number
    return Reading(codec, bits + beside, bits / (number or 1), likely)


def _bits(pairs: Counter[tuple[str, str]], language: "_Language") -> float:
    of_pairs, letters = language.pairs, language.letters
    bits = 0.0
    for pair, times in pairs.items():
        known = of_pairs.get(pair)
        if known is None:
            known = _RARE_BITS if pair[0] in letters and pair[1] in letters else _STRAY_BITS
        bits += known * times
    return bits


def _script(pairs: Counter[tuple[str, str]]) -> str:
    """The script of most letters beyond ASCII."""
    seen: Counter[str] = Counter()
    for pair, times in pairs.items():
        seen[max(pair)] += times
    scripts: Counter[str] = Counter()
    for sign, times in seen.items():
        for name, start, end in _SCRIPTS:
            if start <= sign <= end:
                scripts[name] += times
    return scripts.most_common(1)[0][0] if scripts else "Latn"


_SCRIPTS = (
    ("Latn", "\u0080", "\u036f"), ("Grek", "\u0370", "\u03ff"), ("Cyrl", "\u0400", "\u04ff"),
    ("Hebr", "\u0590", "\u05ff"), ("Arab", "\u0600", "\u06ff"), ("Thai", "\u0e00", "\u0e7f"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Language:
    pairs: dict[tuple[str, str], float]
    letters: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Table:
    pairs: dict[str, _Language]
    signs: dict[str, dict[str, int]]


@functools.cache
def _table() -> _Table:
    read = shipped("corpora", "letters.yml")
    languages: dict[str, _Language] = {}
    for name, by_bits in read["pairs"].items():
        of_pairs = {(both[at], both[at + 1]): bits for bits, both in by_bits.items() for at in range(0, len(both), 2)}
        known = {sign for pair in of_pairs for sign in pair} | set("_abcdefghijklmnopqrstuvwxyz")
        languages[name] = _Language(of_pairs, frozenset(known))
    for script in {name[-4:] for name in languages}:
        languages[f"mul_{script}"] = _any([own for name, own in languages.items() if name.endswith(script)])
    signs = {name: {sign: at for at, sign in enumerate(row, 1)} for name, row in read["signs"].items()}
    return _Table(languages, signs)


def _any(languages: list[_Language]) -> _Language:
    """What stands for a language of a script that the table does not have."""
    least: dict[tuple[str, str], float] = {}
    for language in languages:
        for pair, bits in language.pairs.items():
            least[pair] = min(least.get(pair, _STRAY_BITS), bits + _UNKNOWN_BITS)
    return _Language(least, frozenset().union(*(language.letters for language in languages)))
