"""vLLM servers of our own: they start, are found again, come back when they die or hang, and never outlive us."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import BaseModel

from tests import tiny_model
from tests.conftest import Call
from xinstruct.profile import Profile, Server, load
from xinstruct.question import Question
from xinstruct.recipe import RecipeError, checked
from xinstruct.tools.answerers import answering
from xinstruct.tools.vllm import needs
from xinstruct.tools.vllm.command import command
from xinstruct.tools.vllm.diagnosis import NotServing, diagnosis, step
from xinstruct.tools.vllm.process import Process
from xinstruct.tools.vllm.serving import serving

# Each is quick; together they take minutes.
pytestmark = pytest.mark.slow

# Stands in for vLLM where faults are wanted that it does not have at will. It starts at once and leaves an engine
# in a session of its own behind.
STAND_IN = """
import argparse, json, os, subprocess, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
words = argparse.ArgumentParser()
words.add_argument("--model"); words.add_argument("--port", type=int); words.add_argument("--host")
words.add_argument("--disable-uvicorn-access-log", action="store_true"); words.add_argument("--max-model-len")
said = words.parse_args()
if os.environ.get("FAULT"):
    print(os.environ["FAULT"], file=sys.stderr)
    sys.exit(int(os.environ.get("STATUS", "1")))
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", "xinstruct-engine"], start_new_session=True)
class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.reply({"data": [{"id": said.model, "root": said.model}]} if "models" in self.path else {})
    def do_POST(self):
        self.reply({"choices": []})
    def reply(self, content):
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
ThreadingHTTPServer(("127.0.0.1", said.port), Answer).serve_forever()
"""


QUESTION = Question("writer", "instruct", {}, BaseModel)


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def descendants(pid: int) -> list[int]:
    """All processes under one, the nearest first."""
    found = [pid]
    for parent in found:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            found += map(int, children.read_text().split())
    return found[1:]


def servers() -> list[int]:
    """The vLLM servers, or stand-ins, under this process: the first process of each, not its guardian."""
    return [
        pid for pid in descendants(os.getpid()) if b"-m\0vllm." in (words := words_of(pid)) and b"guardian" not in words
    ]


def words_of(pid: int) -> bytes:
    """The command line of a living process; empty for one that is dead, buried or not."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def none_left(pids: list[int], seconds: float) -> bool:
    """Whether all processes end within the time."""
    until = time.monotonic() + seconds
    while any(words_of(pid) for pid in pids) and time.monotonic() < until:
        time.sleep(0.1)
    return not any(words_of(pid) for pid in pids)


@pytest.fixture
def model_folder(tmp_path: Path) -> Path:
    """A folder that looks like a model's."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"\0")
    return folder


@pytest.fixture
def stand_in(tmp_path: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Profile]:
    """Makes profiles whose server is the stand-in, with vLLM's own name and arguments."""
    program = tmp_path / "path" / "vllm" / "entrypoints" / "openai"
    program.mkdir(parents=True)
    for folder in (program, program.parent, program.parent.parent):
        (folder / "__init__.py").touch()
    (program / "api_server.py").write_text(STAND_IN)
    monkeypatch.setattr(needs, "built", lambda: "cpu")

    def profile(environment: dict[str, str] | None = None, **keys: object) -> Profile:
        server = {
            "model": str(model_folder),
            "port": free_port(),
            "environment": {"PYTHONPATH": str(program.parents[2]), **(environment or {})},
            **keys,
        }
        roles = {"writer": {"server": "main"}, "judge": {"server": "main"}}
        return checked(Profile, {"servers": {"main": server}, "roles": roles}, "the test")

    return profile


def outcome(profile: Profile, logs: Path) -> list[str]:
    """Starts and ends a profile's servers; the lines that a person would have seen."""
    lines: list[str] = []

    async def start() -> None:
        async with serving(profile, logs, lines.append):
            pass

    asyncio.run(start())
    return lines


def test_a_server_starts_answers_and_is_gone_at_the_end(stand_in: Callable[..., Profile], tmp_path: Path) -> None:
    profile = stand_in()
    lines = outcome(profile, tmp_path / "logs")
    assert any("answers at http://127.0.0.1" in line for line in lines)
    assert not servers()
    assert "api_server --model" in (tmp_path / "logs" / "main.log").read_text().splitlines()[1]


