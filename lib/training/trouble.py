"""Where everything that goes wrong in a worker becomes sentences in the run's state. The one broad `except`."""

import contextlib
import errno
import traceback
from collections.abc import Iterator

from lib.errors import Problem, UserError
from lib.plan.relief import OUT_OF_MEMORY, with_relief
from lib.runs.folder import RunFolder
from lib.runs.memory import is_out_of_memory, wanted_words
from lib.training.progress import Progress


@contextlib.contextmanager
def trouble_is_told(run: RunFolder, progress: Progress) -> Iterator[None]:
    """End the run as failed when the block raises: with the person's problems, or as a fault with the log."""
    try:
        yield
    except UserError as error:
        progress.end("failed", problems=[problem.to_json() for problem in error.problems])
    except BaseException as error:  # noqa: BLE001 - a worker must never die without saying why
        traceback.print_exc()
        # Else another process of the run has ended it, and this one has only lost touch.
        if run.state().state != "running":
            return
        with contextlib.suppress(OSError):  # a full disk: readers will see the run as lost, with its log
            progress.end("failed", problems=[explain(error, run).to_json()])


def explain(error: BaseException, run: RunFolder) -> Problem:
    """What a person can do about an error that is none of ours."""
    text = str(error)
    if is_out_of_memory(error):
        problem = Problem(
            f"Memory ran out{wanted_words(text)}.",
            where=progress_place(run),
            fix="Take fewer rows at a time or cut texts shorter, then start again.",
            code=OUT_OF_MEMORY,
        )
        return with_relief(run, [problem])[0]
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Problem(
            "The disk is full.",
            where=str(run.path),
            fix="Free some space, then resume the run.",
            code="disk-full",
        )
    if isinstance(error, KeyboardInterrupt):
        return Problem("The worker was interrupted.", fix="Resume the run.", code="interrupted")
    first = text.splitlines()[0][:300].rstrip(". ") if text.strip() else ""
    return Problem(
        f"Atelier failed here, not you: {type(error).__name__}{': ' + first if first else ''}.",
        where=progress_place(run),
        fix="Read the run's log; resuming may help.",
        code="fault",
    )


def progress_place(run: RunFolder) -> str:
    """Where the run was, for a sentence."""
    state = run.state()
    step = f", step {state.step:,} of {state.total_steps:,}" if state.total_steps else ""
    return f"{state.phase or 'starting'}{step}"
