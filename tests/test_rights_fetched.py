"""What somebody asked to have left out is not even fetched, and a host's robots.txt is kept with its pages."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import archives
from tests.web_server import WebServer
from xinstruct.candidate import Skipped
from xinstruct.pipeline.plan import Plan, freeze
from xinstruct.recipe import Recipe
from xinstruct.tools.rights.forgotten import Forgotten
from xinstruct.tools.rights.survey import survey
from xinstruct.tools.web import guest, reader
from xinstruct.tools.web.record import Record


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    quick = guest.Manners(seconds_between=0.01, seconds=5.0, silent_seconds=0.5, tries=1, loopback=True)
    monkeypatch.setattr(guest, "MANNERS", quick)
    with WebServer() as server:
        for name in ("one", "two"):
            server.put(f"/{name}", archives.page(name, 500), "text/html; charset=utf-8")
        yield server


def frozen(folder: Path, addresses: list[str], **rights: str) -> Plan:
    (folder / "addresses.txt").write_text("\n".join(addresses))
    content = {"languages": ["swh_Latn"], "sources": [{"urls": "addresses.txt"}], "stages": ["harvest"]}
    return freeze(
        folder / "out", Recipe.model_validate({**content, "rights": rights}), folder, ("1_harvest",), None, None
    )


def read(plan: Plan) -> list[Record | Skipped]:
    return [found for part in plan.parts for piece in part.pieces for found in reader.records(piece)]


def test_a_host_that_opted_out_is_not_asked_for_anything(web: WebServer, tmp_path: Path) -> None:
    (tmp_path / "optout.txt").write_text("# by mail\n127.0.0.1\n")
    found = read(frozen(tmp_path, [f"{web.address}/one"], opt_out="optout.txt"))
    assert not web.asked
    assert [
        (s.reason, s.detail.rpartition(": ")[2]) for s in found if isinstance(s, Skipped) and s.reason != "warcinfo"
    ] == [("opted_out", "127.0.0.1")]


def test_a_forgotten_page_is_not_fetched_nor_followed_to(web: WebServer, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    Forgotten(urls=[f"{web.address}/{name}" for name in ("one", "three")]).write(tmp_path / "out")
    web.faults["/elsewhere"] = [(301, {"Location": "/three"})]
    found = read(frozen(tmp_path, [f"{web.address}/{name}" for name in ("one", "two", "elsewhere")]))
    assert [record.url for record in found if isinstance(record, Record)] == [f"{web.address}/two"]
    assert [s.reason for s in found if isinstance(s, Skipped)].count("forgotten") == 2
    assert web.count("/elsewhere") == 1
    assert not web.count("/one")
    assert not web.count("/three")


def test_a_fetched_hosts_robots_are_kept_with_its_pages(web: WebServer, tmp_path: Path) -> None:
    web.put("/robots.txt", "User-agent: GPTBot\nDisallow: /two\n", "text/plain")
    plan = frozen(tmp_path, [f"{web.address}/one", f"{web.address}/two"])
    assert sum(isinstance(found, Record) for found in read(plan)) == 2
    (path,) = (tmp_path / "out" / "fetched").glob("*.warc.gz")
    kept = survey([(path, 0, path.stat().st_size)])
    assert kept.robots == [(f"127.0.0.1:{web.port}", "User-agent: GPTBot\nDisallow: /two\n")]
    asked, plans = len(web.asked), plan.parts
    assert frozen(tmp_path, [f"{web.address}/one", f"{web.address}/two"]).parts == plans
    assert len(web.asked) == asked