def test_a_running_server_of_the_same_model_is_used_and_left_running(
    stand_in: Callable[..., Profile], tmp_path: Path
) -> None:
    profile = stand_in()

    async def twice() -> list[str]:
        lines: list[str] = []
        async with serving(profile, tmp_path / "logs", lines.append) as first:
            async with serving(profile, tmp_path / "other", lines.append) as second:
                assert await second["main"].restored()
                assert second["main"].endpoints == first["main"].endpoints
            assert await first["main"].restored()
        return lines

    lines = asyncio.run(twice())
    assert any("is served at" in line and "that server is used" in line for line in lines)
    assert not (tmp_path / "other").exists()


def test_a_found_server_that_is_gone_for_good_is_replaced_by_one_of_ours(
    stand_in: Callable[..., Profile], tmp_path: Path
) -> None:
    profile = stand_in(patience=5)

    async def lose_it() -> tuple[bool, bool]:
        async with (
            serving(profile, tmp_path / "first", print) as first,
            serving(profile, tmp_path / "second", print) as second,
        ):
            assert await first["main"]._process.end()  # type: ignore[union-attr]
            return await second["main"].restored(), (tmp_path / "second" / "main.log").exists()

    assert asyncio.run(lose_it()) == (True, True)


def test_a_port_that_something_else_has_is_said_to_be_taken(
    stand_in: Callable[..., Profile], tmp_path: Path, model_folder: Path
) -> None:
    profile = stand_in()
    port = profile.servers["main"].port
    other = tmp_path / "another-model"
    model_folder.rename(other)
    with_other = profile.servers["main"].model_copy(update={"model": str(other)})

    async def start() -> None:
        first = profile.model_copy(update={"servers": {"main": with_other}})
        async with serving(first, tmp_path, print), serving(profile, tmp_path, print):
            pass

    with pytest.raises(NotServing, match=f"port {port} is taken by a server of .*another-model"):
        asyncio.run(start())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(NotServing, match="is taken by a program that is no model server"):
            outcome(stand_in(port=taken.getsockname()[1]), tmp_path)


def test_a_dead_server_is_started_again_until_its_cap(stand_in: Callable[..., Profile], tmp_path: Path) -> None:
    profile = stand_in(restarts=2)
    lines: list[str] = []

    async def die_three_times() -> list[bool]:
        outcomes = []
        async with serving(profile, tmp_path, lines.append) as keepers:
            keeper = keepers["main"]
            for _ in range(3):
                os.kill(servers()[0], signal.SIGKILL)
                while keeper.alive():
                    await asyncio.sleep(0.05)
                both = await asyncio.gather(keeper.restored(), keeper.restored())
                assert both[0] == both[1]
                outcomes.append(both[0])
        return outcomes

    assert asyncio.run(die_three_times()) == [True, True, False]
    assert any("signal 9" in line and "start 1 of at most 2" in line for line in lines)
    assert "given up after 2 restarts" in lines[-1]
    assert (tmp_path / "main.log").read_text().count("\n== ") == 3


def test_a_server_that_hangs_is_started_again(stand_in: Callable[..., Profile], tmp_path: Path) -> None:
    lines: list[str] = []

    async def hang() -> bool:
        async with serving(stand_in(), tmp_path, lines.append) as keepers:
            os.kill(servers()[0], signal.SIGSTOP)
            return await keepers["main"].restored()

    assert asyncio.run(hang())
    assert any("the server does not answer; start 1" in line for line in lines)


