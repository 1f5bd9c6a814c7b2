"""Sources that lie elsewhere: addresses, lists of pages, Common Crawl and the Hub, all on a server of our own."""

import dataclasses
import gzip
import io
import itertools
import json
import os
import re
import subprocess
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from warcio.archiveiterator import ArchiveIterator

from tests import archives
from tests.conftest import Call, members
from tests.web_server import Page, WebServer
from xinstruct.candidate import Skipped
from xinstruct.pipeline.plan import Plan, freeze
from xinstruct.recipe import Recipe, RecipeError
from xinstruct.tools.web import asking, guest, reader, remote, robots
from xinstruct.tools.web.asking import NoAnswer, NotServed
from xinstruct.tools.web.collected import Collected
from xinstruct.tools.web.record import LARGEST_PAGE, Record

TEXTS = [f"Habari ya {number}: watoto wanasoma vitabu vya zamani katika maktaba ya shule." for number in range(40)]


@pytest.fixture
def web() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking.Pause, "first", 0.01)


def recipe(*sources: dict[str, object], languages: tuple[str, ...] = ("swh_Latn",), megabytes: float = 1.0) -> Recipe:
    told = {"languages": list(languages), "sources": list(sources), "stages": ["harvest"]}
    return Recipe.model_validate({**told, "part_megabytes": megabytes})


def frozen(tmp_path: Path, asked: Recipe) -> Plan:
    return freeze(tmp_path / "out", asked, tmp_path, ("1_harvest",), None, None)


def read(plan: Plan) -> list[Record | Skipped]:
    return [found for part in plan.parts for piece in part.pieces for found in reader.records(piece)]


def pages(found: list[Record | Skipped]) -> list[tuple[str | None, int, bytes]]:
    return [(r.url, r.offset, r.body) for r in found if isinstance(r, Record)]


def here(path: Path, kind: str) -> list[Record | Skipped]:
    pieces = reader.split(path, kind, path.name, 1 << 30, None, None)
    return [found for piece in pieces for found in reader.records(piece)]


def test_a_remote_archive_is_read_in_stretches_and_gives_what_the_file_gives(web: WebServer, tmp_path: Path) -> None:
    file = archives.write(tmp_path / "crawl.warc.gz", archives.crawl(60))
    address = web.put("/deep/crawl.warc.gz", file.read_bytes())
    plan = frozen(tmp_path, recipe({"warc": address, "licence": "CC0-1.0"}, megabytes=0.01))
    assert len(plan.parts) > 3
    assert set(plan.files) == {"crawl.warc.gz"}
    found = read(plan)
    assert pages(found) == pages(here(file, "warc"))
    assert {r.licence for r in found if isinstance(r, Record)} == {"CC0-1.0"}
    assert all(asked.stretch for asked in web.asked)
    assert not (tmp_path / "out" / "fetched").exists()


