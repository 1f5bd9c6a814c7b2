"""Leaves out of a page's text what the page says between its paragraphs on its own behalf: links to other texts,
advertisements, captions and credits, boxes to sign up or about cookies, and signs without a word.
"""

from collections import Counter
from collections.abc import Sequence

import regex
from lxml.html import HtmlElement

from xinstruct.tools.extractor.blocks import RawBlock, bare
from xinstruct.tools.extractor.folds import ends_as_prose
from xinstruct.tools.extractor.wording import asks, notifies, said, speaks_of, stamps_post
from xinstruct.tools.sentences import SMALL_LETTER

_SAID = frozenset(("paragraph", "item", "heading"))
_BOXED = frozenset(("paragraph", "item"))
_TOLD = regex.compile(r"[\p{L}\p{N}\p{So}\p{Sc}]")
_ORNAMENT = regex.compile(r"\s*([*⁂＊_~=#•·◇◆☆★○●–—-])(?:\s*\1){2,}\s*")
_LONGEST_LINK = 200
_FEWEST_LINKED = 15  # letters
_FEWEST_HEADLINE = 32  # letters of a heading that names another text
_ADDRESS = regex.compile(r"\S+$")
_SMALL = regex.compile(rf"\P{{L}}*{SMALL_LETTER}")
_FEWEST_TEASERS = 3
_HIGHEST_BOX_SHARE = 0.3
_HIGHEST_NOTICE_SHARE = 0.5
_SHORTEST_PULLED = 40  # letters
_LONGEST_PULLED = 300
_NEAR = 4  # blocks
_CLOSING = (")", "]", "）", "】")
_BRACKETED = regex.compile(r"\s*[(\[（【]([^()\[\]（）【】]{3,80})[)\]）】][\s.。]*$")
_LEADS = (":", "：")


def without_asides(tree: HtmlElement, blocks: Sequence[RawBlock]) -> tuple[list[RawBlock], Counter[str]]:
    """The blocks without asides, and how many characters were left out as aside.

    An invitation to read on that stands three times or more stays, because it tells teasers from a text.
    """
    gone = _signs(blocks) | _few(blocks, _boxes(blocks), _HIGHEST_BOX_SHARE)
    gone |= _few(blocks, _notices(blocks), _HIGHEST_NOTICE_SHARE) | _pulled(blocks)
    invited = _lines(blocks, gone)
    gone |= _linked(tree, blocks, gone, invited) | _captions(tree, blocks)
    left = [_shorn(block) for index, block in enumerate(blocks) if index not in gone]
    cut = sum(len(text) for _, _, text in blocks) - sum(len(text) for _, _, text in left)
    return left, Counter({"aside": cut} if cut else {})


def _shorn(block: RawBlock) -> RawBlock:
    """A paragraph of several lines without those that are asides, such as the credit of the picture above it, and
    without an invitation to read on in brackets at its end.
    """
    kind, level, text = block
    if kind != "paragraph":
        return block
    lines = text.split("\n")
    own = [line for line in lines if said(line) in (None, "invitation", "marked_title")] if len(lines) > 1 else lines
    text = "\n".join(own or lines)
    bracketed = _BRACKETED.search(text) if text[-2:].rstrip(".。 ").endswith(_CLOSING) else None
    if bracketed and bracketed.start() and said(bracketed[1]) in ("invitation", "title"):
        text = text[: bracketed.start()]
    return kind, level, text


def _signs(blocks: Sequence[RawBlock]) -> set[int]:
    """Blocks of signs alone, such as a full stop whose sentence is a picture; rows of stars part a story's scenes."""
    return {
        index
        for index, (kind, _, text) in enumerate(blocks)
        if kind in _SAID and not _TOLD.search(text) and not _ORNAMENT.fullmatch(text)
    }


def _lines(blocks: Sequence[RawBlock], gone: set[int]) -> set[int]:
    """Adds the lines that are asides by what they say to those that are gone; gives those that invite to read what
    follows them.
    """
    invitations: list[int] = []
    for index, (kind, _, text) in enumerate(blocks):
        found = said(text, kind)
        if found == "invitation":
            invitations.append(index)
        elif found:
            gone.add(index)
    if not invitations:
        return set()
    times = Counter(bare(blocks[index][2]) for index in invitations)
    first, last = _prose_edges(blocks)
    few = {index for index in invitations if times[bare(blocks[index][2])] < _FEWEST_TEASERS}
    # behind the text a heading such as "see also" stands over a list of the text's own
    few -= {index for index in few if blocks[index][0] == "heading" and not first < index < last}
    gone |= few
    return few


