"""Checks how the trust in a language is reckoned for a crawl, and where its table is put."""

from pathlib import Path

import pytest

from benchmarks.lid_lines import Row, labels_of
from benchmarks.lid_precision import MARKS, Trust, trusts, write_table
from xinstruct.tools.lid.identifier import Guess

FINNISH, ESTONIAN = Row("fin", "hyvää huomenta"), Row("est", "tere hommikust")


def sure(label: str) -> Guess:
    return Guess(label, 0.99, 0.9)


def test_a_wrong_line_in_a_thousand_weighs_as_it_would_where_one_line_in_twenty_is_wanted() -> None:
    rows = [FINNISH] * 100 + [ESTONIAN] * 1000
    guesses = [sure("fin_Latn")] * 100 + [sure("fin_Latn")] + [sure("ekk_Latn")] * 999
    (finnish,) = trusts(rows, guesses, ["fin_Latn"])
    assert finnish.coverage == 1.0
    assert finnish.precision == pytest.approx(0.05 / (0.05 + 0.95 * 0.001))


def test_a_language_that_no_line_is_given_has_no_precision() -> None:
    (finnish,) = trusts([FINNISH] * 30, [sure("ekk_Latn")] * 30, ["fin_Latn"])
    assert (finnish.precision, finnish.coverage) == (None, 0.0)


def test_what_is_below_the_threshold_is_neither_found_nor_wrong() -> None:
    rows = [FINNISH] * 40 + [ESTONIAN] * 40
    guesses = [sure("fin_Latn")] * 30 + [Guess("fin_Latn", 0.5, 0.1)] * 50
    assert trusts(rows, guesses, ["fin_Latn"]) == [Trust("fin_Latn", 40, 1.0, 0.75)]


def test_a_line_of_a_macrolanguage_is_found_as_any_member() -> None:
    swahili = Row("swa", "habari za asubuhi")
    rated = trusts([swahili] * 20 + [FINNISH] * 20, [sure("swc_Latn")] * 20 + [sure("fin_Latn")] * 20, ["swh_Latn"])
    assert rated == [Trust("swh_Latn", 20, 1.0, 1.0)]


def test_a_line_is_meant_in_the_script_that_it_is_written_in() -> None:
    assert labels_of(Row("srp", "добро јутро"))[0] == "srp_Cyrl"
    assert labels_of(Row("srp", "dobro jutro"))[0] == "srp_Latn"
    assert labels_of(Row("qqq", "no such language")) == ()


def test_the_table_replaces_the_one_before_and_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text(f"before\n{MARKS[0]}\nold rows\n{MARKS[1]}\nafter\n", encoding="utf-8")
    for _ in range(2):
        write_table([Trust("swh_Latn", 99, 0.987, 0.5)], page)
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"before\n{MARKS[0]}\n| language")
    assert text.endswith(f"{MARKS[1]}\nafter\n")
    assert "| swh_Latn* | 99 | 0.987 | 0.50 |" in text
    assert "old rows" not in text


def test_a_page_without_room_for_the_table_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text("no marks", encoding="utf-8")
    with pytest.raises(ValueError, match="has no lines"):
        write_table([], page)
    assert page.read_text(encoding="utf-8") == "no marks"
