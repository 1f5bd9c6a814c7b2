"""The command line: one file per command; here is what they share: finding them, and how a run may end."""

import errno
import importlib
import os
import pkgutil
import sys
import tempfile
import traceback
from pathlib import Path

import click

from xinstruct import __version__
from xinstruct.engine import EngineError
from xinstruct.languages import UnknownLanguage
from xinstruct.pipeline.balance import LedgerError
from xinstruct.recipe import RecipeError
from xinstruct.tools.replies import RepliesDamaged

DONE, DEFECT, WRONG_CALL, SOME_FAILED, UNBALANCED, OUTSIDE, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130


class _Commands(click.Group):
    """Imports a command's file when it is called, so that `xinstruct status` does not wait for what `publish` needs."""

    def list_commands(self, context: click.Context) -> list[str]:
        return sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in self.list_commands(context):
            return None
        command: click.Command = importlib.import_module(f"{__name__}.{name}").command
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, prog_name="xinstruct")
def xinstruct() -> None:
    """Turns natural web text in any language into cross-lingual instruction data.

    Start with: xinstruct run demo
    """


def main() -> None:
    """The console script. Its exit status is one of the seven above."""
    sys.exit(status_of(sys.argv[1:]))


def status_of(arguments: list[str]) -> int:
    """Runs one command and says on standard error, in one sentence, why it could not be done."""
    try:
        return xinstruct.main(arguments, prog_name="xinstruct", standalone_mode=False) or DONE
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return WRONG_CALL
    except click.ClickException as error:
        error.show()
        return WRONG_CALL
    except (RecipeError, UnknownLanguage) as error:
        return _say(str(error), WRONG_CALL)
    except LedgerError as error:
        return _say(str(error), UNBALANCED)
    except (EngineError, RepliesDamaged) as error:
        return _say(str(error), OUTSIDE)
    except (KeyboardInterrupt, click.Abort):
        return _say("Interrupted; what is made stays, and the same command goes on from there.", INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read our output has enough of it
        return INTERRUPTED
    except OSError as error:
        return _say(_outside(error), OUTSIDE)
    except Exception as error:  # noqa: BLE001 - the last line of defence: whatever comes here is a defect of xinstruct
        return _say(f"A defect of xinstruct: {error!r}. Please report it with the trace in {_trace_file()}.", DEFECT)


def _say(sentence: str, status: int) -> int:
    click.echo(sentence, err=True)
    return status


def _outside(error: OSError) -> str:
    text = " ".join(str(error).split())
    if error.errno in {errno.ENOSPC, errno.EDQUOT} or "No space left" in text:
        where = error.filename or "the output folder"
        return f"The disk is full ({where}): make room and type the same command again; nothing that was made is lost."
    if text.endswith("."):  # a sentence of our own, which says what to do
        return text
    return f"The outside failed: {text}; put it right and type the same command again, what is made stays."


def _trace_file() -> Path:
    with tempfile.NamedTemporaryFile("w", prefix="xinstruct-trace-", suffix=".txt", delete=False) as file:
        file.write(traceback.format_exc())
    return Path(file.name)
