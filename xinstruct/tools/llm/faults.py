"""What can go wrong between us and a model's server, by name, and what a server's words about it mean."""

import json
import re
from collections.abc import Mapping

from xinstruct.question import TooLong
from xinstruct.tools.conversation import Unanswered

# What is kept of a raw reply, for whoever looks at a failed candidate.
LONGEST_RAW = 2000
_TOO_LONG = re.compile(
    r"maximum context length|context_length_exceeded|context (?:length|window|size)|max_model_len|prompt is too long"
    r"|longer than the maximum|too many (?:input )?tokens|request too large|payload too large",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<![\w.])\d{2,9}(?![\w.])")


class Refused(OSError):
    """The server will not answer any question put this way; one sentence says why and what to do. status: HTTP's."""

    def __init__(self, why: str, status: int = 0) -> None:
        super().__init__(why)
        self.status = status


class ServerLost(OSError):
    """The server does not answer any more, and waiting or restarting did not help."""


class Fault(Exception):
    """One try failed. error: its name, snake case; raw: what came; wait: seconds the server asked for.

    dead: whether the server may have died of it. reached: whether it had got the request when that happened.
    """

    def __init__(
        self, error: str, raw: str = "", *, wait: float | None = None, dead: bool = False, reached: bool = True
    ) -> None:
        super().__init__(error)
        self.error, self.raw, self.wait, self.dead, self.reached = error, raw[:LONGEST_RAW], wait, dead, reached


class Denied(Exception):
    """The server understood and said no: status and its own words."""

    def __init__(self, status: int, raw: str) -> None:
        super().__init__(status)
        self.status, self.raw, self.said = status, raw[:LONGEST_RAW], _message(raw)

    def of_this_question(self) -> Unanswered | TooLong | None:
        """What it means for the question alone; None where every other would be denied as well."""
        if self.status in (400, 413, 422) and _TOO_LONG.search(self.said):
            room, tokens = [*map(int, _NUMBER.findall(self.said)), 0, 0][:2]
            return TooLong(tokens, room)
        return Unanswered("refused", self.raw) if self.status in (400, 413, 422) else None


def of_status(status: int, headers: Mapping[str, str], raw: str) -> Fault | Denied:
    """What a status other than 200 means."""
    if status == 429:
        return Fault("rate_limited", raw, wait=_seconds(headers.get("Retry-After")))
    if status == 408:
        return Fault("timed_out", raw)
    if status >= 500:
        return Fault("server_error", raw, wait=_seconds(headers.get("Retry-After")), dead=True)
    return Denied(status, raw)


def _seconds(told: str | None) -> float | None:
    """The seconds of a Retry-After; None where it names a date or nothing."""
    try:
        return max(0.0, float(told or ""))
    except ValueError:
        return None


def _message(raw: str) -> str:
    """The sentence in an error's JSON, or the body itself."""
    try:
        told = json.loads(raw)
        found = told.get("error", told) if isinstance(told, dict) else told
        said = found.get("message", found) if isinstance(found, dict) else found
    except ValueError:
        said = raw
    return " ".join(str(said).split())[:300]
