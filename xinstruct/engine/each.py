"""What the pipeline knows of processes: one verb, each(function, items), wherever they run."""

from collections.abc import AsyncIterator, Callable, Iterable
from typing import Protocol, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class EngineError(RuntimeError):
    """Workers die of something that is not theirs, such as too little memory; the text is one sentence."""


class Engine(Protocol):
    """Runs a function over items somewhere; the function and the items can be pickled. workers: items at once."""

    workers: int

    def each(self, function: Callable[[Item], Result], items: Iterable[Item]) -> AsyncIterator[Result]:
        """The results, in the order in which they are done. What the function raises is raised here."""
        ...

    def everywhere(self, function: Callable[[Item], Result], item: Item) -> list[Result]:
        """What the function gives once on each machine that has workers. EngineError when one does not answer."""
        ...

    def close(self) -> None:
        """Ends all workers."""
        ...
