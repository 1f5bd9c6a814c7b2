"""Rows that were evolved, translated, conversed and ranked are published, each kind in a configuration of its own."""

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.test_publish import RESERVED, TEXTS, crawl, harvested, pair, pairs, published, rows_in
from tests.trainer_rules import axolotl_dpo, axolotl_sft, llama_factory
from xinstruct.candidate import Candidate
from xinstruct.languages import english_name
from xinstruct.publish import card_grown, card_use, training
from xinstruct.publish.card_grown import kinds
from xinstruct.publish.columns import SCHEMAS, SPLIT_TOO, WITH_MESSAGES
from xinstruct.publish.directives import messages
from xinstruct.publish.figures import Figures
from xinstruct.publish.making import Making
from xinstruct.publish.rehydrate import rehydrate
from xinstruct.publish.rows import configs_of
from xinstruct.publish.tokens import n_tokens, tokens_of

SPANISH, ASKED_IN_SPANISH = "Escribe un artículo titulado “Ugali”.", "Responde en suajili."


def turn(role: str, content: str, language: str, evol: str | None, words_from: str) -> dict[str, Any]:
    return {"role": role, "content": content, "language": language, "evol": evol, "words_from": words_from}


def answer(text: str, origin: str, rank: float, language: str = "swh_Latn") -> dict[str, Any]:
    role = None if origin == "native" else "policy"
    return {"text": text, "language": language, "origin": origin, "role": role, "rank": rank, "line_pass": 1.0}


def evolved(parent: Candidate, name: str = "piqa/steps", **columns: Any) -> Candidate:
    told = {"evol": name, "instruction": "Write it as steps.", "instruction_before": parent.instruction}
    unscored = {"score_overall": None, "score_line_pass": 1.0}
    return parent.sprout("evolve", name, **told | unscored | columns)


def translated(parent: Candidate, language: str = "spa_Latn", **columns: Any) -> Candidate:
    told = {"instruction": SPANISH, "instruction_lang": language, "instruction_before": parent.instruction}
    return parent.sprout("translate", language, **told | {"score_round_trip": 0.71} | columns)


def conversation(parent: Candidate, **columns: Any) -> Candidate:
    turns = [
        turn("user", parent.instruction or "", "eng_Latn", None, "rules"),
        turn("assistant", parent.response, parent.language, None, "native"),
        turn("user", "Why is that so?", "eng_Latn", "challenging", "writer"),
        turn("assistant", TEXTS[parent.language], parent.language, None, "policy"),
    ]
    return parent.sprout(
        "converse", "1", **{"kind": "conversation", "turns": turns, "response_from": "mixed"} | columns
    )


def preference(parent: Candidate, **columns: Any) -> Candidate:
    best, middle = parent.response, TEXTS[parent.language]
    answers = [
        answer(best, "native", 1.0, parent.language),
        answer(middle, "policy", 2.0, parent.language),
        answer("Ugali is a food of many people.", "off_target", 3.0, "eng_Latn"),
    ]
    told = {"kind": "preference", "answers": answers, "score_agreement": 0.8, "judge_runs": 4, "score_line_pass": 1.0}
    return parent.sprout("rank", "1", **told | columns)


def family(parent: Candidate) -> list[Candidate]:
    """A pair with everything that can be made of it."""
    changed = evolved(parent)
    written = {"response": TEXTS[parent.language] + " Ndiyo.", "response_before": parent.response}
    return [
        parent,
        changed,
        evolved(parent, "dolly/table", response_from="grounded", **written),
        evolved(parent, "general/other_words", response_from="policy", **written),
        translated(parent),
        translated(changed),
        translated(parent, parent.language, instruction=TEXTS[parent.language]),
        conversation(parent),
        preference(parent),
    ]


