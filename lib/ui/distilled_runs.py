"""Which runs belong together: a distilled run, its controls without a teacher, and repeats with other seeds."""

from collections.abc import Sequence
from typing import Any

from lib.runs.folder import RunFolder
from lib.runs.spec import Spec
from lib.ui.runs_list import RunLine

TEACHER_ROWS = "baseline-teacher.parquet"
DISTILL = "distill"


def has_teacher(run: RunFolder) -> bool:
    """Whether a teacher was judged on the run's test rows."""
    return (run.path / TEACHER_ROWS).is_file()


def is_control(spec: Spec) -> bool:
    """Whether the run is a distilled run's control: its student and its rows, and no teacher in the loss."""
    return (
        spec.parent is not None and spec.method.get("name") == DISTILL and not spec.method.get("alpha", 1.0)
    )


def controls_of(run: str, lines: Sequence[RunLine]) -> list[RunLine]:
    """The controls of a run, in the order to look at: those with scores first, then those at work, newest first."""
    rank = {"running": 1, "queued": 2}
    found = [
        line for line in lines if line.spec is not None and line.spec.parent == run and is_control(line.spec)
    ]
    return sorted(found, key=lambda line: 0 if line.has_result else rank.get(line.standing, 3))


def repeats_of(line: RunLine, lines: Sequence[RunLine]) -> list[tuple[RunLine, RunLine]]:
    """The run and those that differ from it in the seed alone, each with its control, where both have scores."""
    assert line.spec is not None
    wanted = _but_for_the_seed(line.spec)
    pairs = []
    seeds: set[Any] = set()
    for other in [line, *lines]:
        spec = other.spec
        if spec is None or not other.has_result or is_control(spec) or _but_for_the_seed(spec) != wanted:
            continue
        control = next((found for found in controls_of(other.id, lines) if found.has_result), None)
        # The same seed twice would be the same run twice, and count as if it were news.
        if control is not None and spec.options.get("seed") not in seeds:
            seeds.add(spec.options.get("seed"))
            pairs.append((other, control))
    return pairs


def _but_for_the_seed(spec: Spec) -> tuple[object, ...]:
    options = {name: value for name, value in spec.options.items() if name != "seed"}
    return spec.task, spec.data, spec.model, spec.revision, spec.method, options
