"""Lines that a website repeats: what is marked on its pages and what is not, in flat memory and in the pages' order."""

import itertools
import random
import tracemalloc
from collections.abc import Iterator, Sequence

import pytest

from xinstruct.tools.extractor.page import Block, Page
from xinstruct.tools.passages.cutting import cut
from xinstruct.tools.passages.lengths import Limits
from xinstruct.tools.passages.repeated import HOST_LINE, Repeated, unlabelled

FOOTER = "Kampuni ya Habari Njema haihusiki na maoni yanayotolewa na wasomaji wa tovuti hii."
BANNER = "Jiunge na kituo chetu cha Telegram ili upate habari zote mpya kila asubuhi."
HOST = "habari.example"

Part = str | tuple[str, str]


def sentence(rng: random.Random) -> str:
    words = ("".join(rng.choices("abeiknouwmlt", k=rng.randint(3, 9))) for _ in range(12))
    return " ".join(words).capitalize() + "."


def paragraphs(seed: object, count: int = 4) -> list[str]:
    """So many paragraphs, each of two sentences that stand nowhere else."""
    rng = random.Random(str(seed))
    return [f"{sentence(rng)} {sentence(rng)}" for _ in range(count)]


def page(*parts: Part) -> Page:
    """A page of these blocks: paragraphs, or (kind, text)."""
    told = [("paragraph", part) if isinstance(part, str) else part for part in parts]
    ends = list(itertools.accumulate(len(text) + 1 for _, text in told))
    blocks = [Block(kind, end - 1 - len(text), end - 1) for (kind, text), end in zip(told, ends, strict=True)]
    return Page(text="\n".join(text for _, text in told), blocks=blocks)


def cut_of(pages: Sequence[Page | None], hosts: Sequence[str | None] | None = None, **limits: int) -> list[Page | None]:
    arriving = zip(range(len(pages)), hosts or [HOST] * len(pages), pages, strict=True)
    found = list(Repeated(**limits).cut(arriving))
    assert [number for number, _ in found] == list(range(len(pages)))
    return [page for _, page in found]


def lines(page: Page | None) -> list[str]:
    """What is marked on a page."""
    assert page is not None
    return [page.text[block.start : block.end] for block in page.blocks if block.kind == HOST_LINE]


def test_a_footer_of_three_pages_is_marked_and_text_and_spans_stay_as_they_are() -> None:
    before = [page(*paragraphs(n), FOOTER) for n in range(3)]
    after = cut_of(before)
    for old, new in zip(before, after, strict=True):
        assert new is not None
        assert lines(new) == [FOOTER]
        assert new.text == old.text
        assert new.cut == {"host_lines": len(FOOTER)}
        assert [(b.start, b.end) for b in new.blocks] == [(b.start, b.end) for b in old.blocks]


def test_what_stands_on_two_pages_alone_stays() -> None:
    before = [page(*paragraphs(n), FOOTER) for n in range(2)] + [page(*paragraphs(n)) for n in range(2, 9)]
    assert cut_of(before) == before


def test_pages_of_other_hosts_bear_no_witness() -> None:
    before = [page(*paragraphs(n), FOOTER) for n in range(9)]
    assert cut_of(before, [f"host{n}.example" for n in range(9)]) == before


def test_lines_that_differ_in_figures_signs_and_case_are_the_same() -> None:
    footers = [f"© {year} Habari Njema – HAKI ZOTE zimehifadhiwa, nambari {year * 3}!" for year in range(2019, 2023)]
    footers[1] = footers[1].casefold()
    after = cut_of([page(*paragraphs(footer), footer) for footer in footers])
    assert [lines(one) for one in after] == [[footer] for footer in footers]


def test_a_text_under_many_addresses_keeps_its_own_and_loses_the_footer() -> None:
    story = paragraphs("story")
    others = [page(*paragraphs(n), FOOTER) for n in range(3)]
    copies = [page(*story, f"Nakala ya {'abcdef'[n]} ya kuchapisha.", FOOTER) for n in range(6)]
    for arriving in ([*others, *copies], [*copies, *others]):
        assert all(lines(one) == [FOOTER] for one in cut_of(arriving))


def test_a_page_that_repeats_mostly_other_pages_is_left_as_it_is() -> None:
    thin = page("Ukurasa huu bado hauna maandishi yake.", BANNER, FOOTER)
    after = cut_of([*(page(BANNER, *paragraphs(n), FOOTER) for n in range(5)), thin])
    assert after[-1] == thin
    assert [lines(one) for one in after[:-1]] == [[BANNER, FOOTER]] * 5


def test_a_refrain_within_one_page_stays() -> None:
    verses = [part for verse in paragraphs("song", 6) for part in (verse, BANNER)]
    before = [page(*verses), *(page(*paragraphs(n)) for n in range(5))]
    assert cut_of(before) == before


def test_short_refrains_of_many_songs_stay_between_their_lines() -> None:
    rng = random.Random(3)
    songs = []
    for number in range(12):
        verses = [" ".join(sentence(rng).split()[:6]) for _ in range(12)]
        refrain = [part for verse in verses for part in (verse, "Haleluya, Bwana asifiwe")]
        songs.append(page(*(refrain[:-1] if number < 6 else verses)))
    assert cut_of(songs) == songs


