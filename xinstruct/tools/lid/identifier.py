"""Says in which language and script a text is written, with a score that is the chance of being right.

The model is a fastText file; the project's own lies in models/lid/ with a note (.json) that holds its calibration.
GlotLID, OpenLID and lid.176 files can be given by path instead; their scores are taken as they are.
"""

import bisect
import collections
import functools
import json
import unicodedata
from collections.abc import Iterable, Sequence
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import regex

from xinstruct import languages
from xinstruct.tools.lid.letters import normalise
from xinstruct.tools.lid.model import load
from xinstruct.tools.lid.telling import Telling

__all__ = ["UNDETERMINED", "Guess", "LanguageIdentifier", "normalise", "script_of"]

UNDETERMINED = languages.UNDETERMINED

# More says nothing new about the language and would cost time on pages without line breaks.
_CHARACTERS_READ = 2000
_CANDIDATES = 5
# A label is possible where its script makes up this share of the letters; quoted names in a second script do not count.
_SHARE_KEPT = 0.3
# A script that only one language of the model uses decides from this share on.
_SHARE_THAT_DECIDES = 0.5

_LETTER = regex.compile(r"\p{L}")

# One sign of these scripts says as much as several letters of an alphabet.
_WEIGHT = {"Hani": 3, "Hira": 3, "Kana": 3, "Hang": 3, "Yiii": 3, "Ethi": 2, "Cans": 2}
_JAPANESE_KANA_SHARE = 0.1

# First words of Unicode character names, by script.
_SCRIPT_OF_NAME = {
    "ADLAM": "Adlm", "ARABIC": "Arab", "ARMENIAN": "Armn", "BALINESE": "Bali", "BENGALI": "Beng", "BOPOMOFO": "Bopo",
    "BUGINESE": "Bugi", "CANADIAN": "Cans", "CHAKMA": "Cakm", "CHAM": "Cham", "CHEROKEE": "Cher", "CJK": "Hani",
    "COPTIC": "Copt", "CYRILLIC": "Cyrl", "DEVANAGARI": "Deva", "ETHIOPIC": "Ethi", "GEORGIAN": "Geor",
    "GOTHIC": "Goth", "GRANTHA": "Gran", "GREEK": "Grek", "GUJARATI": "Gujr", "GURMUKHI": "Guru", "HALFWIDTH": "Kana",
    "HANGUL": "Hang", "HEBREW": "Hebr", "HIRAGANA": "Hira", "JAVANESE": "Java", "KANNADA": "Knda", "KATAKANA": "Kana",
    "KAYAH": "Kali", "KHMER": "Khmr", "LAO": "Laoo", "LATIN": "Latn", "LEPCHA": "Lepc", "LIMBU": "Limb",
    "LISU": "Lisu", "MALAYALAM": "Mlym", "MEETEI": "Mtei", "MONGOLIAN": "Mong", "MYANMAR": "Mymr", "NEW": "Talu",
    "NKO": "Nkoo", "OL": "Olck", "ORIYA": "Orya", "OSMANYA": "Osma", "SINHALA": "Sinh", "SUNDANESE": "Sund",
    "SYLOTI": "Sylo", "SYRIAC": "Syrc", "TAGALOG": "Tglg", "TAMIL": "Taml", "TELUGU": "Telu", "THAANA": "Thaa",
    "THAI": "Thai", "TIBETAN": "Tibt", "TIFINAGH": "Tfng", "VAI": "Vaii", "YI": "Yiii",
}  # fmt: skip
_SCRIPT_OF_TWO_WORDS = {"TAI VIET": "Tavt", "TAI THAM": "Lana", "TAI LE": "Tale"}

# Frequent characters that only one of the two forms of Chinese has; which are more tells the form.
_SIMPLIFIED = frozenset(
    "这个们来时国会说对学为发后过还开关门问间车东长马从经电进动现样实点业产机种头无书话见里头员级应该让"
)
_TRADITIONAL = frozenset(
    "這個們來時國會說對學為發後過還開關門問間車東長馬從經電進動現樣實點業產機種頭無書話見裡頭員級應該讓"
)

# lid.176 names Wikipedias, whose codes are not always those of ISO 639.
_WIKIPEDIA = {"als": "gsw_Latn", "bh": "bho_Deva", "eml": "egl_Latn", "nah": "nhn_Latn", "sh": "srp_Latn"}


class Guess(NamedTuple):
    """A language (xxx_Xxxx, or und), the chance in 0..1 that it is right, its lead over the next language (0..1)."""

    label: str
    score: float
    margin: float


