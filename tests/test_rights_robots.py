"""robots.txt in web archives are found at a glance, kept by host, and decide what must be harvested anew."""

import asyncio
import dataclasses
import gzip
import itertools
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import archives
from xinstruct.engine import LocalEngine
from xinstruct.pipeline import robots_txt
from xinstruct.pipeline.line import Stage, line_of
from xinstruct.pipeline.plan import Plan, freeze
from xinstruct.recipe import Recipe
from xinstruct.tools.rights import survey as surveying
from xinstruct.tools.rights.refusals import refusals_in
from xinstruct.tools.rights.robots import Robots
from xinstruct.tools.rights.robots_kept import FILE, KeptBodies, RobotsKept
from xinstruct.tools.rights.survey import Survey, mark_of, survey

TEXT = "text/plain"
NOBODY = b"User-agent: *\nDisallow: /"
NO_TRAINING = b"User-agent: GPTBot\nDisallow: /habari/"


def robots(url: str, body: bytes = NOBODY, status: str = "200 OK", kind: str = TEXT) -> bytes:
    return archives.warc(archives.http(body, status, kind), url)


RECORDS = [
    archives.warc(archives.http(archives.page("one")), "https://a.example/1"),
    robots("https://a.example/robots.txt"),
    robots("https://b.example/robots.txt", b"gone", "404 Not Found"),
    robots("https://c.example/robots.txt", b"<html>hello", kind="text/html"),
    robots("https://d.example/pages/robots.txt"),
    archives.warc(NO_TRAINING, "https://e.example:8080/robots.txt", "resource", TEXT),
]


def looked(path: Path, *cuts: int) -> Survey:
    """What a survey of all of the file finds, cut at these bytes."""
    size = path.stat().st_size
    return survey([(path, start, end) for start, end in itertools.pairwise([0, *cuts, size])])


def in_full(path: Path) -> Survey:
    """The same, but every record is unpacked."""
    pages = list(surveying.read_in_full(path, 0, path.stat().st_size))
    places = {place for url, _ in pages if (place := surveying.place_of(url))}
    found = [(surveying.place_of(url), body.decode()) for url, body in pages if body is not None]
    return Survey(sorted(map(mark_of, places)), found)  # type: ignore[arg-type]


def same(one: Survey, other: Survey) -> bool:
    return list(one.hosts) == list(other.hosts) and one.robots == other.robots  # type: ignore[arg-type]


@pytest.mark.parametrize("packed", [True, False])
def test_robots_are_found_wherever_they_stand_in_an_archive(tmp_path: Path, packed: bool) -> None:
    path = archives.write(tmp_path / "a.warc", RECORDS, packed)
    found = looked(path)
    assert found.robots == [("a.example", NOBODY.decode()), ("e.example:8080", NO_TRAINING.decode())]
    hosts = ("a.example", "b.example", "c.example", "d.example", "e.example:8080")
    assert found.hosts is not None
    assert found.hosts.tolist() == sorted(map(mark_of, hosts))
    asked = Robots()
    for place, body in found.robots:
        asked.add(f"https://{place}/robots.txt", body)
    assert [asked.allows(f"https://{name}.example/1") for name in "abcd"] == [False, None, None, None]