def test_the_first_lines_of_a_news_item_stay_in_it_though_lists_of_news_show_them() -> None:
    items = [paragraphs(n) for n in range(40)]
    rng = random.Random(5)
    lists = [[item[0] for item in rng.sample(items, 12)] for _ in range(12)]
    assert max(sum(item[0] in shown for shown in lists) for item in items) >= 4
    after = cut_of([*(page(*item, FOOTER) for item in items), *(page(*shown, FOOTER) for shown in lists)])
    assert all(lines(one) == [FOOTER] for one in after[: len(items)])


def test_a_notice_in_the_middle_of_the_text_goes_where_every_fifth_page_has_it() -> None:
    def pages(noticed: int) -> list[Page]:
        texts = [paragraphs(n) for n in range(20)]
        return [page(*text[:2], *([BANNER] if n < noticed else []), *text[2:]) for n, text in enumerate(texts)]

    assert [lines(one) for one in cut_of(pages(5))[:5]] == [[BANNER]] * 5
    assert cut_of(pages(3)) == pages(3)


def test_short_lines_go_at_the_edges_of_the_text_and_stay_within_it() -> None:
    texts = [paragraphs(n) for n in range(6)]
    after = cut_of([page("Shiriki", *text[:2], "Viungo", *text[2:], "Chapisha") for text in texts])
    assert [lines(one) for one in after] == [["Shiriki", "Chapisha"]] * 6


def test_ingredients_that_recipes_share_stay_and_a_list_of_links_that_all_pages_share_goes() -> None:
    links = [("item", text) for text in ("Habari za michezo na burudani", "Habari za biashara", "Wasiliana nasi")]
    pages = [
        page(
            paragraphs(n)[0],
            ("heading", "Viungo"),
            ("item", "Kijiko kimoja cha chumvi ya mezani, au kiasi upendacho"),
            ("item", f"Gramu mia tatu za {sentence(random.Random(n))}"),
            ("heading", "Namna ya kupika"),
            *paragraphs(n)[1:],
            ("heading", "Viungo vingine"),
            *links,
        )
        for n in range(6)
    ]
    assert [lines(one) for one in cut_of(pages)] == [["Viungo vingine", *(text for _, text in links)]] * 6


def test_titles_and_answers_to_questions_stay() -> None:
    asked = [("question", "Je, ninawezaje kurudisha bidhaa niliyonunua?"), ("answer", FOOTER)]
    before = [page(("title", "Habari Njema, tovuti ya habari za kila siku"), *paragraphs(n), *asked) for n in range(6)]
    assert cut_of(before) == before


def test_rows_of_tables_and_what_has_no_page_pass_in_their_order() -> None:
    pages = [page(*paragraphs(n), FOOTER) for n in range(4)]
    hosts = [HOST, None, HOST, None, HOST]
    after = cut_of([pages[0], None, pages[1], pages[2], pages[3]], hosts)
    assert after[1] is None
    assert after[3] == pages[2]
    assert [lines(after[n]) for n in (0, 2, 4)] == [[FOOTER]] * 3


def test_a_page_that_went_before_still_bears_witness() -> None:
    pages = [page(*paragraphs(n), FOOTER) for n in range(4)]
    after = cut_of(pages, most_held=0)
    assert after[:2] == pages[:2]
    assert [lines(one) for one in after[2:]] == [[FOOTER]] * 2


@pytest.mark.parametrize("limit", [{"most_held": 3}, {"most_characters": 2000}])
def test_no_more_is_held_back_than_is_allowed(limit: dict[str, int]) -> None:
    taken = 0

    def arriving() -> Iterator[tuple[int, str, Page]]:
        nonlocal taken
        for taken in range(1, 21):
            yield taken, HOST, page(*paragraphs(taken))

    for number, one in Repeated(**limit).cut(arriving()):
        assert one is not None
        assert 400 < len(one.text) < 800
        assert taken - number <= 4


@pytest.mark.slow
def test_memory_does_not_grow_with_the_pages() -> None:
    def peak(count: int) -> int:
        arriving = ((n, f"host{n % 50}.example", page(*paragraphs(n))) for n in range(count))
        tracemalloc.start()
        for _ in Repeated(most_held=20, most_remembered=300).cut(arriving):
            pass
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(50)
    assert peak(1500) < 1.2 * peak(300)


def test_no_passage_holds_what_is_marked_or_runs_across_it() -> None:
    texts = [paragraphs(n, 8) for n in range(6)]
    pages = [page(*text[:4], BANNER, *text[4:], FOOTER) for text in texts]
    for before, after in zip(pages, cut_of(pages), strict=True):
        assert after is not None
        labels = unlabelled(after, ["swh_Latn"] * len(after.blocks))
        passages = [passage for passage, _ in cut(after, labels, frozenset(["swh_Latn"]), Limits(200, 3000, 60))]
        found = [before.text[passage.start : passage.end] for passage in passages]
        assert len(found) == 2
        assert not any(line in text for line in (BANNER, FOOTER) for text in found)
