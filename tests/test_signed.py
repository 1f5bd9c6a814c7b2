"""Signed addresses: what opens a source stands in the recipe, and nowhere in what a run keeps, shows or publishes."""

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from tests import archives
from tests.kept_files import everything
from tests.web_server import Page, WebServer
from xinstruct.candidate import Skipped
from xinstruct.commands import DONE, OUTSIDE, WRONG_CALL, status_of
from xinstruct.commands._making import make
from xinstruct.commands._screen import Screen
from xinstruct.commands._workers import Workers
from xinstruct.pipeline.plan import Plan, freeze, read_plan
from xinstruct.recipe import Recipe, RecipeError
from xinstruct.tools import store
from xinstruct.tools.web import asking, guest, reader, remote
from xinstruct.tools.web.asking import NoAnswer, NotServed
from xinstruct.tools.web.record import Record
from xinstruct.tools.web.signed import is_cut, kept, shown, shown_in, unsigned

SECRET, RENEWED = "5ecretOf5unday", "5ecretOfMonday"
S3 = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20260101T000000Z&X-Amz-Expires=3600&X-Amz-Signature="
LINE = ["harvest", {"cluster": {"over": "response"}}, "instruct", "score", "diversify"]


@pytest.fixture
def web() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking.Pause, "first", 0.01)


def lock(web: WebServer, *keys: str) -> None:
    """Lets the server open its files only to requests that carry one of the keys in their query."""

    def answer(path: str) -> Page | None:
        given = {value for values in parse_qs(urlsplit(path).query).values() for value in values}
        return None if given & set(keys) else Page(b"no", "text/plain", 403)

    web.answer = answer


def write(folder: Path, *sources: dict[str, str], stages: list[object] | None = None) -> Path:
    told = {"languages": ["swh_Latn"], "sources": list(sources), "stages": stages or LINE, "part_megabytes": 0.02}
    (folder / "recipe.yml").write_text(yaml.safe_dump(told))
    return folder / "recipe.yml"


def run(folder: Path, *options: str) -> int:
    return status_of(["run", str(folder / "recipe.yml"), "--out", str(folder / "out"), "--workers", "1", *options])


def commits(out: Path) -> dict[str, tuple[int, bytes]]:
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in out.glob("*/*.made.json")}


def recipe(*sources: dict[str, str]) -> Recipe:
    return Recipe.model_validate({"languages": ["swh_Latn"], "sources": list(sources), "stages": ["harvest"]})


def frozen(tmp_path: Path, *sources: dict[str, str]) -> Plan:
    return freeze(tmp_path / "out", recipe(*sources), tmp_path, ("1_harvest",), None, None)


@pytest.mark.slow
@pytest.mark.parametrize("ranged", [True, False])
def test_no_file_and_no_line_of_a_run_holds_what_opened_its_source(
    web: WebServer, small_crawl: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], ranged: bool
) -> None:
    address = web.put("/bucket/x.warc.gz", small_crawl.read_bytes(), ranged=ranged)
    lock(web, SECRET)
    write(tmp_path, {"warc": f"{address}?{S3}{SECRET}&versionId=7"})
    assert run(tmp_path) == DONE
    out = tmp_path / "out"
    assert (out / "dataset" / "README.md").exists()
    for call in (["status", str(out)], ["publish", str(out), "--to", str(tmp_path / "out" / "again")]):
        assert status_of(call) == DONE
    said = capfd.readouterr()
    held = everything(out) + said.out + said.err
    assert "x.warc.gz" in held
    assert [held[at.start() - 200 : at.end() + 80] for at in re.finditer(f"{SECRET}|X-Amz|20260101T", held)] == []


@pytest.mark.slow
@pytest.mark.parametrize("ranged", [True, False])
def test_a_renewed_signature_makes_nothing_anew_and_goes_on_with_what_is_missing(
    web: WebServer, small_crawl: Path, tmp_path: Path, ranged: bool
) -> None:
    address = web.put("/bucket/x.warc.gz", small_crawl.read_bytes(), ranged=ranged)
    lock(web, SECRET)
    write(tmp_path, {"warc": f"{address}?{S3}{SECRET}"})
    assert run(tmp_path) == DONE
    out = tmp_path / "out"
    before, held = commits(out), everything(out / "dataset")
    assert len(read_plan(out).parts) > 1  # type: ignore[union-attr]

    lock(web, RENEWED)
    write(tmp_path, {"warc": f"{address}?{S3.replace('20260101', '20260202')}{RENEWED}"})
    assert run(tmp_path) == DONE
    assert commits(out) == before
    store.unmake(out / "1_harvest", "00001")
    assert run(tmp_path) == DONE
    assert {path: told for path, (_, told) in commits(out).items() if "1_harvest/00000" in path} == {
        path: told for path, (_, told) in before.items() if "1_harvest/00000" in path
    }
    assert everything(out / "dataset") == held
    assert RENEWED not in everything(out)