def tables(folder: Path) -> dict[str, Path]:
    lines = "".join(json.dumps({"text": text, "url": f"http://a.example/{n}"}) + "\n" for n, text in enumerate(TEXTS))
    (folder / "rows.jsonl").write_text(lines)
    (folder / "packed.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    with pa.CompressedOutputStream(str(folder / "packed.jsonl.zst"), "zstd") as packed:
        packed.write(lines.encode())
    pq.write_table(pa.table({"text": TEXTS, "id": list(map(str, range(40)))}), folder / "t.parquet", row_group_size=7)
    names = {"rows.jsonl": "jsonl", "packed.jsonl.gz": "jsonl", "packed.jsonl.zst": "jsonl", "t.parquet": "parquet"}
    return {f"{kind}:{name}": folder / name for name, kind in names.items()}


@pytest.mark.parametrize("ranged", [True, False])
def test_remote_tables_give_the_rows_of_the_files(web: WebServer, tmp_path: Path, ranged: bool) -> None:
    for named, file in tables(tmp_path).items():
        kind = named.partition(":")[0]
        address = web.put(f"/{file.name}", file.read_bytes(), ranged=ranged)
        plan = freeze(
            tmp_path / file.name.replace(".", "_"), recipe({kind: address}), tmp_path, ("1_harvest",), None, None
        )
        found = read(plan)
        assert [r.body.decode() for r in found if isinstance(r, Record)] == TEXTS
        assert pages(found) == pages(here(file, kind))
        assert {r.container for r in found if isinstance(r, Record)} == {file.name}


def test_a_server_without_stretches_is_asked_once_for_all(web: WebServer, tmp_path: Path) -> None:
    file = archives.write(tmp_path / "crawl.warc.gz", archives.crawl())
    asked = recipe({"warc": web.put("/crawl.warc.gz", file.read_bytes(), ranged=False, sized=False)})
    plan = frozen(tmp_path, asked)
    assert pages(read(plan)) == pages(here(file, "warc"))
    before = len(web.asked)
    assert frozen(tmp_path, asked).files == plan.files
    assert len(web.asked) == before


def test_a_pattern_means_all_files_that_the_server_lists(web: WebServer, tmp_path: Path) -> None:
    for name in ("a.warc.gz", "b.warc.gz", "note.txt"):
        web.put(f"/crawl/{name}", archives.member(archives.warc(archives.http(archives.page(name)))))
    plan = frozen(tmp_path, recipe({"warc": f"{web.address}/crawl/*.warc.gz"}))
    assert sorted(plan.files) == ["a.warc.gz", "b.warc.gz"]
    with pytest.raises(RecipeError, match=r"crawl/\*\.wet\.gz names no file"):
        freeze(tmp_path / "none", recipe({"warc": f"{web.address}/crawl/*.wet.gz"}), tmp_path, (), None, None)


def test_a_saved_page_keeps_its_address(web: WebServer, tmp_path: Path) -> None:
    address = web.put("/page.html", archives.page("one"), "text/html", sized=False, ranged=False, tagged=False)
    found = read(frozen(tmp_path, recipe({"html": address})))
    assert [r.url for r in found if isinstance(r, Record)] == [address]


def test_a_faulty_line_costs_nothing(web: WebServer, tmp_path: Path) -> None:
    file = archives.write(tmp_path / "crawl.warc.gz", archives.crawl(60))
    web.faults["/crawl.warc.gz"] = [(503, {"Retry-After": "0"}), "reset", "truncate", (429, {})]
    plan = frozen(tmp_path, recipe({"warc": web.put("/crawl.warc.gz", file.read_bytes())}))
    web.faults["/crawl.warc.gz"] += ["truncate", (502, {}), "reset", (500, {})]
    assert pages(read(plan)) == pages(here(file, "warc"))
    assert not web.faults["/crawl.warc.gz"]


def test_a_server_that_stays_away_ends_the_part_instead_of_shortening_it(web: WebServer, tmp_path: Path) -> None:
    for named, file in tables(tmp_path).items():
        kind = named.partition(":")[0]
        asked = recipe({kind: web.put(f"/{file.name}", file.read_bytes())})
        plan = freeze(tmp_path / file.name.replace(".", "_"), asked, tmp_path, ("1_harvest",), None, None)
        web.faults[f"/{file.name}"] = ["reset"] * asking.TRIES
        with pytest.raises(NoAnswer, match="type the same command again"):
            read(plan)


def test_a_wrong_address_is_one_sentence(web: WebServer, tmp_path: Path) -> None:
    gone = recipe({"warc": f"{web.address}/gone.warc.gz?key=secret"})
    with pytest.raises(RecipeError, match=r"^warc: the server says 404 Not Found of http\S+/gone\.warc\.gz\.$"):
        frozen(tmp_path, gone)
    with pytest.raises(RecipeError, match="begins with none of http://"):
        frozen(tmp_path, recipe({"warc": "ftp://host.example/a.warc.gz"}))


def test_a_file_that_changes_on_its_server_is_refused(web: WebServer, tmp_path: Path) -> None:
    asked = recipe({"jsonl": web.put("/rows.jsonl", '{"text": "moja"}\n')})
    plan = frozen(tmp_path, asked)
    web.put("/rows.jsonl", '{"text": "mbili"}\n')
    with pytest.raises(RecipeError, match=r"rows\.jsonl has changed"):
        frozen(tmp_path, asked)
    with pytest.raises(OSError, match="has changed since the run was planned"):
        read(plan)
    file = remote.RemoteFile(web.put("/big.warc.gz", bytes(1 << 20)))
    with file.open("rb") as opened:
        opened.read(10)
        web.put("/big.warc.gz", b"1" * (1 << 20))
        opened.seek(900_000)
        with pytest.raises(OSError, match="has changed since the run was planned"):
            opened.read(10)


def test_names_and_keys_in_an_address_are_not_told(web: WebServer, tmp_path: Path) -> None:
    web.put("/rows.jsonl", '{"text": "moja"}\n')
    plan = frozen(tmp_path, recipe({"jsonl": f"{web.address}/rows.jsonl?token=secret"}))
    assert list(plan.files) == ["rows.jsonl"]
    with pytest.raises(NotServed) as caught:
        asking.whole(f"http://name:secret@127.0.0.1:{web.port}/gone?token=secret", 10)
    assert "secret" not in str(caught.value)


@pytest.mark.slow
def test_a_whole_run_over_http_equals_one_over_files(
    web: WebServer, small_crawl: Path, tmp_path: Path, xinstruct: Call
) -> None:
    web.put("/small.warc.gz", small_crawl.read_bytes())
    rows = {}
    for name, source in (("far", f"{web.address}/small.warc.gz"), ("near", str(small_crawl))):
        text = f"languages: [swh_Latn]\nsources: [{{warc: '{source}'}}]\nstages: [harvest]\n"
        (tmp_path / f"{name}.yml").write_text(text)
        done = xinstruct("run", tmp_path / f"{name}.yml", "--out", tmp_path / name)
        assert done.returncode == 0, done.stderr
        table = pa.concat_tables(
            pq.read_table(p) for p in sorted((tmp_path / name / "1_harvest").glob("?????.parquet"))
        )
        rows[name] = table.to_pylist()
    assert rows["far"] == rows["near"]
    assert rows["far"]
    web.faults["/small.warc.gz"] = [(503, {"Retry-After": "0"})] * 100
    (tmp_path / "away.yml").write_text((tmp_path / "far.yml").read_text())
    away = xinstruct("run", tmp_path / "away.yml", "--out", tmp_path / "away")
    assert away.returncode == 5
    assert "503" in away.stderr


@pytest.fixture
def manners(monkeypatch: pytest.MonkeyPatch) -> guest.Manners:
    told = guest.Manners(seconds_between=0.01, seconds=5.0, silent_seconds=0.5, tries=3, loopback=True)
    monkeypatch.setattr(guest, "MANNERS", told)
    return told


def site(web: WebServer, count: int = 8) -> list[str]:
    return [web.put(f"/{n}", archives.page(f"page {n}", 500), "text/html; charset=utf-8") for n in range(count)]


def listing(tmp_path: Path, addresses: list[str]) -> Recipe:
    (tmp_path / "addresses.txt").write_text("# pages to fetch\n\n" + "".join(f"{line}\n" for line in addresses))
    return recipe({"urls": "addresses.txt"})


def reasons(found: list[Record | Skipped]) -> list[str]:
    told = ("request", "warcinfo", "robots_txt")
    return sorted(s.reason for s in found if isinstance(s, Skipped) and s.reason not in told)


@pytest.mark.usefixtures("manners")
def test_fetched_pages_are_a_web_archive_and_a_second_run_fetches_nothing(web: WebServer, tmp_path: Path) -> None:
    addresses = site(web)
    plan = frozen(tmp_path, listing(tmp_path, addresses))
    found = {r.url: r for r in read(plan) if isinstance(r, Record)}
    assert set(found) == set(addresses)
    assert all(found[a].body == web.pages[f"/{n}"].body for n, a in enumerate(addresses))
    (path,) = (tmp_path / "out" / "fetched").glob("*.warc.gz")
    with path.open("rb") as file:
        kinds = Counter(record.rec_type for record in ArchiveIterator(file, check_digests="raise"))
    assert kinds == {"warcinfo": 1, "response": 8, "request": 8}
    before, content = len(web.asked), path.read_bytes()
    assert frozen(tmp_path, listing(tmp_path, addresses)).parts == plan.parts
    assert len(web.asked) == before
    more = [*addresses, web.put("/new", archives.page("new"), "text/html")]
    later = frozen(tmp_path, listing(tmp_path, more))
    assert {r.url for r in read(later) if isinstance(r, Record)} == set(more)
    assert later.parts[: len(plan.parts)] == plan.parts
    assert path.read_bytes() == content
    assert all(web.count(f"/{n}") == 1 for n in range(8))


@pytest.mark.usefixtures("manners")
def test_pages_that_came_packed_or_in_chunks_are_read_as_they_were(web: WebServer, tmp_path: Path) -> None:
    page = archives.page("one", 3000)
    packed = {"Content-Encoding": "gzip"}
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(c), c) for c in (page[:1000], page[1000:])) + b"0\r\n\r\n"
    addresses = [
        web.put("/packed", gzip.compress(page), "text/html", headers=packed, ranged=False),
        web.put("/endless", page, "text/html", sized=False, ranged=False),
        web.put("/chunks", chunks, "text/html", sized=False, ranged=False, headers={"Transfer-Encoding": "chunked"}),
    ]
    found = read(frozen(tmp_path, listing(tmp_path, addresses)))
    assert sorted((r.url, r.body) for r in found if isinstance(r, Record)) == sorted((a, page) for a in addresses)
    assert reasons(found) == []


