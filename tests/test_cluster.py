"""Near-duplicates are found, verified, joined, and all but the best dropped, whatever the parts and the buckets."""

import gzip
import json
import random
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from datasketch import MinHash
from pydantic import ValidationError

from tests.corpus_wide import outcomes_of
from xinstruct.candidate import Candidate, Dropped, Kept, Outcome
from xinstruct.commands import WRONG_CALL, status_of
from xinstruct.stages import cluster
from xinstruct.tools.minhash.near_pairs import components
from xinstruct.tools.minhash.shingles import Normal, jaccard, shingle_sets
from xinstruct.tools.minhash.signatures import FOUND, Bands, signed

# The first article of the Universal Declaration of Human Rights, in scripts with and without blanks.
ARTICLE = {
    "swh_Latn": "Watu wote wamezaliwa huru, hadhi na haki zao ni sawa. Wote wamejaliwa akili na dhamiri, hivyo yapasa "
    "watendeane kindugu.",
    "fin_Latn": "Kaikki ihmiset syntyvät vapaina ja tasavertaisina arvoltaan ja oikeuksiltaan. Heille on annettu järki "
    "ja omatunto, ja heidän on toimittava toisiaan kohtaan veljeyden hengessä.",
    "tam_Taml": "மனிதப் பிறவியினர் சகலரும் சுதந்திரமாகவே பிறக்கின்றனர்; அவர்கள் மதிப்பிலும், உரிமைகளிலும் சமமானவர்கள்.",
    "hin_Deva": "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है।",
    "urd_Arab": "تمام انسان آزاد اور حقوق و عزت کے اعتبار سے برابر پیدا ہوئے ہیں۔ انہیں ضمیر اور عقل ودیعت ہوئی ہے۔",
    "tha_Thai": "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ ต่างมีเหตุผลและมโนธรรม "
    "และควรปฏิบัติต่อกันด้วยเจตนารมณ์แห่งภราดรภาพ",
    "cmn_Hans": "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。",
    "amh_Ethi": "የሰው ልጅ ሁሉ ሲወለድ ነጻና በክብርና በመብትም እኩልነት ያለው ነው። የተፈጥሮ ማስተዋልና ሕሊና "
    "ስላለው አንዱ ሌላውን በወንድማማችነት መንፈስ መመልከት ይገባዋል።",
}


def passage(number: int, response: str, **columns: Any) -> Candidate:
    return Candidate(id=f"{number:032x}", response=response, **columns)


def altered(text: str, share: float, seed: int) -> str:
    chance = random.Random(seed)
    letters = list(text)
    for _ in range(max(1, round(len(text) * share))):
        letters[chance.randrange(len(letters))] = chance.choice(text)
    return "".join(letters)


def clustered(
    candidates: Sequence[Candidate], folder: Path, parts: int = 1, buckets: int = 3, **settings: Any
) -> dict[str, Outcome]:
    """Outcomes by id; checks that nothing is lost and that no cluster lacks a kept candidate."""
    spread = {f"{n:05d}": candidates[n::parts] for n in range(parts)}
    made = outcomes_of(cluster, spread, cluster.Settings(**settings), folder, buckets)
    for part, given in spread.items():
        assert [o.candidate.id for o in made[part]] == [c.id for c in given]
    outcomes = {o.candidate.id: o for part in made.values() for o in part}
    kept = {key for key, outcome in outcomes.items() if isinstance(outcome, Kept)}
    for outcome in outcomes.values():
        assert outcome.candidate.cluster_id is not None
        if isinstance(outcome, Dropped):
            assert outcome.reason in cluster.REASONS
            assert outcome.candidate.duplicate_of in kept
            assert outcome.candidate.similarity is not None
        else:
            assert outcome.candidate.duplicate_of is None
    return outcomes


def dropped(outcomes: dict[str, Outcome]) -> dict[int, str]:
    return {int(key, 16): outcome.reason for key, outcome in outcomes.items() if isinstance(outcome, Dropped)}


