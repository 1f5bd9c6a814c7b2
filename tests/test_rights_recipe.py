"""What a recipe says of rights: what is wrong with it in one sentence, and what harvest makes of it."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests import archives
from tests.conftest import Call
from xinstruct.pipeline.plan import freeze, read_plan
from xinstruct.recipe import Recipe, RecipeError
from xinstruct.tools.rights.refusals import refusals_in

LINE = "Wakulima wa mkoa huu hupanda mahindi mwanzo wa mvua, na baada ya wiki tatu huondoa magugu shambani mwao. "


def recipe(rights: Any) -> Recipe:
    content = {"languages": ["swh_Latn"], "sources": [{"jsonl": "*.jsonl"}], "stages": ["harvest"]}
    return Recipe.model_validate({**content, "rights": rights})


def frozen(folder: Path, rights: Any) -> Path:
    (folder / "rows.jsonl").write_text('{"text": "habari"}\n')
    freeze(folder / "out", recipe(rights), folder, ("1_harvest",), None, None)
    return folder / "out"


def refused(folder: Path, rights: Any) -> str:
    with pytest.raises(RecipeError) as caught:
        frozen(folder, rights)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert not (folder / "out").exists()
    return sentence


def test_a_bare_word_says_what_may_leave() -> None:
    assert recipe("open-only").rights == recipe({"publish": "open-only"}).rights
    assert recipe(None).rights.publish is None
    assert recipe({}).rights.accept == ["all"]


def test_what_is_accepted_is_frozen_under_its_own_names(tmp_path: Path) -> None:
    (tmp_path / "optout.txt").write_text("www.A.example\n")
    out = frozen(tmp_path, {"accept": ["cc by", "CC BY-SA 4.0", "open"], "opt_out": "optout.txt"})
    assert json.loads((out / "rights.json").read_text()) == {
        "opted_out": ["a.example"],
        "accepted": ["CC-BY", "CC-BY-SA-4.0", "open"],
    }
    plan = read_plan(out)
    assert plan is not None
    assert plan.recipe["rights"]["opt_out"] == "optout.txt"
    refusals = refusals_in(out)
    assert refusals.of_page("https://b.a.example/1") == ("opted_out", "b.a.example")
    assert refusals.of_licence("CC-BY-NC-4.0") == ("licence_not_accepted", "CC-BY-NC-4.0")
    assert refusals.of_licence(None) == ("licence_not_accepted", "none named")
    assert refusals.of_licence("https://creativecommons.org/licenses/by/3.0/") is None


def test_what_is_wrong_is_said_in_one_sentence(tmp_path: Path) -> None:
    assert "rights.accept: CC-BX is no licence that is known" in refused(tmp_path, {"accept": ["CC-BX"]})
    assert "there is no file" in refused(tmp_path, {"opt_out": "nowhere.txt"})
    (tmp_path / "folder").mkdir()
    assert "cannot be read" in refused(tmp_path, {"opt_out": "folder"})
    (tmp_path / "latin.txt").write_bytes(b"b\xfccher.example\n")
    assert "is not UTF-8" in refused(tmp_path, {"opt_out": "latin.txt"})
    (tmp_path / "lines.txt").write_text("a.example\ntwo hosts.example\n")
    assert "lines.txt, line 2: 'two hosts.example' is no host" in refused(tmp_path, {"opt_out": "lines.txt"})


PAGES = {
    "https://a.example/open": '<a rel="license" href="https://creativecommons.org/licenses/by/4.0/">CC</a>',
    "https://a.example/nc": '<a rel="license" href="https://creativecommons.org/licenses/by-nc/4.0/">CC</a>',
    "https://a.example/unknown": "",
    "https://gone.example/1": "",
    "https://refused.example/habari/1": "",
    "https://refused.example/michezo/1": "",
}


def crawl(folder: Path) -> Path:
    """Pages that are alike but for their rights; the robots.txt stands behind the pages that it speaks of."""
    page = f"<!DOCTYPE html><html lang='sw'><head><title>Kilimo</title></head><body><article><p>{LINE * 6}</p>"
    records = [
        archives.warc(archives.http(f"{page}{rest}</article></body></html>".encode()), url)
        for url, rest in PAGES.items()
    ]
    robots = archives.http(b"User-agent: GPTBot\nDisallow: /habari/\n", kind="text/plain")
    records.append(archives.warc(robots, "https://refused.example/robots.txt"))
    return archives.write(folder / "crawl.warc.gz", records)


def told(folder: Path, xinstruct: Call, rights: str, harvest: str = "quality: false") -> dict[str, tuple[str, str]]:
    """Reason and detail of each page that gave no passage, after a run of its own."""
    (folder / "recipe.yml").write_text(
        f"languages: [swh_Latn]\nsources: [{{warc: crawl.warc.gz}}]\nstages: [{{harvest: {{{harvest}}}}}]\n{rights}"
    )
    done = xinstruct("run", folder / "recipe.yml", "--out", folder / "out")
    assert done.returncode == 0, done.stderr + done.stdout
    rows = pq.read_table(folder / "out" / "1_harvest" / "00000.dropped.parquet").to_pylist()
    return {row["url"]: (row["reason"], row["detail"]) for row in rows}


@pytest.mark.slow
def test_harvest_drops_what_the_recipe_or_the_publisher_does_not_allow(tmp_path: Path, xinstruct: Call) -> None:
    crawl(tmp_path)
    robots = ("reserved", "robots.txt: disallowed to GPTBot")
    assert told(tmp_path, xinstruct, "") == {"https://refused.example/habari/1": robots}
    (tmp_path / "optout.txt").write_text("gone.example\n")
    dropped = told(tmp_path, xinstruct, "rights: {opt_out: optout.txt, accept: open}\n")
    assert dropped == {
        "https://a.example/nc": ("licence_not_accepted", "CC-BY-NC-4.0"),
        "https://a.example/unknown": ("licence_not_accepted", "none named"),
        "https://gone.example/1": ("opted_out", "gone.example"),
        "https://refused.example/habari/1": robots,
        "https://refused.example/michezo/1": ("licence_not_accepted", "none named"),
    }
    assert told(tmp_path, xinstruct, "", "quality: false, reserved: keep") == {}


@pytest.mark.slow
def test_a_run_says_why_it_harvests_anew(tmp_path: Path, xinstruct: Call) -> None:
    crawl(tmp_path)
    told(tmp_path, xinstruct, "")
    done = xinstruct("run", tmp_path / "recipe.yml", "--out", tmp_path / "out")
    assert "again" not in done.stdout
    archives.write(
        tmp_path / "more.warc.gz",
        [
            archives.warc(
                archives.http(b"User-agent: *\nDisallow: /", kind="text/plain"), "https://a.example/robots.txt"
            )
        ],
    )
    text = (tmp_path / "recipe.yml").read_text()
    (tmp_path / "recipe.yml").write_text(text.replace("crawl.warc.gz", "'*.warc.gz'"))
    done = xinstruct("run", tmp_path / "recipe.yml", "--out", tmp_path / "out")
    assert "making part 00000 again, because a robots.txt in the input changed" in done.stdout
    rows = pq.read_table(tmp_path / "out" / "1_harvest" / "00000.dropped.parquet").to_pylist()
    assert sorted({row["host"] for row in rows if row["reason"] == "reserved"}) == ["a.example", "refused.example"]
