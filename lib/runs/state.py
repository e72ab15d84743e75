"""Where a run stands: queued, running, succeeded, failed, stopped; and lost, which only readers say."""

from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

import psutil

ACTIVE = ("queued", "running")


@dataclass(frozen=True)
class State:
    """One snapshot of a run.

    `pid` with `process_started` (seconds since 1970, of the process) says which process is working; `phase` what it
    does just now. `step` of `total_steps` are optimizer steps. `memory_mb` is the worker's peak resident memory.
    Times are seconds since 1970. `problems` are `Problem.to_json()` dictionaries.
    """

    state: str
    phase: str = ""
    pid: int | None = None
    process_started: float | None = None
    device: str | None = None
    queued: float | None = None
    started: float | None = None
    finished: float | None = None
    updated: float | None = None
    step: int = 0
    total_steps: int = 0
    epoch: float = 0.0
    epochs: float = 0.0
    eta_seconds: float | None = None
    examples_per_second: float | None = None
    memory_mb: float | None = None
    resumes: int = 0
    problems: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_active(self) -> bool:
        """Whether the run is waiting or working."""
        return self.state in ACTIVE

    @property
    def can_resume(self) -> bool:
        """Whether there is something to go on with: a run that ended before its end."""
        return self.state in ("stopped", "failed", "lost")

    def to_json(self) -> dict[str, Any]:
        """The state as plain JSON data."""
        return asdict(self)

    @staticmethod
    def from_json(value: dict[str, Any]) -> "State":
        """The state that `to_json` wrote; fields this version does not know are passed over."""
        known = {item.name for item in fields(State)}
        return State(**{key: item for key, item in value.items() if key in known})

    def changed(self, **parts: Any) -> "State":
        """A copy with some parts replaced."""
        return replace(self, **parts)


def process_alive(pid: int | None, started: float | None) -> bool:
    """Whether the process with that number *and* that start time still runs (numbers are used again)."""
    if pid is None or started is None:
        return False
    try:
        process = psutil.Process(pid)
        return abs(process.create_time() - started) < 1.0 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def as_seen(state: State) -> State:
    """The state as a reader must see it: running, with no such process any more, is lost."""
    if state.state == "running" and not process_alive(state.pid, state.process_started):
        return state.changed(state="lost")
    return state
