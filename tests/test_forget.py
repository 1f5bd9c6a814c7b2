"""Forgetting: what somebody asked to have removed is gone from all that a run holds, and the run still stands."""

import itertools
import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import archives
from tests.kept_files import files_of
from tests.test_resume import Death, Scythe
from tests.web_server import WebServer
from xinstruct.candidate import Candidate, Skipped
from xinstruct.commands import DONE, UNBALANCED, WRONG_CALL, status_of
from xinstruct.commands._making import REPLIES
from xinstruct.commands._opened import opened
from xinstruct.pipeline.forgetting import STAGING, forget
from xinstruct.pipeline.plan import read_plan
from xinstruct.question import Question
from xinstruct.tools import store
from xinstruct.tools.rating import CRITERIA
from xinstruct.tools.replies import asked_key
from xinstruct.tools.rights.blanked import blanked, empty_member
from xinstruct.tools.rights.forgotten import FILE, Forgotten, forgotten_in
from xinstruct.tools.rights.spoken import Spoken
from xinstruct.tools.web import reader
from xinstruct.tools.web.record import Piece

HOST = "jarviseutu.example"
# It repeats a page of HOST, and was dropped for it.
REPEAT = "https://mummolankeittio.example/terveys/punkkikausi"
STAGES = ["harvest", {"cluster": {"over": "response"}}, "instruct", "score", {"cluster": {"over": "instruction"}}]


@pytest.fixture(scope="module")
def made(small_crawl: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a recipe and of its run, in three parts."""
    folder = tmp_path_factory.mktemp("made")
    told = {"languages": ["swh_Latn", "fin_Latn"], "sources": [{"warc": str(small_crawl)}], "part_megabytes": 0.02}
    (folder / "recipe.yml").write_text(yaml.safe_dump(told | {"stages": [*STAGES, "diversify"]}))
    assert run(folder) == DONE
    assert len((read_plan(folder / "out") or pytest.fail("no plan")).parts) > 1
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy of it to forget in."""
    shutil.copytree(made, tmp_path / "copy")
    return tmp_path / "copy"


def run(folder: Path, *options: str) -> int:
    return status_of(["run", str(folder / "recipe.yml"), "--out", str(folder / "out"), "--workers", "1", *options])


def rows(out: Path, pattern: str = "[0-9]*_*/*.parquet") -> Iterator[dict[str, Any]]:
    for path in sorted(out.glob(pattern)):
        yield from store.rows_of(path)


def words(out: Path) -> str:
    """All that stands in a run's folder, as far as it is text, in one string."""
    tables = json.dumps([*rows(out), *rows(out, "dataset/**/*.parquet")], ensure_ascii=False, default=str)
    texts = [path.read_text(errors="replace") for path in out.rglob("*") if path.suffix in (".json", ".md", ".yml")]
    with closing(sqlite3.connect(out / REPLIES)) as base:
        replies = base.execute(
            "SELECT question, reply FROM replies UNION SELECT question, raw FROM verdicts"
        ).fetchall()
    raw = (out / REPLIES).read_bytes().decode("utf-8", "replace")
    return "\n".join([tables, *texts, json.dumps(replies, ensure_ascii=False), raw])


def commits(out: Path) -> dict[str, tuple[int, bytes]]:
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in out.glob("*/*.made.json")}