def script_of(text: str) -> str:
    """The ISO 15924 script of most of the letters (Latn, Deva, Hans, Hant, Jpan, Hang ...); "" without letters."""
    shares = _script_shares(text)
    if not shares:
        return ""
    script = max(shares, key=shares.__getitem__)
    return _form_of_chinese(text) if script == "Hani" else script


def _script_shares(text: str) -> dict[str, float]:
    """The share of each script among the letters, Chinese characters as Hani, or as Jpan beside kana."""
    if text.isascii():
        return {"Latn": 1.0} if _LETTER.search(text) else {}
    scripts = {_script_of_letter(letter) for letter in set(text)} - {""}
    if len(scripts) == 1:
        script = scripts.pop()
        return {"Jpan" if script in ("Hira", "Kana") else script: 1.0}
    weights: dict[str, float] = {}
    for letter, times in collections.Counter(text).items():
        script = _script_of_letter(letter)
        if script:
            weights[script] = weights.get(script, 0) + times * _WEIGHT.get(script, 1)
    kana = weights.pop("Hira", 0) + weights.pop("Kana", 0)
    if kana and kana >= _JAPANESE_KANA_SHARE * (kana + weights.get("Hani", 0)):
        weights["Jpan"] = kana + weights.pop("Hani", 0)
    total = sum(weights.values())
    return {script: weight / total for script, weight in weights.items()}


@functools.cache
def _script_of_letter(letter: str) -> str:
    """The script of one character; "" for signs, digits and letters that several scripts share."""
    if not _LETTER.match(letter):
        return ""
    words = unicodedata.name(letter, "").split()
    return _SCRIPT_OF_TWO_WORDS.get(" ".join(words[:2]), "") or _SCRIPT_OF_NAME.get(words[0] if words else "", "Zzzz")


def _written_in(shares: dict[str, float]) -> tuple[str, ...]:
    """The scripts that a label may be of, commonest first."""
    if len(shares) == 1:
        return tuple(shares)
    lowest = min(_SHARE_KEPT, max(shares.values()))
    return tuple(sorted((script for script in shares if shares[script] >= lowest), key=lambda script: -shares[script]))


def _form_of_chinese(text: str) -> str:
    simplified = sum(sign in _SIMPLIFIED and sign not in _TRADITIONAL for sign in text)
    traditional = sum(sign in _TRADITIONAL and sign not in _SIMPLIFIED for sign in text)
    return "Hant" if traditional > simplified else "Hans"


class _Label(NamedTuple):
    """A label of the model: the language's code and the scripts in which the label may be given."""

    code: str
    scripts: tuple[str, ...]

    @classmethod
    def read(cls, raw: str) -> "_Label":
        name = raw.removeprefix("__label__")
        name = name if "_" in name else _WIKIPEDIA.get(name, name)
        try:
            meant = languages.expand([name])
        except languages.UnknownLanguage:
            # A plugged-in model may know languages that our table does not have; their names pass unchanged.
            meant = (name,)
        code = meant[0].partition("_")[0]
        # A name without script, or with Hani, leaves open in which of the language's scripts the text is.
        return cls(code, tuple(label.partition("_")[2] for label in meant if label.startswith(f"{code}_")))

    def fits(self, scripts: Iterable[str]) -> bool:
        return not self.scripts or any(
            script in _TEXT_SCRIPTS.get(own, (own,)) for own in self.scripts for script in scripts
        )

    def written(self, text: str, scripts: Sequence[str]) -> str:
        """The label with the one of its scripts that the text is in."""
        if len(self.scripts) > 1:
            seen = [_form_of_chinese(text) if script == "Hani" else script for script in scripts]
            return f"{self.code}_{next((script for script in seen if script in self.scripts), self.scripts[0])}"
        return f"{self.code}_{self.scripts[0]}" if self.scripts else self.code


# In which scripts, as _script_shares names them, text of a label's script appears. Japanese may go without kana.
_TEXT_SCRIPTS = {"Hans": ("Hani",), "Hant": ("Hani",), "Jpan": ("Jpan", "Hani"), "Kore": ("Hang",)}


