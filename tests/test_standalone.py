"""Checks what the comparison of passages with naive cuts draws, hides and counts."""

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from benchmarks import standalone
from benchmarks.judged import verdicts
from benchmarks.judged.verdicts import Pair
from xinstruct.candidate import Candidate, content_hash
from xinstruct.tools.lid.identifier import LanguageIdentifier

SENTENCE = "Kettu juoksi metsän läpi ja etsi vanhan tammen juurelta talveksi lämpimän pesän. "


def text_of(lines: int, about: str = "metsä") -> str:
    """Finnish lines of different wording, each of about 170 characters."""
    told = f"tarinassa {about} se kohtasi siellä myös karhun, suden ja jäniksen."
    return "\n".join(f"{SENTENCE}Luvun {number} {told}" for number in range(lines))


def passage(page: int, host: str, number: int = 0, length: int = 500) -> Candidate:
    text = (f"{page} {number} " + SENTENCE * 20)[:length]
    return Candidate(
        id=f"{page}-{number}", content_hash=content_hash(text), language="fin_Latn", response=text, host=host,
        url=f"https://{host}/{page}", container="crawl", record_offset=page, digest=f"sha1:{page}",
    )  # fmt: skip


def html(lines: int, about: str) -> bytes:
    body = "".join(f"<p>{line}</p>" for line in text_of(lines, about).split("\n"))
    return f"<html><body><article>{body}</article></body></html>".encode()


def test_cuts_hold_every_line_once_and_in_order() -> None:
    text = text_of(31)
    found = standalone.cuts(text, 600, "fin_Latn")
    rest = text.split("\n")[found[-1].last :]
    assert "\n".join([cut.text for cut in found] + rest) == text
    assert [cut.first for cut in found[1:]] == [cut.last + 1 for cut in found[:-1]]
    assert len("\n".join(rest)) < 400


def test_cuts_are_as_near_to_the_passages_length_as_lines_allow() -> None:
    lengths = [len(cut.text) for cut in standalone.cuts(text_of(60), 900, "fin_Latn")[:-1]]
    assert len(lengths) > 5
    assert all(abs(length - 900) < 100 for length in lengths)


def test_cut_is_never_shorter_than_prose_may_be() -> None:
    assert all(len(cut.text) >= 400 for cut in standalone.cuts(text_of(20), 60, "fin_Latn"))
    assert standalone.cuts("Lyhyt rivi.", 60, "fin_Latn") == []


def test_draw_keeps_to_two_of_a_page_and_twenty_of_a_host_and_is_the_same_again() -> None:
    passages = [passage(page, "suuri.example", number) for page in range(12) for number in range(4)]
    passages += [passage(100 + page, f"pieni{page}.example") for page in range(5)]
    bodies = {standalone.place_of(one): html(40, about=one.url or "") for one in passages}
    lid = LanguageIdentifier()
    pairs, unmatched = standalone.draw(passages, bodies, lid, random.Random(1))
    again, _ = standalone.draw(passages, bodies, lid, random.Random(1))
    assert Counter(one.host for one, _ in pairs)["suuri.example"] == 20
    assert max(Counter(one.digest for one, _ in pairs).values()) == 2
    assert len(pairs) == 25
    assert unmatched == 0
    assert pairs == again


def test_passage_whose_page_has_no_cut_in_its_language_is_counted_and_left_out() -> None:
    english = "<p>" + "The fox ran through the old forest and looked for a warm den for the winter. " * 10 + "</p>"
    one = passage(1, "a.example")
    body = f"<html><body><article>{english}</article></body></html>".encode()
    assert standalone.draw([one], {standalone.place_of(one): body}, LanguageIdentifier(), random.Random(0)) == ([], 1)


def test_sheet_hides_whose_a_text_is_and_the_key_holds_no_text() -> None:
    pairs = [(passage(page, "a.example"), standalone.Cut(f"palanen {page}", 1, 3)) for page in range(9)]
    key, sheet = standalone.numbered(pairs, random.Random(0))
    assert all(set(row) == {"item", "text"} for row in sheet)
    assert [row["item"] for row in key] == [row["item"] for row in sheet] == list(range(1, 19))
    assert [content_hash(row["text"]) for row in sheet] == [row["content_hash"] for row in key]
    assert not any("text" in row for row in key)
    whose = [row["whose"] for row in key]
    assert Counter(whose) == {"ours": 9, "naive": 9}
    assert whose != ["ours", "naive"] * 9


