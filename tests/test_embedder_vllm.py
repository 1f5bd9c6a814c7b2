"""The real vLLM makes the vectors of instructions: started for the stage that wants them, and ended behind it."""

import asyncio
from pathlib import Path

import numpy as np
import pytest
import yaml

from tests import tiny_model
from tests.fault_server import free_port
from tests.test_diversify import rows
from tests.test_embedder import TEXTS
from xinstruct.pipeline import embedding
from xinstruct.pipeline.line import Stage
from xinstruct.profile import EMBEDDER, load
from xinstruct.stages import diversify
from xinstruct.tools.vllm.address import is_free

# What asks for likelihoods or structure is nothing for a pooling model.
SERVE = {"enforce-eager": True, "dtype": "float32", "max-model-len": 512, "max-num-seqs": 64, "runner": "pooling"}


@pytest.mark.vllm
@pytest.mark.slow
def test_vllm_embeds_for_the_stage_and_is_ended_behind_it(tmp_path: Path) -> None:
    model, port = tiny_model.make(tmp_path / "tiny"), free_port()
    told = yaml.safe_load(tiny_model.tiny_profile(tmp_path, model, free_port()).read_text(encoding="utf-8"))
    told["servers"]["vectors"] = {**told["servers"]["tiny"], "port": port, "serve": SERVE}
    told["roles"][EMBEDDER] = {"server": "vectors"}
    (tmp_path / "both.yml").write_text(yaml.safe_dump(told), encoding="utf-8")
    (stage,) = embedding.settled(
        [Stage(2, "diversify", "xinstruct.stages.diversify", diversify.Settings(embedder="served"))],
        tmp_path,
        load(tmp_path / "both.yml"),
    )
    assert isinstance(stage.settings, diversify.Settings)
    source = stage.settings.source
    assert source is not None
    texts = [str(candidate.instruction) for candidate in rows({"cooking": 40, "health": 30})]

    async def embedded() -> tuple[np.ndarray, ...]:
        async with embedding.running(stage, tmp_path / "logs", print):
            # As in a worker process, which has no loop of its own running.
            few, many = await asyncio.to_thread(source.vectors, TEXTS), await asyncio.to_thread(source.vectors, texts)
            return few, many, await asyncio.to_thread(source.vectors, ["rice " * 5000, "rice"])

    few, many, cut = asyncio.run(embedded())
    assert few.shape == (4, 128)
    assert many.shape == (70, 128)
    assert np.isfinite(cut).all()
    assert np.allclose(np.linalg.norm(few, axis=1), 1, atol=1e-3)
    assert not np.allclose(few[0], few[2], atol=1e-3)
    assert stage.settings.model_dump(mode="json")["vectors_from"].startswith("tiny@")
    assert is_free("127.0.0.1", port)