class LanguageIdentifier:
    """A fastText model of languages, loaded once, checked against the script of each text, calibrated."""

    def __init__(self, path: str | Path | None = None) -> None:
        """Loads the model at path (.ftz or .bin), or the project's own. ValueError if it cannot be read."""
        self.path = Path(path) if path else Path(str(resources.files("xinstruct"))) / "models" / "lid" / "lid.ftz"
        try:
            self._model = load(self.path)
        except (ValueError, OSError) as error:
            raise ValueError(f"no fastText model can be read from {self.path}: {error}") from error
        self._labels = {raw: _Label.read(raw) for raw in self._model.labels}
        self._fitting: dict[tuple[str, tuple[str, ...]], bool] = {}
        note = self.path.with_suffix(".json")
        self._note = json.loads(note.read_text(encoding="utf-8")) if note.is_file() else None
        self._telling = Telling.beside(self.path)
        by_script: dict[str, list[str]] = {}
        for raw, label in self._labels.items():
            for script in label.scripts:
                for seen in _TEXT_SCRIPTS.get(script, (script,)):
                    by_script.setdefault(seen, []).append(raw)
        self._only = {script: raws[0] for script, raws in by_script.items() if len(raws) == 1}

    @property
    def labels(self) -> tuple[str, ...]:
        """The languages that the model knows, sorted; a label without script stands with its usual script."""
        return tuple(sorted({label.written("", ()) for label in self._labels.values()}))

    def identify(self, text: str) -> Guess:
        """The language of one text; und only where it has no letters."""
        return self.identify_many([text])[0]

    def identify_many(self, texts: Sequence[str]) -> list[Guess]:
        """The language of each text, in order; faster than one by one."""
        seen = [self._seen(text) for text in texts]
        shares = [_script_shares(text) for text in seen]
        guesses = [self._by_script(text, share) for text, share in zip(seen, shares, strict=True)]
        open_ = [place for place, guess in enumerate(guesses) if guess is None]
        answers = self._model.best([seen[place] for place in open_], _CANDIDATES)
        for place, answer in zip(open_, answers, strict=True):
            guesses[place] = self._choose(seen[place], shares[place], answer)
        return [guess for guess in guesses if guess is not None]

    def _seen(self, text: str) -> str:
        """The text as this model was trained to see it."""
        start = text[:_CHARACTERS_READ]
        if len(start) < len(text) and not _LETTER.search(start):
            letter = _LETTER.search(text)
            start = text[letter.start() :][:_CHARACTERS_READ] if letter else start
        return normalise(start) if self._note is not None else " ".join(start.split())

    def _by_script(self, text: str, shares: dict[str, float]) -> Guess | None:
        """The answer where the script alone gives it: no letters, or a script that one language of the model uses."""
        if not shares:
            return Guess(UNDETERMINED, 0.0, 0.0)
        script = max(shares, key=shares.__getitem__)
        if script not in self._only or shares[script] < _SHARE_THAT_DECIDES:
            return None
        return Guess(self._labels[self._only[script]].written(text, [script]), shares[script], shares[script])

    def _choose(self, text: str, shares: dict[str, float], answer: list[tuple[str, float]]) -> Guess:
        """The best label whose script the text is in, its score freed of what the script rules out."""
        scripts = _written_in(shares)
        if not self._fits(answer[0][0], scripts):
            answer = self._model.best([text], len(self._labels))[0]
        fitting = [(raw, score) for raw, score in answer if self._fits(raw, scripts)]
        possible = self._telling.again(text, fitting)
        if not possible:
            # No language of the model is written so: the best label, with no trust in it.
            return Guess(self._labels[answer[0][0]].written(text, scripts), 0.0, 0.0)
        told = sum([score for _, score in possible])
        ruled_out = sum([score for _, score in answer]) - sum([score for _, score in fitting])
        left = max(1.0 - ruled_out, told)
        best = possible[0][1] / left
        second = possible[1][1] / left if len(possible) > 1 else 0.0
        return Guess(self._labels[possible[0][0]].written(text, scripts), self._calibrated(best, text), best - second)

    def _fits(self, raw: str, scripts: tuple[str, ...]) -> bool:
        """Whether a label may be given to text in these scripts."""
        found = self._fitting.get((raw, scripts))
        if found is None:
            found = self._fitting[raw, scripts] = self._labels[raw].fits(scripts)
        return found

    def _calibrated(self, score: float, text: str) -> float:
        """The share of right answers among held-out texts of about this length with this score."""
        if not self._note or "calibration" not in self._note:
            return score
        table = self._note["calibration"]
        right = table["right"][bisect.bisect_left(table["longest"], len(text))]
        return _between(table["scores"], right, score)


def _between(places: Sequence[float], values: Sequence[float], place: float) -> float:
    """The value at a place on the line through values at ascending places; beyond them that of the first or last."""
    above = bisect.bisect_left(places, place)
    if above in (0, len(places)):
        return float(values[0] if above == 0 else values[-1])
    low, high = places[above - 1], places[above]
    share = (place - low) / (high - low)
    return float(values[above - 1] + share * (values[above] - values[above - 1]))
