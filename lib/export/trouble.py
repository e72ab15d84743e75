"""Where everything that goes wrong in an export's worker becomes sentences in its state. The one broad `except`."""

import contextlib
import errno
import traceback
from collections.abc import Iterator

from lib.errors import Problem, UserError
from lib.export.base import Stopped
from lib.export.progress import ExportProgress
from lib.runs.memory import is_out_of_memory


@contextlib.contextmanager
def trouble_is_told(progress: ExportProgress) -> Iterator[None]:
    """End the export as stopped or failed when the block raises, with what a person can do."""
    try:
        yield
    except Stopped:
        progress.end("stopped")
    except UserError as error:
        progress.end("failed", problems=[problem.to_json() for problem in error.problems])
    except BaseException as error:  # noqa: BLE001 - a worker must never die without saying why
        traceback.print_exc()
        with contextlib.suppress(OSError):  # a full disk: readers will see the export as lost, with its log
            progress.end("failed", problems=[explain(error, progress.state.phase).to_json()])


@contextlib.contextmanager
def gathered(problems: list[Problem], phase: str) -> Iterator[None]:
    """Note what the block raises instead of ending with it: of what comes after the export has been made."""
    try:
        yield
    except Stopped:
        problems.append(Problem("It was not measured, as someone stopped that.", code="not-measured"))
    except UserError as error:
        problems += error.problems
    except Exception as error:  # noqa: BLE001 - what was made stands, whatever goes wrong in measuring it
        traceback.print_exc()
        problems.append(explain(error, phase))


def explain(error: BaseException, phase: str) -> Problem:
    """What a person can do about an error that is none of ours."""
    text = str(error)
    if is_out_of_memory(error):
        return Problem(
            "Memory ran out.", phase, "Close other programs, then export again.", code="out-of-memory"
        )
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        fix = "Free some space or choose another disk, then export again."
        return Problem("The disk is full.", error.filename or phase, fix, code="disk-full")
    if isinstance(error, PermissionError):
        what = f"Nothing may be written at {error.filename}."
        return Problem(what, phase, "Choose another place.", code="cannot-write")
    if isinstance(error, KeyboardInterrupt):
        return Problem("The export was interrupted.", phase, "Export again.", code="interrupted")
    first = text.splitlines()[0][:300].rstrip(". ") if text.strip() else ""
    return Problem(
        f"Atelier failed here, not you: {type(error).__name__}{': ' + first if first else ''}.",
        where=phase,
        fix="Read the export's log.",
        code="fault",
    )
