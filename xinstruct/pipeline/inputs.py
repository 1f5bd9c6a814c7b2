"""Finds the files that a recipe's sources name, wherever they lie, and brings here what can only be read from here."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from xinstruct.languages import expand
from xinstruct.recipe import SOURCE_KINDS, Recipe, RecipeError, Source
from xinstruct.tools.web import remote
from xinstruct.tools.web.asking import NotServed
from xinstruct.tools.web.collected import Collected, Refused, nobody
from xinstruct.tools.web.signed import is_cut, kept, shown

# Servers that are asked of their files' sizes at once.
_ASKED_AT_ONCE = 8
# Where a source may name an address.
_ADDRESSES = frozenset({*SOURCE_KINDS, "index", "store"})


@dataclass(frozen=True)
class InputFile:
    """A file of the input: where it lies, its kind, the name that rows know it by, what the recipe says of it."""

    path: str
    kind: str
    container: str
    language: str | None
    licence: str | None

    @property
    def place(self) -> Path | remote.RemoteFile:
        """What can be opened."""
        return remote.place(self.path)

    @property
    def size(self) -> int:
        """Bytes, as it lies there."""
        return self.place.stat().st_size


@dataclass(frozen=True)
class _Found:
    """A file that a source names. parts: folders and name, of which the container is made, of the last few that tell
    it from others; all: of all of them; address: where it was fetched.
    """

    path: str
    kind: str
    parts: tuple[str, ...]
    language: str | None = None
    all: bool = False
    address: str = ""


def inputs(
    recipe: Recipe,
    folder: Path,
    out: Path,
    planned: Mapping[str, str],
    say: Callable[[str], None],
    refused: Callable[[str], Refused] = nobody,
) -> list[InputFile]:
    """The files of all sources, each once, in the order of the recipe.

    folder: where the recipe's paths start; out: the run's folder, where fetched pages are put and nothing else is read;
    planned: the containers of paths that a plan has, by what is kept of them; say: takes lines for people; refused: why
    an address must not be fetched, see Collected. RecipeError when a source is wrong, OSError when the outside fails.
    """
    remote.forget()
    if shut := next(filter(is_kept, recipe.sources), None):
        raise RecipeError(f"{shut.kind}: {shown(shut.value)} stands here without what opens it; name it whole.")
    met: dict[str, tuple[_Found, Source]] = {}
    for source in recipe.sources:
        with _told(source):
            for found in _files(source, recipe, folder, out, _Fetching(say, refused)):
                first, _ = met.setdefault(kept(found.path), (found, source))
                if first.address != found.address:
                    name = shown(found.address)
                    raise RecipeError(f"{name} is named twice, with two signatures or tokens; name it once.")
    with ThreadPoolExecutor(_ASKED_AT_ONCE) as pool:
        for source, asked in [
            (source, pool.submit(remote.RemoteFile(found.path).stat))
            for found, source in met.values()
            if remote.is_address(found.path)
        ]:
            with _told(source):
                asked.result()
    names = _containers([found for found, _ in met.values()], planned)
    return [
        InputFile(found.path, found.kind, names[found.path], _language(source) or found.language, source.licence)
        for found, source in met.values()
    ]


def as_kept(source: Source) -> Source:
    """The source without what opens its addresses, as it may be kept and shown; see tools/web/signed."""
    named = {name: value for name in _ADDRESSES if (value := getattr(source, name)) is not None}
    return source.model_copy(update={name: kept(value) for name, value in named.items()})


def is_kept(source: Source) -> bool:
    """Whether something is missing in its addresses that opens them."""
    return any(is_cut(str(getattr(source, name))) for name in _ADDRESSES)


def _language(source: Source) -> str | None:
    return expand([source.language])[0] if source.language else None


@contextmanager
def _told(source: Source) -> Iterator[None]:
    """What a server says against a source is said of the recipe."""
    try:
        yield
    except NotServed as error:
        raise RecipeError(f"{source.kind}: {error}.") from error


@dataclass(frozen=True)
class _Fetching:
    """How pages are fetched: what is told of it, and what is left alone."""

    say: Callable[[str], None]
    refused: Callable[[str], Refused]

    def into(self, out: Path, name: str) -> Collected:
        """Where the pages of a source are put."""
        return Collected(out / "fetched", name, self.say, self.refused)


def _files(source: Source, recipe: Recipe, folder: Path, out: Path, fetching: _Fetching) -> Iterator[_Found]:
    if source.kind == "urls":
        yield from _pages_of_addresses(source, folder, out, fetching)
    elif source.kind == "commoncrawl":
        yield from _pages_of_crawl(source, recipe, out, fetching)
    elif source.kind == "hf":
        from xinstruct.tools.web import hub_rows  # a second's work, for the runs that need it

        for table in hub_rows.tables(source.value, frozenset(recipe.labels)):
            yield _Found(table.address, table.kind, table.parts, table.language or None, all=True)
    elif remote.is_address(source.value):
        yield from _remote(source, out)
    else:
        for path in source.files(folder):
            if out.absolute() not in path.parents:
                yield _Found(str(path), source.kind, path.parts)


def _remote(source: Source, out: Path) -> Iterator[_Found]:
    found = remote.found(source.value)
    if not found:
        raise RecipeError(f"{source.kind}: {shown(source.value)} names no file.")
    for address in found:
        parts = remote.parts_of(address)
        here = out / "fetched" / f"{_digest(kept(address))}-{parts[-1]}"
        if source.kind != "html" and (here.exists() or not remote.RemoteFile(address).ranged):
            if not here.exists():
                remote.download(address, here)
            yield _Found(str(here.absolute()), source.kind, parts, address=address)
        else:
            yield _Found(address, source.kind, parts, address=address)


def _pages_of_addresses(source: Source, folder: Path, out: Path, fetching: _Fetching) -> Iterator[_Found]:
    from xinstruct.tools.web import addresses  # half a second's work, for the runs that need it

    with fetching.into(out, f"urls-{_digest(kept(source.value))}") as collected:
        if remote.is_address(source.value):
            files = addresses.fetched_of_sitemap(source.value, collected)
        else:
            files = addresses.fetched(source.files(folder), collected)
    if not files:
        raise RecipeError(f"urls: {shown(source.value)} names no address.")
    for path in files:
        yield _Found(str(path.absolute()), "warc", (path.name,))


def _pages_of_crawl(source: Source, recipe: Recipe, out: Path, fetching: _Fetching) -> Iterator[_Found]:
    from xinstruct.tools.web import crawl_index  # for the runs that need it

    index, store = source.index or crawl_index.INDEX, source.store or crawl_index.STORE
    crawl = crawl_index.Crawl(source.value, source.pattern or "", index, store, frozenset(recipe.labels))
    told = _digest("\n".join([crawl.name, crawl.pattern, kept(crawl.index), *sorted(crawl.languages)]))
    with fetching.into(out, f"commoncrawl-{told}") as collected:
        for path in crawl_index.fetched(crawl, collected):
            yield _Found(str(path.absolute()), "warc", (path.name,))


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()


def _containers(files: Sequence[_Found], planned: Mapping[str, str]) -> dict[str, str]:
    # A container's name is part of every id: it must not change with the machine, with where the corpus was put, or
    # with files that come later.
    names = {f.path: planned.get(kept(f.path), "/".join(f.parts) if f.all else f.parts[-1]) for f in files}
    for file in files:
        if not _can_be_written(file.path):
            raise RecipeError(f"The name of the file {shown(file.path)!a} is not UTF-8; rename it.")
    depth = 1
    while doubled := _doubled(files, names, planned):
        depth += 1
        names |= {file.path: "/".join(file.parts[-depth:]) for file in doubled}
        if depth > max(len(file.parts) for file in doubled):
            raise RecipeError(f"{'/'.join(doubled[0].parts)} is named twice, in two ways; name it once.")
    return names


def _doubled(files: Iterable[_Found], names: Mapping[str, str], planned: Mapping[str, str]) -> list[_Found]:
    counts = Counter(names.values())
    return [file for file in files if counts[names[file.path]] > 1 and kept(file.path) not in planned]


def _can_be_written(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
