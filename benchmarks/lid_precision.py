"""Says how far each language that the identifier gives can be trusted on a crawl, and how near languages fare.

On a crawl a wanted language is one page in twenty or fewer: what few lines of the other languages are given its name
weigh twenty times. So every other line is weighed until the wanted language's own are one in twenty of the stream.
"""

import collections
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.lid_lines import Row, labels_of
from xinstruct.tools.lid.identifier import Guess, LanguageIdentifier
from xinstruct.tools.passages.standards import Standards

PRIOR = 1 / 20
# As harvest's own: a block with a lower score is not taken for its language.
LOWEST_KEPT = Standards().lowest_kept_language
FEWEST_LINES = 20
# Languages with much text on the web, by our own list; all others are called low-resource here.
WELL_PROVIDED = frozenset((
    "eng", "deu", "rus", "fra", "jpn", "spa", "cmn", "ita", "nld", "pol", "por", "tur", "vie", "ind", "pes", "arb",
    "ces", "kor", "swe", "ell", "ron", "ukr", "hun", "dan", "fin", "slk", "bul", "nob", "hrv", "tha", "srp", "lit",
    "slv", "heb", "ekk", "lvs", "hin", "ben", "bos", "cat", "tam", "mkd", "als", "azj", "kat", "glg", "eus", "isl",
    "kaz", "urd", "mar", "tel", "mal", "zsm", "yue", "nno", "bel", "tgl", "afr", "npi", "kan", "guj", "sin", "khk",
    "mya", "uzn", "hye", "epo", "lat", "arz",
))  # fmt: skip
PAIRS = (
    ("ind_Latn", "zsm_Latn"), ("bos_Latn", "hrv_Latn"), ("pes_Arab", "prs_Arab"), ("nob_Latn", "nno_Latn"),
    ("nob_Latn", "dan_Latn"), ("zul_Latn", "xho_Latn"), ("zul_Latn", "ssw_Latn"), ("nso_Latn", "tsn_Latn"),
    ("nso_Latn", "sot_Latn"), ("kin_Latn", "run_Latn"), ("hin_Deva", "bho_Deva"), ("bho_Deva", "mag_Deva"),
    ("hin_Deva", "mai_Deva"), ("urd_Arab", "kas_Arab"), ("cat_Latn", "oci_Latn"), ("spa_Latn", "ast_Latn"),
    ("ces_Latn", "slk_Latn"), ("tgl_Latn", "ceb_Latn"), ("lvs_Latn", "ltg_Latn"), ("pol_Latn", "szl_Latn"),
    ("bam_Latn", "dyu_Latn"), ("azj_Latn", "tur_Latn"), ("tat_Cyrl", "bak_Cyrl"), ("cmn_Hant", "yue_Hant"),
)  # fmt: skip
MARKS = ("<!-- precision -->", "<!-- end of precision -->")
_COLUMNS = 3


class Trust(NamedTuple):
    """One language at a threshold: its test lines, the share of lines under its name that are its own where one line in
    twenty is (None where no line is given its name), and the share of its lines that are found.
    """

    label: str
    lines: int
    precision: float | None
    coverage: float

    @property
    def is_low_resource(self) -> bool:
        """Whether it is none of the languages with much text on the web."""
        return self.label[:3] not in WELL_PROVIDED


def trusts(rows: Sequence[Row], guesses: Sequence[Guess], known: Iterable[str]) -> list[Trust]:
    """The trust in each known language that at least 20 of the lines are in, by label.

    A macrolanguage's line (swa) is its usual member's, and found under the name of any member.
    """
    right = [labels_of(row) for row in rows]
    said = [guess.label if guess.score >= LOWEST_KEPT else "" for guess in guesses]
    pairs = list(zip(right, said, strict=True))
    own = collections.Counter(labels[0] for labels in right if labels)
    found = collections.Counter(labels[0] for labels, label in pairs if label in labels)
    wrong = collections.Counter(label for labels, label in pairs if label not in labels)
    rated = []
    for label in sorted(set(known)):
        if own[label] >= FEWEST_LINES:
            coverage = found[label] / own[label]
            kept = PRIOR * coverage
            mistaken = (1 - PRIOR) * wrong[label] / max(len(rows) - own[label], 1)
            rated.append(Trust(label, own[label], kept / (kept + mistaken) if kept or mistaken else None, coverage))
    return rated


def summary(rated: Sequence[Trust]) -> str:
    """How many of the languages reach which precision, all and the low-resource ones, and which do not."""
    title = f"at a score of {LOWEST_KEPT}, 1 line in 20"
    lines = [f"{title:34}{'languages':>10}{'>= .95':>8}{'< .85':>7}{'never given':>13}{'coverage':>10}"]
    for name, some in (("all", rated), ("low-resource", [one for one in rated if one.is_low_resource])):
        given = [one.precision for one in some if one.precision is not None]
        good, bad = sum(one >= 0.95 for one in given), sum(one < 0.85 for one in given)
        mean = sum(one.coverage for one in some) / max(len(some), 1)
        lines.append(f"{name:34}{len(some):10}{good:8}{bad:7}{len(some) - len(given):13}{mean:10.3f}")
    worst = (f"{one.label} {one.precision:.2f}" for one in rated if one.precision is not None and one.precision < 0.85)
    lines.append("below .85: " + ", ".join(worst))
    lines.append("never given: " + ", ".join(one.label for one in rated if one.precision is None))
    return "\n".join(lines)


def write_table(rated: Sequence[Trust], readme: Path) -> None:
    """Puts the table of all languages between the two marks in a Markdown file. ValueError where it has no marks."""
    text = readme.read_text(encoding="utf-8")
    before, begin, rest = text.partition(MARKS[0])
    _, end, after = rest.partition(MARKS[1])
    if not end:
        raise ValueError(f"{readme} has no lines {MARKS[0]} and {MARKS[1]}")
    rows = []
    for one in rated:
        precision = "-" if one.precision is None else f"{one.precision:.3f}"
        name = f"{one.label}{'*' if one.is_low_resource else ''}"
        rows.append(f"{name} | {one.lines} | {precision} | {one.coverage:.2f}")
    columns = ["| language | lines | precision | coverage " * _COLUMNS + "|", "|---|---|---|---" * _COLUMNS + "|"]
    for at in range(0, len(rows), _COLUMNS):
        some = rows[at : at + _COLUMNS]
        columns.append("| " + " | ".join(some + [" | | |"] * (_COLUMNS - len(some))) + " |")
    readme.write_text(f"{before}{begin}\n" + "\n".join(columns) + f"\n{end}{after}", encoding="utf-8")


def pairs_table(rows: Iterable[Row], model: LanguageIdentifier) -> str:
    """For each near pair the share of each side's lines that is given its name, one by one and three lines at once."""
    texts: dict[str, list[str]] = {}
    for row in rows:
        for label in labels_of(row)[:1]:
            texts.setdefault(label, []).append(row.text)
    lines = [f"{'near pair':24}{'1 line':>8}{'':8}{'3 lines':>8}"]
    for pair in PAIRS:
        shares = []
        for label in pair:
            alone = texts[label]
            joined = [" ".join(alone[at : at + 3]) for at in range(0, len(alone) - 2, 3)]
            for asked in (alone, joined):
                shares.append(sum(guess.label == label for guess in model.identify_many(asked)) / len(asked))
        lines.append(f"{' '.join(pair):24}{shares[0]:8.2f}{shares[2]:8.2f}{shares[1]:8.2f}{shares[3]:8.2f}")
    return "\n".join(lines)