@pytest.mark.usefixtures("manners")
def test_robots_are_obeyed_and_what_they_forbid_is_counted(web: WebServer, tmp_path: Path) -> None:
    web.put(
        "/robots.txt",
        "User-agent: *\nDisallow: /\n\nUser-agent: Xinstruct/0.1\nDisallow: /1*\nAllow: /1$\n",
        "text/plain",
    )
    addresses = site(web, 3) + [web.put(f"/1{n}", archives.page("no"), "text/html") for n in range(2)]
    found = read(frozen(tmp_path, listing(tmp_path, addresses)))
    assert sorted(r.url or "" for r in found if isinstance(r, Record)) == sorted(addresses[:3])
    assert reasons(found) == ["robots_forbid", "robots_forbid"]
    assert not web.count("/10")
    assert web.count("/robots.txt") == 1


def test_a_host_is_left_in_peace_as_long_as_it_asks(web: WebServer, tmp_path: Path, manners: guest.Manners) -> None:
    web.put("/robots.txt", "User-agent: *\nCrawl-delay: 0.3\n", "text/plain")
    frozen(tmp_path, listing(tmp_path, site(web, 4)))
    times = [asked.at for asked in web.asked if asked.path != "/robots.txt"]
    assert min(after - before for before, after in itertools.pairwise(times)) >= 0.29
    web.put("/robots.txt", f"User-agent: *\nCrawl-delay: {int(manners.longest_delay_kept) + 1}\n", "text/plain")
    (tmp_path / "slow").mkdir()
    assert reasons(read(frozen(tmp_path / "slow", listing(tmp_path / "slow", site(web, 1))))) == ["robots_forbid"]


