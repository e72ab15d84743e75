"""Where an export stands: waiting for its worker, running, succeeded, failed, stopped; and lost, which readers say."""

from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from lib.errors import Problem
from lib.runs.memory import killed_since
from lib.runs.state import process_alive


@dataclass(frozen=True)
class ExportState:
    """One snapshot. `share` of the work is done, 0 to 1; times are seconds since 1970.

    `pid` with `process_started` says which process works; `memory_kills` is what the system's count of processes
    ended for want of memory was when it began. `problems` are `Problem.to_json()` dictionaries.
    """

    state: str = "running"
    phase: str = "starting"
    share: float = 0.0
    eta_seconds: float | None = None
    pid: int | None = None
    process_started: float | None = None
    started: float | None = None
    updated: float | None = None
    finished: float | None = None
    memory_kills: dict[str, int] = field(default_factory=dict)
    problems: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_active(self) -> bool:
        """Whether it is being made now."""
        return self.state == "running"

    def to_json(self) -> dict[str, Any]:
        """The state as plain JSON data."""
        return asdict(self)

    @staticmethod
    def from_json(value: dict[str, Any]) -> "ExportState":
        """The state that `to_json` wrote; fields this version does not know are passed over."""
        known = {item.name for item in fields(ExportState)}
        return ExportState(**{key: item for key, item in value.items() if key in known})

    def changed(self, **parts: Any) -> "ExportState":
        """A copy with some parts replaced."""
        return replace(self, **parts)


def as_seen(state: ExportState) -> ExportState:
    """The state as a reader must see it: running, with no such process any more, is lost, with why if that shows."""
    if state.state != "running" or process_alive(state.pid, state.process_started):
        return state
    by = killed_since(state.memory_kills) if state.memory_kills else None
    what = (
        "The export ended without a word."
        if by is None
        else "Memory ran out, and the system ended the export."
    )
    fix = "Read its log, then export again." if by is None else "Close other programs, then export again."
    code = "export-lost" if by is None else "out-of-memory"
    problem = Problem(what, where=state.phase, fix=fix, code=code)
    return state.changed(state="lost", problems=[*state.problems, problem.to_json()])
