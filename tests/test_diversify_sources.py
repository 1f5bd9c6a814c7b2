"""Religious pages and Wikipedia get no more than their shares of a language's rows, and no small language vanishes."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.test_diversify import diversified, kept, reasons, rows
from xinstruct.candidate import Candidate, Dropped
from xinstruct.tools.choosing import Quotas, chosen
from xinstruct.tools.provenance import kind_of_source

SERMON, LEXICON, NEWS = "https://wol.jw.org/sw/", "https://sw.wikipedia.org/wiki/", "https://habari{}.example/"


def pages(religious: int, wikipedia: int, others: int, language: str = "swh_Latn") -> list[Candidate]:
    """So many rows from each kind of site; the other sites are many."""
    made: list[Candidate] = []
    for count, address in ((religious, SERMON), (wikipedia, LEXICON), (others, NEWS)):
        for candidate in rows({"cooking": count}, language, begin=len(made)):
            url = f"{address.format(len(made) % 11)}{len(made)}"
            made.append(candidate.change(url=url, host=url.split("/")[2], source_kind=kind_of_source(url)))
    return made


def kinds(candidates: Sequence[Candidate]) -> Counter[str | None]:
    return Counter(kind_of_source(candidate.url) for candidate in candidates)


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://www.jw.org/sw/biblioteka/", "religious"),
        ("https://wol.jw.org/tpi/", "religious"),
        ("http://alquran.example/1", "religious"),
        ("https://parokia.church/", "religious"),
        ("https://yo.wikipedia.org/wiki/Ọ̀yọ́", "wikipedia"),
        ("https://de.wikibrief.org/wiki/Kilwa", "wikipedia"),
        ("http://box.example/content/wikipedia_sw_all_maxi/A/Kilwa", "wikipedia"),
        ("https://www.islamabad.example/", None),
        ("https://churchill.example/", None),
        ("https://bibliotheque.example/", None),
        ("https://commission.example/", None),
        ("https://notwikipedia.org/", None),
        ("https://wiki.example/wiki/Kilwa", None),
        ("no address", None),
        ("http://[", None),
        (None, None),
    ],
)
def test_the_kind_of_a_source_is_told_by_its_address(url: str | None, kind: str | None) -> None:
    assert kind_of_source(url) == kind


def test_religious_pages_and_wikipedia_keep_to_their_shares_together(tmp_path: Path) -> None:
    settings = {"kind_rows_always_kept": 0, "largest_host_share": 1.0}
    outcomes = diversified(pages(400, 400, 100), tmp_path, **settings)
    found = kinds(kept(outcomes))
    assert found == {None: 100, "religious": 40, "wikipedia": 60}
    assert reasons(outcomes) == {"religious_quota": 360, "wikipedia_quota": 340}
    details = {o.detail for o in outcomes.values() if isinstance(o, Dropped)}
    assert details == {"wol.jw.org", "sw.wikipedia.org"}


def test_within_a_budget_other_rows_take_the_place_of_those_above_the_share(tmp_path: Path) -> None:
    outcomes = diversified(pages(300, 0, 300), tmp_path, rows_per_language=200)
    assert kinds(kept(outcomes)) == {None: 160, "religious": 40}


def test_a_language_that_has_little_else_keeps_so_many_rows(tmp_path: Path) -> None:
    only = pages(90, 0, 0) + pages(60, 30, 0, "tam_Taml")
    assert not reasons(diversified(only, tmp_path / "small", largest_host_share=1.0))
    outcomes = diversified(pages(500, 0, 3), tmp_path / "large", largest_host_share=1.0)
    assert kinds(kept(outcomes)) == {None: 3, "religious": 200}
    outcomes = diversified(pages(500, 0, 30), tmp_path / "budget", rows_per_language=100, largest_host_share=1.0)
    assert kinds(kept(outcomes)) == {None: 30, "religious": 70}


def test_shares_of_one_lift_the_caps(tmp_path: Path) -> None:
    free = {"largest_religious_share": 1.0, "largest_wikipedia_share": 1.0, "largest_host_share": 1.0}
    assert not reasons(diversified(pages(500, 500, 10), tmp_path, **free))


def test_rows_without_an_address_are_of_no_kind(tmp_path: Path) -> None:
    assert not reasons(diversified(rows({"health": 300}), tmp_path, largest_religious_share=0.0))


def test_the_shares_do_not_depend_on_parts_or_buckets(tmp_path: Path) -> None:
    candidates = pages(120, 150, 80) + pages(40, 300, 100, "tam_Taml")
    settings = {"kind_rows_always_kept": 10, "rows_per_language": 150}
    expected = diversified(candidates, tmp_path / "one", parts=1, buckets=1, **settings)
    assert diversified(candidates, tmp_path / "many", parts=5, buckets=4, **settings) == expected


@pytest.mark.parametrize("seed", range(30))
def test_whatever_the_rows_all_shares_hold_at_once_and_none_is_cut_in_vain(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 400))
    table = np.zeros(count, [("host", "u8"), ("kind", "i1"), ("score", "f8"), ("lot", "u8")])
    table["host"] = rng.integers(0, rng.integers(2, 40), count)
    table["kind"] = table["host"] % 5 * (table["host"] % 5 < 3)
    table["lot"] = rng.permutation(count)
    quotas = Quotas(
        int(rng.integers(1, 500)) if seed % 2 else None, 0.5, 0, (float(rng.uniform(0, 0.6)), float(rng.uniform())), 0
    )
    reasons = chosen(rng.integers(0, 9, count), table, quotas)
    taken = table["kind"][reasons == 0]
    for kind, share in enumerate(quotas.kind_shares, start=1):
        assert (taken == kind).sum() <= share * len(taken) + 1e-6
    others = (table["kind"] == 0).sum()
    if quotas.budget is None and not (reasons == 2).any():
        assert (taken == 0).sum() == others