@pytest.mark.slow
@pytest.mark.usefixtures("manners")
def test_faults_of_servers_are_tried_again_and_then_named(web: WebServer, tmp_path: Path) -> None:
    addresses = site(web, 6)
    web.faults["/0"] = ["reset", (503, {"Retry-After": "0"})]
    web.faults["/1"] = ["truncate"]
    web.faults["/2"] = [(500, {})] * 3
    web.faults["/3"] = ["stall"] * 3
    addresses += [
        web.address + "/gone",
        web.put("/big", b"<html>" + b"x" * (LARGEST_PAGE + 1), "text/html"),
        web.put("/picture", b"\x89PNG", "image/png"),
        "mailto:someone@host.example",
        web.redirect("/moved", "/there"),
        web.redirect("/round", "/round2"),
    ]
    web.put("/there", archives.page("there"), "text/html")
    for number in range(2, 9):
        web.redirect(f"/round{number}", f"/round{number + 1}")
    found = read(frozen(tmp_path, listing(tmp_path, addresses)))
    urls = {r.url for r in found if isinstance(r, Record)}
    assert urls == {*addresses[:2], *addresses[4:6], f"{web.address}/there"}
    redirects = ["status_302"] * 7
    assert reasons(found) == sorted(
        [
            "bad_address",
            "no_answer",
            "not_html",
            "status_404",
            "status_500",
            "too_large",
            "too_many_redirects",
            *redirects,
        ]
    )


@pytest.mark.usefixtures("manners")
def test_private_places_are_not_visited_wherever_a_page_leads(
    web: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = ["http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/", "http://[fd00:ec2::254]/"]
    addresses = [web.redirect(f"/to{n}", place) for n, place in enumerate(hidden)]
    assert reasons(read(frozen(tmp_path, listing(tmp_path, addresses)))) == ["private_address"] * 3 + ["status_302"] * 3
    monkeypatch.setattr(guest, "MANNERS", dataclasses.replace(guest.MANNERS, loopback=False))
    before = len(web.asked)
    places = [web.address, f"http://localhost:{web.port}", f"http://[::ffff:127.0.0.1]:{web.port}", "http://2130706433"]
    (tmp_path / "two").mkdir()
    assert reasons(read(frozen(tmp_path / "two", listing(tmp_path / "two", places)))) in (
        ["private_address"] * 4,
        ["bad_address", *["private_address"] * 3],
    )
    assert len(web.asked) == before


@pytest.mark.usefixtures("manners")
def test_a_sitemap_names_the_pages(web: WebServer, tmp_path: Path) -> None:
    addresses = site(web, 4)
    maps = [
        f"<urlset><url><loc>{a}</loc></url><url><loc> {b}?x=1&amp;y=2 </loc></url></urlset>"
        for a, b in (addresses[:2], addresses[2:])
    ]
    inner = [web.put("/a.xml", maps[0], "application/xml"), web.put("/b.xml.gz", gzip.compress(maps[1].encode()))]
    entries = "".join(f"<sitemap><loc>{address}</loc></sitemap>" for address in [*inner, web.address + "/gone.xml"])
    asked = recipe({"urls": web.put("/sitemap.xml", f"<?xml?><sitemapindex>{entries}</sitemapindex>", "text/xml")})
    plan = frozen(tmp_path, asked)
    found = read(plan)
    expected = {addresses[0], addresses[1] + "?x=1&y=2", addresses[2], addresses[3] + "?x=1&y=2"}
    assert {r.url for r in found if isinstance(r, Record)} == expected
    assert reasons(found) == ["no_answer"]
    before = len(web.asked)
    assert frozen(tmp_path, asked) == plan
    assert len(web.asked) == before
    with pytest.raises(RecipeError, match=r"^urls: \S+/gone.xml was not fetched"):
        freeze(tmp_path / "none", recipe({"urls": web.address + "/gone.xml"}), tmp_path, (), None, None)


@pytest.mark.usefixtures("manners")
def test_no_network_is_an_outside_fault_and_costs_no_address(web: WebServer, tmp_path: Path) -> None:
    addresses = site(web, 3)
    for path in ("/robots.txt", "/0", "/1", "/2"):
        web.faults[path] = ["reset"] * 20
    with pytest.raises(NoAnswer, match="None of 3 addresses could be fetched"):
        frozen(tmp_path, listing(tmp_path, addresses))
    web.faults.clear()
    assert len(pages(read(frozen(tmp_path, listing(tmp_path, addresses))))) == 3


def kept_of(folder: Path) -> tuple[set[str], list[str]]:
    """What a collection in the folder knows as done, and the addresses of its pages once its file is whole."""
    with Collected(folder, "pages", lambda _: None) as collected:
        found = [record for path in collected.close_file() for record in here(path, "warc")]
        return collected.done, [record.url or "" for record in found if isinstance(record, Record)]


def collect(folder: Path, *urls: str) -> Collected:
    collected = Collected(folder, "pages", lambda _: None)
    for url in urls:
        record = archives.member(archives.warc(archives.http(archives.page(url)), url))
        collected.put([url], record)
    return collected


def test_a_collection_that_was_broken_off_goes_on_where_it_is_sound(tmp_path: Path) -> None:
    def broken_off(name: str) -> Path:
        with collect(tmp_path / name, "http://a.example/1", "http://a.example/2"):
            return tmp_path / name

    def cut(path: Path, by: int) -> None:
        os.truncate(path, path.stat().st_size - by)

    one, both = ["http://a.example/1"], ["http://a.example/1", "http://a.example/2"]
    sound = broken_off("sound")
    assert kept_of(sound) == (set(both), both)
    torn_line = broken_off("torn_line")
    cut(torn_line / "pages.journal", 3)
    assert kept_of(torn_line) == (set(one), one)
    torn_page = broken_off("torn_page")
    cut(torn_page / "pages-00000.warc.gz.part", 3)
    assert kept_of(torn_page) == (set(one), one)
    unnoted = broken_off("unnoted")
    (unnoted / "pages-00000.warc.gz.part").replace(unnoted / "pages-00000.warc.gz")
    assert kept_of(unnoted) == (set(both), both)
    before = (unnoted / "pages-00000.warc.gz").read_bytes()
    with collect(unnoted, "http://a.example/3") as more:
        assert [path.name for path in more.close_file()] == ["pages-00000.warc.gz", "pages-00001.warc.gz"]
    assert kept_of(unnoted)[1] == [*both, "http://a.example/3"]
    assert (unnoted / "pages-00000.warc.gz").read_bytes() == before


@pytest.mark.slow
def test_every_real_archive_gives_over_http_what_it_gives_as_a_file(web: WebServer, shared_data: Path) -> None:
    files = [
        path for path in sorted((shared_data / "warc_samples").iterdir()) if path.suffix in (".gz", ".warc", ".arc")
    ]
    assert len(files) > 20
    for path in files:
        far = remote.RemoteFile(web.put(f"/{path.name}", path.read_bytes()))
        for size in (1 << 30, 50_000):
            pieces = [list(reader.split(place, "warc", path.name, size, None, None)) for place in (path, far)]
            near, there = ([found for piece in some for found in reader.records(piece)] for some in pieces)
            assert there == near, path.name


@pytest.mark.slow
def test_a_kill_costs_what_was_in_flight(web: WebServer, tmp_path: Path, root: Path) -> None:
    addresses = site(web, 40)
    listing(tmp_path, addresses)
    script = f"""
        from pathlib import Path
        from tests.test_sources import frozen, recipe
        from xinstruct.tools.web import guest
        guest.MANNERS = guest.Manners(seconds_between=0.02, loopback=True)
        frozen(Path({str(tmp_path)!r}), recipe({{"urls": "addresses.txt"}}))
    """
    for _ in range(3):
        goal = min(40, len(web.asked) + 10)
        with subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], cwd=root) as fetching:
            while len(web.asked) < goal and fetching.poll() is None:
                time.sleep(0.01)
            fetching.kill()
    part = next((tmp_path / "out" / "fetched").glob("*.part"))
    with part.open("ab") as file:
        file.write(b"\x1f\x8b\x08 half a record")
    assert subprocess.run([sys.executable, "-c", textwrap.dedent(script)], cwd=root, check=True).returncode == 0
    found = read(frozen(tmp_path, recipe({"urls": "addresses.txt"})))
    assert sorted(r.url or "" for r in found if isinstance(r, Record)) == sorted(addresses)
    assert reasons(found) == []
    assert sum(web.count(f"/{n}") for n in range(40)) <= 40 + 3


