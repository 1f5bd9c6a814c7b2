"""Finds the posts of a discussion: the programs that forums run on mark each by a name, and an extractor of articles
takes the first one only.
"""

import regex
from lxml.html import HtmlElement

from xinstruct.tools.extractor.blocks import RawBlock, bare
from xinstruct.tools.extractor.plain import plain_blocks

# XenForo, Invision, MyBB, vBulletin 4 and 5, Flarum, Stack Exchange, bbPress, Discourse.
_CLASSES = frozenset((
    "bbWrapper", "cPost_contentWrap", "post_body", "postcontent", "js-post__content-text", "Post-body", "js-post-body",
    "bbp-topic-content", "bbp-reply-content", "cooked",
))  # fmt: skip
# phpBB, vBulletin 3, Simple Machines.
_IDS = regex.compile(r"(?:post_content|post_message_|msg_)\d+")
# By schema.org a comment stands under an article, too; these only where people discuss or ask.
_TYPES = frozenset(("DiscussionForumPosting", "Question", "Answer"))
_FEWEST_POSTS = 2
_FEWEST_LETTERS = 200


def posts(tree: HtmlElement) -> list[RawBlock]:
    """The blocks of all posts of a page, in reading order; none where there are not several."""
    kinds = _TYPES if not _is_discussion(tree) else _TYPES | {"Comment"}
    found = [each for each in tree.iter("div", "section", "article", "blockquote", "td") if _is_post(each, kinds)]
    inside = set(found)
    outer = [element for element in found if inside.isdisjoint(element.iterancestors())]
    told = [blocks for element in outer if (blocks := plain_blocks(element))]
    letters = sum(len(bare(text)) for blocks in told for _, _, text in blocks)
    if len(told) < _FEWEST_POSTS or letters < _FEWEST_LETTERS:
        return []
    return [block for blocks in told for block in blocks]


def _is_discussion(tree: HtmlElement) -> bool:
    return any(_kind(scope) == "DiscussionForumPosting" for scope in tree.iter() if scope.get("itemtype"))


def _is_post(element: HtmlElement, kinds: frozenset[str]) -> bool:
    if not _CLASSES.isdisjoint((element.get("class") or "").split()) or _IDS.fullmatch(element.get("id") or ""):
        return True
    if element.get("itemprop") not in ("text", "articleBody"):
        return False
    scope = next((above for above in element.iterancestors() if above.get("itemscope") is not None), None)
    return scope is not None and _kind(scope) in kinds


def _kind(scope: HtmlElement) -> str:
    return (scope.get("itemtype") or "").rstrip("/").rsplit("/", 1)[-1]