@pytest.mark.parametrize("seed", range(4))
def test_a_glance_finds_what_reading_in_full_finds(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    records = [*archives.crawl(60), *(robots(f"http://site{n}.example/robots.txt") for n in range(3))]
    rng.shuffle(records)
    packed = archives.write(tmp_path / "a.warc.gz", records)
    plain = archives.write(tmp_path / "a.warc", records, packed=False)
    whole = in_full(packed)
    assert len(whole.robots) == 3
    assert same(looked(packed), whole)
    assert same(looked(plain), whole)
    cuts = sorted(rng.sample(range(packed.stat().st_size), 5))
    assert same(looked(packed, *cuts), whole)


def test_what_no_glance_can_tell_is_read_in_full(tmp_path: Path) -> None:
    inner = b"".join(archives.member(record) for record in [robots("https://evil.example/robots.txt")] * 3)
    several = archives.member(b"".join(RECORDS[:3]))
    padded = archives.member(RECORDS[0]) + b"\0" * 64 + archives.member(RECORDS[1])
    kept_inside = archives.member(archives.warc(archives.http(inner, kind="application/gzip"), "https://x.example/"))
    broken = archives.member(RECORDS[0])[:-9] + archives.member(RECORDS[1])
    wrong = [archives.warc(archives.http(b"x" * 90), "https://w.example/", length=40), *RECORDS]
    cases = {
        "several.gz": several + archives.member(RECORDS[3]),
        "padded.gz": padded,
        "inside.gz": kept_inside + archives.member(RECORDS[1]),
        "broken.gz": broken,
        "short.gz": archives.member(RECORDS[1])[:-20],
        "wrong.warc": b"".join(wrong),
        "garbage.gz": b"garbage" + archives.member(RECORDS[1]),
        "old.arc": archives.arc(archives.http(NOBODY, kind=TEXT), "http://o.example/robots.txt"),
        "empty.warc": b"",
        "no.warc": b"this is no archive",
    }
    for name, content in cases.items():
        path = tmp_path / name
        path.write_bytes(content)
        found = looked(path)
        assert same(found, in_full(path)), name
        assert "evil.example" not in [place for place, _ in found.robots]


def test_every_archive_of_the_shared_data_is_seen_as_if_it_were_read_in_full(shared_data: Path) -> None:
    paths = sorted((shared_data / "warc_samples").iterdir())
    assert paths
    for path in paths:
        assert same(looked(path), in_full(path)), path.name


def test_the_sample_crawl_holds_robots_for_its_hosts(sample: Path) -> None:
    found = looked(sample)
    assert found.robots
    asked = Robots()
    for place, body in found.robots:
        asked.add(f"https://{place}/robots.txt", body)
    assert all(asked.allows(f"https://{place}/") is not None for place, _ in found.robots)


def test_a_hosts_last_robots_counts_and_is_found_by_its_place(tmp_path: Path) -> None:
    kept = RobotsKept(tmp_path)
    assert kept.missing({"00000": "x", "00001": "y"}) == ["00000", "00001"]
    kept.put("00001", "y", looked(archives.write(tmp_path / "b", [robots("http://a.example/robots.txt", b"")])))
    kept.put("00000", "x", looked(archives.write(tmp_path / "a", RECORDS)))
    assert KeptBodies(tmp_path).find("a.example") == ""
    assert KeptBodies(tmp_path).find("b.example") is None
    assert kept.missing({"00000": "x", "00001": "other"}) == ["00001"]
    assert KeptBodies(tmp_path).find("a.example") == NOBODY.decode()
    assert kept.count() == 2


def test_a_damaged_file_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database" * 1000)
    assert RobotsKept(tmp_path).missing({"00000": "x"}) == ["00000"]


def test_a_folder_without_robots_refuses_nothing(tmp_path: Path) -> None:
    refusals = refusals_in(tmp_path)
    assert refusals.of_robots("https://a.example/1") is None
    assert refusals.of_page("https://a.example/1") is None
    assert refusals.of_licence(None) is None
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def engine() -> Iterator[LocalEngine]:
    engine = LocalEngine(2)
    yield engine
    engine.close()


class Gathering:
    """A run's folder whose archives are looked through again and again."""

    def __init__(self, folder: Path, engine: LocalEngine) -> None:
        self.folder, self.out, self.engine, self.said = folder, folder / "out", engine, list[str]()

    def add(self, name: str, *records: bytes) -> None:
        archives.write(self.folder / name, list(records))

    def gather(self, **settings: str) -> tuple[Plan, list[Stage], dict[str, str]]:
        recipe = Recipe.model_validate(
            {
                "languages": ["swh_Latn"],
                "sources": [{"warc": "*.warc.gz"}],
                "stages": [{"harvest": settings}],
                "part_megabytes": 3e-4,
            }
        )
        line = list(line_of(recipe))
        plan = freeze(self.out, recipe, self.folder, ("1_harvest",), None, None)
        asyncio.run(robots_txt.gather(self.out, line, plan, self.engine, self.said.append))
        return plan, line, robots_txt.marks(self.out, line, plan)


@pytest.fixture
def gathering(tmp_path: Path, engine: LocalEngine) -> Gathering:
    gathering = Gathering(tmp_path, engine)
    gathering.add("a.warc.gz", archives.warc(archives.http(archives.page("one")), "https://a.example/1"))
    gathering.add("b.warc.gz", archives.warc(archives.http(archives.page("two")), "https://www.b.example/1"))
    return gathering


def test_new_robots_concern_the_parts_that_hold_pages_of_their_hosts(gathering: Gathering) -> None:
    before = gathering.gather()[2]
    assert len(before) == 2
    assert gathering.gather()[2] == before
    gathering.add("c.warc.gz", robots("https://b.example/robots.txt"), robots("https://z.example/robots.txt"))
    plan, _, after = gathering.gather()
    first, second = (part.name for part in plan.parts[:2])
    assert after[first] == before[first]
    assert after[second] != before[second]
    assert len(plan.parts) > 2
    refusals = refusals_in(gathering.out)
    assert refusals.of_robots("https://b.example/1") == ("reserved", "robots.txt: disallowed to *")
    assert refusals.of_robots("https://a.example/1") is None
    assert gathering.said == ["The web archives hold the robots.txt of 2 hosts; pages that these refuse are left out."]


def test_any_robots_concern_a_part_whose_hosts_are_not_known(gathering: Gathering) -> None:
    plan, line, before = gathering.gather()
    assert len(before) == 2
    name = plan.parts[0].name
    pieces = tuple(dataclasses.replace(piece, kind="jsonl") for piece in plan.parts[0].pieces)
    rows = dataclasses.replace(plan, parts=(dataclasses.replace(plan.parts[0], pieces=pieces), *plan.parts[1:]))
    assert robots_txt.surveyed(robots_txt.Looking(name, pieces))[1].hosts is None
    RobotsKept(gathering.out).missing({})
    asyncio.run(robots_txt.gather(gathering.out, line, rows, gathering.engine))
    gathering.add("c.warc.gz", robots("https://z.example/robots.txt"))
    RobotsKept(gathering.out).put("00009", "x", looked(gathering.folder / "c.warc.gz"))
    assert robots_txt.marks(gathering.out, line, rows)[name] != before[name]


def test_who_keeps_reserved_pages_asks_no_robots(gathering: Gathering) -> None:
    gathering.add("c.warc.gz", robots("https://b.example/robots.txt"))
    assert set(gathering.gather(reserved="keep")[2].values()) == {""}
    assert not (gathering.out / FILE).exists()


def test_a_packed_record_that_is_cut_off_in_its_head_loses_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "cut.warc.gz"
    path.write_bytes(archives.member(RECORDS[1]) + gzip.compress(RECORDS[0])[:40])
    assert looked(path).robots == [("a.example", NOBODY.decode())]
