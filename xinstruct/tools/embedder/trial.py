"""Loads an embedder's model once in a process of its own, so that a broken one is told before replies are paid for."""

import os
import subprocess
import sys
import tempfile
import threading
from types import TracebackType
from typing import NoReturn

import numpy as np

from xinstruct.recipe import RecipeError
from xinstruct.tools.embedder.faults import one_line, unloadable
from xinstruct.tools.embedder.transformer import transformer

_SENTENCE = "How is bread baked?"
_WRONG, _OUTSIDE = 2, 5


def tried(name: str) -> None:
    """Returns when the model gave the vector of a sentence. name: as `transformer.Transformer` takes it.

    RecipeError where it cannot be loaded, in a sentence that says why; OSError where the Hub cannot be reached.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8") as told:
        command = [sys.executable, "-m", __name__, name]
        # What libraries print of their loading is for nobody; the child ends when its input does.
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=told, stderr=subprocess.DEVNULL) as process:
            ended = process.wait()
        told.seek(0)
        said = [line for line in told.read().splitlines() if line.strip()]
    if ended == 0:
        return
    if ended == _OUTSIDE:
        raise OSError(said[-1])
    if ended == _WRONG:
        raise RecipeError(said[-1])
    raise unloadable(name, said[-1] if said else f"loading it ended with {ended}")


def main() -> None:
    """Tries the model that the command names; the last line of the output says why where it fails."""
    sys.excepthook = _tell
    threading.Thread(target=_end_with_parent, daemon=True).start()
    name = sys.argv[1]
    try:
        vectors = transformer(name).vectors([_SENTENCE])
    except RecipeError as error:
        _end(str(error), _WRONG)
    except OSError as error:
        _end(str(error), _OUTSIDE)
    if not np.isfinite(vectors).all() or not vectors.any():
        _end(str(unloadable(name, "its vectors are no numbers, or all zeros")), _WRONG)


def _end(said: str, status: int) -> NoReturn:
    print(said)
    sys.exit(status)


def _tell(kind: type[BaseException], error: BaseException, _: TracebackType | None) -> None:
    print(f"{kind.__name__}: {one_line(error)}")


def _end_with_parent() -> None:
    os.read(sys.stdin.fileno(), 1)  # not through the buffer, which the end of Python waits for
    os._exit(1)


if __name__ == "__main__":
    main()