def families(count: int = 8) -> list[Candidate]:
    return [one for parent in pairs(count) for one in family(parent)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dataset of 48 families."""
    out = tmp_path_factory.mktemp("families")
    published(out, families())
    return out / "dataset"


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Any]:
    """Loads as a user does, offline."""
    import datasets

    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    return lambda folder, *names: datasets.load_dataset(str(folder), *names, cache_dir=str(tmp_path / "cache"))


# Which rows go where -----------------------------------------------------------------------------------------------


def test_each_kind_of_row_has_a_configuration_that_loads_with_its_columns(
    folder: Path, loaded: Callable[..., Any]
) -> None:
    wanted = {"sft": 48, "evolved": 144, "translated": 144, "multi_turn": 48, "preference": 48}
    wanted |= {f"{config}_prompt_completion": rows for config, rows in wanted.items() if config != "preference"}
    for config, rows in wanted.items():
        dataset = loaded(folder, config)
        assert set(dataset) == {"train", "test"}, config
        assert sum(map(len, dataset.values())) == rows
        assert dataset["train"].column_names == SCHEMAS[config].names
    assert not (folder / "edited").exists()


def test_sft_holds_no_row_that_was_made_of_another_and_gains_no_column_of_theirs(folder: Path) -> None:
    rows = rows_in(folder)
    assert {row["id"] for row in rows} == {parent.id for parent in pairs(8)}
    assert not set(rows[0]) & {"parent_id", "evol", "directive", "score_round_trip", "score_agreement"}
    assert {row["response_from"] for row in rows_in(folder, "evolved")} == {"native", "grounded", "policy"}


def test_no_column_but_the_turns_has_a_name_that_trainers_reserve() -> None:
    turns = {"messages", "prompt", "completion", "chosen", "rejected"}
    for config, schema in SCHEMAS.items():
        assert not set(schema.names) & (RESERVED - turns), config
    assert not set(SCHEMAS["multi_turn"].names) & {"prompt", "completion"}
    assert not set(SCHEMAS["preference"].names) & {"messages", "completion"}


def test_nothing_of_one_page_is_in_train_and_test_over_all_configurations(folder: Path) -> None:
    places: dict[str, dict[str, set[str]]] = {"train": {}, "test": {}}
    for split, seen in places.items():
        for config in SCHEMAS:
            for row in rows_in(folder, config, split):
                seen.setdefault("hosts", set()).add(row["host"])
                seen.setdefault("clusters", set()).add(row["cluster_id"])
    assert places["test"]["hosts"]
    assert not places["train"]["hosts"] & places["test"]["hosts"]
    assert not places["train"]["clusters"] & places["test"]["clusters"]


def test_rows_that_came_with_their_instruction_are_left_out_but_what_was_made_of_them_is_not(
    tmp_path: Path,
) -> None:
    seed = pair(number=60, response_from="seed")
    result = published(tmp_path, [*pairs(3), seed, translated(seed), evolved(seed), translated(evolved(seed))])
    assert result.left_out == {"response_from_seed": 1}
    assert [row["response_from"] for row in rows_in(tmp_path / "dataset", "evolved")] == ["seed"]
    assert len(rows_in(tmp_path / "dataset", "translated")) == 2


@pytest.mark.parametrize("odd", [[], [0], [0, 2], [0, 1, 1], [0, 1, 2], [1, 0]])
def test_turns_that_no_trainer_takes_make_no_row(odd: list[int]) -> None:
    whole = conversation(pair())
    assert configs_of(whole.change(turns=[whole.turns[n] for n in odd]), None) == "kind_conversation"


def test_answers_that_are_the_same_or_empty_make_no_preference() -> None:
    whole = preference(pair())
    best, *_, worst = whole.answers
    for odd in ([], [best], [best, best], [best, worst | {"text": ""}]):
        assert configs_of(whole.change(answers=odd), None) == "kind_preference"


def test_preferences_alone_make_a_dataset_that_loads_without_naming_a_configuration(
    tmp_path: Path, loaded: Callable[..., Any]
) -> None:
    result = published(tmp_path, [preference(parent) for parent in pairs(6)])
    assert set(result.splits) == {"preference"}
    assert " test rows of preference in 6 languages" in result.sentence()
    rows = loaded(tmp_path / "dataset")["train"]
    assert {"prompt", "chosen", "rejected"} <= set(rows.column_names)
    card = (tmp_path / "dataset" / "README.md").read_text()
    assert '["chosen"]' in card
    assert "36 preferences in 6 languages" in card
    assert "## Tasks, styles and sources" not in card
    files = {str(path.relative_to(tmp_path / "dataset")) for path in (tmp_path / "dataset" / "training").iterdir()}
    assert files == {"training/axolotl_dpo.yml", "training/trl_dpo.py"}


def test_the_sentence_counts_every_kind_once(tmp_path: Path) -> None:
    said = published(tmp_path, families(3)).sentence()
    assert said.endswith("; evolved 54; translated 54; multi_turn 18; preference 18.")


# How rows look -----------------------------------------------------------------------------------------------------


def test_a_conversation_keeps_its_turns_and_says_whose_words_and_which_evols_they_are(folder: Path) -> None:
    originals = {one.id: one for one in families() if one.kind == "conversation"}
    for row in rows_in(folder, "multi_turn"):
        one = originals[row["id"]]
        assert (row["n_turns"], row["dialogue_evol_types"]) == (2, ["challenging"])
        assert row["words_from"] == ["native", "policy"]
        said = [message for message in row["messages"] if message["role"] != "system"]
        assert [message["content"] for message in said[1:]] == [t["content"] for t in one.turns[1:]]
        assert all(set(message) == {"role", "content"} for message in row["messages"])
        assert row["parent_id"] == one.parent_id


@pytest.mark.parametrize("config", ["sft", "evolved", "translated", "multi_turn"])
def test_the_last_answer_of_a_row_is_its_completion_and_nothing_else_differs(config: str, folder: Path) -> None:
    whole = {row["id"]: row for row in rows_in(folder, config)}
    parted = rows_in(folder, f"{config}_prompt_completion")
    assert len(parted) == len(whole)
    for row in parted:
        prompt, completion = row.pop("prompt"), row.pop("completion")
        assert [message["role"] for message in completion] == ["assistant"]
        assert row | {"messages": [*prompt, *completion]} == whole[row["id"]]


@pytest.mark.parametrize("config", WITH_MESSAGES)
def test_unsloth_is_handed_prompt_and_completion_wherever_others_are_handed_messages(config: str) -> None:
    whole, parted = (set(SCHEMAS[name].names) for name in (config, SPLIT_TOO[config]))
    assert whole - parted == {"messages"}
    assert parted - whole == {"prompt", "completion"}


def test_a_preference_has_the_best_and_the_worst_answer_and_all_of_them_beside(folder: Path) -> None:
    originals = {one.id: one for one in families() if one.kind == "preference"}
    for row in rows_in(folder, "preference"):
        one = originals[row["id"]]
        assert row["prompt"][-1]["role"] == "user"
        assert row["chosen"] == [row["chosen_message"]] == [{"role": "assistant", "content": one.answers[0]["text"]}]
        assert row["rejected"] == [row["rejected_message"]]
        assert row["rejected_message"]["content"] == one.answers[-1]["text"]
        assert (row["chosen_from"], row["rejected_from"], row["rejected_lang"]) == ("native", "off_target", "eng_Latn")
        assert (row["score_agreement"], row["judge_runs"]) == (0.8, 4)
        assert row["ranked_answers"] == one.answers


def test_the_language_of_the_answer_is_named_in_the_language_of_the_instruction() -> None:
    seen: Counter[str] = Counter()
    for number in range(60):
        for one in (
            translated(pair(number=number), directive=ASKED_IN_SPANISH),
            conversation(translated(pair(number=number), directive=ASKED_IN_SPANISH)),
        ):
            first = messages(one)[:2] if messages(one)[0]["role"] == "system" else messages(one)[:1]
            said = " / ".join(message["content"] for message in first)
            assert said.count(ASKED_IN_SPANISH) == 1
            assert "Swahili" not in said
            seen[said] += 1
    assert any(said.startswith(f"{ASKED_IN_SPANISH} / ") for said in seen)
    assert f"{SPANISH} {ASKED_IN_SPANISH}" in seen
    assert len(seen) == 4


def test_no_language_is_named_where_question_and_answer_are_in_the_same() -> None:
    own = {"instruction": "Andika makala kuhusu ugali.", "instruction_lang": "swh_Latn"}
    for one in (translated(pair(), **own), evolved(pair(), **own), preference(pair(), **own)):
        assert [message["role"] for message in messages(one)] == ["user", "assistant"]
        assert messages(one)[0]["content"] == own["instruction"]


def test_english_directives_stand_in_but_never_say_that_the_user_asks_in_english() -> None:
    for number in range(200):
        said = " ".join(
            message["content"] for message in messages(translated(pair(number=number, style="search")))[:-1]
        )
        assert said.count("Swahili") == 1
        assert "in English" not in said
        assert SPANISH in said


@pytest.mark.parametrize("told", ["with the turn", "apart"])
def test_context_stands_once_in_the_first_turn_of_a_conversation(told: str) -> None:
    notes = "- unga\n- maji"
    for number in range(60):
        one = conversation(pair(number=number, context=notes))
        if told == "with the turn":
            first, *others = one.turns
            one = one.change(turns=[first | {"content": f"{first['content']}\n\n{notes}"}, *others])
        asked = next(message["content"] for message in messages(one) if message["role"] == "user")
        assert asked.count(notes) == 1
        assert "Write an article" in asked


def test_tokens_are_estimated_by_the_language_of_each_turn() -> None:
    khmer = pair("khm_Khmr")
    talk, ranking = conversation(khmer), preference(khmer)
    asked = n_tokens(khmer, messages(khmer)) - tokens_of(khmer.response, "khm_Khmr")
    later = tokens_of("Why is that so?", "eng_Latn") + tokens_of(TEXTS["khm_Khmr"], "khm_Khmr")
    assert abs(n_tokens(talk, messages(talk)) - n_tokens(khmer, messages(khmer)) - later) < 15
    longest = max(tokens_of(one["text"], one["language"]) for one in (ranking.answers[0], ranking.answers[-1]))
    assert abs(n_tokens(ranking, messages(ranking)) - asked - longest) < 15


# The card ----------------------------------------------------------------------------------------------------------


def ranked_found() -> dict[str, Any]:
    one = {"ranked": 30, "rankings": 60, "kept": 20, "agreement_beyond_chance": 0.61}
    one |= {"shown_first_won": 0.55, "shown_last_won": 0.4}
    pairs_found: dict[str, Any] = {"letters_tell_before": 0.8, "letters_tell": 0.64}
    for name in ("native_chosen", "off_target_rejected"):
        pairs_found |= {name: 0.2, f"{name}_before": 0.5}
    why = {"fin_Latn": "The judge puts the answer that is shown first before all others in 97% of its rankings"}
    return {"judge": one | {"languages": {"swh_Latn": one}}, "not_trusted": why, "pairs": pairs_found}


def test_the_card_tells_of_every_kind(folder: Path) -> None:
    text = (folder / "README.md").read_text()
    assert "48 pairs of an English instruction" in text
    assert "144 evolved pairs, 144 translated pairs, 48 conversations and 48 preferences" in text
    assert "All 48 instructions are provisional" in text
    parted = {f"{config}_prompt_completion" for config in ("sft", "evolved", "translated", "multi_turn")}
    assert "Unsloth takes configurations whose names end in `prompt_completion`" in " ".join(text.split())
    for config in ("evolved", "translated", "multi_turn", "preference", *parted):
        assert re.search(rf"^\| `{config}` +\| +\d+ \| +\d+ \| \S", text, re.M)
        if config not in parted:
            assert f"**`{config}` · " in text
    assert re.search(r"^\| `evolved` \| 144 answers \| grounded 33%, native 33%, policy 33% \|", text, re.M)
    assert re.search(r"^\| `preference` \| 48 rejected answers \| off_target 100% \|", text, re.M)
    assert "| `dolly/table` | 48 | 33% |" in text
    assert "2: 100%" in text
    assert "All instructions are in English" not in text
    for work in ("2406.16783", "2406.01771"):
        assert work not in text  # by the stages that ran, and none of these did
    shown = text.partition("## Use")[0]
    assert {"assistant (native)", "user (challenging)", "assistant (policy)"} <= set(shown.splitlines())
    assert "and not at all in rows made of others" in text
    assert "The rows of `sft` teach one thing" in text


def test_the_card_of_preferences_alone_says_that_rules_wrote_their_instructions(tmp_path: Path) -> None:
    published(tmp_path, [preference(one) for one in pairs(2)])
    text = (tmp_path / "dataset" / "README.md").read_text()
    assert "put together by rules" in text
    assert "written by a model" not in text
    assert "not at all in rows" not in text


def test_the_matrix_counts_rows_by_the_languages_of_instruction_and_answer(folder: Path) -> None:
    section = (folder / "README.md").read_text().partition("### Languages of instructions")[2].partition("\n#")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    rows = {row[0]: dict(zip(table[0], row, strict=True)) for row in table[2:]}
    assert rows["Finnish"]["English"] == str(8 * 6)
    assert rows["Finnish"]["Spanish"] == str(8 * 2)
    assert rows["Finnish"]["Finnish"] == "8"
    assert rows["Finnish"][english_name("tam_Taml")] == ""


def test_the_header_names_all_configurations_in_order_and_sft_is_the_default(folder: Path) -> None:
    front = yaml.safe_load((folder / "README.md").read_text().split("---")[1])
    names = [config["config_name"] for config in front["configs"]]
    assert names == [name for name in SCHEMAS if not name.startswith(("edited", "pointers"))]
    assert [config["config_name"] for config in front["configs"] if config.get("default")] == ["sft"]
    assert {"multi-turn", "preference", "dpo"} <= set(front["tags"])
    assert {"sw", "es", "en"} <= set(front["language"])


def test_the_card_tells_how_the_judge_of_rankings_fared() -> None:
    figures = Figures()
    one = preference(pair())
    figures.count(one, messages(one), ("preference",), "train", 100)
    told: dict[str, Any] = {"name": "x", "xinstruct": "0", "rights": None, "languages": [], "sources": []}
    asked = {"judge": "J", "policy": "models/P @abc"}
    stage = {"stage": "rank", "sentence": "", "version": 1, "settings": {}, "asked": asked}
    making = Making.model_validate(told | {"stages": [stage], "funnel": [], "asked": {}, "ranked": [ranked_found()]})
    text = card_grown.section(figures, making)
    assert "policy: `models/P @abc`" in text
    assert re.search(r"\| all \| 30 \| 20 \| 0.61 \| 55% \| 40% \|", text)
    assert "- Not trusted: The judge puts the answer that is shown first" in text
    assert "0.80 before the easiest were left out, 0.64 among what was kept" in text
    assert kinds(figures) == "1 preference"
    assert "2406.01771 (cross-lingual feedback)" in card_use.citations(making)


def test_nothing_that_a_model_or_page_says_is_obeyed_by_the_card(tmp_path: Path) -> None:
    evil = "```\n# Headline\n<script>alert(1)</script>"
    parent = pair(response=evil)
    published(tmp_path, [parent, conversation(parent), preference(parent), evolved(parent, "dolly/<b>`|x")])
    text = (tmp_path / "dataset" / "README.md").read_text()
    outside = re.sub(r"^(`{3,})\w*\n.*?\n\1$", "", text, flags=re.S | re.M)
    outside = re.sub(r"(`+)[^`].*?\1", "", outside)
    assert not [bad for bad in ("<script>", "# Headline", "<b>") if bad in outside]


# What trainers read ------------------------------------------------------------------------------------------------


def test_llama_factory_reads_every_configuration_by_its_rules(folder: Path) -> None:
    info = json.loads((folder / "dataset_info.json").read_text())
    assert {name for name in info if not name.endswith("_test")} == {
        *("sft", "evolved", "translated", "multi_turn", "preference")
    }
    for described in info.values():
        config, _, split = described["file_name"].partition("/")
        for row in rows_in(folder, config, split):
            read = llama_factory(row, described)
            assert len(read["responses"]) == (2 if config == "preference" else 1)
    ranking = {name for name, described in info.items() if described.get("ranking")}
    assert ranking == {"preference", "preference_test"}


def test_a_system_turn_reaches_llama_factory_as_the_system_prompt(folder: Path) -> None:
    info = json.loads((folder / "dataset_info.json").read_text())
    with_system = 0
    for row in rows_in(folder, "multi_turn", "train"):
        read = llama_factory(row, info["multi_turn"])
        with_system += bool(read["system"])
        assert len(read["prompt"]) == 3
    assert 0 < with_system < 40


def test_axolotl_reads_conversations_by_its_rules_and_trains_on_answers_alone(folder: Path) -> None:
    settings = yaml.safe_load((folder / "training" / "axolotl.yml").read_text())
    assert settings["datasets"][0]["name"] == "sft"
    for config in ("sft", "evolved", "translated", "multi_turn"):
        for row in rows_in(folder, config):
            for message, trained in axolotl_sft(row, settings["datasets"][0]):
                assert trained == (message["role"] == "assistant")
    head = (folder / "training" / "axolotl.yml").read_text()
    assert "another configuration under name: evolved, translated, multi_turn." in head


def test_axolotl_reads_preferences_by_its_rules(folder: Path) -> None:
    settings = yaml.safe_load((folder / "training" / "axolotl_dpo.yml").read_text())
    assert settings["rl"] == "dpo"
    (entry,) = settings["datasets"]
    assert (entry["name"], entry["split"]) == ("preference", "train")
    for row in rows_in(folder, "preference"):
        read = axolotl_dpo(
            row, entry, lambda turns: "".join(f"<{t['role']}>{t['content'].strip()}<end>" for t in turns)
        )
        assert read["chosen"] == f"{row['chosen_message']['content']}<end>"
        assert read["rejected"] == f"{row['rejected_message']['content']}<end>"


def test_no_script_trains_on_a_configuration_that_has_test_rows_alone() -> None:
    figures = Figures(by_config={"sft": Counter(train=5), "preference": Counter(test=1), "multi_turn": Counter(test=1)})
    files = training.files(figures, None)
    assert set(files) == {"dataset_info.json", "training/axolotl.yml", "training/trl_sft.py"}
    assert 'CONFIGS = ["sft"]' in files["training/trl_sft.py"]
    assert set(json.loads(files["dataset_info.json"])) == {"sft", "multi_turn_test", "preference_test"}


def test_the_rules_refuse_what_these_trainers_refuse() -> None:
    described = {"formatting": "sharegpt", "columns": {"messages": "messages"}}
    described |= {"tags": {"role_tag": "role", "content_tag": "content", "user_tag": "user"}}
    described["tags"] |= {"assistant_tag": "assistant", "system_tag": "system"}
    user, said = {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}
    for odd in ([], [user], [user, user], [said, user], [user, said, user]):
        with pytest.raises(ValueError, match=r"turns|last word"):
            llama_factory({"messages": odd}, described)
    assert llama_factory({"messages": [user, said]}, described)["responses"] == [said]


# Rights ------------------------------------------------------------------------------------------------------------


def test_open_only_lets_out_nothing_that_was_made_of_a_page_without_open_licence(tmp_path: Path) -> None:
    closed = [one for parent in pairs(4) for one in family(parent.change(licence=None))]
    result = published(tmp_path, [*closed, *families(4)], tmp_path / "away", rights="open-only")
    assert result.left_out == {"no_open_licence": len(closed)}
    for config in result.splits:
        assert {row["licence"] for row in rows_in(tmp_path / "away", config)} == {"CC-BY-4.0"}


def test_pointers_stand_for_native_text_alone_and_say_why_the_rest_is_left_out(tmp_path: Path) -> None:
    result = published(tmp_path, families(4), tmp_path / "away", rights="pointers")
    assert set(result.splits) == {"pointers"}
    assert result.splits["pointers"].total() == 24 * 5  # the pair, one of three evolved, all three translated
    assert result.left_out == {
        "response_from_grounded": 24,
        "response_from_policy": 24,
        "kind_conversation": 24,
        "kind_preference": 24,
    }
    stored = json.dumps(rows_in(tmp_path / "away", "pointers"), ensure_ascii=False)
    stored += (tmp_path / "away" / "README.md").read_text()
    own_language = [language for language in TEXTS if TEXTS[language][:20] in stored]
    assert own_language == list(TEXTS)  # as the instruction that `family` gives it, which is not the passage
    assert "Ndiyo." not in stored


def test_pointers_of_evolved_and_translated_rows_are_filled_into_their_own_configurations(tmp_path: Path) -> None:
    parents = harvested(crawl(tmp_path / "crawl.warc.gz"))
    rows = [
        one
        for parent in parents
        for one in (parent, evolved(parent), translated(evolved(parent), directive=ASKED_IN_SPANISH))
    ]
    published(tmp_path / "run", rows)
    published(tmp_path / "run", rows, tmp_path / "pointers", rights="pointers")
    filled = rehydrate(tmp_path / "pointers", [tmp_path], tmp_path / "filled")
    assert (filled.rows, filled.missing.total()) == (72, 0)
    for config in ("sft", "evolved", "translated", "evolved_prompt_completion", "translated_prompt_completion"):
        for split in ("train", "test"):
            assert rows_in(tmp_path / "filled", config, split) == rows_in(tmp_path / "run" / "dataset", config, split)
