"""Every run in a few fields, read once and again only when one of its small files has changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from lib.errors import Problem, UserError
from lib.runs.folder import RunFolder, list_runs
from lib.runs.spec import Spec
from lib.runs.state import State, as_seen

_FILES = ("state.json", "spec.json", "name.json", "result.json")


@dataclass(frozen=True)
class RunLine:
    """What a list says of a run. A damaged run has no spec; `result` is empty while there is none."""

    run: RunFolder
    name: str
    state: State
    spec: Spec | None = None
    result: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The run's id."""
        return self.run.id

    @property
    def standing(self) -> str:
        """The state as it is shown: that of the run, or "damaged"."""
        return self.state.state if self.spec is not None else "damaged"

    @property
    def active(self) -> bool:
        """Whether the run waits or works."""
        return self.spec is not None and self.state.is_active

    @property
    def has_result(self) -> bool:
        """Whether there are scores of where it stands now; a resumed run still has those of its last stop."""
        return bool(self.result) and self.standing in ("succeeded", "stopped")

    @property
    def began(self) -> float | None:
        """When it started to work, or was queued, in seconds since 1970."""
        return self.state.started or self.state.queued

    @property
    def seconds(self) -> float | None:
        """How long its last session took, or has been going on."""
        ended = self.state.finished or self.state.updated
        if self.state.started is None or ended is None:
            return None
        return max(0.0, ended - self.state.started)

    def score(self, split: str, name: str) -> float | None:
        """One score of the result, if it has it."""
        value = _mapping(_mapping(self.result.get("scores")).get(split)).get(name)
        return float(value) if isinstance(value, int | float) else None

    def interval(self, split: str, name: str) -> tuple[float, float] | None:
        """The 95 % interval of a score, if there is one."""
        value = _mapping(_mapping(self.result.get("intervals")).get(split)).get(name)
        if isinstance(value, list | tuple) and len(value) == 2:
            return float(value[0]), float(value[1])
        return None

    def rows(self, split: str) -> int | None:
        """How many rows a split of the run had."""
        value = _mapping(self.result.get("rows")).get(split)
        return int(value) if isinstance(value, int | float) else None

    def problems(self) -> list[Problem]:
        """What went wrong, as the worker told it."""
        found = []
        for problem in self.state.problems:
            try:
                found.append(Problem(**problem))
            except TypeError:  # written by another version
                found.append(Problem(str(problem)))
        return found


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def all_lines() -> list[RunLine]:
    """Every run, newest first; quick, however many there are."""
    return [line_of(run) for run in list_runs()]


def line_of(run: RunFolder) -> RunLine:
    """One run as it stands now."""
    line = _read(run.path, tuple(_stamp(run.path / name) for name in _FILES))
    # Whether a process lives is not written in any file, so it is asked every time.
    return replace(line, state=as_seen(line.state)) if line.state.state == "running" else line


def waiting_before(line: RunLine, lines: Sequence[RunLine]) -> tuple[int, int]:
    """How many runs are queued before this one, and how many are running."""

    def place(other: RunLine) -> tuple[float, str]:
        return other.state.queued or 0.0, other.id

    queued = [other for other in lines if other.standing == "queued" and place(other) < place(line)]
    return len(queued), sum(1 for other in lines if other.standing == "running")


def _stamp(path: Path) -> tuple[int, int]:
    try:
        about = path.stat()
    except OSError:
        return 0, 0
    return about.st_mtime_ns, about.st_ino


@lru_cache(maxsize=5_000)
def _read(path: Path, stamps: tuple[tuple[int, int], ...]) -> RunLine:
    run = RunFolder(path)
    state, result = run.state(), run.result()
    try:
        spec = run.spec
        return RunLine(run, run.name, state, spec, _mapping(result))
    except UserError as error:
        problems = [problem.to_json() for problem in error.problems]
        return RunLine(run, run.id, state.changed(state="failed", problems=problems))
