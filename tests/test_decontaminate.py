"""What an evaluation set also holds is dropped, in every script and guise, with where it was found; the rest stays."""

import random
import re
import tempfile
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import yaml

from tests.conftest import ROOT
from xinstruct.candidate import Candidate, Dropped, Kept, Outcome
from xinstruct.stages import decontaminate
from xinstruct.stages.decontaminate import Settings
from xinstruct.tools.overlap import held
from xinstruct.tools.overlap.fingerprint import Fingerprint
from xinstruct.tools.overlap.index import Index
from xinstruct.tools.overlap.letters import PIECE, STEP, Letters, positions
from xinstruct.tools.overlap.search import overlaps
from xinstruct.tools.toolbox import Toolbox

CASES = yaml.safe_load((ROOT / "tests" / "cases" / "decontaminate.yml").read_text(encoding="utf-8"))
PAGES = sorted((ROOT / "corpora" / "sample" / "pages").glob("*/*.md"))
UNSPACED = ("tha_Thai", "jpn_Jpan", "cmn_Hans", "khm_Khmr", "mya_Mymr", "lao_Laoo")


def decided(texts: Sequence[str], candidates: Sequence[Candidate], folder: Path) -> list[Outcome]:
    """What becomes of the candidates beside these evaluation texts."""
    (folder / "set").mkdir(parents=True)
    for number, text in enumerate(texts):
        (folder / "set" / f"{number}.txt").write_text(text, encoding="utf-8")
    held.hold(folder / "out", folder, ["set"], None)
    tools = Toolbox(frozenset(), folder / "out" / ".work" / "2_decontaminate")
    return list(decontaminate.run(iter(candidates), Settings(against=["set"]), tools))


def row(text: str, **columns: object) -> Candidate:
    return Candidate(id=f"{hash(text) & 0xFFFFFFFF:032x}", response=text, **columns)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("expected", "case"),
    [(expected, case) for expected in CASES for case in CASES[expected]],
    ids=[f"{expected} {case['language']} {case['name']}" for expected in CASES for case in CASES[expected]],
)
def test_a_golden_case_is_decided_as_it_says(expected: str, case: dict[str, str], tmp_path: Path) -> None:
    (outcome,) = decided([case["evaluation"]], [row(case["text"])], tmp_path)
    found = outcome.reason if isinstance(outcome, Dropped) else "kept"
    assert found == expected, outcome
    assert isinstance(outcome, Kept) or outcome.reason in decontaminate.REASONS  # type: ignore[union-attr]


def paragraphs() -> dict[str, list[str]]:
    """Paragraphs of the sample crawl's pages, by language."""
    found: dict[str, list[str]] = {}
    for page in PAGES:
        body = page.read_text(encoding="utf-8").split("---", 2)[2]
        lines = [unicodedata.normalize("NFC", line) for line in body.split("\n") if len(line) > 150]
        found.setdefault(page.parent.name, []).extend(line for line in lines if line[0] not in "#-|<{[")
    return found


def disguised(stretch: str, chance: random.Random) -> str:
    guise = chance.randrange(5)
    if guise == 0:
        return stretch.upper()
    if guise == 1:
        return stretch.translate({ord("a") + n: 0xFF41 + n for n in range(26)})
    if guise == 2:
        return "".join(" – " if unicodedata.category(sign).startswith("P") else sign for sign in stretch)
    return stretch.replace(" ", "\r\n" if guise == 3 else "  ")


@pytest.fixture(scope="module")
def sample_index(tmp_path_factory: pytest.TempPathFactory) -> tuple[Index, dict[str, list[str]]]:
    found = paragraphs()
    texts = [(f"{language}:{number}", text) for language in found for number, text in enumerate(found[language])]
    folder = tmp_path_factory.mktemp("index") / "index"
    Index.write(folder, "", [Fingerprint.of("sample", texts)])
    return Index(folder), found


@pytest.mark.parametrize("unit", ["13 words", "60 characters"])
def test_thirteen_words_or_sixty_characters_are_found_in_every_language_and_guise(
    sample_index: tuple[Index, dict[str, list[str]]], unit: str
) -> None:
    index, found = sample_index
    assert len(found) >= 10
    missed: list[str] = []
    tried = 0
    for language, texts in found.items():
        if unit == "13 words" and language in UNSPACED:
            continue
        chance = random.Random(f"{language} {unit}")
        planted = []
        for _ in range(40):
            text = chance.choice(texts)
            if unit == "13 words":
                words = text.split()
                begin = chance.randrange(len(words) - 12)
                stretch = " ".join(words[begin : begin + 13])
            else:
                begin = chance.randrange(len(text) - 59)
                stretch = text[begin : begin + 60]
            planted.append(f"Ante {number(chance)} {disguised(stretch, chance)} post {number(chance)}.")
        missed += [text for text, overlap in zip(planted, overlaps(planted, index), strict=True) if overlap is None]
        tried += len(planted)
    assert len(missed) <= tried / 100, missed