def _boxes(blocks: Sequence[RawBlock]) -> set[int]:
    """Paragraphs about cookies and letters, unless the page is about them."""
    gone: set[int] = set()
    for box in ("cookies", "letters"):
        found = {index for index, (kind, _, text) in enumerate(blocks) if kind in _BOXED and asks(text, box)}
        if found and not any(kind == "heading" and speaks_of(text, box) for kind, _, text in blocks[: min(found)]):
            gone |= found
    return gone


def _notices(blocks: Sequence[RawBlock]) -> set[int]:
    """Lines about subscriptions, rights, donations and what the browser must allow."""
    return {index for index, (kind, _, text) in enumerate(blocks) if kind in _SAID and notifies(text)}


def _few(blocks: Sequence[RawBlock], found: set[int], highest: float) -> set[int]:
    """The blocks found, unless they are so much of the page that it is about them."""
    letters = sum(len(blocks[index][2]) for index in found)
    return found if letters <= highest * sum(len(text) for _, _, text in blocks) else set()


def _pulled(blocks: Sequence[RawBlock]) -> set[int]:
    """Paragraphs that only repeat a sentence of a longer one near them, as pull quotes do."""
    letters = [bare(text) if kind == "paragraph" else "" for kind, _, text in blocks]
    return {
        index
        for index, own in enumerate(letters)
        if _SHORTEST_PULLED <= len(own) <= _LONGEST_PULLED
        and any(own in other and own != other for other in letters[max(0, index - _NEAR) : index + _NEAR + 1])
    }


def _linked(tree: HtmlElement, blocks: Sequence[RawBlock], gone: set[int], invited: set[int]) -> set[int]:
    """Short paragraphs between others, and headings, that are a link to another page and nothing else, and such lines
    of any kind behind an invitation; not the dates of posts, which link to themselves.
    """
    first, last = _prose_edges(blocks)
    found: set[int] = set()
    heads: set[int] = set()
    links: frozenset[str] | None = None
    for index in range(first + 1, last):
        kind, _, text = blocks[index]
        called = index - 1 in invited
        if (
            index in gone
            or kind not in _SAID
            or len(text) > _LONGEST_LINK
            or not (called or kind == "heading" or _stands_apart(blocks, index))
        ):
            continue
        letters = bare(text)
        fewest = _FEWEST_HEADLINE if kind == "heading" and not called else _FEWEST_LINKED
        if len(letters) < fewest or _ADDRESS.match(text) or stamps_post(text):
            continue
        links = _links(tree) if links is None else links
        if letters in links:
            found.add(index)
            if called:
                invited.add(index)
            elif kind == "heading":
                heads.add(index)
    # a few headings that lead away stand for other texts; many are the page's own, such as the names of what it tests
    return found if len(heads) < _FEWEST_TEASERS else found - heads


def _stands_apart(blocks: Sequence[RawBlock], index: int) -> bool:
    """Whether a paragraph could be left out without a trace: no sentence runs into it, and none announces it."""
    kind, _, text = blocks[index]
    before = blocks[index - 1][2]
    whole_before = ends_as_prose(before) or blocks[index - 1][0] == "heading" or len(before) <= _LONGEST_LINK
    return kind == "paragraph" and whole_before and not before.endswith(_LEADS) and not _SMALL.match(text)


def _prose_edges(blocks: Sequence[RawBlock]) -> tuple[int, int]:
    """Where the first and the last paragraph that end as prose stand; the first behind the last if there is none."""
    prose = [index for index, (kind, _, text) in enumerate(blocks) if kind == "paragraph" and ends_as_prose(text)]
    return (prose[0], prose[-1]) if prose else (len(blocks), 0)


def _links(tree: HtmlElement) -> frozenset[str]:
    """The letters of every link of the page to another page, and of the headings within links, as teasers have them."""
    links = [link for link in tree.iter("a") if not (link.get("href") or "#").startswith("#")]
    headed = (heading for link in links if len(link) for heading in link.iter("h1", "h2", "h3", "h4", "h5", "h6"))
    return frozenset(bare(element.text_content()) for element in (*links, *headed))


def _captions(tree: HtmlElement, blocks: Sequence[RawBlock]) -> set[int]:
    captions = {bare(element.text_content()) for element in tree.iter("figcaption")}
    return {
        index for index, (kind, _, text) in enumerate(blocks) if captions and kind in _BOXED and bare(text) in captions
    }
