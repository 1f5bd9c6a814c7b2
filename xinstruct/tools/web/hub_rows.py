"""Finds in a dataset of the Hugging Face Hub the tables that may hold rows in wanted languages."""

import fnmatch
import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from huggingface_hub import HfApi, errors, hf_hub_url
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.hf_api import RepoFile, RepoFolder

from xinstruct.languages import UnknownLanguage, expand
from xinstruct.tools.web.asking import HEALING, TRIES, NoAnswer, NotServed, Pause
from xinstruct.tools.web.signed import shown_in

NAME = re.compile(r"([\w.-]+/[\w.-]+?)(?:@([\w.-]+))?(?:/(.+))?", re.ASCII)
LABEL = re.compile(r"[a-z]{2,3}_[A-Z][a-z]{3}")
HELD_OUT = re.compile(r"(?:^|/)(?:test|validation|valid|dev)(?:[-/_.]|$)")
ENDINGS = {"parquet": (".parquet",), "jsonl": (".jsonl", ".jsonl.gz", ".jsonl.zst")}
# What the Hub's client raises without an answer; which client that is depends on the library's version.
_NO_ANSWER: type[Exception] = errors.HTTPError  # type: ignore[attr-defined]
Got = TypeVar("Got")


@dataclass(frozen=True)
class Table:
    """One file of a dataset. address: at the commit that was met; parts: of which its name is made; language: a label
    when its folder names one.
    """

    address: str
    kind: str
    parts: tuple[str, ...]
    language: str | None


def tables(name: str, wanted: frozenset[str]) -> list[Table]:
    """The Parquet files of a dataset, or else its JSON lines, that may hold rows in wanted languages.

    name: org/dataset, with @revision and a path with `*` if need be. Where folders are named by languages, such as
    data/swh_Latn, those of wanted ones; test and validation data only when a path names it. Raises NotServed, NoAnswer.
    """
    told = NAME.fullmatch(name)
    if not told:
        raise NotServed(f"{name} is no name of a dataset on the Hub; give one such as HuggingFaceFW/fineweb-2")
    repository, revision, pattern = told.groups()
    api = HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None, library_name="xinstruct")
    commit = str(_tried(repository, lambda: api.dataset_info(repository, revision=revision, expand=["sha"]).sha))
    paths = [path for path in _paths(api, repository, commit, pattern, wanted) if _languages(path, wanted) is not None]
    found = [
        Table(
            hf_hub_url(repository, path, repo_type="dataset", revision=commit, endpoint=api.endpoint),
            kind,
            (*repository.split("/"), *path.split("/")),
            _languages(path, wanted),
        )
        for kind in ENDINGS
        for path in sorted(paths)
        if path.endswith(ENDINGS[kind])
    ]
    if not found:
        raise NotServed(f"{name} has no Parquet file and no JSON lines in {' '.join(sorted(wanted)[:10])}")
    return [table for table in found if table.kind == found[0].kind]


def _paths(api: HfApi, repository: str, commit: str, pattern: str | None, wanted: frozenset[str]) -> Iterator[str]:
    """The files to look at. A dataset of two thousand languages is not listed in full to find those of one."""

    def listed(folder: str, *, deep: bool) -> list[RepoFile | RepoFolder]:
        return _tried(
            repository,
            lambda: list(
                api.list_repo_tree(repository, folder or None, recursive=deep, revision=commit, repo_type="dataset")
            ),
        )

    if pattern is not None:
        folder = pattern.partition("*")[0].rpartition("/")[0]
        yield from (e.path for e in listed(folder, deep=True) if fnmatch.fnmatchcase(e.path, pattern))
        return
    top = listed("", deep=False)
    start = next((e.path for e in top if isinstance(e, RepoFolder) and e.path == "data"), "")
    folders = listed(start, deep=False) if start else top
    named = [e.path for e in folders if isinstance(e, RepoFolder) and LABEL.fullmatch(e.path.rpartition("/")[2])]
    places = [path for path in named if _languages(path, wanted) is not None] if named else [start]
    for place in places:
        yield from (e.path for e in listed(place, deep=True) if isinstance(e, RepoFile) and not HELD_OUT.search(e.path))


def _languages(path: str, wanted: frozenset[str]) -> str | None:
    """The wanted language that a folder of the path names, "" when none names any; None when it names others."""
    for folder in path.split("/"):
        if LABEL.fullmatch(folder):
            try:
                meant = [label for label in expand([folder]) if label in wanted]
            except UnknownLanguage:
                return None
            return (meant[0] if len(meant) == 1 else "") if meant else None
    return ""


def _tried(repository: str, verb: Callable[[], Got]) -> Got:
    """What the Hub gives, at one of a few tries."""
    fault: Exception | None = None
    for tries in range(1, TRIES + 1):
        try:
            return verb()
        except HfHubHTTPError as error:
            status = error.response.status_code if error.response is not None else 0
            if status not in HEALING:
                raise NotServed(_refused(repository, status), status) from None
            fault = error
        except (_NO_ANSWER, OSError) as error:
            fault = error
        except ValueError as error:
            raise NotServed(f"the Hub does not take {repository} ({_line(error)})") from None
        if tries < TRIES:
            time.sleep(Pause.seconds(tries, None))
    raise NoAnswer(f"The Hub cannot be reached ({_line(fault)}); type the same command again when it is back.")


def _refused(repository: str, status: int) -> str:
    if status in (401, 403):
        return f"the Hub does not show {repository} ({status}); set HF_TOKEN to a token that may read it"
    return f"the Hub has no {repository} ({status})"


def _line(error: object) -> str:
    return shown_in(" ".join(str(error).split()))[:200] or type(error).__name__
