"""Reads texts of evaluation sets that the library `datasets` can load, from the Hugging Face Hub or from a folder."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from xinstruct.recipe import RecipeError, Strict, checked
from xinstruct.tables import shipped
from xinstruct.tools.overlap.texts import Text, item_texts


class Benchmark(Strict):
    """An evaluation set, as corpora/benchmarks.yml describes it."""

    hub: str
    revision: str | None = None
    configs: list[str] | None = None
    splits: list[str] | None = None
    fields: list[str] | None = None
    licence: str | None = None


def benchmarks() -> dict[str, Benchmark]:
    """The common evaluation sets, by name."""
    table = shipped("corpora", "benchmarks.yml")
    return {name: checked(Benchmark, entry, f"benchmarks.yml: {name}") for name, entry in table.items()}


def named(spec: str, fields: Sequence[str] | None) -> Benchmark:
    """The set that `ORG/NAME`, `ORG/NAME:CONFIG` or `ORG/NAME:CONFIG:SPLIT` means, or a folder in place of ORG/NAME."""
    hub, *rest = [spec] if Path(spec).exists() else spec.split(":")
    if not hub or len(rest) > 2 or not all(rest):
        raise RecipeError(
            f"hf:{spec} names no dataset; give hf:ORG/NAME, hf:ORG/NAME:CONFIG or hf:ORG/NAME:CONFIG:SPLIT."
        )
    configs, splits = ([one] if one else None for one in (*rest, None, None)[:2])
    return Benchmark(hub=hub, configs=configs, splits=splits, fields=list(fields) if fields else None)


def texts(benchmark: Benchmark) -> Iterator[Text]:
    """All its texts, and what each is called, such as `eng_Latn:test:17:question`.

    RecipeError when there is no such dataset, config, split or field; OSError when the Hub cannot be reached.
    """
    import datasets  # a second's work, for those who need it
    from datasets.exceptions import DatasetNotFoundError

    datasets.disable_progress_bars()
    met: set[str] = set()
    try:
        for config in benchmark.configs or datasets.get_dataset_config_names(benchmark.hub, benchmark.revision):
            for split in benchmark.splits or _splits(benchmark, config):
                rows = _rows(benchmark, config, split)
                for number, row in enumerate(rows, start=1):
                    met.update(row)
                    yield from item_texts(row, f"{config}:{split}:{number}", benchmark.fields)
    except (DatasetNotFoundError, ValueError, RuntimeError) as error:
        raise RecipeError(f"hf:{benchmark.hub} gives no evaluation texts: {_line(error)}.") from None
    except ConnectionError as error:
        raise OSError(f"The Hub cannot be reached for {benchmark.hub} ({_line(error)}); try again later.") from None
    lacking = [field for field in benchmark.fields or () if field not in met]
    if lacking:
        known = ", ".join(sorted(met)) or "none"
        raise RecipeError(f"hf:{benchmark.hub} has no field {lacking[0]}; its fields are {known}.")


def _splits(benchmark: Benchmark, config: str) -> list[str]:
    """What is held out; all where nothing is."""
    import datasets

    every = [
        str(split) for split in datasets.get_dataset_split_names(benchmark.hub, config, revision=benchmark.revision)
    ]
    return [split for split in every if split != "train"] or every


def _rows(benchmark: Benchmark, config: str, split: str) -> Iterator[dict[str, Any]]:
    import datasets

    # Streamed, so that a training set beside the split is not fetched with it.
    told = {"split": split, "revision": benchmark.revision, "streaming": True}
    yield from datasets.load_dataset(benchmark.hub, config, **told)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200].rstrip(".") or type(error).__name__