def folder_of(tmp_path: Path, said: dict[str, list[int]]) -> Path:
    """Two Finnish pairs on two pages, ours first in each, judged as said."""
    key: list[dict[str, Any]] = [
        {"item": item, "language": "fin_Latn", "pair": (item + 1) // 2, "url": f"https://a.example/x|{item}",
         "container": "crawl", "page": f"sha1:{(item + 1) // 2}", "whose": "ours" if item % 2 else "naive",
         "first": 10 * item, "last": 10 * item + 5, "content_hash": "0"}
        for item in range(1, 5)
    ]  # fmt: skip
    (tmp_path / "key.jsonl").write_text("".join(json.dumps(row) + "\n" for row in key))
    told = {"seed": 0, "harvest": 5, "trafilatura": "2", "fin_Latn": {"kept": 9, "drawn": 2, "without_a_cut": 1}}
    (tmp_path / "sample.json").write_text(json.dumps(told))
    for judge, values in said.items():
        rows = [{"item": item, "verdict": value, "reason": f"because {judge}"} for item, value in enumerate(values, 1)]
        path = tmp_path / f"verdict-fin_Latn-{judge}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def test_report_names_shares_agreement_and_every_row(tmp_path: Path) -> None:
    told = verdicts.report(folder_of(tmp_path, {"a": [1, 0, 1, 0], "b": [1, 0, 0, 0]}))
    assert "| fin_Latn | 2 | 2 | 0.75 | 0.00 | +0.75 | +0.50 to +1.00 | 9 | 1 |" in told
    assert "| fin_Latn | 4 | 0.75 | 0.50 |" in told
    assert "| 2 | 3 | https://a.example/x%7C3 | 30-35 | ours | 1, 0 | because a; because b |" in told
    assert "| 2 | 4 | https://a.example/x%7C4 | lines 40-45 | naive | 0, 0 | because a; because b |" in told
    assert "no native speaker judged" in told


def test_missing_verdict_is_named_and_nothing_is_reported(tmp_path: Path) -> None:
    with pytest.raises(verdicts.Incomplete, match=r"verdict-fin_Latn-a\.jsonl: .* item 4"):
        verdicts.report(folder_of(tmp_path, {"a": [1, 0, 1]}))
    with pytest.raises(verdicts.Incomplete, match="item 2"):
        verdicts.report(folder_of(tmp_path, {"a": [1, 2, 1, 0]}))


def test_language_that_nobody_judged_is_named(tmp_path: Path) -> None:
    with pytest.raises(verdicts.Incomplete, match=r"nobody judged sheet-fin_Latn\.jsonl"):
        verdicts.report(folder_of(tmp_path, {}))


def test_two_passages_of_a_page_widen_the_interval() -> None:
    chance = random.Random(0)
    alone = [Pair("fin_Latn", f"page {n}", "crawl", float(chance.random() < 0.7), 0.0) for n in range(40)]
    doubled = [pair for pair in alone for _ in range(2)]
    gain, low, high = verdicts.difference(alone)
    assert verdicts.difference(doubled) == (gain, low, high)
    assert 0.1 < gain - low < 0.2
    assert 0.1 < high - gain < 0.2


def test_interval_holds_the_truth_about_nineteen_times_in_twenty() -> None:
    chance, held = random.Random(3), 0
    for _ in range(200):
        drawn = [(float(chance.random() < 0.6), float(chance.random() < 0.4)) for _ in range(60)]
        _, low, high = verdicts.difference([Pair("x", str(n), "c", *d) for n, d in enumerate(drawn)], draws=500)
        held += low <= 0.2 <= high
    assert held / 200 == pytest.approx(0.95, abs=0.05)


def test_kappa_is_one_for_the_same_verdicts_and_nothing_for_chance() -> None:
    assert verdicts.kappa([1, 0, 1, 0], [1, 0, 1, 0]) == 1
    assert verdicts.kappa([1, 1, 0, 0], [1, 0, 1, 0]) == 0
    assert verdicts.kappa([1, 1], [1, 1]) == 1
    # Cohen 1960: 50 items, 20 and 15 agreed, 5 and 10 not.
    first, second = [1] * 25 + [0] * 25, [1] * 20 + [0] * 5 + [1] * 10 + [0] * 15
    assert verdicts.kappa(first, second) == pytest.approx(0.4)


def test_command_says_in_one_sentence_what_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["standalone", "report", "--sheets", str(tmp_path)])
    assert standalone.main() == 2
    assert capsys.readouterr().err.count("\n") == 1
