"""One vLLM process under its guardian: start, look, end."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path

_GUARDIAN = Path(__file__).with_name("guardian.py")
_END_SECONDS = 45.0  # twice the guardian's grace, and a little more
_LOOK_SECONDS = 0.1
_TAIL_BYTES = 200_000


class Process:
    """A command that ends, with all it started, when we end. log: what it says is added there."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as file:
            file.write(f"\n== {time.strftime('%Y-%m-%d %H:%M:%S %z')} {' '.join(command)}\n")
        self._log = log
        self._began = self.size()
        with log.open("ab") as output:
            self._guardian = subprocess.Popen(
                [sys.executable, "-I", str(_GUARDIAN), *command],
                stdin=subprocess.PIPE,
                stdout=output,  # not ours, or whoever reads that would wait until the guardian ends
                stderr=output,
                env=environment,
                start_new_session=True,  # Ctrl-C is for us; the guardian hears of it when we close its input
            )

    def status(self) -> int | None:
        """The exit status, 128 + n where signal n ended it; None while it runs."""
        return self._guardian.poll()

    def size(self) -> int:
        """Bytes in its log."""
        return self._log.stat().st_size

    def said(self) -> str:
        """What it has written to its log since it was started, or the end of that."""
        with self._log.open("rb") as file:
            file.seek(max(self._began, self.size() - _TAIL_BYTES))
            return file.read().decode("utf-8", "replace")

    async def end(self) -> bool:
        """Ends it and all that it started. False when some of it is stuck in the kernel and cannot be ended."""
        if self._guardian.stdin:
            self._guardian.stdin.close()
        until = time.monotonic() + _END_SECONDS
        while self.status() is None and time.monotonic() < until:
            await asyncio.sleep(_LOOK_SECONDS)
        return self.status() is not None