@pytest.mark.parametrize(
    ("pattern", "path", "fitting"),
    [("/a", "/ab", True), ("/a$", "/ab", False), ("/*.php$", "/x/y.php", True), ("/*.php$", "/y.php?z", False),
     ("/a*b*c", "/a--b--", False), ("/a*b*c", "/abcd", True), ("/" + "*a" * 50 + "$", "/" + "a" * 5000 + "b", False)],
)  # fmt: skip
def test_patterns_of_robots_fit_as_the_standard_says(pattern: str, path: str, fitting: bool) -> None:
    assert robots.fits(pattern, path) is fitting


class CrawlServer:
    """A crawl and its index on the web server: `captures` of (url, languages, status, type) lie in two files."""

    def __init__(self, web: WebServer, rows: list[tuple[str, str, str, str]], filters: bool = True) -> None:
        self.rows: list[dict[str, str]] = []
        self.members: dict[str, bytes] = {}
        self.filters = filters
        for number in range(2):
            content, name = archives.member(b""), f"crawl-data/TEST/{number}.warc.gz"
            for url, languages, status, kind in rows[number::2]:
                record = archives.member(archives.warc(archives.http(archives.page(url), f"{status} X", kind), url))
                place = {"filename": name, "offset": str(len(content)), "length": str(len(record))}
                told = {
                    "url": url,
                    "languages": languages,
                    "status": status,
                    "mime": kind,
                    "timestamp": "20250101000000",
                }
                self.rows.append({**told, **place})
                self.members[url] = record
                content += record
            web.put(f"/{name}", content)
        web.answer = self.answer
        self.told = {"commoncrawl": "TEST", "pattern": "*.example", "index": web.address, "store": web.address}

    def answer(self, path: str) -> Page | None:
        split = urlsplit(path)
        if split.path != "/TEST-index":
            return None
        query = parse_qs(split.query)
        if "showNumPages" in query:
            return Page(json.dumps({"pages": 2, "pageSize": 5, "blocks": 8}).encode(), "application/json", ranged=False)
        rows = self.rows[int(query["page"][0]) :: 2]
        for told in query["filter"] if self.filters else []:
            sign, name, value = told[0], *told[1:].split(":", 1)
            rows = [r for r in rows if (r[name] == value if sign == "=" else re.match(value, r[name]))]
        if not rows:
            return Page(b'{"message": "No Captures found"}', "application/json", 404)
        return Page("".join(json.dumps(row) + "\n" for row in rows).encode(), "text/x-ndjson", ranged=False)