@pytest.fixture(scope="module")
def stories(shared_data: Path) -> list[dict[str, str]]:
    with gzip.open(shared_data / "dedup" / "storybooks_neardup.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def plain_shingles(text: str) -> set[str]:
    """What the contract says, written in the plainest way: character 5-grams after NFKC and case folding."""
    form = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return {form[begin : begin + 5] for begin in range(max(1, len(form) - 4))}


def test_signatures_equal_those_of_datasketch():
    texts = [*ARTICLE.values(), "", "a", ARTICLE["fin_Latn"] * 30]
    normal, signatures = signed(texts, 96)
    hashes, bounds = normal.shingles()
    for number in range(len(texts)):
        peer = MinHash(num_perm=96, seed=1, scheme="affine32", hashfunc=lambda piece: piece & 0xFFFFFFFF)
        peer.update_batch(hashes[bounds[number] : bounds[number + 1]].tolist())
        assert (peer.hashvalues == signatures[number]).all()


@pytest.mark.parametrize("similarity", [0.3, 0.5, 0.7, 0.8, 0.95, 1.0])
@pytest.mark.parametrize("permutations", [64, 128, 130, 256])
def test_a_pair_at_the_threshold_is_found_99_times_in_100(similarity: float, permutations: int):
    bands = Bands.of(similarity, permutations)
    assert bands.found(similarity) >= FOUND
    assert bands.permutations <= permutations


def test_too_few_permutations_are_refused_with_the_number_needed():
    with pytest.raises(ValidationError, match="give at least 51"):
        cluster.Settings(lowest_similarity_joined=0.1, permutations=20)


def test_shingles_are_those_of_the_contract_in_every_script():
    texts = list(ARTICLE.values())
    for one, text in zip(shingle_sets(texts), texts, strict=True):
        if not any(script in unicodedata.name(text[0]) for script in ("THAI", "CJK")):
            assert len(one) == len(plain_shingles(text))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Haki  za\n watu", " haki za watu "),
        ("ﺍﻟﺴﻼﻡ ﻋﻠﻴﻜﻢ ﺟﻤﻴﻌﺎ", "السلام عليكم جميعا"),  # presentation forms
        ("كتـــاب جميل جدا", "كتاب جميل جدا"),  # tatweel
        ("می\u200cخواهم بروم", "میخواهم بروم"),  # zero-width non-joiner
        ("ភាសា\u200bខ្មែរ\u200bល្អ", "ភាសាខ្មែរល្អ"),  # zero-width spaces between Khmer words
        ("人人生而自由，\n在尊严和权利上", "人人生而自由, 在尊严和权利上"),  # a line end, and a fullwidth comma
        ("ภาษาไทย Python ดี", "ภาษาไทยPythonดี"),
    ],
)
def test_forms_that_readers_do_not_tell_apart_are_one(one: str, other: str):
    normal = Normal([one, other])
    assert normal.form(0) == normal.form(1)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ọkọ̀ ojú omi", "oko oju omi"),  # tones
        ("कमल खिला है", "कामल खिला है"),  # a vowel sign
        ("ज़मीन है", "जमीन है"),  # a nukta
        ("كَتَبَ الولد", "كُتِبَ الولد"),  # harakat
        ("good by", "goodby"),  # a blank in a script that has them
        ("ab", "abc"),
    ],
)
def test_marks_and_blanks_that_tell_words_apart_stay(one: str, other: str):
    normal = Normal([one, other])
    assert normal.form(0) != normal.form(1)


def test_very_short_texts_equal_themselves_alone():
    sets = shingle_sets(["yes", "yes.", "YES", "", "abcd"])
    assert [len(one) for one in sets] == [1, 1, 1, 0, 1]
    assert jaccard(sets[0], sets[2]) == 1
    assert jaccard(sets[0], sets[1]) == 0


def test_texts_in_a_batch_do_not_touch_one_another():
    texts = ["  ", "", "a", *ARTICLE.values(), " b \u200b", "\u00ad"]
    together = Normal(texts)
    assert [together.form(n) for n in range(len(texts))] == [Normal([text]).form(0) for text in texts]
    for one, other in zip(shingle_sets(texts), (shingle_sets([text])[0] for text in texts), strict=True):
        assert one.tolist() == other.tolist()


def test_components_are_those_of_a_search():
    chance = np.random.default_rng(5)
    for _ in range(20):
        count = int(chance.integers(1, 60))
        ends = chance.integers(0, count, (2, int(chance.integers(0, count))))
        labels = components(ends[0], ends[1], count)
        reached = {node: {node} for node in range(count)}
        for one, other in ends.T.tolist():
            joined = reached[one] | reached[other]
            for node in joined:
                reached[node] = joined
        assert labels.tolist() == [min(reached[node]) for node in range(count)]


@pytest.mark.parametrize("language", ARTICLE)
def test_a_copy_and_a_near_copy_are_dropped_in_every_script(language: str, tmp_path: Path):
    text = ARTICLE[language]
    others = [passage(10 + n, other) for n, other in enumerate(ARTICLE.values()) if other != text]
    longer = text + text[:3]
    outcomes = clustered([passage(1, text), passage(2, longer), passage(3, f" {text}\n"), *others], tmp_path)
    assert dropped(outcomes) == {1: "near_duplicate", 3: "near_duplicate"}
    sets = shingle_sets([text, longer])
    assert outcomes[f"{1:032x}"].candidate.similarity == jaccard(*sets)
    assert {outcomes[f"{n:032x}"].candidate.cluster_id for n in (1, 2, 3)} == {f"{2:032x}"}


