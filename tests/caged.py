"""Functions that the tests of the cage run in its child: some behave, most do not."""

import ctypes
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

C = ctypes.PyDLL(None)  # keeps the interpreter's lock, as a parser stuck in C does
CALLS: list[int] = []


def measure(body: bytes, **fields: Any) -> dict[str, Any]:
    CALLS.append(1)
    return {"bytes": len(body), "last": body[-1:].hex(), "pid": os.getpid(), "calls": len(CALLS), **fields}


def misbehave(body: bytes, how: str = "", note: str = "") -> dict[str, Any]:
    if note:
        Path(note).write_text(str(os.getpid()))
    match how:
        case "sleep":
            time.sleep(600)
        case "stuck":
            C.sleep(600)
        case "orphan":  # nothing but the alarm is left to end this child
            C.prctl(1, 0)
            C.sleep(600)
        case "segfault":
            ctypes.string_at(0)
        case "memory":
            return {"kept": len(bytes(8 << 30))}
        case "raise":
            raise ValueError("first line\nsecond line")
        case "recurse":
            return misbehave(body, how)
        case "exit":
            sys.exit(3)
        case "leave":
            os._exit(3)
        case "kill once":
            if not Path(note + ".second").exists():
                Path(note + ".second").write_text("")
                os.kill(os.getpid(), signal.SIGKILL)
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "print":
            print("noise from Python")
            os.write(1, b"noise from the system")
            C.puts(b"noise from C")
            C.fflush(None)
        case "large":
            return {"text": "x" * (65 << 20)}
        case "deaf":
            signal.signal(signal.SIGALRM, signal.SIG_IGN)
            time.sleep(600)
    return {"pid": os.getpid()}