@pytest.mark.slow
def test_what_failed_is_tried_again_without_the_key_of_the_source(
    web: WebServer, small_crawl: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    address = web.put("/x.warc.gz", small_crawl.read_bytes())
    lock(web, SECRET)
    write(tmp_path, {"warc": f"{address}?{S3}{SECRET}"}, stages=["harvest", "instruct"])
    assert run(tmp_path) == DONE
    out = tmp_path / "out"
    asked = len(web.asked)
    old = read_plan(out)
    assert old is not None
    before, as_kept = commits(out), Recipe.model_validate(old.recipe)
    # What `retry` does when something has failed.
    assert make(as_kept, Path(old.folder), out, Screen(), workers=Workers(1), retry=True)
    assert commits(out) == before
    assert len(web.asked) == asked

    with pytest.raises(OSError, match="run that, with the same --out"):
        list(reader.records(old.parts[0].pieces[0]))
    capfd.readouterr()
    (tmp_path / "recipe.yml").write_text(yaml.safe_dump(old.recipe | {"stages": ["harvest"]}))
    assert run(tmp_path) == WRONG_CALL
    assert f"{address} stands here without what opens it" in capfd.readouterr().err


@pytest.mark.slow
def test_a_name_and_a_password_before_the_host_open_and_are_not_kept(
    web: WebServer, small_crawl: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    web.put("/x.warc.gz", small_crawl.read_bytes())
    write(tmp_path, {"warc": f"http://amina:{SECRET}@127.0.0.1:{web.port}/x.warc.gz"}, stages=["harvest"])
    assert run(tmp_path) == DONE
    wanted = "Basic " + base64.b64encode(f"amina:{SECRET}".encode()).decode()
    assert {asked.headers.get("authorization") for asked in web.asked} == {wanted}
    said = capfd.readouterr()
    held = everything(tmp_path / "out") + said.out + said.err
    assert SECRET not in held
    assert "amina" not in held


def test_a_page_that_a_key_opens_is_named_without_it(web: WebServer, tmp_path: Path) -> None:
    address = web.put("/page.html", archives.page("moja"), "text/html")
    plan = frozen(tmp_path, {"html": f"{address}?token={SECRET}"})
    (found,) = [one for part in plan.parts for piece in part.pieces for one in reader.records(piece)]
    assert isinstance(found, Record)
    assert (found.url, found.container) == (address, "page.html")
    assert SECRET not in everything(tmp_path / "out")


def test_another_path_or_another_content_is_noticed_whatever_the_signature(web: WebServer, tmp_path: Path) -> None:
    first = web.put("/a/x.jsonl", '{"text": "moja"}\n')
    frozen(tmp_path, {"jsonl": f"{first}?sig={SECRET}&se=2026"})
    other = web.put("/a/y.jsonl", '{"text": "moja"}\n')
    with pytest.raises(RecipeError, match="other sources"):
        frozen(tmp_path, {"jsonl": f"{other}?sig={SECRET}&se=2026"})
    web.put("/a/x.jsonl", '{"text": "mbili"}\n')
    with pytest.raises(RecipeError, match=r"x\.jsonl has changed"):
        frozen(tmp_path, {"jsonl": f"{first}?sig={RENEWED}&se=2027"})


@pytest.mark.parametrize("ranged", [True, False])
def test_files_that_only_differ_behind_the_question_mark_are_not_taken_for_one(
    web: WebServer, tmp_path: Path, ranged: bool
) -> None:
    pages = {f"/get?file={n}": Page(f'{{"text": "{n}"}}\n'.encode(), ranged=ranged) for n in ("moja", "mbili")}
    web.answer = lambda path: next((page for name, page in pages.items() if path.startswith(name)), None)
    one, other = (f"{web.address}/get?file={name}&token=" for name in ("moja", "mbili"))
    plan = frozen(tmp_path, {"jsonl": one + SECRET})
    plan = frozen(tmp_path, {"jsonl": one + RENEWED}, {"jsonl": other + SECRET})
    texts = [found.body for part in plan.parts for piece in part.pieces for found in reader.records(piece)]  # type: ignore[union-attr]
    assert texts == [b"moja", b"mbili"]
    with pytest.raises(RecipeError, match=r"/get is named twice, with two signatures or tokens"):
        frozen(tmp_path, {"jsonl": one + SECRET}, {"jsonl": one + RENEWED})


def test_a_file_that_was_once_named_alone_keeps_its_name_beside_a_namesake(web: WebServer, tmp_path: Path) -> None:
    first, second = (web.put(f"/{folder}/x.jsonl", f'{{"text": "{folder}"}}\n') for folder in "ab")
    assert set(frozen(tmp_path, {"jsonl": f"{first}?sig={SECRET}"}).files) == {"x.jsonl"}
    both = frozen(tmp_path, {"jsonl": f"{first}?sig={RENEWED}"}, {"jsonl": f"{second}?sig={RENEWED}"})
    assert set(both.files) == {"x.jsonl", "b/x.jsonl"}


@pytest.mark.parametrize(
    "source",
    [
        {"warc": "{web}/gone.warc.gz?sig=SECRET"},
        {"warc": "http://amina:SECRET@127.0.0.1:{port}/gone.warc.gz"},
        {"warc": "http://amina:SEC/RET@127.0.0.1:{port}/gone.warc.gz"},
        {"warc": "http://[amina:SECRET@host/gone.warc.gz"},
        {"warc": "{web}/gone/*.warc.gz?sig=SECRET"},
        {"warc": "http://amina:SECRET@127.0.0.1:{port}/gone/*.warc.gz"},
        {"warc": "ftp://amina:SECRET@host.example/x.warc.gz?sig=SECRET"},
        {"html": "{web}/gone.html?token=SECRET"},
        {"urls": "{web}/sitemap.xml?token=SECRET"},
        {"urls": "http://amina:SEC/RET@127.0.0.1:{port}/sitemap.xml"},
        {"urls": "ftp://host.example/list.txt?token=SECRET"},
        {"commoncrawl": "CC-MAIN-2025-05", "pattern": "*.go.ke", "index": "http://amina:SECRET@127.0.0.1:{port}/"},
    ],
)
@pytest.mark.parametrize("fault", ["404", "503", "reset"])
def test_no_sentence_about_a_source_tells_what_opens_it(
    web: WebServer, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    source: dict[str, str], fault: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(guest, "MANNERS", guest.Manners(seconds_between=0, loopback=True, seconds=5, tries=2))
    faults = {"404": [], "503": [(503, {"Retry-After": "0"})] * 99, "reset": ["reset"] * 99}[fault]
    for path in ("/gone.warc.gz", "/gone/", "/gone.html", "/sitemap.xml", "/CC-MAIN-2025-05-index"):
        web.faults[path] = list(faults)
    filled = {
        name: value.replace("{web}", web.address).replace("{port}", str(web.port)).replace("SECRET", SECRET)
        for name, value in source.items()
    }
    write(tmp_path, {name: value.replace("SEC/RET", "5ecret/Of5unday") for name, value in filled.items()})
    assert run(tmp_path) in (WRONG_CALL, OUTSIDE)
    said = capfd.readouterr()
    assert said.err.endswith(".\n")
    told = said.out + said.err + (everything(tmp_path / "out") if (tmp_path / "out").exists() else "")
    assert not re.search(f"{SECRET}|5ecret|amina|token=|sig=", told), told


def test_show_tells_no_secret_of_a_recipe(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, {"warc": f"https://amina:{SECRET}@host.example/x.warc.gz?sig={SECRET}"})
    assert status_of(["show", str(path)]) == WRONG_CALL
    said = capfd.readouterr()
    assert "host.example/x.warc.gz does not lie on this machine" in said.err
    assert SECRET not in said.out + said.err


def test_a_recipe_that_is_no_yaml_is_named_by_its_line_alone(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "recipe.yml").write_text(f"languages: [swh_Latn]\nsources: [{{warc: 'https://h/x?sig={SECRET}'}}\na: b")
    assert run(tmp_path) == WRONG_CALL
    said = capfd.readouterr().err
    assert "line 3" in said
    assert SECRET not in said


@pytest.mark.slow
def test_pointers_of_a_signed_source_are_filled_from_a_file_of_its_name(
    web: WebServer, small_crawl: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    address = web.put("/bucket/x.warc.gz", small_crawl.read_bytes())
    lock(web, SECRET)
    path = write(tmp_path, {"warc": f"{address}?{S3}{SECRET}"}, stages=["harvest", "instruct"])
    path.write_text(f"{path.read_text()}rights: pointers\n")
    assert run(tmp_path) == DONE
    assert SECRET not in everything(tmp_path / "out")
    here = tmp_path / "downloaded" / "x.warc.gz"
    here.parent.mkdir()
    here.write_bytes(small_crawl.read_bytes())
    dataset, filled = str(tmp_path / "pointers"), str(tmp_path / "filled")
    assert status_of(["publish", str(tmp_path / "out"), "--to", dataset]) == DONE
    assert SECRET not in everything(tmp_path / "pointers")
    assert status_of(["rehydrate", dataset, "--source", str(here), "--out", filled]) == DONE
    assert "none is missing" in capfd.readouterr().out
    assert SECRET not in everything(tmp_path / "filled")


def test_listed_pages_are_fetched_with_their_keys_and_noted_without(
    web: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guest, "MANNERS", guest.Manners(seconds_between=0, loopback=True))
    page = Page(archives.page("moja"), "text/html")
    opens = {f"/p?id=1&access_token={SECRET}": page, f"/q?access_token={SECRET}": page, "/r?id=2": page}
    web.answer = lambda path: opens.get(path)
    web.redirect("/leads", f"/q?access_token={SECRET}")
    host = f"http://amina:{SECRET}@127.0.0.1:{web.port}"
    listed = [f"{host}/p?id=1&access_token={SECRET}", f"{web.address}/leads", f"{web.address}/r?id=2"]
    (tmp_path / "list.txt").write_text("\n".join([*listed, f"{host}/gone?access_token={SECRET}"]))
    plan = frozen(tmp_path, {"urls": "list.txt"})
    found = [one for part in plan.parts for piece in part.pieces for one in reader.records(piece)]
    assert [one.url for one in found if isinstance(one, Record)] == [
        f"{web.address}/p?id=1", f"{web.address}/q", f"{web.address}/r?id=2",
    ]  # fmt: skip
    assert "status_404" in {one.reason for one in found if isinstance(one, Skipped)}
    held = everything(tmp_path / "out").replace(f"Location: /q?access_token={SECRET}", "")
    assert SECRET not in held
    assert "Basic" not in held
    count = len(web.asked)
    (tmp_path / "list.txt").write_text((tmp_path / "list.txt").read_text().replace(SECRET, RENEWED))
    assert frozen(tmp_path, {"urls": "list.txt"}).files == plan.files
    assert len(web.asked) == count


@pytest.mark.parametrize(
    ("address", "without"),
    [
        ("https://host.example/x.warc.gz", "https://host.example/x.warc.gz"),
        ("/data/x?.warc.gz", "/data/x?.warc.gz"),
        ("https://me:pw@host.example:8443/a/x.warc.gz", "https://host.example:8443/a/x.warc.gz"),
        ("https://host.example/x?sig=abc&se=2026-01-01#part", "https://host.example/x"),
        ("s3://key:pw@bucket/x.warc.gz", "s3://bucket/x.warc.gz"),
        ("https://me:p/w@host.example/x", "https://…"),
        ("https://host.example/@me/x", "https://host.example/@me/x"),
    ],
)
def test_an_address_is_shown_without_what_opens_it(address: str, without: str) -> None:
    assert shown(address) == without
    assert shown_in(f"refused (url='{address}')") == f"refused (url='{without}')"
    assert is_cut(kept(address)) is (shown(address) != address)
    assert kept(kept(address)) == kept(address)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (f"{S3}{SECRET}", f"{S3.replace('3600', '60')}{RENEWED}"),
        ("sv=2024&sp=r&se=2026&sig=abc%3D", "sv=2025&sp=r&se=2027&sig=def%3D"),
        ("Expires=1&Signature=a&Key-Pair-Id=K", "Expires=2&Signature=b&Key-Pair-Id=L"),
        ("id=5&token=a", "id=5&token=b"),
    ],
)
def test_a_renewed_signature_leaves_what_is_kept_as_it_is(one: str, other: str) -> None:
    addresses = [f"https://host.example/x.warc.gz?{query}" for query in (one, other)]
    assert kept(addresses[0]) == kept(addresses[1])
    assert kept(addresses[0]) != kept(addresses[0] + "&part=2")


def test_of_a_pages_address_only_what_opens_it_is_left_out() -> None:
    assert unsigned("https://a.example/p?b=%C3%A4&id=5#x") == "https://a.example/p?b=%C3%A4&id=5#x"
    assert unsigned("https://a.example/p?expires=1&st=2") == "https://a.example/p?expires=1&st=2"
    assert unsigned("https://me@a.example/p?id=5&Token=x&expires=1") == "https://a.example/p?id=5"


def test_a_server_that_fails_is_named_without_its_key(web: WebServer) -> None:
    web.faults["/x"] = ["reset"] * 9
    with pytest.raises(NoAnswer) as caught:
        asking.whole(f"{web.address}/x?sig={SECRET}", 10)
    assert SECRET not in str(caught.value)
    with pytest.raises(NotServed) as refused:
        remote.found(f"http://amina:{SECRET}/x@host.example/*.gz")
    assert SECRET not in str(refused.value)
