"""How much of a language comes from religious sites, Wikipedia and one host, and how varied its instructions are, is
told by `status` and on the card.
"""

import json
from pathlib import Path

import pytest

from tests.conftest import Call

WORDS = ["shamba", "mvua", "mahindi", "soko", "barua", "daraja", "mto", "samaki", "shule", "kitabu", "ngoma", "jiko"]
SITES = {"www.jw.org": 20, "sw.wikipedia.org": 20, "habari.example": 9, "kilimo.example": 8, "elimu.example": 9}


def rows() -> list[str]:
    made = []
    for host, count in SITES.items():
        for number in range(count):
            first, second, third = (WORDS[(len(made) * step + number) % len(WORDS)] for step in (1, 4, 7))
            title = f"Habari za {first} na {second} namba {len(made)}"
            text = f"{title} zinaeleza jinsi {third} inavyotumika. Watu wa kijiji walisema kwamba {second} ni muhimu. "
            told = {"text": text * 4, "title": title, "url": f"https://{host}/{number}", "language": "swh_Latn"}
            made.append(json.dumps(told))
    return made


@pytest.mark.slow
def test_shares_before_and_after_the_caps_are_told(tmp_path: Path, xinstruct: Call) -> None:
    (tmp_path / "rows.jsonl").write_text("\n".join(rows()))
    (tmp_path / "recipe.yml").write_text(
        "languages: [swh_Latn]\nsources: [{jsonl: rows.jsonl}]\n"
        "stages:\n  - harvest: {quality: false}\n  - instruct\n  - diversify:\n      kind_rows_always_kept: 0\n"
        "      targets: {largest_verb_share: 0.01, largest_topic_share: 1}\n"
    )
    done = xinstruct("run", tmp_path / "recipe.yml", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stdout + done.stderr
    status = json.loads(xinstruct("status", tmp_path / "out", "--json").stdout)
    stage = status["stages"][2]
    before, after = stage["shares"]["swh_Latn"]["before"], stage["shares"]["swh_Latn"]["after"]
    assert before["rows"] == stage["in"]
    assert after["rows"] == stage["kept"]
    assert before["religious"] > 0.25
    assert before["wikipedia"] > 0.25
    assert after["religious"] <= 0.2
    assert after["wikipedia"] <= 0.3
    assert after["largest_host"] <= 0.5
    assert stage["dropped"]["religious_quota"] == round(before["religious"] * before["rows"]) - round(
        after["religious"] * after["rows"]
    )
    assert all("shares" not in other for other in status["stages"][:2])
    found = stage["found"]["swh_Latn"]
    assert (found["before"]["rows"], found["after"]["rows"]) == (before["rows"], after["rows"])
    assert {name: target["met"] for name, target in found["targets"].items()} == {
        "largest_verb_share": False,
        "largest_topic_share": True,
    }
    missed = f"Swahili: largest_verb_share is {found['after']['verb_share']:g}, not 0.01"
    assert f"Target missed. {missed}." in xinstruct("status", tmp_path / "out").stdout
    told = f"{before['religious']:.0%} → {after['religious']:.0%}"
    assert told in xinstruct("status", tmp_path / "out").stdout
    card = (tmp_path / "out" / "dataset" / "README.md").read_text()
    assert f"| Swahili | {before['rows']:,} → {after['rows']:,} | {told} |" in card
    assert f"- {missed}." in card
    assert f"| Swahili | before | {before['rows']:,} |" in card
    assert f"| after | {after['rows']:,} | {found['after']['verb_share']:.0%} |" in card
