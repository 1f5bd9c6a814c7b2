"""What a model profile may say: servers with their models, and which of them answers each role."""

from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, field_validator, model_validator

from xinstruct.recipe import Strict, checked, read_yaml

KEPT = "models.yml"
ROLES = ("writer", "judge", "policy", "translator")
NEEDED = ("writer", "judge")


class Server(Strict):
    """One model, served by vLLM that xinstruct starts, or by servers that run already."""

    model: str = Field(description="name on the Hugging Face Hub, or a local folder (relative to the profile's file)")
    revision: str | None = Field(None, description="commit or tag of the model on the Hub")
    serve: dict[str, Any] = Field(
        {}, description="vLLM's own arguments by their long names, such as tensor-parallel-size: 2"
    )
    environment: dict[str, str] = Field({}, description="variables that the server is started with")
    port: int = Field(8000, ge=1, le=65535, description="where a server that xinstruct starts listens, on this machine")
    endpoints: list[str] = Field(
        [], description="addresses of servers that run already, such as http://node1:8000/v1; load is balanced"
    )
    key: str | None = Field(None, description="name of the environment variable that holds the servers' key")
    concurrency: int = Field(256, ge=1, description="requests in flight, over all endpoints together")
    timeout: float = Field(600, gt=0, description="seconds after which an answer is given up")
    patience: float = Field(600, gt=0, description="seconds that a server which does not answer at all is waited for")
    restarts: int = Field(5, ge=0, description="how often a server of ours that died is started again")
    likelihood: bool | None = Field(
        None, description="whether the server gives log-probabilities of the prompt; found out unless said"
    )

    @model_validator(mode="after")
    def _ours_or_theirs(self) -> "Server":
        if self.endpoints and self.serve:
            raise ValueError("a server has either serve: (xinstruct starts it) or endpoints: (it runs already)")
        for address in self.endpoints:
            if not address.startswith(("http://", "https://")):
                raise ValueError(f"the endpoint {address} is no address such as http://localhost:8000/v1")
        return self


class Role(Strict):
    """Who answers a role, and how it is sampled."""

    server: str = Field(description="one of the profile's servers")
    adapter: str | None = Field(None, description="name of a LoRA adapter that the server was started with")
    sampling: dict[str, Any] = Field(
        {}, description="fields of the request: temperature, top_p, max_tokens, chat_template_kwargs ..."
    )


class Price(Strict):
    """What the servers cost, for `xinstruct preview`."""

    per_hour: float | None = Field(None, ge=0, description="of all servers together")
    per_million_read: float | None = Field(None, ge=0, description="per million tokens of prompts")
    per_million_written: float | None = Field(None, ge=0, description="per million tokens of answers")
    currency: str = "USD"


class Profile(Strict):
    """A whole profile."""

    description: str = Field("", description="for which machine it is, and why these models")
    servers: dict[str, Server] = Field(min_length=1)
    roles: dict[str, Role] = Field(min_length=1)
    price: Price | None = None

    @field_validator("roles")
    @classmethod
    def _known_roles(cls, roles: dict[str, Role]) -> dict[str, Role]:
        for role in roles:
            if role not in ROLES:
                raise ValueError(f"there is no role {role}; there are {', '.join(ROLES)}")
        for role in NEEDED:
            if role not in roles:
                raise ValueError(f"the role {role} is missing; both {' and '.join(NEEDED)} are needed")
        return roles

    @model_validator(mode="after")
    def _servers_exist(self) -> "Profile":
        for name, role in self.roles.items():
            if role.server not in self.servers:
                raise ValueError(
                    f"the role {name} names the server {role.server}; there are {', '.join(sorted(self.servers))}"
                )
        ours = [server.port for server in self.servers.values() if not server.endpoints]
        if len(set(ours)) < len(ours):
            raise ValueError("two servers listen on the same port; give each its own port:")
        return self


def load(name: Path) -> Profile:
    """The profile of a YAML file, or for a bare word such as one-24gb the one that ships under that name.

    Model folders and adapters that are paths come out absolute. RecipeError, in one sentence, for all that is wrong.
    """
    path = located(name)
    profile = checked(Profile, read_yaml(path, "profile"), str(path))
    folder = path.parent.absolute()
    servers = {
        label: server.model_copy(update={"model": _absolute(server.model, folder)})
        for label, server in profile.servers.items()
    }
    return profile.model_copy(update={"servers": servers})


def keep(profile: Profile, out: Path) -> None:
    """Writes the profile into a run's folder, so that `retry` asks whom `run` asked. Keys are not in it."""
    text = yaml.safe_dump(profile.model_dump(mode="json", exclude_defaults=True), allow_unicode=True, sort_keys=False)
    (out / KEPT).write_text(text, encoding="utf-8")


def kept(out: Path) -> Profile | None:
    """The profile with which a run was last made; None when rules made it."""
    return load(out / KEPT) if (out / KEPT).exists() else None


def located(name: Path) -> Path:
    """The profile meant: the path itself, or one that ships with xinstruct."""
    shipped = Path(str(resources.files("xinstruct"))) / "models" / f"{name}.yml"
    return shipped if not name.is_file() and name.name == str(name) and shipped.is_file() else name


def of_endpoint(address: str, model: str) -> Profile:
    """The profile of one server that runs already and answers every role: `--endpoint URL --model NAME`."""
    content = {
        "servers": {"main": {"model": model, "endpoints": [address], "key": "OPENAI_API_KEY"}},
        "roles": {
            "writer": {"server": "main", "sampling": {"temperature": 0.7, "max_tokens": 1500}},
            "judge": {"server": "main", "sampling": {"temperature": 0, "max_tokens": 800}},
        },
    }
    return checked(Profile, content, "the call")


def _absolute(model: str, folder: Path) -> str:
    path = Path(model).expanduser()
    if path.is_absolute():
        return str(path)
    return str((folder / path).resolve()) if model.startswith((".", "~")) or (folder / path).is_dir() else model
