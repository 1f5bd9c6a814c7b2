"""Where model-free work is done: in processes on this machine, or on Ray, on one machine or many."""

from pathlib import Path

from xinstruct.engine.each import Engine, EngineError
from xinstruct.engine.local import LocalEngine
from xinstruct.recipe import RecipeError

__all__ = ["Engine", "EngineError", "LocalEngine", "ray_engine"]


def ray_engine(workers: int, lock: Path | None, read: frozenset[Path] = frozenset()) -> Engine:
    """Tasks on the Ray that RAY_ADDRESS or `ray start` names; without one, on a Ray of this machine that ends with us.

    lock: the locked file of a run's folder that all machines must see, None where none need; read: files that they must
    see as well. RecipeError when Ray is not installed.
    """
    try:
        from xinstruct.engine.on_ray import RayEngine, SharedDisk
    except ImportError:
        raise RecipeError("--engine ray needs the package ray; type: pip install 'xinstruct[ray]'") from None
    return RayEngine(workers, SharedDisk.of(lock, read) if lock else None)
