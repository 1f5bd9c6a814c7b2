"""The model profiles: those that ship load and are understood by vLLM, and a mistake in one is named."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from xinstruct.profile import ROLES, Server, load, of_endpoint
from xinstruct.recipe import RecipeError
from xinstruct.tools.vllm.command import command, environment

MODELS = Path(__file__).resolve().parent.parent / "models"
SHIPPED = sorted(path.stem for path in MODELS.glob("*.yml"))


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_profile_loads_by_its_name(name: str) -> None:
    profile = load(Path(name))
    assert profile.description
    for role, who in profile.roles.items():
        assert role in ROLES
        assert who.sampling["chat_template_kwargs"] == {"enable_thinking": False}
    assert profile.roles["judge"].sampling["temperature"] == 0
    for label, server in profile.servers.items():
        assert not Path(server.model).is_absolute(), "a shipped profile names models of the Hub"
        assert server.serve["structured-outputs-config"]["disable_any_whitespace"] is True
        assert server.serve["enable-prefix-caching"] is True
        assert "--no-" not in " ".join(command(label, server))


def test_writer_and_judge_are_of_different_families_where_a_gpu_serves_them() -> None:
    for name in set(SHIPPED) - {"cpu"}:
        profile = load(Path(name))
        family = {role: profile.servers[who.server].model.split("/")[1][:4] for role, who in profile.roles.items()}
        assert family["writer"] != family["judge"], name


def test_servers_that_share_a_card_leave_some_of_it_free() -> None:
    for name in SHIPPED:
        servers = [
            server for server in load(Path(name)).servers.values() if "CUDA_VISIBLE_DEVICES" not in server.environment
        ]
        assert sum(server.serve.get("gpu-memory-utilization", 0) for server in servers) <= 0.95, name


def test_the_models_page_tells_of_every_profile_and_model() -> None:
    page = (MODELS / "README.md").read_text()
    for name in SHIPPED:
        assert f"{name}.yml" in page
        for server in load(Path(name)).servers.values():
            assert server.model in page


@pytest.mark.vllm
@pytest.mark.slow
def test_the_installed_vllm_knows_every_argument_of_every_shipped_profile() -> None:
    commands = [command(label, server)[3:] for name in SHIPPED for label, server in load(Path(name)).servers.items()]
    program = """if True:
        import json, sys
        from vllm.entrypoints.launchers.cli_args import make_arg_parser
        from vllm.utils.argparse_utils import FlexibleArgumentParser
        for words in json.load(sys.stdin):
            make_arg_parser(FlexibleArgumentParser(allow_abbrev=False)).parse_args(words)
    """
    told = subprocess.run(
        [sys.executable, "-c", program], input=json.dumps(commands), capture_output=True, text=True, timeout=300
    )
    assert told.returncode == 0, told.stderr[-600:]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            "servers: {a: {model: x, prot: 8001}}\nroles: {writer: {server: a}, judge: {server: a}}",
            "unknown key servers.a.prot; did you mean port?",
        ),
        ("servers: {a: {model: x}}\nroles: {writer: {server: a}}", "the role judge is missing"),
        (
            "servers: {a: {model: x}}\nroles: {writer: {server: b}, judge: {server: a}}",
            "names the server b; there are a",
        ),
        ("servers: {a: {model: x}}", "the key roles is missing"),
    ],
)
def test_a_mistake_in_a_profile_is_named_with_the_nearest_key(tmp_path: Path, content: str, told: str) -> None:
    (tmp_path / "mine.yml").write_text(content)
    with pytest.raises(RecipeError, match=told.replace("?", r"\?")):
        load(tmp_path / "mine.yml")


@pytest.mark.parametrize(("name", "meant"), [("one-24", "one-24gb"), ("cpu.yml", "cpu"), ("mine/zzz.yml", "")])
def test_an_unknown_profile_is_told_with_those_that_ship(name: str, meant: str) -> None:
    with pytest.raises(RecipeError) as told:
        load(Path(name))
    near = f"; did you mean {meant}? " if meant else ". "
    shipped = f"Shipped are {', '.join(SHIPPED)}; or give the path of a YAML file."
    assert str(told.value) == f"There is no profile {name}{near}{shipped}"


@pytest.mark.parametrize("address", ["http://me:hush@node1:8000/v1", "https://hush@node1"])
def test_an_endpoint_with_a_password_is_refused_and_the_password_not_shown(address: str) -> None:
    with pytest.raises(RecipeError, match=r"servers\.main: an endpoint carries no user or password.*key:") as told:
        of_endpoint(address, "some/model")
    assert "hush" not in str(told.value)
    assert of_endpoint("http://node1:8000/a@b/v1", "some/model").servers["main"].key == "OPENAI_API_KEY"


def test_a_server_of_ours_is_not_open_because_its_key_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(model="some/model", key="TRIAL_KEY")
    for unset in ("", None):
        monkeypatch.delenv("TRIAL_KEY", raising=False) if unset is None else monkeypatch.setenv("TRIAL_KEY", unset)
        with pytest.raises(RecipeError, match="variable TRIAL_KEY, which key: names, is not set: set it or remove"):
            environment(server)
    monkeypatch.setenv("TRIAL_KEY", "sk-mine")
    assert environment(server)["VLLM_API_KEY"] == "sk-mine"


def test_the_slurm_scripts_are_bash(root: Path) -> None:
    scripts = sorted((root / "examples" / "slurm").glob("*.sbatch"))
    assert len(scripts) == 2
    for script in scripts:
        subprocess.run(["bash", "-n", str(script)], check=True)


def test_the_script_for_many_nodes_writes_a_profile_whose_endpoints_are_the_nodes(root: Path, tmp_path: Path) -> None:
    told = tmp_path / "told"
    fakes = {
        "scontrol": 'printf "node1\\nnode7\\n"',
        "srun": f'echo "srun $@" >> {told}; exec sleep 60',
        "curl": 'echo "${@: -1}" >> ' + str(told),
    }
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    for name, text in {**fakes, ".venv/bin/xinstruct": f'echo "xinstruct $@" >> {told}'}.items():
        (tmp_path / name).write_text(f"#!/bin/bash\n{text}\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    environment = {
        **os.environ,
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "PYTHONPATH": f"{root}:{':'.join(sys.path)}",
        "SLURM_SUBMIT_DIR": str(tmp_path),
        "SLURM_JOB_ID": "17",
        "SLURM_JOB_NODELIST": "node[1,7]",
        "MODELS": "eight-80gb",
        "RECIPE": "mine.yml",
    }
    script = root / "examples" / "slurm" / "many-nodes.sbatch"
    subprocess.run(["bash", str(script)], env=environment, check=True, timeout=60)
    asked, served = load(tmp_path / "slurm-17" / "run.yml"), load(tmp_path / "slurm-17" / "nodes.yml")
    assert asked.servers["judge"].endpoints == ["http://node1:8001/v1", "http://node7:8001/v1"]
    assert asked.servers["judge"].concurrency == 2 * served.servers["judge"].concurrency
    assert served.servers["writer"].serve["host"] == "0.0.0.0"
    assert asked.servers["writer"].key == served.servers["writer"].key == "XINSTRUCT_KEY"
    assert asked.roles == served.roles == load(Path("eight-80gb")).roles
    lines = told.read_text().splitlines()
    assert "http://node7:8001/health" in lines
    assert lines[-1] == "xinstruct run mine.yml --models slurm-17/run.yml --out out/slurm"
