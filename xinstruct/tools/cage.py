"""A child process in which strangers' pages are parsed, so that a page that hangs or crashes harms nothing else."""

import contextlib
import ctypes
import errno
import importlib
import json
import os
import resource
import selectors
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

REQUEST = struct.Struct(">IQ")  # bytes of the fields as JSON, bytes of the body
REPLY = struct.Struct(">Q")  # bytes of the reply as JSON
LARGEST_REPLY = 64 << 20
LONGEST_START = 60.0  # seconds for the child to import its function, on a machine that is busy
GRACE = 2.0  # seconds that the child's own alarm has before the parent's clock strikes
BLOCK = 1 << 18
PR_SET_PDEATHSIG = 1  # linux/prctl.h


class CageDied(Exception):
    """The child did not live through the page. reason: too_slow, crashed or too_much_memory."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class BrokenPage(Exception):
    """The function raised on this page; the text says what, in one line."""


class Cage:
    """One child process that runs a named function on bytes under limits.

    The first call starts it, and it is replaced when it dies.

    function: "module:name", called as name(body, **fields) with fields that JSON can carry; it gives a dict that JSON
    can carry. seconds: wall clock of one call. memory: bytes of address space of the child. One caller at a time.
    """

    def __init__(self, function: str, seconds: float = 10, memory: int = 2 << 30) -> None:
        self.function = function
        self.seconds = seconds
        self.memory = memory
        self._child: subprocess.Popen[bytes] | None = None

    def call(self, body: bytes, **fields: Any) -> dict[str, Any]:
        """What the function gives for this body.

        Raises CageDied when the child did not live through it, BrokenPage when the function raised, RuntimeError when
        the function cannot be imported.
        """
        reply = self._answer(body, fields)
        if reply is None:
            reply = self._answer(body, fields)
        if reply is None:
            raise CageDied("too_much_memory", "killed twice from outside, as the kernel does when memory is short")
        if "memory" in reply:
            self.close()
            raise CageDied("too_much_memory", f"more than {self.memory} bytes")
        if "broken" in reply:
            raise BrokenPage(reply["broken"])
        result: dict[str, Any] = reply["result"]
        return result

    def close(self) -> None:
        """End the child; a later call would start a new one."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    pipe.close()

    def __enter__(self) -> "Cage":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _answer(self, body: bytes, fields: dict[str, Any]) -> dict[str, Any] | None:
        """The child's reply; None when somebody killed it with SIGKILL, for which the page need not be to blame."""
        if self._child is not None and self._child.poll() is not None:
            self.close()  # died while idle
        child = self._child or self._start() or self._start()
        if child is None:
            raise OSError(errno.ENOMEM, "the cage was killed twice while it started: use fewer --workers")
        asked = json.dumps(fields).encode("ascii")
        try:
            return self._exchange(child, REQUEST.pack(len(asked), len(body)) + asked + body, self.seconds + GRACE)
        except TimeoutError:
            raise CageDied("too_slow", f"more than {self.seconds:g} seconds") from None
        except EOFError:
            status = child.returncode
        except ValueError as error:
            raise CageDied("crashed", str(error)) from None
        if status == -signal.SIGALRM:
            raise CageDied("too_slow", f"more than {self.seconds:g} seconds")
        if status == -signal.SIGKILL:
            return None
        raise CageDied("crashed", signal.strsignal(-status) or "" if status < 0 else f"exit status {status}")

    def _start(self) -> subprocess.Popen[bytes] | None:
        """The child, ready for pages; None when it was killed from outside, as the kernel does when memory is short."""
        # The child finds the modules that its parent finds. One thread each: a library's thread pool would eat the
        # address space.
        places = os.pathsep.join(place for place in sys.path if place)
        single = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        child = subprocess.Popen(
            [
                sys.executable,
                "-P",
                "-m",
                "xinstruct.tools.cage",
                self.function,
                str(self.seconds),
                str(self.memory),
                str(os.getpid()),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env=os.environ | {"PYTHONPATH": places} | single,
        )
        self._child = child
        try:
            hello = self._exchange(child, b"", LONGEST_START)
        except (TimeoutError, EOFError) as error:
            if child.returncode == -signal.SIGKILL and isinstance(error, EOFError):
                return None
            raise RuntimeError(f"the cage for {self.function} did not start (status {child.returncode})") from error
        if "broken" in hello:
            self.close()
            raise RuntimeError(f"the cage for {self.function} did not start: {hello['broken']}")
        return child

    def _exchange(self, child: subprocess.Popen[bytes], request: bytes, seconds: float) -> dict[str, Any]:
        whole = False
        try:
            reply = _exchange(child, request, seconds)
            whole = True
        finally:
            if (
                not whole
            ):  # after a stop in mid-frame, by the clock or by Ctrl-C, what the pipe says can no longer be understood
                self.close()
        return reply


def _exchange(child: subprocess.Popen[bytes], request: bytes, seconds: float) -> dict[str, Any]:
    """Send the request and read one reply. Raises TimeoutError, EOFError (it is gone) or ValueError (no reply)."""
    assert child.stdin is not None
    assert child.stdout is not None
    writing, reading = child.stdin.fileno(), child.stdout.fileno()
    os.set_blocking(writing, False)
    os.set_blocking(reading, False)
    deadline = time.monotonic() + seconds
    unsent, received, wanted = memoryview(request), bytearray(), REPLY.size
    with selectors.PollSelector() as ready:
        ready.register(reading, selectors.EVENT_READ)
        if unsent:
            ready.register(writing, selectors.EVENT_WRITE)
        while len(received) < wanted:
            events = ready.select(max(0.0, deadline - time.monotonic()))
            if not events:
                raise TimeoutError
            for key, _ in events:
                if key.fd == reading:
                    received += _read_some(child, reading)
                    if wanted == REPLY.size and len(received) >= wanted:
                        wanted += REPLY.unpack_from(received)[0]
                    if wanted > LARGEST_REPLY:
                        raise ValueError(f"a reply of {wanted} bytes")
                elif key.fd == writing:
                    try:
                        unsent = unsent[os.write(writing, unsent[:BLOCK]) :]
                    except BrokenPipeError:
                        unsent = unsent[:0]  # the reading side says EOF in a moment, and why
                    if not unsent:
                        ready.unregister(writing)
    answer: dict[str, Any] = json.loads(received[REPLY.size : wanted])
    return answer


def _read_some(child: subprocess.Popen[bytes], reading: int) -> bytes:
    block = os.read(reading, BLOCK)
    if not block:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(GRACE)  # its own end tells more than our kill would
        raise EOFError
    return block


def _serve(function: str, seconds: float, memory: int, parent: int) -> None:
    """The child: read a request, run the function, write the reply, until the parent closes the pipe or is gone."""
    requests, replies = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)  # whatever a library prints must not stand among the frames
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return
    try:
        module, name = function.split(":")
        run: Callable[..., dict[str, Any]] = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        _write(replies, _frame({"broken": f"{type(error).__name__}: {error}"}))
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    _write(replies, _frame({"result": {}}))
    while head := _read(requests, REQUEST.size):
        asked, length = REQUEST.unpack(head)
        fields = json.loads(_read(requests, asked))
        body = _read(requests, length)
        # The default action of the alarm ends the process even when it is stuck in C, and even when the parent is gone.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        reply = _run(run, body, fields)
        signal.setitimer(signal.ITIMER_REAL, 0)
        _write(replies, reply)


def _run(run: Callable[..., dict[str, Any]], body: bytes, fields: dict[str, Any]) -> bytes:
    try:
        reply = _frame({"result": run(body, **fields)})
    except MemoryError:
        return _frame({"memory": True})
    except (Exception, SystemExit) as error:  # noqa: BLE001 - hostile pages make libraries raise anything
        line = " ".join(f"{type(error).__name__}: {error}".split())
        return _frame({"broken": line[:300]})
    return reply if len(reply) <= LARGEST_REPLY else _frame({"broken": f"a result of {len(reply)} bytes"})


def _frame(reply: dict[str, Any]) -> bytes:
    data = json.dumps(reply).encode("ascii")
    return REPLY.pack(len(data)) + data


def _read(pipe: int, length: int) -> bytes:
    """Exactly so many bytes; none at all, and the end of this process, when the parent has closed the pipe."""
    parts: list[bytes] = []
    while length:
        block = os.read(pipe, min(length, BLOCK))
        if not block:
            sys.exit(0)
        parts.append(block)
        length -= len(block)
    return b"".join(parts)


def _write(pipe: int, reply: bytes) -> None:
    data = memoryview(reply)
    while data:
        data = data[os.write(pipe, data) :]


if __name__ == "__main__":
    _serve(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