def told(out: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What `status --json` says; the ledger must balance."""
    capsys.readouterr()
    assert status_of(["status", str(out), "--json"]) == DONE
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert said["balanced"] is True
    return said


@pytest.mark.slow
def test_a_host_is_gone_from_every_stage_the_replies_and_the_dataset(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = folder / "out"
    before = {row["id"]: row for row in rows(out) if row["host"] == HOST}
    others = "\n".join(row["response"] for row in rows(out) if row["host"] != HOST)
    texts = [row["response"] for row in before.values() if row["response"] and row["response"][50:80] not in others]
    copied = [row["response"] for row in before.values() if row["response"] and row["response"] not in texts]
    asked = {row["instruction"] for row in before.values() if row["instruction"]}
    assert texts
    assert asked
    assert all(text[50:80] in words(out) for text in texts)
    old = told(out, capsys)["stages"]

    assert status_of(["forget", str(out), "--host", HOST]) == DONE
    assert f"Removed {len(texts) + len(copied)} passages" in capsys.readouterr().out

    left = words(out)
    assert not [text for text in texts if text[50:80] in left or text[-60:-20] in left]
    assert not [text for text in copied if text in left]
    assert not [one for one in asked if one in left]
    bare = [row for row in rows(out) if row["host"] == HOST]
    assert {row["id"] for row in bare} == set(before)
    assert {(row["reason"], row["response"], row["title"], row["span_end"]) for row in bare} == {
        ("forgotten", "", None, 0)
    }
    assert not [row for row in rows(out, "[2-9]_*/*.parquet") if row["id"] in before]
    new = told(out, capsys)["stages"]
    assert new[0]["dropped"]["forgotten"] == len(before)
    assert new[0]["added"] == old[0]["added"]
    assert all(one["in"] < other["in"] for one, other in zip(new[1:], old[1:], strict=True))
    assert {row["host"] for row in rows(out, "dataset/sft/*/*.parquet")}.isdisjoint({HOST})


# Whatever a row holds of a page's words, or of what was written about them.
TEXTS = ("response", "instruction", "title", "heading", "description", "context", "question", "detail", "raw_reply")
LISTS = ("evidence", "headings", "keywords", "section", "score_reasons")
# Where a forgotten page is still named: in the rows without text, in the list of what is forgotten, and with whom its
# host lets in; and in the lists of what was fetched.
NAMED = re.compile(r"1_harvest/\d+\.dropped\.parquet|forgotten\.yml|robots\.sqlite|fetched/.*\.(journal|addresses)")


def said_in(row: dict[str, Any]) -> set[str]:
    told = [row.get(name) for name in TEXTS] + [one for name in LISTS for one in row[name]]
    told += [turn["content"] for turn in row["turns"]] + [fact["value"] for fact in row["facts"]]
    return {text for text in told if text and len(text) > 20}


@pytest.mark.slow
def test_no_file_of_a_run_that_fetched_and_grew_holds_words_of_the_host(
    small_crawl: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    with WebServer() as web:
        address = web.put("/small.warc.gz", small_crawl.read_bytes(), ranged=False)
        told = {"languages": ["swh_Latn", "fin_Latn"], "sources": [{"warc": address}], "part_megabytes": 0.02}
        line = [*STAGES[:4], "rewrite", "score", *STAGES[4:], "diversify", "evolve", "converse"]
        (tmp_path / "recipe.yml").write_text(yaml.safe_dump(told | {"stages": line}))
        assert run(tmp_path) == DONE
    (out / "fetched" / "urls-1.journal").write_text(f'{{"done": ["https://{HOST}/"], "end": 0}}\n')
    gone = [row for row in rows(out) if row["host"] == HOST]
    others = json.dumps([row for row in rows(out) if row["host"] != HOST], ensure_ascii=False, default=str)
    texts = {text for row in gone for text in said_in(row) if json.dumps(text, ensure_ascii=False)[1:-1] not in others}
    assert len(texts) > 50
    # What a killed process or a server may have left.
    for name in ("logs/main.log", "fetched/.x.jsonl.part", ".work/6_score/rows", "10_evolve/00009.parquet"):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text("\n".join(texts))
    shutil.copytree(out / "dataset", out / ".dataset.older")

    assert status_of(["forget", str(out), "--host", HOST]) == DONE

    assert "Not searched" not in capsys.readouterr().out
    left = files_of(out)
    assert [name for name, held in left.items() if HOST in held and not NAMED.fullmatch(name)] == []
    quoted = {text: json.dumps(text, ensure_ascii=False)[1:-1] for text in texts}
    assert [(name, text) for name, held in left.items() for text, as_json in quoted.items()
            if text in held or as_json in held] == []  # fmt: skip
    for row in gone:
        assert {name for name, held in left.items() if row["id"] in held and not NAMED.fullmatch(name)} == set()
    assert run(tmp_path) == DONE


@pytest.mark.slow
def test_what_was_found_before_says_so_until_it_is_found_anew(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = folder / "out"

    def found(name: str) -> tuple[dict[str, Any], int]:
        stage = next(one for one in told(out, capsys)["stages"] if one["stage"] == name)
        return stage["found"], stage["forgotten_since"]

    def words_of(language: str) -> list[dict[str, float]]:
        variety = found("diversify")[0][language]
        return [variety[when][name] for when in ("before", "after") for name in ("verbs", "verb_objects")]

    trial, variety, kept = found("score")[0], found("diversify")[0], words_of("swh_Latn")
    assert found("diversify")[1] == found("score")[1] == 0
    assert all(words_of("fin_Latn"))
    assert "when there were" not in (out / "dataset" / "README.md").read_text()
    hosts = sorted({row["host"] for row in rows(out, "6_*/*.parquet") if row["language"] == "fin_Latn"} - {HOST})
    counts = {host: sum(row["host"] == host for row in rows(out, "6_*/*.parquet")) for host in (HOST, hosts[0])}
    assert min(counts.values()) > 0

    assert status_of(["forget", str(out), "--host", HOST]) == DONE
    assert found("diversify")[1] == counts[HOST]
    assert found("score") == (trial, counts[HOST])
    assert found("diversify")[0]["swh_Latn"] == variety["swh_Latn"]
    assert found("diversify")[0]["fin_Latn"]["after"]["rows"] == variety["fin_Latn"]["after"]["rows"]
    assert words_of("fin_Latn") == [{}] * 4
    assert words_of("swh_Latn") == kept
    assert f"when there were {counts[HOST]} more rows" in (out / "dataset" / "README.md").read_text()
    assert json.loads((out / "dataset" / "making.json").read_text())["forgotten"] == counts[HOST]
    assert status_of(["status", str(out)]) == DONE
    assert f"Measured when there were {counts[HOST]} more rows" in capsys.readouterr().out

    assert status_of(["forget", str(out), "--host", hosts[0]]) == DONE
    assert found("diversify")[1] == sum(counts.values())
    before = commits(out)
    assert run(folder) == DONE
    assert commits(out) == before
    assert run(folder, "--redo", "score") == DONE
    assert found("score")[1] == 0
    assert run(folder, "--redo", "diversify") == DONE
    assert found("diversify")[1] == 0
    assert all(words_of("fin_Latn"))
    assert "when there were" not in (out / "dataset" / "README.md").read_text()


@pytest.mark.slow
def test_a_run_after_it_makes_and_asks_nothing(folder: Path) -> None:
    out = folder / "out"
    assert status_of(["forget", str(out), "--host", HOST]) == DONE
    before, replies = commits(out), Spoken(out / REPLIES).models()
    assert run(folder) == DONE
    assert commits(out) == before
    assert Spoken(out / REPLIES).models() == replies
    assert {row["host"] for row in rows(out, "dataset/sft/*/*.parquet")}.isdisjoint({HOST})


@pytest.mark.slow
def test_what_was_left_is_letter_for_letter_as_it_was(folder: Path) -> None:
    out = folder / "out"
    before = {row["id"]: row for row in rows(out, "6_*/*.parquet") if row["host"] != HOST}
    assert status_of(["forget", str(out), "--host", HOST]) == DONE
    assert before == {row["id"]: row for row in rows(out, "6_*/*.parquet")}


@pytest.mark.slow
def test_a_repeat_of_a_forgotten_page_names_it_no_more(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = folder / "out"
    gone = {row["id"] for row in rows(out) if row["host"] == HOST}
    (repeat,) = [row for row in rows(out, "2_*/*.dropped.parquet") if row["url"] == REPEAT]
    assert repeat["duplicate_of"] in gone
    assert repeat["cluster_id"] in gone
    assert status_of(["forget", str(out), "--host", HOST]) == DONE
    assert "1 rows of other pages" in capsys.readouterr().out
    (repeat,) = [row for row in rows(out, "2_*/*.dropped.parquet") if row["url"] == REPEAT]
    assert (repeat["duplicate_of"], repeat["similarity"]) == (None, None)
    assert repeat["cluster_id"] == repeat["id"]
    columns = ("cluster_id", "duplicate_of", "parent_id", "detail")
    assert not [row for row in rows(out) if row["host"] != HOST and gone & {row.get(name) for name in columns}]


@pytest.mark.slow
def test_single_addresses_are_forgotten_however_they_are_written(folder: Path) -> None:
    out = folder / "out"
    url = "https://jarviseutu.example/terveys/punkit"
    other = {row["id"] for row in rows(out, "1_*/*.parquet") if row["host"] == HOST and row["url"] != url}
    spelt = "http://www.JARVISEUTU.example/terveys/punkit/#osa"
    assert status_of(["forget", str(out), "--url", spelt, "--url", "https://nobody.example/"]) == DONE
    assert [row["reason"] for row in rows(out) if row["url"] == url] == ["forgotten"]
    assert other <= {row["id"] for row in rows(out, "2_*/*.parquet")}
    assert forgotten_in(out).urls == (spelt, "https://nobody.example/")


@pytest.mark.slow
def test_the_list_grows_and_is_what_a_later_run_asks(folder: Path) -> None:
    out = folder / "out"
    assert not forgotten_in(out)
    assert status_of(["forget", str(out), "--host", "nobody.example"]) == DONE
    assert status_of(["forget", str(out), "--host", "WWW.Bücher.example"]) == DONE
    listed = forgotten_in(out)
    assert listed.hosts == ("nobody.example", "xn--bcher-kva.example")
    assert listed.holds("https://sw.nobody.example/a")
    assert listed.holds("https://bücher.example/b?c=1")
    assert not listed.holds("https://nobody.example.org/")
    assert not listed.holds(None)
    (out / FILE).write_text("hosts: nobody.example\n")
    assert status_of(["forget", str(out), "--host", "nobody.example"]) == WRONG_CALL


@pytest.mark.slow
def test_replies_go_by_their_question_and_by_what_they_quote(folder: Path) -> None:
    out = folder / "out"
    text = next(row["response"] for row in rows(out, "1_*/*.parquet") if row["host"] == HOST)
    with closing(sqlite3.connect(out / REPLIES)) as base:
        asked = {question for (question,) in base.execute("SELECT question FROM replies")}
        for question in asked:
            base.execute("INSERT INTO replies VALUES (?, 'other', 0, 1, 0, 'no json', '')", (question,))
            base.execute("INSERT INTO verdicts VALUES (?, 'other', 'killed_the_server', ?)", (question, question))
        quoting = json.dumps({"evidence": [{"words": text[3:53]}]})
        base.execute("INSERT INTO replies VALUES ('q1', 'other', 0, 1, 1, ?, '')", (quoting,))
        base.execute("INSERT INTO replies VALUES ('q2', 'other', 0, 1, 0, ?, '')", (f"cut off: {text[200:260]}",))
        base.execute("INSERT INTO replies VALUES ('q3', 'other', 0, 1, 1, '{\"evidence\": \"Kuusjoki\"}', '')")
        base.commit()
    assert status_of(["forget", str(out), "--host", HOST]) == DONE
    with closing(sqlite3.connect(out / REPLIES)) as base:
        left = base.execute("SELECT question, model FROM replies").fetchall()
        condemned = {question for (question,) in base.execute("SELECT question FROM verdicts")}
    kept = {question for question, model in left if model != "other"}
    assert asked - kept
    assert {question for question, model in left if model == "other"} == kept | {"q3"}
    assert condemned == kept
    assert not [one for one in asked - kept if one.encode() in (out / REPLIES).read_bytes()]


@pytest.mark.slow
def test_a_conversation_is_followed_to_its_end_to_find_all_its_questions(folder: Path) -> None:
    out = folder / "out"
    line = opened(out).line
    score = next(stage for stage in line if stage.name == "score")
    candidates = {host == HOST: candidate for candidate, host in _candidates(out / "3_instruct")}
    keys: dict[bool, list[str]] = {}
    with closing(sqlite3.connect(out / REPLIES)) as base:
        for gone, candidate in candidates.items():
            talk = score.talk(candidate, score.settings)
            first = next(talk)
            assert isinstance(first, Question)
            one = {"evidence": "x", "rating": 5}
            rating = first.answer.model_validate(dict.fromkeys(CRITERIA, one))
            second = talk.send(rating)
            assert isinstance(second, list)
            keys[gone] = [asked_key(first), *map(asked_key, second)]
            base.execute(
                "INSERT INTO replies VALUES (?, 'judge', 0, 1, 1, ?, '')", (keys[gone][0], rating.model_dump_json())
            )
            for key in keys[gone][1:]:
                base.execute(
                    "INSERT INTO replies VALUES (?, 'judge', 0, 1, 1, '{\"nats\": -1.0, \"tokens\": 9}', '')", (key,)
                )
        base.commit()
    assert set(keys) == {True, False}
    assert status_of(["forget", str(out), "--host", HOST]) == DONE
    with closing(sqlite3.connect(out / REPLIES)) as base:
        left = {key for (key,) in base.execute("SELECT question FROM replies WHERE model='judge'")}
    assert left == set(keys[False])


def _candidates(stage: Path) -> Iterator[tuple[Candidate, str | None]]:
    for path in sorted(stage.glob("?????.parquet")):
        yield from ((candidate, candidate.host) for candidate in store.candidates_of(path))


@pytest.mark.slow
def test_killed_before_any_file_operation_it_ends_the_same_when_typed_again(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def forgetting(name: str, at: int | None) -> Scythe | None:
        out = tmp_path / name / "out"
        if not out.exists():
            shutil.copytree(made / "out", out)
        opening = opened(out)
        with pytest.MonkeyPatch.context() as patch:
            scythe = Scythe(patch, out, at)
            try:
                forget(out, opening.line, opening.plan, Forgotten([HOST]), out / REPLIES)
            except Death:
                assert at is not None
        return scythe

    def left(name: str) -> dict[str, Any]:
        out = tmp_path / name / "out"
        assert not (out / STAGING).exists()
        assert status_of(["status", str(out)]) == DONE
        files = [path for path in out.glob("[0-9]*_*/*") if path.suffix == ".json"]
        return {path.name + path.parent.name: path.read_text() for path in files} | {"rows": [*rows(out)]}

    undisturbed = forgetting("undisturbed", None)
    assert undisturbed is not None
    assert undisturbed.seen > 100
    wanted = left("undisturbed")
    for at in range(3, undisturbed.seen, max(1, undisturbed.seen // 8)):
        shutil.rmtree(tmp_path / "killed", ignore_errors=True)
        forgetting("killed", at)
        forgetting("killed", None)
        assert left("killed") == wanted, f"killed before operation {at}"


@pytest.mark.slow
def test_before_it_has_decided_a_killed_one_has_changed_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, opening = folder / "out", opened(folder / "out")
    before = commits(out)

    def die(*_: Any) -> None:
        raise Death

    monkeypatch.setattr("xinstruct.pipeline.forgetting.complete", die)
    with pytest.raises(Death):
        forget(out, opening.line, opening.plan, Forgotten([HOST]), out / REPLIES)
    assert commits(out) == before


@pytest.mark.slow
def test_an_unfinished_run_forgets_too_and_its_dataset_is_taken_away(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = folder / "out"
    part = read_plan(out).parts[-1].name  # type: ignore[union-attr]
    store.unmake(out / "4_score", part)
    for path in (out / "6_diversify").glob(f"{part}.*"):
        path.unlink()
    assert status_of(["forget", str(out), "--host", HOST]) == DONE
    assert "is removed" in capsys.readouterr().out
    assert not (out / "dataset").exists()
    assert not [row for row in rows(out, "[2-9]_*/*.parquet") if row["host"] == HOST]
    assert status_of(["status", str(out)]) == DONE
    assert run(folder) == DONE
    assert {row["host"] for row in rows(out, "dataset/sft/*/*.parquet")}.isdisjoint({HOST})


@pytest.mark.slow
def test_with_a_limit_nothing_is_taken_in_the_place_of_what_was_removed(
    small_crawl: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = {"languages": ["swh_Latn", "fin_Latn"], "sources": [{"warc": str(small_crawl)}], "part_megabytes": 0.02}
    (tmp_path / "recipe.yml").write_text(yaml.safe_dump(source | {"stages": ["harvest", "instruct"]}))
    assert run(tmp_path, "--limit", "15") == DONE
    assert status_of(["forget", str(tmp_path / "out"), "--host", HOST]) == DONE
    before = commits(tmp_path / "out")
    assert run(tmp_path, "--limit", "15") == DONE
    assert commits(tmp_path / "out") == before
    assert 0 < told(tmp_path / "out", capsys)["stages"][0]["kept"] < 15


@pytest.mark.slow
def test_when_nothing_is_left_the_dataset_goes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = folder / "out"
    hosts = sorted({row["host"] for row in rows(out)})
    assert status_of(["forget", str(out), *itertools.chain.from_iterable(("--host", host) for host in hosts)]) == DONE
    assert "no row is left" in capsys.readouterr().out
    assert not (out / "dataset").exists()
    assert not [*rows(out, "[2-9]_*/*.parquet")]
    assert told(out, capsys)["stages"][0]["kept"] == 0


@pytest.mark.slow
def test_a_fetched_archive_loses_the_pages_and_keeps_all_places(folder: Path, small_crawl: Path) -> None:
    out = folder / "out"
    fetched = out / "fetched" / "small.warc.gz"
    fetched.parent.mkdir()
    shutil.copy(small_crawl, fetched)
    plan = json.loads((out / "plan.json").read_bytes())
    for part in plan["parts"]:
        for piece in part["pieces"]:
            piece["path"] = str(fetched)
    (out / "plan.json").write_text(json.dumps(plan))
    piece = Piece("warc", str(fetched), "small", 0, 1 << 40)
    before = [one for one in reader.records(piece) if not isinstance(one, Skipped)]
    (out / "fetched" / "list.txt").write_text("https://a.example/\n")

    opening = opened(out)
    removed = forget(out, opening.line, opening.plan, Forgotten([HOST]), out / REPLIES)

    assert removed.fetched > 0
    assert removed.not_searched == [
        "list.txt is no gzip archive at byte 0: Error -3 while decompressing data: incorrect header check"
    ]
    after = [one for one in reader.records(piece) if not isinstance(one, Skipped)]
    assert after == [one for one in before if HOST not in (one.url or "")]
    assert fetched.stat().st_size == small_crawl.stat().st_size
    mark = reader.fingerprint(fetched)
    assert list(read_plan(out).files.values()) == [mark]  # type: ignore[union-attr]
    parts = read_plan(out).parts  # type: ignore[union-attr]
    made = [store.made_of(out / "1_harvest", part.name) or {} for part in parts]
    assert {told[3] for one in made for told in one["ingredients"]["input"]} == {mark}
    assert status_of(["status", str(out)]) != UNBALANCED


def test_an_empty_member_has_any_length() -> None:
    for length in (110, 111, 112, 113, 114, 115, 70_000):
        packed = empty_member(length)
        assert len(packed) == length
        assert archives.gzip.decompress(packed).startswith(b"WARC/1.0\r\nWARC-Type: metadata\r\n")
    with pytest.raises(ValueError, match="cannot hold"):
        empty_member(20)


def test_an_archive_that_packs_records_together_is_left_and_named(tmp_path: Path) -> None:
    records = [archives.warc(archives.http(archives.page(f"p{n}")), f"http://{n}.example/") for n in range(3)]
    together = tmp_path / "together.warc.gz"
    together.write_bytes(archives.member(b"".join(records)))
    with pytest.raises(ValueError, match="several records"):
        blanked(together, tmp_path / "copy", lambda url: True)
    plain = archives.write(tmp_path / "plain.warc", records, packed=False)
    with pytest.raises(ValueError, match="no gzip"):
        blanked(plain, tmp_path / "copy", lambda url: True)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "--host HOST or --url URL"),
        (["--host", "https://a.example/"], "give a host"),
        (["--url", "a.example/b"], "give a whole address"),
    ],
)
@pytest.mark.slow
def test_a_wrong_call_is_refused_in_a_sentence(
    made: Path, options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status_of(["forget", str(made / "out"), *options]) == WRONG_CALL
    assert said in capsys.readouterr().err
