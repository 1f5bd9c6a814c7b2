"""Uploads a finished dataset to the Hugging Face Hub, in one commit."""

import os
import re
from pathlib import Path

from huggingface_hub import HfApi, errors
from huggingface_hub.errors import HfHubHTTPError

from xinstruct import __version__

# What the HTTP client raises without an answer; which client that is depends on the library's version.
_NO_ANSWER: type[Exception] = errors.HTTPError  # type: ignore[attr-defined]


class HubError(OSError):
    """The Hub could not be reached or refused; the text is one sentence and never holds the token."""


def is_name(name: str) -> bool:
    """Whether a name can be a dataset's on the Hub: org/name."""
    return re.fullmatch(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", name, re.ASCII) is not None


def token() -> str:
    """The token of the environment variable HF_TOKEN. HubError without one."""
    found = os.environ.get("HF_TOKEN", "").strip()
    if not found:
        raise HubError("no token for the Hub is set; make one that may write, and set HF_TOKEN to it")
    return found


def upload(folder: Path, name: str) -> str:
    """Puts the folder's files in the dataset repository org/name, in place of what it holds; gives its address.

    A repository that is not there yet is made private; whether one is public stays as it is. HubError when it fails.
    """
    api = HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None, token=token(), library_name="xinstruct")
    try:
        address = api.create_repo(name, repo_type="dataset", private=True, exist_ok=True)
        api.upload_folder(
            repo_id=name,
            folder_path=folder,
            repo_type="dataset",
            commit_message=f"Publish with xinstruct {__version__}",
            # Parquet files of an older version would be rows of this one.
            delete_patterns="*",
        )
    except HfHubHTTPError as error:
        raise HubError(_refused(error, name)) from error
    except ValueError as error:  # a name that the Hub does not allow, or an answer that is none of the Hub's
        raise HubError(f"the Hub did not answer as it should about {name} ({_line(error)})") from error
    except (_NO_ANSWER, OSError, RuntimeError) as error:  # RuntimeError is what the library's chunked upload raises
        raise HubError(f"the Hub cannot be reached ({_line(error)})") from error
    return str(address)


def _refused(error: HfHubHTTPError, name: str) -> str:
    status = error.response.status_code if error.response is not None else 0
    if status == 401:
        return "the Hub does not accept the token in HF_TOKEN (401)"
    if status == 403:
        return f"the token in HF_TOKEN may not write to {name} (403)"
    if status == 429 or status >= 500:
        return f"the Hub is out of order or overloaded ({status}); try again later"
    return f"the Hub refused {name} ({_line(error)})"


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
