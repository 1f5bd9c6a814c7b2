"""What a recipe may say: languages, sources, stages and their settings; an unknown key is an error that names it."""

import difflib
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from xinstruct.languages import expand

M = TypeVar("M", bound=BaseModel)
SOURCE_KINDS = ("warc", "html", "jsonl", "parquet", "urls", "commoncrawl", "hf")


class RecipeError(ValueError):
    """The recipe or the call is wrong; the text is one sentence that says what to do."""


class Strict(BaseModel):
    """A model that refuses keys it does not know and does not change once made."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(Strict):
    """Where pages come from: exactly one of the kinds, each a path or a glob, relative to the recipe's own file, or an
    http://, https:// or s3:// address.
    """

    warc: str | None = Field(None, description="WARC, ARC, WET or WAT files, told apart by content, gzip or not")
    html: str | None = Field(None, description="an HTML file, a folder of them, or a glob")
    jsonl: str | None = Field(
        None,
        description="JSON lines with `text`, and if there url, title, language, licence, id; a row that has an "
        "`instruction`, too (and perhaps instruction_lang, context, task, and `response` in the place of `text`), is a "
        "seed: it is kept whole, however short, and goes through instruct unasked",
    )
    parquet: str | None = Field(None, description="Parquet files with the same columns")
    urls: str | None = Field(
        None, description="a file of addresses, one on each line, or the http:// address of a sitemap; they are fetched"
    )
    commoncrawl: str | None = Field(
        None, description="a crawl such as CC-MAIN-2025-05, of which pages that declare a wanted language are fetched"
    )
    hf: str | None = Field(
        None, description="a dataset of the Hugging Face Hub, org/name, with @revision and a path with `*` if need be"
    )
    pattern: str | None = Field(None, description="of commoncrawl: whose pages, such as *.go.ke or host.example/news/*")
    index: str | None = Field(
        None, description="of commoncrawl: the server of its index; https://index.commoncrawl.org unless said"
    )
    store: str | None = Field(
        None, description="of commoncrawl: the server of its files; https://data.commoncrawl.org unless said"
    )
    language: str | None = Field(None, description="the language of every text of this source, believed")
    licence: str | None = Field(None, description="the licence of every page of this source")

    @model_validator(mode="after")
    def _one_kind(self) -> "Source":
        if sum(getattr(self, kind) is not None for kind in SOURCE_KINDS) != 1:
            raise ValueError(f"a source has exactly one of {', '.join(kind + ':' for kind in SOURCE_KINDS)}")
        strange = [key for key in ("pattern", "index", "store") if getattr(self, key) is not None]
        if self.commoncrawl is None and strange:
            raise ValueError(f"{' and '.join(strange)} can only stand with commoncrawl:")
        if self.commoncrawl is not None and not self.pattern:
            raise ValueError("commoncrawl: needs a pattern: that says whose pages, such as '*.go.ke'")
        if self.language is not None and len(expand([self.language])) != 1:
            raise ValueError(
                f"the language {self.language} of a source stands for {' '.join(expand([self.language]))}: name one"
            )
        return self

    @property
    def kind(self) -> str:
        """The one of SOURCE_KINDS that it is."""
        return next(kind for kind in SOURCE_KINDS if getattr(self, kind) is not None)

    @property
    def value(self) -> str:
        """What stands behind the kind: a path, a pattern or an address."""
        return str(getattr(self, self.kind))

    def files(self, folder: Path) -> list[Path]:
        """The files of this machine that the source names, absolute and sorted, from `folder`. RecipeError without."""
        pattern = self.value
        if "://" in pattern or self.kind not in _SUFFIXES:
            # Of an address neither password nor signature.
            shown = pattern.partition("?")[0].rpartition("@")[2] if "://" in pattern else pattern
            raise RecipeError(f"{self.kind}: {shown} does not lie on this machine; download it and name its path.")
        try:
            path = folder / Path(pattern).expanduser()
            if path.is_dir():
                found: Iterable[Path] = (p for suffix in _SUFFIXES[self.kind] for p in path.rglob(f"*{suffix}"))
            elif path.exists():
                found = iter([path])
            elif path.is_relative_to(folder):  # the folder's own name may hold signs of a glob
                found = folder.glob(str(path.relative_to(folder)))
            else:
                found = Path(path.anchor).glob(str(path.relative_to(path.anchor)))
            files = sorted({p.absolute() for p in found if not p.is_dir()})
        except (ValueError, RuntimeError) as error:
            raise RecipeError(f"{self.kind}: {pattern} is neither a path nor a pattern ({error}).") from error
        if not files:
            raise RecipeError(f"{self.kind}: {pattern} names no file; paths are taken from {folder}.")
        return files


_SUFFIXES = {
    "warc": (".warc", ".warc.gz", ".arc", ".arc.gz", ".wet", ".wet.gz"),
    "html": (".html", ".htm", ".xhtml"),
    "jsonl": (".jsonl", ".jsonl.gz", ".jsonl.zst"),
    "parquet": (".parquet",),
    "urls": (".txt", ".xml"),
}


class Rights(Strict):
    """What may be taken in, and what may leave. A bare word, `rights: open-only`, is what may leave."""

    publish: Literal["open-only", "pointers", "all"] | None = Field(
        default=None,
        description="what may leave for the Hub: rows under open licences, addresses without texts, or everything",
    )
    accept: list[str] = Field(
        default=["all"],
        min_length=1,
        description="licences that a passage may have: `all`, also where none is named; `open`; or names such as "
        "[CC-BY, CC-BY-SA-4.0, CC0], of which those without a version stand for every version",
    )
    opt_out: str | None = Field(
        default=None,
        description="a file of hosts that asked to be left out, one on each line, relative to the recipe's own",
    )

    @field_validator("accept", mode="before")
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value


class StageEntry(Strict):
    """One stage of a recipe: its word and the settings that differ from the stage's own."""

    name: str
    settings: dict[str, Any] = {}