CRAWLED = [
    ("http://a.example/1", "swa", "200", "text/html"),
    ("http://a.example/2", "eng", "200", "text/html"),
    ("http://a.example/3", "eng,swh", "200", "text/html"),
    ("http://a.example/4", "swa", "404", "text/html"),
    ("http://a.example/5", "swa", "200", "application/pdf"),
    ("http://a.example/6", "eng,swa,fin", "200", "application/xhtml+xml"),
    ("http://a.example/7", "swabian", "200", "text/html"),
]
WANTED = {"http://a.example/1", "http://a.example/3", "http://a.example/6"}


@pytest.mark.parametrize("filters", [True, False])
def test_of_a_crawl_just_the_bytes_of_wanted_pages_are_fetched(web: WebServer, tmp_path: Path, filters: bool) -> None:
    crawl = CrawlServer(web, CRAWLED, filters)
    plan = frozen(tmp_path, recipe(crawl.told))
    found = read(plan)
    assert {r.url for r in found if isinstance(r, Record)} == WANTED
    (path,) = (tmp_path / "out" / "fetched").glob("*.warc.gz")
    assert all(crawl.members[url] in path.read_bytes() for url in WANTED)
    ranges = [asked.stretch for asked in web.asked if asked.path.startswith("/crawl-data")]
    assert len(ranges) == 3
    assert all(ranges)
    before = len(web.asked)
    assert frozen(tmp_path, recipe(crawl.told)) == plan
    assert len(web.asked) == before


def test_faults_of_a_crawl_are_tried_again_named_or_end_the_run(web: WebServer, tmp_path: Path) -> None:
    crawl = CrawlServer(web, CRAWLED)
    gone = next(row for row in crawl.rows if row["url"].endswith("/3"))
    gone["offset"] = str(int(gone["offset"]) + 1)
    web.faults["/TEST-index"] = [(503, {"Retry-After": "0"}), (429, {}), "truncate", (504, {})]
    web.faults[f"/{gone['filename']}"] = ["reset"] * 100
    with pytest.raises(NoAnswer, match="type the same command again"):
        frozen(tmp_path, recipe(crawl.told))
    web.faults.clear()
    asked = web.count("/TEST-index")
    found = read(frozen(tmp_path, recipe(crawl.told)))
    assert {r.url for r in found if isinstance(r, Record)} == WANTED - {gone["url"]}
    assert reasons(found) == ["not_served"]
    assert web.count("/TEST-index") == asked


def test_a_crawl_that_is_not_there_or_has_no_page_is_one_sentence(web: WebServer, tmp_path: Path) -> None:
    crawl = CrawlServer(web, CRAWLED)
    with pytest.raises(RecipeError, match=r"^commoncrawl: there is no crawl OTHER at http"):
        frozen(tmp_path, recipe({**crawl.told, "commoncrawl": "OTHER"}))
    with pytest.raises(RecipeError, match=r"^commoncrawl: TEST has no page of \*\.example in tam\.$"):
        frozen(tmp_path, recipe(crawl.told, languages=("tam_Taml",)))
    web.put("/WRONG-index", "<html>", "text/html")
    with pytest.raises(RecipeError, match="does not answer as an index of a crawl does"):
        frozen(tmp_path, recipe({**crawl.told, "commoncrawl": "WRONG"}))
    for wrong, told in (
        ({"commoncrawl": "X"}, "needs a pattern"),
        ({"warc": "x", "pattern": "y"}, "can only stand with commoncrawl"),
    ):
        with pytest.raises(ValueError, match=told):
            recipe(wrong)


def rows(*texts: str, **columns: str) -> bytes:
    """A Parquet table of FineWeb-2's columns, a row group for each two texts."""
    table = pa.table({"text": list(texts), "url": [f"http://a.example/{t}" for t in texts]})
    for name, value in columns.items():
        table = table.append_column(name, pa.array([value] * len(texts)))
    packed = io.BytesIO()
    pq.write_table(table, packed, row_group_size=2)
    return packed.getvalue()


