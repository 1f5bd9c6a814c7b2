"""Writes what trainers want beside the rows: snippets for TRL and Axolotl, and dataset_info.json for LLaMA-Factory."""

import json
from importlib import resources
from typing import Any

import yaml

from xinstruct.publish.figures import Figures
from xinstruct.publish.rows import EDITED, SFT

_TAGS = {
    "role_tag": "role",
    "content_tag": "content",
    "user_tag": "user",
    "assistant_tag": "assistant",
    "system_tag": "system",
}
_AXOLOTL = {
    "sample_packing": False,
    "micro_batch_size": 2,
    "gradient_accumulation_steps": 16,
    "num_epochs": 2,
    "learning_rate": 1e-5,
    "lr_scheduler": "cosine",
    "warmup_ratio": 0.03,
    "optimizer": "adamw_torch",
    "bf16": "auto",
    "gradient_checkpointing": True,
    "output_dir": "./model",
}


def files(figures: Figures, repository: str | None) -> dict[str, str]:
    """Name in the dataset's folder -> content. Nothing for a dataset of pointers, which no trainer can use yet."""
    found: dict[str, str] = {}
    if SFT in figures.splits or EDITED in figures.splits:
        found["dataset_info.json"] = json.dumps(_llama_factory(figures, repository), indent=2) + "\n"
    if SFT in figures.splits:
        found["training/axolotl.yml"] = _axolotl(figures, repository)
        found["training/trl_sft.py"] = _trl(figures, repository)
    return found


def _trl(figures: Figures, repository: str | None) -> str:
    text = resources.files(__package__).joinpath("trl_sft.txt").read_text(encoding="utf-8")
    dataset = json.dumps(repository) if repository else "str(Path(__file__).resolve().parents[1])"
    return text.replace("<<DATASET>>", dataset).replace("<<LONGEST>>", str(figures.longest()))


def _axolotl(figures: Figures, repository: str | None) -> str:
    splits = {"train": "datasets", "test": "test_datasets"}
    sets = {
        key: [
            {
                "path": repository or ".",
                "name": SFT,
                "split": split,
                "type": "chat_template",
                "field_messages": "messages",
                "roles_to_train": ["assistant"],
            }
        ]
        for split, key in splits.items()
        if figures.splits[SFT][split]
    }
    where = "" if repository else ", from the dataset's folder"
    head = (
        f"# Supervised fine-tuning on this dataset with Axolotl{where}: axolotl train training/axolotl.yml\n"
        "# sequence_len is long enough for 99 rows in 100 by the estimate in n_tokens.\n"
    )
    settings = {"base_model": "NAME_OR_PATH_OF_YOUR_MODEL", **sets, "sequence_len": figures.longest(), **_AXOLOTL}
    return head + yaml.safe_dump(settings, sort_keys=False)


def _llama_factory(figures: Figures, repository: str | None) -> dict[str, Any]:
    # "sharegpt" with role and content tags: with "openai" LLaMA-Factory would add a system prompt of its own.
    shape = {"formatting": "sharegpt", "columns": {"messages": "messages"}, "tags": _TAGS}
    described: dict[str, Any] = {}
    for config in (SFT, EDITED):
        for split in ("train", "test"):
            if config in figures.splits and figures.splits[config][split]:
                place = (
                    {"hf_hub_url": repository, "subset": config, "split": split}
                    if repository
                    else {"file_name": f"{config}/{split}"}
                )
                described[config if split == "train" else f"{config}_{split}"] = place | shape
    return described
