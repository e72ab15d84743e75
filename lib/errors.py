"""What can go wrong, said so that a person knows what happened, where, and what to do."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong (or, as a warning, suspicious) in what a person gave us.

    `what` is a full sentence with the figures found; `where` names the column, row, line or option;
    `fix` is one sentence in the imperative. `code` is a short stable name for tests and scripts.
    `changes`: what to change in the spec to put it right: {"options": {…}, "method": {…}}.
    """

    what: str
    where: str = ""
    fix: str = ""
    severity: Literal["error", "warning"] = "error"
    code: str = ""
    changes: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.what}{' ' + self.fix if self.fix else ''}"

    def to_json(self) -> dict[str, Any]:
        """The problem as plain JSON data; without `changes` when there are none."""
        data = asdict(self)
        if not self.changes:
            del data["changes"]
        return data

    def __hash__(self) -> int:
        # Mappings have no hash; problems that say the same are told apart by equality still.
        return hash((self.what, self.where, self.fix, self.severity, self.code))


class UserError(Exception):
    """Something the person can put right. Carries every problem found, not just the first."""

    def __init__(self, *problems: Problem | str) -> None:
        self.problems = tuple(p if isinstance(p, Problem) else Problem(p) for p in problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def errors_in(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Those of the problems that forbid going on."""
    return tuple(problem for problem in problems if problem.severity == "error")


def raise_errors(problems: Iterable[Problem]) -> None:
    """Raise a UserError with all the errors among the problems, if there are any."""
    if found := errors_in(problems):
        raise UserError(*found)
