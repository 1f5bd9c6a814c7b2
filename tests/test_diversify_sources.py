"""Religious pages and Wikipedia get no more than their shares of a language's rows, and no small language vanishes."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.test_diversify import diversified, kept, reasons, rows
from xinstruct.candidate import Candidate, Dropped
from xinstruct.tools.choosing import Quota, chosen
from xinstruct.tools.provenance import domain_of, kind_of_source

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


def test_news_keeps_to_its_share_and_a_share_of_one_lifts_it(tmp_path: Path) -> None:
    news = [c.change(page_type="NewsArticle") for c in rows({"cooking": 300})]
    candidates = [*news, *rows({"cooking": 100}, begin=1000)]
    settings = {"kind_rows_always_kept": 0, "largest_host_share": 1.0}
    outcomes = diversified(candidates, tmp_path / "half", **settings)
    assert Counter(c.page_type for c in kept(outcomes)) == {"NewsArticle": 100, None: 100}
    assert reasons(outcomes) == {"news_quota": 200}
    assert not reasons(diversified(candidates, tmp_path / "all", largest_news_share=1.0, **settings))


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("sw.gazeti.co.tz", "gazeti.co.tz"),
        ("gazeti.co.tz", "gazeti.co.tz"),
        ("a.blogspot.com", "a.blogspot.com"),
        ("habari.example", "habari.example"),
        ("10.0.0.7", "10.0.0.7"),
        ("xn--bcher-kva.de", "xn--bcher-kva.de"),
    ],
)
def test_a_domain_is_what_somebody_registered(host: str, domain: str) -> None:
    assert domain_of(host) == domain


@pytest.mark.parametrize("seed", range(30))
def test_whatever_the_rows_all_shares_hold_at_once_and_none_is_cut_in_vain(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 400))
    hosts = rng.integers(0, rng.integers(2, 40), count)
    columns = {"host": hosts, "news": hosts % 5 == 1, "religious": hosts % 5 == 2}
    columns["verb"] = rng.integers(0, rng.integers(2, 9), count)
    quotas = [
        Quota("religious_quota", "religious", float(rng.uniform(0, 0.6)), 0, eased=False),
        Quota("news_quota", "news", float(rng.uniform()), 0, eased=False),
        Quota("host_quota", "host", 0.5, 0),
        Quota("verb_quota", "verb", 0.2, 0),
    ]
    topics = rng.integers(0, 9, count)
    queues = [np.flatnonzero(topics == topic) for topic in range(9)]
    budget = int(rng.integers(1, 500)) if seed % 2 else None
    choice = chosen(queues, columns, budget, quotas)
    taken = choice.reasons == 0
    assert taken.sum() <= (budget or count)
    for quota, share in zip(quotas, choice.shares, strict=True):
        sizes = np.bincount(columns[quota.column][taken].astype(int))[1:]
        assert sizes.max(initial=0) <= max(share * taken.sum(), quota.eased) + 1e-6
        assert share == quota.share or quota.eased
    for place in np.flatnonzero(choice.reasons > 1).tolist():
        assert columns[quotas[choice.reasons[place] - 2].column][place]  # it is of a group that the quota caps
    if budget is None and not (choice.reasons > 1).any():
        assert taken.all()


def test_where_all_is_news_so_many_rows_stay_and_verbs_keep_to_their_shares_of_them() -> None:
    verbs = np.arange(300) % 10 * (np.arange(300) % 2) + 1
    quotas = [Quota("news_quota", "news", 0.5, 100, eased=False), Quota("verb_quota", "verb", 0.4, 0)]
    choice = chosen([np.arange(300)], {"news": np.ones(300, int), "verb": verbs}, None, quotas)
    taken = np.bincount(verbs[choice.reasons == 0])
    assert taken.sum() == 100
    assert 30 <= taken.max() <= 40


def test_what_a_quota_leaves_of_the_budget_is_filled_up_to_the_floor() -> None:
    verbs = np.array([1] * 90 + [2] * 5 + [3] * 5 + [4] * 5)
    queues = [np.arange(105)]
    strict = chosen(queues, {"verb": verbs}, None, [Quota("verb_quota", "verb", 0.2, 0)])
    floored = chosen(queues, {"verb": verbs}, None, [Quota("verb_quota", "verb", 0.2, 40)])
    assert strict.shares == (0.5,)  # of four verbs each may have twice an even share
    assert [(choice.reasons == 0).sum() for choice in (strict, floored)] == [30, 55]
    within = chosen(queues, {"verb": verbs}, 35, [Quota("verb_quota", "verb", 0.2, 40)])
    assert (within.reasons == 0).sum() == 35
