"""Trainers take the published dataset as it is: TRL does a real step on it, with a tiny model that knows nothing."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.test_publish import TEXTS, pair, pairs, published

pytestmark = [
    pytest.mark.learn,
    pytest.mark.skipif(
        not (find_spec("trl") and find_spec("torch")), reason="needs TRL: pip install 'xinstruct[learn]'"
    ),
]
_TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


@pytest.fixture(scope="module")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Llama of a few thousand weights, and a tokenizer trained on a few lines in six scripts."""
    from tokenizers import ByteLevelBPETokenizer
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("model")
    bytes_and_pairs = ByteLevelBPETokenizer()
    special = ["<|end|>", "<|pad|>", "<|system|>", "<|user|>", "<|assistant|>"]
    bytes_and_pairs.train_from_iterator(TEXTS.values(), vocab_size=400, special_tokens=special)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bytes_and_pairs._tokenizer, eos_token="<|end|>", pad_token="<|pad|>"
    )
    tokenizer.chat_template = _TEMPLATE
    tokenizer.save_pretrained(folder)
    shape = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    LlamaForCausalLM(shape).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset with every kind of row: without licence, with context, with system turns, edited."""
    out = tmp_path_factory.mktemp("run")
    others = [pair("tam_Taml", 70, context="- பொங்கல்", licence=None), pair("fin_Latn", 71, response_from="edited")]
    published(out, pairs(12) + others)
    return out / "dataset"


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No network, and no cache that a test before has filled."""
    for name, value in {"HF_HUB_OFFLINE": "1", "HF_DATASETS_CACHE": str(tmp_path / "cache")}.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("config", ["sft", "sft_prompt_completion", "edited", "edited_prompt_completion"])
def test_trl_does_a_step_on_the_published_rows(config: str, rows: Path, tiny_model: Path, tmp_path: Path) -> None:
    from datasets import load_dataset
    from trl import SFTConfig, SFTTrainer

    dataset: Any = load_dataset(str(rows), config, cache_dir=str(tmp_path / "rows"))
    settings = SFTConfig(
        output_dir=str(tmp_path / "model"),
        max_steps=1,
        per_device_train_batch_size=4,
        use_cpu=True,
        bf16=False,
        report_to="none",
        save_strategy="no",
    )
    trainer = SFTTrainer(model=str(tiny_model), args=settings, train_dataset=dataset["train"])
    before = {name: weights.clone() for name, weights in trainer.model.named_parameters()}
    outcome = trainer.train()
    assert outcome.global_step == 1
    assert outcome.training_loss > 0
    assert any(not weights.equal(before[name]) for name, weights in trainer.model.named_parameters())


def test_the_snippet_for_trl_runs_as_it_is_published(rows: Path, tiny_model: Path, tmp_path: Path) -> None:
    script = rows / "training" / "trl_sft.py"
    call = [sys.executable, str(script), str(tiny_model), "--steps", "1", "--out", str(tmp_path / "model")]
    run = subprocess.run(
        call, capture_output=True, text=True, timeout=300, cwd=tmp_path, env=os.environ | {"CUDA_VISIBLE_DEVICES": ""}
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert "train_loss" in run.stdout
    assert (tmp_path / "model" / "model.safetensors").exists()
