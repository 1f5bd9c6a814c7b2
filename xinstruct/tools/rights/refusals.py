"""Tells of a page who refuses its use in this run, and of a licence whether the run's recipe accepts it."""

import hashlib
import json
from collections.abc import Collection, Sequence
from pathlib import Path

from xinstruct.tools.rights import licences
from xinstruct.tools.rights.forgotten import REASON as FORGOTTEN
from xinstruct.tools.rights.forgotten import Forgotten, forgotten_in
from xinstruct.tools.rights.hosts import Hosts, host_of
from xinstruct.tools.rights.robots import Robots
from xinstruct.tools.rights.robots_kept import KeptBodies
from xinstruct.tools.store import write_json

FILE = "rights.json"
OPTED_OUT, RESERVED, NOT_ACCEPTED = "opted_out", "reserved", "licence_not_accepted"


class Refusals:
    """What is refused; each question is answered by a reason in snake case and its detail, or None.

    opted_out: hosts that asked to be left out; accepted: licences, as `licences.may` takes them.
    """

    def __init__(
        self,
        forgotten: Forgotten | None = None,
        opted_out: Collection[str] = (),
        robots: Robots | None = None,
        accepted: Sequence[str] = (licences.ALL,),
    ) -> None:
        self._forgotten, self._opted_out = forgotten or Forgotten(), Hosts(opted_out)
        self._robots, self._accepted = robots or Robots(), accepted

    def of_page(self, url: str | None) -> tuple[str, str] | None:
        """`forgotten` or `opted_out`: somebody asked to have the page, or all of its host, left out."""
        if self._forgotten.holds(url):
            return FORGOTTEN, ""
        return (OPTED_OUT, host_of(url) or "") if self._opted_out.hold(url) else None

    def of_robots(self, url: str | None) -> tuple[str, str] | None:
        """`reserved`: the robots.txt of the page's host refuses it to a crawler that gathers text for training."""
        refusal = self._robots.refusal(url) if url else None
        return (RESERVED, refusal) if refusal else None

    def of_licence(self, licence: str | None) -> tuple[str, str] | None:
        """`licence_not_accepted`: the recipe accepts some licences, and this is none of them."""
        if licences.may(licence, self._accepted):
            return None
        return NOT_ACCEPTED, licence or "none named"


def refusals_in(out: Path) -> Refusals:
    """What is refused in the run of this folder. ValueError when what somebody asked for cannot be read; OSError."""
    told = _told(out)
    return Refusals(forgotten_in(out), told["opted_out"], Robots(find=KeptBodies(out).find), tuple(told["accepted"]))


def keep(out: Path, opted_out: Sequence[str], accepted: Sequence[str]) -> None:
    """Writes what the recipe says into the run's folder, whole. OSError when the disk fails."""
    write_json(out / FILE, {"opted_out": list(opted_out), "accepted": list(accepted)})


def mark(out: Path) -> str:
    """Sixteen digits that change when what the recipe says does."""
    told = json.dumps(_told(out), sort_keys=True)
    return hashlib.blake2b(told.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _told(out: Path) -> dict[str, list[str]]:
    path = out / FILE
    try:
        told = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {"opted_out": [], "accepted": [licences.ALL]}
    except ValueError as error:
        raise ValueError(f"{path} cannot be read: {error}.") from error
    if not isinstance(told, dict) or not all(isinstance(told.get(key), list) for key in ("opted_out", "accepted")):
        raise ValueError(f"{path} must hold two lists, opted_out and accepted.")
    return told
