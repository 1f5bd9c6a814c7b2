"""Trainers take conversations and preferences as they are published: TRL tunes a tiny model on them, step by step."""

import runpy
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.test_publish import pair, pairs, published
from tests.test_publish_kinds import conversation, evolved, preference, translated
from tests.test_train import offline, tiny_model
from xinstruct.publish.columns import GROWN, SPLIT_TOO

__all__ = ["offline", "tiny_model"]  # fixtures
pytestmark = [
    pytest.mark.learn,
    pytest.mark.slow,
    pytest.mark.skipif(
        not (find_spec("trl") and find_spec("torch")), reason="needs TRL: pip install 'xinstruct[learn]'"
    ),
]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of all kinds: with and without licence, context, system turns, and in several scripts."""
    out = tmp_path_factory.mktemp("run")
    parents = [*pairs(5), pair("tam_Taml", 70, context="- பொங்கல்", licence=None)]
    made = [made for one in parents for made in (conversation(one), preference(one), evolved(one), translated(one))]
    own = {"instruction": "Andika makala.", "instruction_lang": "swh_Latn"}
    published(out, [*parents, *made, preference(pair(number=71), **own)])
    return out / "dataset"


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Threads of so tiny a model only wait for each other: they take twice the time of one."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


SETTINGS: dict[str, Any] = {
    "per_device_train_batch_size": 4,
    "use_cpu": True,
    "bf16": False,
    "report_to": "none",
    "save_strategy": "no",
    "logging_steps": 1,
    "learning_rate": 0.1,
}


def trained(trainer: Any, steps: int) -> list[float]:
    """The loss of each step, of a trainer that changed its model in so many steps."""
    before = {name: weights.clone() for name, weights in trainer.model.named_parameters()}
    assert trainer.train().global_step == steps
    assert any(not weights.equal(before[name]) for name, weights in trainer.model.named_parameters())
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


@pytest.mark.parametrize(
    "config", ["multi_turn", "evolved", "translated", *(SPLIT_TOO[name] for name in GROWN if name in SPLIT_TOO)]
)
def test_trl_does_steps_of_supervised_tuning(config: str, rows: Path, tiny_model: Path, tmp_path: Path) -> None:
    from datasets import load_dataset
    from trl import SFTConfig, SFTTrainer

    dataset: Any = load_dataset(str(rows), config, cache_dir=str(tmp_path / "rows"))
    settings = SFTConfig(output_dir=str(tmp_path / "model"), max_steps=2, **SETTINGS)
    trainer = SFTTrainer(model=str(tiny_model), args=settings, train_dataset=dataset["train"])
    assert all(loss > 0 for loss in trained(trainer, 2))


def test_trl_prefers_the_chosen_answers_after_some_steps(rows: Path, tiny_model: Path, tmp_path: Path) -> None:
    from datasets import load_dataset
    from trl import DPOConfig, DPOTrainer

    dataset: Any = load_dataset(str(rows), "preference", cache_dir=str(tmp_path / "rows"))
    settings = DPOConfig(output_dir=str(tmp_path / "model"), max_steps=8, beta=0.1, **SETTINGS)
    trainer = DPOTrainer(
        model=str(tiny_model), args=settings, train_dataset=dataset["train"], eval_dataset=dataset["test"]
    )
    losses = trained(trainer, 8)
    assert losses[0] == pytest.approx(0.6931, abs=0.01)  # nothing is preferred yet
    assert losses[-1] < 0.6
    assert trainer.evaluate()["eval_rewards/accuracies"] > 0.5


@pytest.mark.parametrize(
    "call", [["trl_dpo.py"], ["trl_sft.py", "--config", "multi_turn"]], ids=["preference", "multi_turn"]
)
def test_the_snippets_for_trl_run_as_they_are_published(
    call: list[str], rows: Path, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script, *options = call
    place = str(rows / "training" / script)
    typed = [place, str(tiny_model), "--steps", "1", "--out", str(tmp_path / "model"), *options]
    monkeypatch.setattr(sys, "argv", typed)
    runpy.run_path(place, run_name="__main__")
    assert (tmp_path / "model" / "model.safetensors").exists()
