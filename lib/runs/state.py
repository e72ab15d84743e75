"""Where a run stands: queued, running, succeeded, failed, stopped; and lost, which only readers say."""

from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

import psutil

from lib.errors import Problem
from lib.runs.memory import killed_since

ACTIVE = ("queued", "running")


@dataclass(frozen=True)
class State:
    """One snapshot of a run.

    `memory_kills` is what `lib.runs.memory.memory_kills` said when the worker began, and `memory_total_mb` what it
    could have had: with them readers tell a worker that the system ended for want of memory.
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
    memory_total_mb: float | None = None
    memory_kills: dict[str, int] = field(default_factory=dict)
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
    """The state as a reader must see it: running, with no such process any more, is lost, with why if that shows."""
    if state.state == "running" and not process_alive(state.pid, state.process_started):
        ended = ended_for_memory(state)
        return state.changed(state="lost", problems=[*state.problems, *([ended.to_json()] if ended else [])])
    return state


def ended_for_memory(state: State) -> Problem | None:
    """That the system ended the worker of a lost run because memory ran out; None when nothing says so."""
    by = killed_since(state.memory_kills)
    if by is None:
        return None
    # The machine counts every process that it ended, so another one may have been meant.
    lead = (
        "The system ended it because memory ran out."
        if by == "group"
        else "Memory ran out on this machine, and the system very likely ended it for that."
    )
    said = [lead]
    if state.memory_mb:
        total = state.memory_total_mb
        there = f", and {total / 1000:.2g} GB is all it can have" if total else ""
        said.append(f"It had needed {state.memory_mb / 1000:.2g} GB by then{there}.")
    place = state.phase + (f", step {state.step:,} of {state.total_steps:,}" if state.total_steps else "")
    return Problem(
        " ".join(said),
        where=place,
        fix="Close other programs, or start it again with a smaller batch.",
        code="out-of-memory",
    )
