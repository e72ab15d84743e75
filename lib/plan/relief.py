"""What to change in a run that memory was not enough for, so that the next one fits."""

from collections.abc import Iterable
from dataclasses import replace

from lib.errors import Problem, UserError
from lib.models.sources import find_model
from lib.plan.fitting import USED_SHARE, Relief, Run, smallest_change
from lib.runs.files import read_json
from lib.runs.folder import RunFolder
from lib.runs.memory import memory_here
from lib.tasks import find_task

OUT_OF_MEMORY = "out-of-memory"
# A run that did not fit should need clearly less the next time: the formula's own figure was too low for it.
LESS = 0.8


def with_relief(run: RunFolder, problems: Iterable[Problem]) -> list[Problem]:
    """The problems; those about memory that ran out say what to change, as far as something helps."""
    return [
        _relieved(run, problem) if problem.code == OUT_OF_MEMORY and not problem.changes else problem
        for problem in problems
    ]


def relief_of(run: RunFolder) -> Relief | None:
    """The smallest change with which the run needs clearly less memory, and fits; None when there is none.

    Raises UserError when the run's model, task or spec is gone.
    """
    spec, state = run.spec, run.state()
    lengths = read_json(run.path / "lengths.json") or {}
    longest = int(lengths.get("longest") or spec.options["max_length"])
    asked = Run(find_model(spec.model), find_task(spec.task), spec.options, spec.method, longest)
    # Not what is free just now: the same run must get the same advice tomorrow.
    total = state.memory_total_mb or memory_here().total_mb
    return smallest_change(asked, most_mb=min(LESS * asked.memory_mb, USED_SHARE * total))


def _relieved(run: RunFolder, problem: Problem) -> Problem:
    try:
        relief = relief_of(run)
    except (UserError, KeyError, TypeError):  # the model was deleted, or another version wrote the spec
        return problem
    if relief is None:
        return replace(problem, fix="Choose a smaller model, or a machine with more memory.")
    words = relief.words[0].upper() + relief.words[1:]
    return replace(problem, fix=f"{words}, and start again.", changes=relief.changes)