class Recipe(Strict):
    """A whole recipe."""

    languages: list[str] = Field(description="names such as swh_Latn, sw or swa; or `all`")
    sources: list[Source] = Field(min_length=1, description="where pages come from")
    identifier: str | None = Field(
        default=None,
        description="a fastText file that tells languages in place of the project's own, such as GlotLID, OpenLID or "
        "lid.176, relative to the recipe's own",
    )
    stages: list[StageEntry] = Field(min_length=1, description="the line: a name, or a name with settings")
    name: str = Field("xinstruct dataset", description="what the dataset's card is headed with")
    rights: Rights = Field(default=Rights(), description="whose pages and which licences are taken; what may leave")
    part_megabytes: float | None = Field(
        None,
        gt=0,
        description="how much input makes a part; a sixteenth of all of it unless said, 1 at least, 256 at most",
    )

    @field_validator("languages", mode="before")
    @classmethod
    def _known_languages(cls, value: Any) -> Any:
        names = [value] if isinstance(value, str) else value
        if not isinstance(names, list) or not names:
            raise ValueError("give a list of names such as [swh_Latn, tam_Taml], or all")
        expand([str(name) for name in names])
        return names

    @field_validator("rights", mode="before")
    @classmethod
    def _named_rights(cls, value: Any) -> Any:
        return {"publish": value} if value is None or isinstance(value, str) else value

    @field_validator("stages", mode="before")
    @classmethod
    def _named_stages(cls, value: Any) -> Any:
        if not isinstance(value, list):
            raise ValueError("give a list of stages such as [harvest, cluster]")
        return [_stage_entry(item) for item in value]

    @property
    def labels(self) -> tuple[str, ...]:
        """The wanted languages as labels such as swh_Latn."""
        return expand(self.languages)


def _stage_entry(item: Any) -> Any:
    if isinstance(item, str):
        return {"name": item}
    if isinstance(item, Mapping) and len(item) == 1:
        name, settings = next(iter(item.items()))
        if settings is None or isinstance(settings, Mapping):
            return {"name": str(name), "settings": dict(settings or {})}
    if isinstance(item, StageEntry) or (isinstance(item, Mapping) and set(item) <= {"name", "settings"}):
        return item
    raise ValueError(
        f"a stage is a name, or a name with settings such as `harvest: {{shortest_kept: 400}}`, not {item!r}"
    )


def located(name: Path) -> Path:
    """The recipe meant: the path itself, or for a bare word such as `demo` the recipe that ships under that name."""
    shipped = Path(str(resources.files("xinstruct"))) / "corpora" / f"{name}.yml"
    return shipped if not name.is_file() and name.name == str(name) and shipped.is_file() else name


def load(path: Path) -> Recipe:
    """The recipe of a YAML file. RecipeError, in one sentence, for everything that is wrong with it."""
    return checked(Recipe, read_yaml(path, "recipe"), str(path))


def read_yaml(path: Path, what: str) -> Mapping[str, Any]:
    """The mapping that a YAML file holds. what: recipe or profile. RecipeError for what cannot be read or is none."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecipeError(f"There is no {what} {path}; `xinstruct run --help` shows how to go without one.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"The {what} {path} cannot be read: {error}.") from error
    except yaml.YAMLError as error:
        for mark in (getattr(error, "context_mark", None), getattr(error, "problem_mark", None)):
            if mark is not None:
                mark.buffer = None  # the line itself is not told: an address in it may hold a key
        raise RecipeError(f"The {what} {path} is not YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(content, Mapping):
        keys = " and ".join(_REQUIRED[what])
        raise RecipeError(f"The {what} {path} must be a mapping with the keys {keys}.")
    return content


_REQUIRED = {"recipe": ("languages, sources", "stages"), "profile": ("servers", "roles")}


def checked(model: type[M], content: Mapping[str, Any], where: str) -> M:
    """`content` as a model. RecipeError names the first thing that is wrong, with the nearest known key."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        raise RecipeError(f"{where}: {_sentence(model, first)}") from error


def _sentence(model: type[BaseModel], error: Mapping[str, Any]) -> str:
    place = ".".join(str(step) for step in error["loc"])
    if error["type"] == "extra_forbidden":
        known = _known_keys(model, error["loc"][:-1])
        near = difflib.get_close_matches(str(error["loc"][-1]), known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(known))}."
        return f"unknown key {place}; {hint}"
    if error["type"] == "missing":
        return f"the key {place} is missing."
    message = str(error["msg"]).removeprefix("Value error, ")
    end = "" if message.endswith(("?", ".")) else "."
    return f"{place}: {message}{end}" if place else f"{message}{end}"


def _known_keys(model: type[BaseModel], steps: Iterable[Any]) -> list[str]:
    """The keys that may stand at a place, by the models that the annotations on the way there hold."""
    place: type[BaseModel] | None = model
    for step in steps:
        if isinstance(step, str) and place is not None and step in place.model_fields:
            place = _model_in(place.model_fields[step].annotation)
    return list(place.model_fields) if place else []


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _model_in(inner))), None)