def test_restarts_before_an_hour_of_work_are_forgotten(
    stand_in: Callable[..., Profile], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xinstruct.tools.vllm.served._SETTLED_SECONDS", 0.0)

    async def die_three_times() -> list[bool]:
        async with serving(stand_in(restarts=1), tmp_path, print) as keepers:
            outcomes = []
            for _ in range(3):
                await keepers["main"]._process.end()  # type: ignore[union-attr]
                outcomes.append(await keepers["main"].restored())
            return outcomes

    assert asyncio.run(die_three_times()) == [True, True, True]


def test_deaths_that_a_question_explains_do_not_count(stand_in: Callable[..., Profile], tmp_path: Path) -> None:
    async def die_three_times() -> list[bool]:
        async with serving(stand_in(restarts=1), tmp_path, print) as keepers:
            outcomes = []
            for explained in (True, False, False):
                await keepers["main"]._process.end()  # type: ignore[union-attr]
                outcomes.append(await keepers["main"].restored())
                if explained:
                    keepers["main"].explained()
            return outcomes

    assert asyncio.run(die_three_times()) == [True, True, False]


def test_a_start_that_fails_is_tried_once_for_all_who_wait(stand_in: Callable[..., Profile], tmp_path: Path) -> None:
    lines: list[str] = []

    async def ask() -> list[str | BaseException]:
        profile = stand_in({"FAULT": "SomethingError: of its own kind"})
        async with answering(profile, ["writer"], tmp_path, lines.append) as who:
            writer = who.answerers["writer"]
            return await asyncio.gather(*(writer.answer(QUESTION) for _ in range(64)), return_exceptions=True)

    assert {type(error) for error in asyncio.run(ask())} == {NotServing}
    assert len([line for line in lines if "starting vLLM" in line]) == 1


def test_a_server_that_nobody_waits_for_any_more_is_ended(stand_in: Callable[..., Profile], tmp_path: Path) -> None:
    async def ask_and_go() -> list[int]:
        async with answering(stand_in(), ["writer"], tmp_path, print) as who:
            asking = asyncio.create_task(who.answerers["writer"].answer(QUESTION))
            while not (started := servers()):
                await asyncio.sleep(0.02)
            asking.cancel()
        return started

    assert none_left(asyncio.run(ask_and_go()), seconds=1)
    assert not servers()


def test_a_server_that_will_not_start_says_why_from_its_log(stand_in: Callable[..., Profile], tmp_path: Path) -> None:
    full = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB"
    with pytest.raises(NotServing, match=r"GPU's memory is too small: lower gpu-memory-utilization"):
        outcome(stand_in({"FAULT": full}), tmp_path)
    with pytest.raises(NotServing, match=r"SomethingError: of its own kind; the whole log is .*main\.log"):
        outcome(stand_in({"FAULT": "SomethingError: of its own kind"}), tmp_path)


def test_an_argument_that_vllm_does_not_know_is_named_with_the_nearest(
    stand_in: Callable[..., Profile], tmp_path: Path
) -> None:
    with pytest.raises(RecipeError, match=r"no argument max-model-length.*did you mean max-model-len\?"):
        outcome(stand_in(serve={"max-model-length": 8192}), tmp_path)


def test_kill_9_of_the_parent_leaves_no_process_behind(stand_in: Callable[..., Profile], tmp_path: Path) -> None:
    profile = stand_in()
    parent = _parent_of(profile, tmp_path)
    below = descendants(parent.pid)
    assert len(below) == 3, "guardian, server, and an engine in a session of its own"
    parent.kill()
    parent.wait()
    assert none_left(below, seconds=15)


@pytest.mark.vllm
@pytest.mark.parametrize(("told", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_serve_says_where_it_listens_and_ends_when_told(
    stand_in: Callable[..., Profile], tmp_path: Path, told: signal.Signals, status: int
) -> None:
    profile = stand_in()
    (tmp_path / "mine.yml").write_text(json.dumps(profile.model_dump()))
    call = [sys.executable, "-m", "xinstruct", "serve", tmp_path / "mine.yml", "--logs", tmp_path / "logs"]
    command_line = subprocess.Popen(call, stdout=subprocess.PIPE, text=True)
    assert command_line.stdout is not None
    lines = []
    while "Ctrl-C" not in (line := command_line.stdout.readline()):
        assert line, lines
        lines.append(line)
    below = descendants(command_line.pid)
    command_line.send_signal(told)
    assert command_line.wait(timeout=60) == status
    assert f"127.0.0.1:{profile.servers['main'].port}/v1 answers writer, judge" in lines[-1]
    assert below
    assert none_left(below, seconds=0)


def _parent_of(profile: Profile, folder: Path, wait: bool = True) -> subprocess.Popen[str]:
    """A process of its own that serves the profile. wait: until its server answers."""
    (folder / "kept.json").write_text(profile.model_dump_json())
    program = f"""
        import asyncio
        from pathlib import Path
        from xinstruct.profile import Profile
        from xinstruct.tools.vllm import needs
        from xinstruct.tools.vllm.serving import serving
        needs.built = lambda: "cpu"
        async def main():
            profile = Profile.model_validate_json(Path({str(folder / "kept.json")!r}).read_text())
            async with serving(profile, Path({str(folder)!r}), lambda line: print(line, flush=True)):
                print("READY", flush=True)
                await asyncio.sleep(600)
        asyncio.run(main())
    """
    parent = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, text=True)
    if not wait:
        return parent
    assert parent.stdout is not None
    for line in parent.stdout:
        if "READY" in line:
            return parent
    raise AssertionError("the server did not start")


def test_a_process_that_ignores_all_but_kill_is_ended_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    guardian = tmp_path / "guardian.py"
    text = (Path(needs.__file__).parent / "guardian.py").read_text()
    guardian.write_text(text.replace("_GRACE_SECONDS = 20.0", "_GRACE_SECONDS = 1.0"))
    monkeypatch.setattr("xinstruct.tools.vllm.process._GUARDIAN", guardian)
    deaf = """if True:
        import os, signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.fork()
        print(os.getpid(), flush=True)
        time.sleep(600)
    """

    async def start_and_end() -> list[int]:
        process = Process([sys.executable, "-c", deaf], dict(os.environ), tmp_path / "deaf.log")
        while len(pids := [int(word) for word in process.said().split()[-2:] if word.isdigit()]) < 2:
            await asyncio.sleep(0.05)
        assert await process.end()
        return pids

    assert none_left(asyncio.run(start_and_end()), seconds=1)


@pytest.mark.vllm
@pytest.mark.slow
def test_the_real_vllm_starts_comes_back_when_it_hangs_and_gives_up(tmp_path: Path) -> None:
    profile = load(tiny_model.tiny_profile(tmp_path, tiny_model.make(tmp_path / "model"), free_port()))
    server = profile.servers["tiny"].model_copy(update={"restarts": 1})
    profile = profile.model_copy(update={"servers": {"tiny": server}})
    lines: list[str] = []

    async def live_and_die() -> list[bool]:
        outcomes = []
        async with serving(profile, tmp_path / "logs", lines.append) as keepers:
            keeper = keepers["tiny"]
            async with serving(profile, tmp_path / "logs", lines.append) as again:
                outcomes.append(await again["tiny"].restored())
            for pid in descendants(servers()[0]):  # the engine; the part that answers /health goes on
                os.kill(pid, signal.SIGSTOP)
            assert keeper.alive()
            outcomes.append(await keeper.restored())
            os.kill(descendants(servers()[0])[-1], signal.SIGKILL)
            outcomes.append(await keeper.restored())
        return outcomes

    assert asyncio.run(live_and_die()) == [True, True, False]
    assert not servers()
    assert any("that server is used" in line for line in lines)
    assert any("the server does not answer; start 1 of at most 1" in line for line in lines)
    assert (tmp_path / "logs" / "tiny.log").read_text().count("\n== ") == 2


@pytest.mark.vllm
@pytest.mark.slow
def test_kill_9_while_the_real_vllm_starts_leaves_no_process_behind(tmp_path: Path) -> None:
    profile = load(tiny_model.tiny_profile(tmp_path, tiny_model.make(tmp_path / "model"), free_port()))
    parent = _parent_of(profile, tmp_path, wait=False)
    while len(below := descendants(parent.pid)) < 3:
        assert parent.poll() is None
        time.sleep(0.2)
    parent.kill()
    parent.wait()
    assert none_left(below, seconds=45)


@pytest.mark.vllm
@pytest.mark.slow
def test_the_real_vllm_names_an_argument_that_it_does_not_know(tmp_path: Path) -> None:
    profile = load(tiny_model.tiny_profile(tmp_path, tiny_model.make(tmp_path / "model"), free_port()))
    wrong = profile.servers["tiny"].model_copy(update={"serve": {"max-num-seqss": 4}})
    with pytest.raises(RecipeError, match=r"no argument max-num-seqss.*did you mean max-num-seqs\?"):
        outcome(profile.model_copy(update={"servers": {"tiny": wrong}}), tmp_path)


def test_missing_weights_are_named_before_anything_starts(
    stand_in: Callable[..., Profile], tmp_path: Path, model_folder: Path
) -> None:
    with pytest.raises(NotServing, match="there is no model folder /nowhere"):
        outcome(stand_in(model="/nowhere"), tmp_path)
    with pytest.raises(NotServing, match=r"weights of nobody/nothing are not in this machine's cache.*`hf download"):
        outcome(stand_in({"HF_HUB_OFFLINE": "1"}, model="nobody/nothing"), tmp_path)
    (model_folder / "model.safetensors").unlink()
    with pytest.raises(NotServing, match="holds no weights"):
        outcome(stand_in(), tmp_path)
    (model_folder / "config.json").unlink()
    with pytest.raises(NotServing, match=r"holds no config\.json"):
        outcome(stand_in(), tmp_path)
    assert not (tmp_path / "main.log").exists()


def test_without_vllm_or_a_gpu_it_is_said_what_one_can_do(
    stand_in: Callable[..., Profile], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = stand_in()
    monkeypatch.setattr(needs, "built", lambda: None)
    with pytest.raises(NotServing, match=r'pip install "xinstruct\[gpu\]"'):
        outcome(profile, tmp_path)
    monkeypatch.setattr(needs, "built", lambda: "gpu")
    monkeypatch.setattr(needs, "cards", list)
    if not Path("/dev/kfd").exists():
        with pytest.raises(NotServing, match=r"no GPU that vLLM could use.*--endpoint"):
            outcome(profile, tmp_path)


def test_what_a_profile_says_becomes_the_words_of_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    serve = {
        "enforce-eager": True,
        "enable-prefix-caching": False,
        "max_model_len": 4096,
        "lora-modules": ["swahili=/adapters/swh", {"name": "tamil", "path": "/adapters/tam"}],
        "structured-outputs-config": {"backend": "xgrammar"},
    }
    words = command("main", Server(model="some/model", revision="abc", port=8011, serve=serve, key="THE_KEY"))
    line = " ".join(words[1:])
    assert line.startswith("-m vllm.entrypoints.openai.api_server --model some/model --port 8011 --revision abc ")
    assert (
        "--enforce-eager --no-enable-prefix-caching --max-model-len 4096 --lora-modules swahili=/adapters/swh" in line
    )
    assert words[words.index("--structured-outputs-config") + 1] == '{"backend": "xgrammar"}'
    assert json.loads(words[words.index("swahili=/adapters/swh") + 1]) == {"name": "tamil", "path": "/adapters/tam"}
    assert "--host 127.0.0.1" in line
    with pytest.raises(RecipeError, match=r"serve: api-key does not belong there; use key:"):
        command("main", Server(model="some/model", serve={"api-key": "secret"}))


@pytest.mark.parametrize(
    ("log", "told", "mistake"),
    [
        (
            "User-specified max_model_len (99999) is greater than the derived max_model_len "
            "(max_position_embeddings=8192.0 or model_max_length=None in model's config.json).",
            "99999 is more than the model's context of 8192 tokens",
            True,
        ),
        (
            "ValueError: To serve at least one request with the models's max seq len (32768), (4.50 GiB KV cache is "
            "needed, which is larger than the available KV cache memory (2.25 GiB). Based on the available memory, "
            "the estimated maximum model length is 16384.",
            "only 2.25 GiB of memory are left for the cache, enough for 16384 tokens",
            False,
        ),
        (
            "ValueError: Free memory on device cuda:0 (3.1/79.2 GiB) on startup is less than desired GPU memory",
            "only 3.1 of the card's 79.2 GiB are free",
            False,
        ),
        ("OSError: We couldn't connect to 'https://huggingface.co' to load the files", "Hub cannot be reached", False),
        ("huggingface_hub.errors.GatedRepoError: 403 Client Error.", "the model is gated", False),
        ("OSError: no/model is not a local folder and is not a valid model identifier", "has no model of this", False),
        ("OSError: [Errno 98] Address already in use", "its port is taken", False),
        ("RuntimeError: CUDA error: no kernel image is available for execution", "this GPU is too old", False),
        ("api_server.py: error: argument --dtype: invalid choice: 'quark' (choose from 'auto')", "--dtype", True),
        (
            "ERROR 11-21 [core.py:9] KeyError: 'q_proj'\nRuntimeError: Engine core initialization failed. See root",
            "KeyError: 'q_proj'",
            False,
        ),
    ],
)
def test_a_log_becomes_one_sentence(log: str, told: str, mistake: bool) -> None:
    found = diagnosis(log, 1)
    assert told in found.sentence
    assert found.mistake == mistake


def test_the_step_that_stands_last_in_the_log_is_told() -> None:
    log = "Starting to load model x\nLoading safetensors checkpoint shards:  50% Completed | 2/4 [00:01<00:01]\n"
    assert step(log) == "loading weights, 2 of 4 files"
    assert step(log + "Capturing CUDA graphs (mixed)") == "capturing graphs"
    assert step("") == "starting Python"


def test_serve_ends_with_a_sentence_and_a_status(tmp_path: Path, xinstruct: Call) -> None:
    roles = "roles: {writer: {server: main}, judge: {server: main}}"
    ours, theirs = tmp_path / "ours.yml", tmp_path / "theirs.yml"
    ours.write_text(f"servers: {{main: {{model: /nowhere, port: {free_port()}}}}}\n{roles}")
    theirs.write_text(f"servers: {{main: {{model: x, endpoints: ['http://node1:8000/v1']}}}}\n{roles}")
    without_folder = xinstruct("serve", ours, "--logs", tmp_path)
    assert without_folder.returncode == 5
    assert "the server main" in without_folder.stderr
    without_servers = xinstruct("serve", theirs)
    assert without_servers.returncode == 2
    assert "there is none to start" in without_servers.stderr