class HubServer:
    """A dataset of the Hub on the web server; what it resolves lies at another host, as the Hub's big files do."""

    def __init__(self, web: WebServer, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
        self.web, self.files, self.commit = web, files, "a" * 40
        web.answer = self.answer
        monkeypatch.setenv("HF_ENDPOINT", web.address)
        monkeypatch.setenv("HF_TOKEN", "hf_secret")
        monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda _: None)

    def answer(self, path: str) -> Page | None:
        plain = unquote(urlsplit(path).path)
        if plain.startswith("/api/datasets/lab/rows/tree/"):
            return self.tree(
                plain.removeprefix(f"/api/datasets/lab/rows/tree/{self.commit}").strip("/"),
                "recursive=true" in path.lower(),
            )
        if plain.startswith("/api/datasets/lab/rows"):
            return self.json({"id": "lab/rows", "sha": self.commit, "siblings": []})
        if found := re.fullmatch(r"/datasets/lab/rows/resolve/[a-f0-9]{40}/(.+)", plain):
            far = f"http://localhost:{self.web.port}/far/{found[1]}?signed=1"
            return Page(b"", status=302, headers={"Location": far})
        name = plain.removeprefix("/far/")
        return Page(self.files[name]) if name in self.files else None

    def tree(self, folder: str, deep: bool) -> Page:
        inner = [name.removeprefix(f"{folder}/") for name in self.files if not folder or name.startswith(f"{folder}/")]
        entries = []
        for path in inner if deep else {name.partition("/")[0] for name in inner}:
            whole = f"{folder}/{path}".strip("/")
            told = {"type": "file" if whole in self.files else "directory", "path": whole, "oid": "0" * 40}
            entries.append({**told, "size": len(self.files.get(whole, b""))})
        return self.json(entries)

    def json(self, content: object) -> Page:
        return Page(json.dumps(content).encode(), "application/json", ranged=False)


FINEWEB = {
    "README.md": b"# rows",
    "data/swh_Latn/train/000_00000.parquet": rows(*TEXTS[:5], language="swh", language_script="Latn"),
    "data/swh_Latn/train/000_00001.parquet": rows(*TEXTS[5:7], language="swh", language_script="Latn"),
    "data/swh_Latn/test/000_00000.parquet": rows("jaribio"),
    "data/swh_Latn_removed/train/000_00000.parquet": rows("imeondolewa"),
    "data/cmn_Hani/train/000_00000.parquet": rows("你好", language="cmn", language_script="Hani"),
    "data/fin_Latn/train/000_00000.parquet": rows("hyvää päivää"),
}


def texts(found: list[Record | Skipped]) -> set[str]:
    return {r.body.decode() for r in found if isinstance(r, Record)}