def number(chance: random.Random) -> str:
    return f"{chance.random():.9f}"


def test_pages_share_nothing_with_pages_of_other_sites(sample_index: tuple[Index, dict[str, list[str]]]) -> None:
    _, found = sample_index
    texts = [text for of in found.values() for text in of]
    half = random.Random(1).sample(texts, len(texts) // 2)
    rest = [text for text in texts if text not in half]
    assert [(text, met) for text, met in zip(rest, against(half, rest), strict=True) if met is not None] == []


def against(texts: Sequence[str], asked: Sequence[str]) -> list[object]:
    with tempfile.TemporaryDirectory() as folder:
        Index.write(Path(folder) / "index", "", [Fingerprint.of("half", [(f"{n}", t) for n, t in enumerate(texts)])])
        return list(overlaps(asked, Index(Path(folder) / "index")))


QUESTION = "A baker sells nineteen loaves before noon and seven after it, so how many loaves has the baker sold at all?"


def test_the_detail_names_the_set_the_item_and_the_place(tmp_path: Path) -> None:
    text = f"Numbers are fun. {QUESTION} Think!"
    (outcome,) = decided(["Something else, which nobody says in any of the rows.", QUESTION], [row(text)], tmp_path)
    assert isinstance(outcome, Dropped)
    told = re.fullmatch(r"set 1\.txt; response (\d+)-(\d+), (\d+) characters, (\d+) words", outcome.detail)
    assert told is not None, outcome.detail
    begin, end, characters, words = map(int, told.groups())
    assert abs(begin - text.index("A baker")) <= STEP
    assert abs(end - text.index("?")) <= STEP
    assert characters == end - begin
    assert 19 <= words <= 21
    assert outcome.candidate == row(text)


@pytest.mark.parametrize(
    ("columns", "where"),
    [
        ({"instruction": QUESTION}, "instruction 0-"),
        ({"context": f"Notes: {QUESTION}"}, "context 7-"),
        ({"turns": [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": QUESTION}]}, "turn 2 0-"),
        ({"answers": [{"text": QUESTION}]}, "answer 1 0-"),
    ],
    ids=["instruction", "context", "turn", "answer"],
)
def test_every_text_of_a_row_is_looked_through(columns: dict[str, object], where: str, tmp_path: Path) -> None:
    clean = row("A text of its own, about rain.", instruction="Write about rain.")
    outcomes = decided([QUESTION], [clean, row("Jibu lolote.", **columns), clean], tmp_path)
    assert [type(outcome) for outcome in outcomes] == [Kept, Dropped, Kept]
    assert f"; {where}" in outcomes[1].detail  # type: ignore[union-attr]


def test_rows_come_out_in_order_and_none_is_lost(tmp_path: Path) -> None:
    rows = [row(f"Row {n}: " + (QUESTION if n % 7 == 0 else "nothing of the kind.")) for n in range(200)]
    outcomes = decided([QUESTION], rows, tmp_path)
    assert [outcome.candidate for outcome in outcomes] == rows  # type: ignore[union-attr]
    assert [isinstance(outcome, Dropped) for outcome in outcomes] == [n % 7 == 0 for n in range(200)]


def test_texts_without_letters_and_empty_ones_are_kept(tmp_path: Path) -> None:
    rows = [row(""), row("…!"), row("\u200b\n\n"), row("\ud800 half of a pair"), row("अ")]
    assert [type(outcome) for outcome in decided([QUESTION], rows, tmp_path)] == [Kept] * 5
    assert decided([QUESTION], [], tmp_path / "none") == []


def test_the_frame_of_many_questions_is_nobodys(tmp_path: Path) -> None:
    frame = "Read the following passage with care and then answer the question that stands below it in one word: "
    subjects = ["rice", "tides", "bees", "iron", "Malta", "drums", "chess", "snow", "lungs", "opera", "roads", "salt"]
    texts = [
        f"{frame}what is known of {subject} and the law of {subject} in {n}?" for n, subject in enumerate(subjects)
    ]
    mine = row(f"{frame}who wrote the letter that the mayor burned?")
    theirs = row(f"Quiz. {texts[3]}")
    assert [type(outcome) for outcome in decided(texts, [mine, theirs], tmp_path)] == [Kept, Dropped]
    assert [type(outcome) for outcome in decided(texts[:3], [mine], tmp_path / "few")] == [Dropped]


SUBJECTS = [
    f"{one} {other}" for one in ("rice", "tides", "bees", "iron", "Malta") for other in ("drums", "chess", "snow")
]
PASSAGE = (
    "The lighthouse on the northern cape was built by two brothers who had never seen the sea before they came. "
    "They carried the stones up from the harbour on the backs of mules, winter after winter, and when the lamp was "
    "lit for the first time the younger of them was blind. He kept the light for thirty years all the same, by the "
    "warmth of the glass under his hands, and no ship was lost on the cape while he lived."
)
KEEPER = "Поздно вечером смотритель спускался по узкой лестнице к воде, садился на перевёрнутую лодку и слушал, как за "
KEEPER += (
    "мысом перекликаются рыбаки, которые ещё не знали, что назавтра из города пришлют человека с приказом погасить "
)
KEEPER += "маяк навсегда, потому что корабли давно ходят другим путём и никому больше не нужен его свет."


@pytest.mark.parametrize("questions", [9, 11, 15])
@pytest.mark.parametrize(("passage", "frame"), [(PASSAGE, ""), (PASSAGE, "Passage: "), (KEEPER, "Текст: ")])
def test_a_passage_that_each_of_its_questions_repeats_is_found(
    passage: str, frame: str, questions: int, tmp_path: Path
) -> None:
    texts = [f"{frame}{passage}\nQ: What has {subject} to do with it?" for subject in SUBJECTS[:questions]]
    assert all(against(texts, [f"Once. {passage[100:180]} Then.", passage, f"No. {passage[-70:]}"]))


def test_frames_before_and_behind_a_shared_passage_are_nobodys() -> None:
    before = "Given the passage and the query below, choose the one letter that stands for the right answer."
    behind = "Which of the letters A, B, C and D stands before the answer that is the best one of all?"
    passages = (PASSAGE, KEEPER)
    texts = [f"{before}\n{passage}\nWho asked {one}?\n{behind}" for passage in passages for one in SUBJECTS]
    mine = [f"{before} Say why.", f"Tell me: {behind}"]
    assert against(texts, [*mine, PASSAGE[50:130], KEEPER[50:130]])[:2] == [None, None]
    assert all(against(texts, [PASSAGE[50:130], KEEPER[50:130]]))
    left_out = Fingerprint.of("set", [(f"item {n}", text) for n, text in enumerate(texts)]).left_out
    assert (left_out.texts, left_out.first) == (30, "item 0")
    assert 70 <= left_out.letters <= 80


def test_what_begins_all_of_many_texts_is_a_frame_however_long() -> None:
    texts = [f"{PASSAGE}\nQuestion {n}: how many are {n * 17} and {n * 31}, told in words?" for n in range(120)]
    mine = f"{PASSAGE}\nWho was the elder of the two?"
    assert against(texts, [mine]) == [None]
    assert all(against(texts[:60], [mine]))


def test_the_footer_of_a_site_is_nobodys_though_it_is_long() -> None:
    chance = random.Random(7)
    words = [f"{a}{b}" for a in ("ka", "lo", "mi", "ter", "sun") for b in ("ran", "pel", "dov", "wik", "ost", "ub")]
    pages = [" ".join(chance.choices(words, k=220)) for _ in range(20)]
    assert against([f"{page}\n{PASSAGE}" for page in pages], [f"Mine. {PASSAGE}"]) == [None]


def test_texts_that_are_little_but_a_frame_are_not_alike() -> None:
    frame = (
        "Answer this question by choosing the one of the options that fits the best, and say no more than its letter: "
    )
    texts = [f"{frame}why {subject}?" for subject in SUBJECTS]
    assert against(texts, [f"{frame}who won?", texts[4]])[0] is None
    assert against(texts, [texts[4]])[0] is not None


def test_letters_point_back_into_the_text() -> None:
    text = "Don’t \u200bSTOP, e\u0301te\u0301 — हिन्दी 12 ﬁn!"
    letters = Letters([text, "", "x"])
    signs = [chr(point) for point in letters.points[: letters.bounds[1]]]
    assert "".join(signs) == "dontstopétéहिन्दी12fin"
    assert len(positions(text)) == len(signs)
    assert [text[place] for place in positions(text)[:8]] == list("DontSTOP")
    assert letters.bounds.tolist() == [0, len(signs), len(signs), len(signs) + 1]


def test_equal_letters_have_equal_hashes_wherever_they_stand() -> None:
    one = Letters(["zzz", "The quick brown fox jumps over the lazy dog again and again."])
    other = Letters(["Look: the QUICK, brown fox jumps over the lazy dog again and again!"])
    ours, theirs = one.pieces(), other.pieces()
    shared = np.intersect1d(one.hashes(ours, ours + PIECE), other.hashes(theirs, theirs + PIECE))
    assert len(shared) == len("thequickbrownfoxjumpsoverthelazydogagainandagain") - PIECE + 1