def test_exact_copies_keep_the_one_with_the_lowest_id(tmp_path: Path):
    text = ARTICLE["fin_Latn"]
    outcomes = clustered([passage(n, text) for n in (5, 3, 9)], tmp_path, parts=2)
    assert dropped(outcomes) == {5: "exact_duplicate", 9: "exact_duplicate"}
    assert {o.candidate.similarity for o in outcomes.values()} == {None, 1.0}


def test_the_best_scored_is_kept_before_the_longest(tmp_path: Path):
    text = ARTICLE["fin_Latn"]
    candidates = [
        passage(1, text + " Näin on.", score_overall=0.4),
        passage(2, text, score_overall=0.9),
        passage(3, text + " Näin on aina."),
    ]
    assert set(dropped(clustered(candidates, tmp_path / "scored"))) == {1, 3}
    unscored = [candidate.change(score_overall=None) for candidate in candidates]
    assert set(dropped(clustered(unscored, tmp_path / "unscored"))) == {1, 2}


def test_a_chain_is_one_cluster_with_one_kept(tmp_path: Path):
    words = ARTICLE["fin_Latn"]
    links = [words, words[20:] + " ensin toinen lause", words[40:] + " ensin toinen lause ja sitten kolmas"]
    sets = shingle_sets(links)
    assert jaccard(sets[0], sets[1]) >= 0.7
    assert jaccard(sets[1], sets[2]) >= 0.7
    assert jaccard(sets[0], sets[2]) < 0.7
    scored = [passage(n, link, score_overall=1 - n / 10) for n, link in enumerate(links)]
    outcomes = clustered(scored, tmp_path)
    assert dropped(outcomes) == {1: "near_duplicate", 2: "near_duplicate"}
    assert outcomes[f"{2:032x}"].candidate.similarity == jaccard(sets[0], sets[2])
    assert {o.candidate.cluster_id for o in outcomes.values()} == {f"{0:032x}"}