def test_of_a_dataset_on_the_hub_rows_in_wanted_languages_are_read_where_they_lie(
    web: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = HubServer(web, FINEWEB, monkeypatch)
    plan = frozen(tmp_path, recipe({"hf": "lab/rows"}, languages=("swh_Latn", "cmn_Hans"), megabytes=0.001))
    found = read(plan)
    assert texts(found) == {*TEXTS[:7], "你好"}
    assert {(r.language, r.container) for r in found if isinstance(r, Record)} == {
        ("swh_Latn", "lab/rows/data/swh_Latn/train/000_00000.parquet"),
        ("swh_Latn", "lab/rows/data/swh_Latn/train/000_00001.parquet"),
        ("cmn_Hans", "lab/rows/data/cmn_Hani/train/000_00000.parquet"),
    }
    far = [asked for asked in web.asked if asked.path.startswith("/far/")]
    assert all(asked.stretch and "authorization" not in asked.headers for asked in far)
    assert all("fin_Latn" not in a.path and "removed" not in a.path for a in web.asked)
    assert any(a.headers.get("authorization") == "Bearer hf_secret" for a in web.asked if "/resolve/" in a.path)
    assert "hf_secret" not in (tmp_path / "out" / "plan.json").read_text()
    hub.commit = "b" * 40  # a new commit that leaves these files as they are
    again = recipe({"hf": "lab/rows"}, languages=("swh_Latn", "cmn_Hans"), megabytes=0.001)
    assert frozen(tmp_path, again).files == plan.files
    assert texts(read(frozen(tmp_path, again))) == texts(found)


def test_a_path_in_a_dataset_and_other_layouts_are_taken_as_they_are(
    web: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = json.dumps({"text": "habari", "language": "sw"}).encode()
    hub = HubServer(web, FINEWEB, monkeypatch)
    named = recipe({"hf": "lab/rows@main/data/swh_Latn/test/*.parquet"})
    (tmp_path / "named").mkdir()
    assert texts(read(frozen(tmp_path / "named", named))) == {"jaribio"}
    hub.files = {"train-0.jsonl": lines, "test-0.jsonl": lines, "notes.txt": b"x"}
    (tmp_path / "flat").mkdir()
    found = read(frozen(tmp_path / "flat", recipe({"hf": "lab/rows"})))
    assert [(r.language, r.container) for r in found if isinstance(r, Record)] == [
        ("swh_Latn", "lab/rows/train-0.jsonl")
    ]


def test_a_dataset_that_is_not_there_or_does_not_answer_is_one_sentence(
    web: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    HubServer(web, FINEWEB, monkeypatch)
    with pytest.raises(RecipeError, match=r"^hf: the Hub has no lab/gone \(404\)\.$"):
        frozen(tmp_path, recipe({"hf": "lab/gone"}))
    with pytest.raises(RecipeError, match="no Parquet file and no JSON lines in tam_Taml"):
        frozen(tmp_path, recipe({"hf": "lab/rows"}, languages=("tam_Taml",)))
    with pytest.raises(RecipeError, match="is no name of a dataset on the Hub"):
        frozen(tmp_path, recipe({"hf": "rows"}))
    web.faults["/api/datasets/lab/rows/revision/main"] = [(403, {})]
    web.faults["/api/datasets/lab/rows"] = [(403, {})]
    with pytest.raises(RecipeError, match="set HF_TOKEN to a token that may read it"):
        frozen(tmp_path, recipe({"hf": "lab/rows"}))
    web.faults["/api/datasets/lab/rows"] = [(503, {})] * 100
    with pytest.raises(NoAnswer, match="The Hub cannot be reached"):
        frozen(tmp_path, recipe({"hf": "lab/rows"}))


def bucket(web: WebServer, name: str) -> None:
    """Lets the web server list a bucket as S3 does; what lies in it are pages under /name/."""

    def answer(path: str) -> Page | None:
        split = urlsplit(path)
        if split.path.strip("/") != name:
            return None
        query = {key: value[0] for key, value in parse_qs(split.query).items()}
        keys = [p.removeprefix(f"/{name}/") for p in web.pages if p.startswith(f"/{name}/{query.get('prefix', '')}")]
        entries = "".join(
            f"<Contents><Key>{key}</Key><Size>{len(web.pages[f'/{name}/{key}'].body)}</Size><ETag>x</ETag>"
            "<LastModified>2025-01-01T00:00:00.000Z</LastModified></Contents>"
            for key in sorted(keys)
        )
        head = f"<Name>{name}</Name><KeyCount>{len(keys)}</KeyCount><IsTruncated>false</IsTruncated>"
        return Page(f"<ListBucketResult>{head}{entries}</ListBucketResult>".encode(), "application/xml", ranged=False)

    web.answer = answer


@pytest.mark.slow
@pytest.mark.usefixtures("s3_anew")
def test_an_archive_in_s3_is_read_in_stretches(web: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", web.address)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "name")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    file = archives.write(tmp_path / "crawl.warc.gz", archives.crawl(60))
    for name in ("a.warc.gz", "note.txt"):
        web.put(f"/crawls/deep/{name}", file.read_bytes(), headers={"Last-Modified": "Wed, 01 Jan 2025 00:00:00 GMT"})
    bucket(web, "crawls")
    web.faults["/crawls/deep/a.warc.gz"] = [(503, {})]
    plan = frozen(tmp_path, recipe({"warc": "s3://crawls/deep/*.warc.gz"}, megabytes=0.01))
    assert set(plan.files) == {"a.warc.gz"}
    assert len(plan.parts) > 3
    web.faults["/crawls/deep/a.warc.gz"] = ["truncate", (500, {})]
    assert pages(read(plan)) == pages(here(file, "warc"))
    with pytest.raises(RecipeError, match=r"^warc: there is no s3://crawls/gone\.warc\.gz\.$"):
        frozen(tmp_path, recipe({"warc": "s3://crawls/gone.warc.gz"}))
    web.put(
        "/crawls/deep/a.warc.gz", file.read_bytes() + b"1", headers={"Last-Modified": "Wed, 01 Jan 2025 00:00:00 GMT"}
    )
    with pytest.raises(RecipeError, match="has changed"):
        frozen(tmp_path, recipe({"warc": "s3://crawls/deep/*.warc.gz"}))


@pytest.mark.slow
def test_a_whole_run_over_the_hub_and_a_crawl_balances_and_goes_on_without_asking_again(
    web: WebServer, small_crawl: Path, tmp_path: Path, xinstruct: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    paragraph = " ".join(TEXTS[:12])
    hub = HubServer(web, {"data/swh_Latn/train/0.parquet": rows(paragraph, language="swh")}, monkeypatch)
    crawl = CrawlServer(web, CRAWLED)
    web.put("/crawl-data/TEST/0.warc.gz", small_crawl.read_bytes())
    first = next(members(small_crawl))
    crawl.rows = [{**crawl.rows[0], "filename": "crawl-data/TEST/0.warc.gz", "offset": "0", "length": str(len(first))}]
    web.answer = lambda path: crawl.answer(path) or hub.answer(path)
    sources = [
        {"hf": "lab/rows"},
        crawl.told,
        {"warc": f"{web.address}/crawl-data/TEST/0.warc.gz", "licence": "CC0-1.0"},
    ]
    told = {"languages": ["swh_Latn"], "sources": sources, "stages": ["harvest"]}
    (tmp_path / "recipe.yml").write_text(json.dumps(told))
    for _ in range(2):
        done = xinstruct("run", tmp_path / "recipe.yml", "--out", tmp_path / "out")
        assert done.returncode == 0, done.stderr
        status = json.loads(xinstruct("status", tmp_path / "out", "--json").stdout)
        assert status["balanced"]
        kept = status["stages"][0]["kept"]
        assert kept > 1
    assert web.count("/TEST-index") == 3  # how many pages, and both
    again = xinstruct("retry", tmp_path / "out")
    assert again.returncode == 0, again.stderr
