"""What a check finds in the rows of a data set: how many, which, why it matters, and what would put it right."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from lib.data.split import SplitPlan
from lib.errors import Problem

_NONE = np.zeros(0, dtype=np.int64)


def _whole(rows: Any) -> np.ndarray:
    return np.asarray(rows, dtype=np.int64)


@dataclass(frozen=True, eq=False, kw_only=True)
class Edits:
    """What a new version would have different; rows are places in the data set, counted from 0.

    `drop` are left out. `rows` get `values` in `column`. `moves` go to the part `to`. `without` is a column left out.
    `group` has a number for every row: rows of one number are to stay in one part of the split, and a column says so.
    `split` divides all rows anew.
    """

    drop: np.ndarray = field(default_factory=lambda: _NONE)
    column: str = ""
    rows: np.ndarray = field(default_factory=lambda: _NONE)
    values: tuple[str, ...] = ()
    moves: np.ndarray = field(default_factory=lambda: _NONE)
    to: str = "train"
    without: str = ""
    group: np.ndarray | None = None
    split: SplitPlan | None = None

    @property
    def touched(self) -> np.ndarray:
        """The rows that are left out, changed or moved one by one, in order."""
        return np.unique(np.concatenate([self.drop, self.rows, self.moves]))

    def to_json(self) -> dict[str, Any]:
        """The edits as plain JSON data, to be read back by `from_json`."""
        return {
            "drop": self.drop.tolist(),
            "column": self.column,
            "rows": self.rows.tolist(),
            "values": list(self.values),
            "moves": self.moves.tolist(),
            "to": self.to,
            "without": self.without,
            "group": None if self.group is None else self.group.tolist(),
            "split": None if self.split is None else self.split.to_json(),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Edits":
        """The edits that `to_json` wrote. Raises KeyError or TypeError for other data."""
        return cls(
            drop=_whole(value["drop"]),
            column=value["column"],
            rows=_whole(value["rows"]),
            values=tuple(value["values"]),
            moves=_whole(value["moves"]),
            to=value["to"],
            without=value["without"],
            group=None if value["group"] is None else _whole(value["group"]),
            split=None if value["split"] is None else SplitPlan.from_json(value["split"]),
        )


@dataclass(frozen=True, eq=False)
class Fix:
    """One click: a stable name, the words on the button, what they mean, and what would be different."""

    name: str
    title: str
    explanation: str
    edits: Edits


@dataclass(frozen=True, eq=False, kw_only=True)
class Finding:
    """What one check has to say.

    `what` is a full sentence with the figures, `why` says what it does to a model or to its scores. `rows` are the
    rows it is about, in the order to show them; `groups` has a number for each of `rows` where some belong together,
    `parts` the part of the split each is in (as `Case.part`; who runs the checks fills it in).
    `advice` says what to do where no click does it. Fixes are in the order to offer them, the first recommended.
    """

    check: str
    what: str
    why: str
    rows: np.ndarray = field(default_factory=lambda: _NONE)
    groups: np.ndarray | None = None
    parts: np.ndarray = field(default_factory=lambda: _NONE)
    where: str = ""
    advice: str = ""
    severity: Literal["error", "warning"] = "warning"
    fixes: tuple[Fix, ...] = ()

    def problem(self) -> Problem:
        """The finding as a problem, for scripts and lists of problems."""
        fix = self.advice or (f"{self.fixes[0].title}: {self.fixes[0].explanation}" if self.fixes else "")
        return Problem(self.what, self.where, fix, self.severity, self.check)

    def to_json(self) -> dict[str, Any]:
        """The finding as plain JSON data, to be read back by `from_json`."""
        return {
            "check": self.check,
            "what": self.what,
            "why": self.why,
            "rows": self.rows.tolist(),
            "groups": None if self.groups is None else self.groups.tolist(),
            "parts": self.parts.tolist(),
            "where": self.where,
            "advice": self.advice,
            "severity": self.severity,
            "fixes": [
                {
                    "name": fix.name,
                    "title": fix.title,
                    "explanation": fix.explanation,
                    "edits": fix.edits.to_json(),
                }
                for fix in self.fixes
            ],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Finding":
        """The finding that `to_json` wrote. Raises KeyError or TypeError for other data."""
        fixes = tuple(
            Fix(fix["name"], fix["title"], fix["explanation"], Edits.from_json(fix["edits"]))
            for fix in value["fixes"]
        )
        rest = {key: value[key] for key in ("check", "what", "why", "where", "advice", "severity")}
        groups = value["groups"]
        return cls(
            **rest,
            rows=_whole(value["rows"]),
            groups=None if groups is None else _whole(groups),
            parts=_whole(value["parts"]),
            fixes=fixes,
        )