def test_a_pair_below_the_threshold_stays(tmp_path: Path):
    text = ARTICLE["fin_Latn"]
    other = text[: len(text) // 2] + ARTICLE["swh_Latn"]
    similarity = jaccard(*shingle_sets([text, other]))
    pair = [passage(1, text), passage(2, other)]
    assert not dropped(clustered(pair, tmp_path / "above", lowest_similarity_joined=similarity + 0.01))
    assert len(dropped(clustered(pair, tmp_path / "at", lowest_similarity_joined=similarity))) == 1


@pytest.mark.parametrize("number", [0, 1])
def test_an_empty_part_and_a_lone_row_pass(number: int, tmp_path: Path):
    outcomes = clustered([passage(7, "Habari za asubuhi, wananchi.")][:number], tmp_path, parts=2)
    assert [o.candidate.cluster_id for o in outcomes.values()] == [f"{7:032x}"][:number]


def test_rows_without_text_pass_each_for_itself(tmp_path: Path):
    outcomes = clustered([passage(1, ""), passage(2, " \u200b"), passage(3, "")], tmp_path)
    assert not dropped(outcomes)
    assert len({o.candidate.cluster_id for o in outcomes.values()}) == 3


def test_other_kinds_pass(tmp_path: Path):
    text = ARTICLE["swh_Latn"]
    candidates = [passage(1, text), passage(2, text, kind="conversation"), passage(3, text, kind="preference")]
    assert not dropped(clustered(candidates, tmp_path))


def test_a_key_with_hundreds_of_rows_is_split_into_its_clusters(tmp_path: Path):
    # Two templates that share half of their text: their pages meet in many bands, and far more than a few at once.
    begins, ends = ARTICLE["fin_Latn"] * 2, [ARTICLE["swh_Latn"], altered(ARTICLE["swh_Latn"], 0.9, 1)]
    texts = [begins + ends[n % 2] + f" ({n * 7919 % 10_000})" for n in range(300)]
    outcomes = clustered([passage(n, text) for n, text in enumerate(texts)], tmp_path, parts=3)
    clusters = {int(key, 16): outcome.candidate.cluster_id for key, outcome in outcomes.items()}
    assert len(set(clusters.values())) == 2
    assert all(clusters[n] == clusters[n % 2] for n in range(300))
    assert len(dropped(outcomes)) == 298


def test_the_result_does_not_depend_on_parts_order_or_buckets(tmp_path: Path):
    texts = [
        altered(text, share, seed) for text in ARTICLE.values() for seed, share in enumerate([0, 0.01, 0.03, 0.06])
    ]
    candidates = [passage(n, text) for n, text in enumerate([*texts, *texts[::5]])]
    shuffled = random.Random(3).sample(candidates, len(candidates))
    expected = clustered(candidates, tmp_path / "one", parts=1, buckets=1)
    assert 0 < len(dropped(expected)) < len(candidates) - 1
    assert clustered(candidates, tmp_path / "many", parts=7, buckets=13) == expected
    assert clustered(shuffled, tmp_path / "shuffled", parts=3, buckets=2) == expected


@pytest.mark.slow
def test_recall_and_precision_on_real_stories(stories: list[dict[str, str]], tmp_path: Path):
    chosen = sorted(stories, key=lambda story: story["cluster"])[:500]
    outcomes = clustered([passage(n, story["text"]) for n, story in enumerate(chosen)], tmp_path, parts=4)
    clusters = [outcomes[f"{n:032x}"].candidate.cluster_id for n in range(len(chosen))]
    sets = [plain_shingles(story["text"]) for story in chosen]
    counts: Counter[str] = Counter()
    for one in range(len(sets)):
        for other in range(one):
            shared = len(sets[one] & sets[other])
            alike = shared >= 0.7 * (len(sets[one]) + len(sets[other]) - shared)
            counts[f"{alike} {clusters[one] == clusters[other]}"] += 1
    assert counts["True True"] >= 50
    assert counts["True True"] >= 0.99 * (counts["True True"] + counts["True False"])
    assert counts["True True"] >= 0.97 * (counts["True True"] + counts["False True"])


def asked(number: int, instruction: str, language: str = "swh_Latn", **columns: Any) -> Candidate:
    return passage(number, f"Jibu namba {number}", instruction=instruction, language=language, **columns)


def test_instructions_about_different_titles_are_different(tmp_path: Path):
    frame = "Please write a long and well-informed article for a general audience that could be published under {}."
    titles = ["“Maji safi”", "“Maji machafu”", "«Maji ya kunywa»", '"Maji"', "விவசாயம்", "விவசாயி"]
    candidates = [asked(n, frame.format(title)) for n, title in enumerate(titles)]
    assert not dropped(clustered(candidates, tmp_path, over="instruction"))


def test_instructions_of_one_language_about_one_thing_are_duplicates(tmp_path: Path):
    candidates = [
        asked(1, "Write a short article about the history of the old harbour, titled “Bandari”.", score_overall=0.9),
        asked(2, "Write a short article on the history of the old harbour, titled “Bandari”."),
        asked(3, "Write a short article about the history of the old harbour, titled “Bandari”.", "zul_Latn"),
        asked(
            4,
            "Write a short article about the history of the old harbour, titled “Bandari”.",
            context="Kuanzishwa 1860",
        ),
    ]
    outcomes = clustered(candidates, tmp_path, parts=2, over="instruction")
    assert dropped(outcomes) == {2: "near_duplicate"}


def test_candidates_without_instruction_pass_over_instruction(tmp_path: Path):
    text = ARTICLE["swh_Latn"]
    assert not dropped(clustered([passage(1, text), passage(2, text)], tmp_path, over="instruction"))


def test_a_second_clustering_keeps_the_clusters_of_the_first(tmp_path: Path):
    question = "What does the passage say about the rights of all people everywhere?"
    first = f"{1:032x}"
    candidates = [
        asked(1, question, cluster_id=first, score_overall=0.5),
        asked(2, "Name the main idea in a single sentence.", cluster_id=first),  # made of 1, and as such of its cluster
        asked(3, question + "!", cluster_id=f"{3:032x}", score_overall=0.9),
        asked(4, "How is bread baked in the old way?", cluster_id=f"{4:032x}"),
        passage(5, "maswali", kind="conversation", cluster_id=first),
    ]
    outcomes = clustered(candidates, tmp_path, parts=2, over="instruction")
    assert dropped(outcomes) == {1: "near_duplicate"}
    clusters = {int(key, 16): int(str(outcome.candidate.cluster_id), 16) for key, outcome in outcomes.items()}
    assert clusters == {1: 3, 2: 3, 3: 3, 4: 4, 5: 3}


def test_instructions_that_nobody_wrote_are_not_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "rows.jsonl").write_text('{"text": "Nairobi", "instruction": "Name it.", "language": "sw"}\n')
    told = {"languages": ["swh_Latn"], "sources": [{"jsonl": "rows.jsonl"}]}
    recipe = tmp_path / "recipe.yml"
    over = {"cluster": {"over": "instruction"}}
    recipe.write_text(yaml.safe_dump({**told, "stages": ["harvest", over]}))
    for call in (["run", str(recipe), "--out", str(tmp_path / "out")], ["show", str(recipe)]):
        assert status_of(call) == WRONG_CALL
        assert capsys.readouterr().err.strip() == (
            "Stage 2, cluster, reads instruction, which no stage before it writes; put instruct before it."
        )
    recipe.write_text(yaml.safe_dump({**told, "stages": ["harvest", "instruct", over]}))
    assert status_of(["show", str(recipe)]) == 0
