"""Tells text that only a font of its own makes readable: Tamil, Hindi or Bengali typed as Latin letters (Bamini, TSCII,
Kruti Dev, SutonnyMJ), and Burmese in Zawgyi's order.
"""

import regex

from xinstruct.languages import UnknownLanguage, expand
from xinstruct.tools.lid.letters import letters

# Names of such fonts, as a page's styles spell them. Fonts of these makers that are made for Unicode have other names.
_FONTS = (
    "kruti", "dev ?lys", "chanakya", "shusha", "shivaji", "shree[- ]?(?:dev|tam|tel|kan|guj|ban|mal)", "aps[- ]?dv",
    "ba+mini", "tscii?", "ta[bm][-_]", "amudham", "vanavil", "sutonny", "bijoy", "boishakhi", "tikkana", "eenadu",
    "vaartha", "hemalatha", "brh ?(?:kan|tel)", "ml[-_]?tt", "manorama", "akruti", "walkman", "asees", "dr ?chatrik",
    "preeti", "kantipur", "fm[- ]?(?:abhaya|bindumathi|emanee)", "dl[-_]manel", "limon", "vni[-_ ]", r"\.vn", "zawgyi",
)  # fmt: skip
_NAMED = regex.compile(
    rf"(?:font(?:-family)?\s*:|\bface\s*=)[^;{{}}<>]{{0,80}}?(?<![a-z])(?:{'|'.join(_FONTS)})", regex.IGNORECASE
)
# Signs that no spelling puts between two letters; apostrophes, hyphens, colons and the clicks of Khoisan it does.
_SIGN = r"[;\[\]{}~\\^%$#+<>¡-©«¬®-±´-¶¸»-¿×÷†‡ˆ‰‹›€™…˜]"
_ODD = regex.compile(rf"\p{{Latin}}\p{{M}}*{_SIGN}+\p{{Latin}}|\p{{Ll}}(?=\p{{Lu}})")
_ADDRESS = regex.compile(r"://|@|www\.")
_LATIN = regex.compile(r"\p{Latin}")
_LATINS = regex.compile(r"\p{Latin}+")
_FEWEST_WORDS = 20
_LOWEST_ODD = 0.35  # of the different words; sound text has up to 0.24, in Xhosa
_LOWEST_ODD_WITH_CAUSE = 0.15
_LOWEST_LATIN = 0.8
# Unicode spells the vowel e after its consonant and stacks consonants by U+1039; Zawgyi writes the vowel first, as it
# is seen, and means by U+1039 that a consonant has no vowel.
_ZAWGYI = regex.compile(
    r"(?<![\u1000-\u1021\u103b-\u103e\u1050-\u1051\u106e-\u1081\uaa60-\uaa7a])\u1031|\u1039(?![\u1000-\u1021])"
)
_UNICODE_E = regex.compile(r"(?<=[\u1000-\u1021\u103b-\u103e])\u1031|\u103a")
_FEWEST_ZAWGYI = 5


def is_legacy(text: str, html: str, declared: str | None) -> bool:
    """Whether a page's text is unreadable without its font: by its words alone, or by fewer of them where its styles
    name such a font or the page declares a language that is not written in Latin letters.
    """
    if _is_zawgyi(text):
        return True
    if sum(map(len, _LATINS.findall(text))) < _LOWEST_LATIN * letters(text):
        return False
    words = {word for word in set(text.split()) if _LATIN.search(word) and not _ADDRESS.search(word)}
    if len(words) < _FEWEST_WORDS:
        return False
    # most words are small letters alone, and looking for a sign in them takes longer than seeing that
    odd = sum(not (word.isalpha() and word.islower()) and _ODD.search(word) is not None for word in words)
    if odd >= _LOWEST_ODD * len(words):
        return True
    return odd >= _LOWEST_ODD_WITH_CAUSE * len(words) and (_is_not_latin(declared) or _NAMED.search(html) is not None)


def _is_zawgyi(text: str) -> bool:
    wrong = len(_ZAWGYI.findall(text))
    return wrong >= _FEWEST_ZAWGYI and wrong > len(_UNICODE_E.findall(text))


def _is_not_latin(declared: str | None) -> bool:
    """Whether a page declares a language of which no form is written in Latin letters."""
    try:
        return all(not label.endswith("Latn") for label in expand([regex.split("[-_]", (declared or "").lower())[0]]))
    except UnknownLanguage:
        return False
