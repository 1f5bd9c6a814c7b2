"""Reads the text of repositories.py from git clones: messages without markup, and sentences, under their languages.

`gather.py --repositories FOLDER` uses it: the folder holds git clones of the repositories, each as owner+name or
owner/name, with or without a work tree. What is read are the commits that stand in repositories.py.
"""

import collections
import itertools
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import yaml
from formats import Messages
from repositories import CODES, REPOSITORIES, Repository

from xinstruct import languages
from xinstruct.tools.lid.identifier import script_of

_PLURAL = re.compile(r"\{\{(?:PLURAL|GENDER)[:|][^{}|]*\|([^{}]*)\}\}", re.IGNORECASE)
_LINK = re.compile(r"\[\[(?:[^\[\]|]*\|)?([^\[\]|]*)\]\]|\[\S+:?//\S+ ([^\]]*)\]")
_MARKUP = re.compile(
    r"\{\{[^{}]*\}\}|<[^<>]*>|&#?\w+;|\$\d+|%\d*\$?[a-z]|%?\{[^{}]*\}|__\w+__|''+|https?://\S+|\\[nt\"']|#\w+"
)
_FEWEST_WORDS, _LARGEST_ENGLISH_SHARE = 3, 0.25
# Of a larger text of one language every n-th line is read.
_MOST_CHARACTERS = 400_000
_LARGEST_FILE = 5_000_000
# Scripts without blanks between words: a message is long enough at so many letters.
_UNSPACED, _FEWEST_LETTERS = frozenset(("Hans", "Hant", "Jpan", "Thai", "Laoo", "Khmr", "Mymr", "Tibt", "Lana")), 10


def rows(folder: Path, skipped: collections.Counter[str]) -> Iterator[dict[str, str]]:
    """One row of lang (xxx_Xxxx), source, text for each language of each repository: its messages, one a line.

    A message that stands in several repositories is given once; what is left in English, or holds mostly English, and
    what is in another script than most messages of its language are not given. FileNotFoundError names what is absent.
    """
    seen: set[tuple[str, str]] = set()
    for repository in REPOSITORIES:
        by_language: dict[str, dict[str, str]] = {}
        for code, messages in _files(folder, repository):
            by_language.setdefault(code, {}).update(messages)
        english = by_language.pop("en", {})
        for code, messages in sorted(by_language.items()):
            label, lines = _labelled(code, _thinned(messages), english)
            if not label:
                skipped[f"{code}: messages in no language of the table"] += 1
                continue
            new = [line for line in lines if (label, line) not in seen]
            seen.update((label, line) for line in new)
            if new:
                source = repository.source or f"{repository.name} ({repository.licence})"
                yield {"lang": label, "source": source, "text": "\n".join(new)}


def _thinned(messages: Messages) -> Messages:
    step = 1 + sum(map(len, messages.values())) // _MOST_CHARACTERS
    return dict(itertools.islice(messages.items(), 0, None, step))


def _labelled(code: str, messages: Messages, english: Messages) -> tuple[str, list[str]]:
    clean = [(bare(text), bare(english.get(key, ""))) for key, text in messages.items()]
    lines = [line for line, original in clean if is_translated(line, original)]
    scripts = collections.Counter(script_of(line) for line in lines)
    name = CODES.get(code, code)
    script = name.partition("_")[2].title() or (scripts.most_common(1)[0][0] if scripts else "")
    try:
        label = languages.label(f"{name.partition('_')[0]}_{script}" if script else name)
    except languages.UnknownLanguage:
        return "", []
    same = {label[4:]} | ({"Hans", "Hant"} if label[4:] in ("Hans", "Hant") else set())
    return label, [line for line in lines if script_of(line) in same]


def bare(text: str) -> str:
    """A message without markup and placeholders, on one line; of several forms for numbers the last."""
    text = _PLURAL.sub(lambda forms: forms[1].rpartition("|")[2], text)
    text = _LINK.sub(lambda link: link[1] or link[2] or " ", text)
    return " ".join(_MARKUP.sub(" ", text).split())


def is_translated(line: str, original: str) -> bool:
    """Whether a message is long enough to tell its language, and is not the English one with a few words changed."""
    if script_of(line) in _UNSPACED:
        return sum(map(str.isalpha, line)) >= _FEWEST_LETTERS
    words = re.findall(r"[^\W\d_]+", line.casefold())
    kept = set(re.findall(r"[^\W\d_]+", original.casefold()))
    return len(words) >= _FEWEST_WORDS and sum(word in kept for word in words) <= _LARGEST_ENGLISH_SHARE * len(words)


def _files(folder: Path, repository: Repository) -> Iterator[tuple[str, Messages]]:
    """(language code in lower case, messages) of each file, English as en."""
    clone = _clone(folder, repository.name)
    pattern = re.compile(repository.files)
    for entry in _git(clone, "ls-tree", "-rlz", repository.commit).decode().split("\0"):
        told_of, _, path = entry.partition("\t")
        match = pattern.fullmatch(path)
        # Of a clone that lacks its largest files git knows no size of them.
        size = told_of.rpartition(" ")[2]
        if (
            match
            and size.isdigit()
            and int(size) <= _LARGEST_FILE
            and (repository.language or match[1] not in ("qqq", "qq"))
        ):
            content = _git(clone, "show", f"{repository.commit}:{path}")
            # Where a message stands, but for the language: English has the same place.
            place = path if repository.language or not match[1] else path[: match.start(1)] + path[match.end(1) :]
            place = place.replace("/values-/", "/values/")
            told = _read(repository.read, content)
            yield repository.language or (match[1] or "en").lower(), {f"{place} {key}": told[key] for key in told}


def _read(read: Callable[[bytes], Messages], content: bytes) -> Messages:
    try:
        return read(content)
    except (ValueError, ElementTree.ParseError, yaml.YAMLError):  # one broken file of a thousand is not missed
        return {}


def _clone(folder: Path, name: str) -> Path:
    places: Iterable[Path] = (folder / form for form in (name, name.replace("/", "+")))
    for place in places:
        for inside in (place, place / "repo"):
            if (inside / ".git").exists() or (inside / "HEAD").is_file():
                return inside
    raise FileNotFoundError(f"{folder} holds no clone of {name}: git clone https://github.com/{name}")


def _git(clone: Path, *words: str) -> bytes:
    return subprocess.run(["git", "-C", str(clone), *words], check=True, capture_output=True).stdout
