"""Divides rows into training, validation and test: the same way every time, and without leaks between them."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lib.data.profile import SPLIT_VALUES, fold_text
from lib.data.times import by_time, moments
from lib.errors import Problem, UserError

SPLITS = ("train", "validation", "test")
_KEYS = ("column", "train", "validation", "test", "stratify", "group", "time", "seed")
# The shares carved from "train" when a split column has no validation or no test rows.
_CARVED = 0.1
_SMALL_TEST = 100


@dataclass(frozen=True)
class SplitPlan:
    """How rows are divided: by a column that says so, or by shares of the rows.

    With `column`, that column's values decide and the shares are not used. `stratify` keeps every label's
    share equal in all parts; `group` names a column whose equal values stay together; `seed` picks another
    division of the same shares. `time` names a column of dates or numbers: the latest rows are for test, those before
    for validation, whatever their labels.
    """

    column: str | None = None
    train: float = 0.8
    validation: float = 0.1
    test: float = 0.1
    stratify: bool = True
    group: str | None = None
    seed: int = 13
    time: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The plan as the `split:` mapping of a spec."""
        rest: dict[str, Any] = {"stratify": self.stratify, "group": self.group, "seed": self.seed}
        rest |= {"time": self.time} if self.time else {}
        if self.column is not None:
            return {"column": self.column, **rest}
        return {"train": self.train, "validation": self.validation, "test": self.test, **rest}

    @classmethod
    def from_json(cls, value: Any) -> "SplitPlan":
        """The plan in a spec's `split:` mapping. Raises UserError with every problem found."""
        problems = _plan_problems(value)
        if problems:
            raise UserError(*problems)
        return cls(**{key: given for key, given in value.items() if given is not None or key == "group"})


def _plan_problems(value: Any) -> list[Problem]:
    if not isinstance(value, dict):
        what = f"The split is {value!r}, which is not a mapping."
        return [
            Problem(
                what, where="split", fix="Give {column: NAME} or shares such as {train: 0.8}.", code="split"
            )
        ]
    found = []
    valid = ", ".join(_KEYS)
    for key in value:
        if key not in _KEYS:
            found.append(_wrong(key, f"“{key}” is not an option of a split.", f"Valid options are {valid}."))
    shares = {name: value[name] for name in SPLITS if value.get(name) is not None}
    if value.get("column") is not None:
        if not isinstance(value["column"], str):
            found.append(
                _wrong("column", f"The split column is {value['column']!r}.", "Give a column's name.")
            )
        if shares:
            found.append(
                _wrong("column", "A split has a column or shares, not both.", "Leave one of them out.")
            )
        shares = {}
    for name, share in shares.items():
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share < 1:
            found.append(
                _wrong(name, f"The share is {share!r}.", "Give a number above 0 and below 1, such as 0.1.")
            )
    if shares and not found:
        whole = {name: shares.get(name, getattr(SplitPlan, name)) for name in SPLITS}
        total = sum(whole.values())
        if abs(total - 1) > 1e-6:
            said = " + ".join(f"{name} {share:g}" for name, share in whole.items())
            found.append(
                _wrong("shares", f"The shares do not sum to 1 but to {total:g} ({said}).", "Change one.")
            )
    for key in ("group", "time"):
        if value.get(key) is not None and not isinstance(value[key], str):
            found.append(_wrong(key, f"The {key} is {value[key]!r}.", "Give a column's name."))
    if value.get("column") is not None and value.get("time") is not None:
        found.append(_wrong("time", "A split has a column or a time, not both.", "Leave one of them out."))
    if value.get("stratify") is not None and not isinstance(value["stratify"], bool):
        found.append(_wrong("stratify", f"The value is {value['stratify']!r}.", "Give true or false."))
    seed = value.get("seed")
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
        found.append(_wrong("seed", f"The seed is {seed!r}.", "Give a whole number."))
    return found


def _wrong(key: str, what: str, fix: str) -> Problem:
    return Problem(what, where=f"split.{key}", fix=fix, code="split")


def _need_columns(frame: pd.DataFrame, names: Sequence[str | None]) -> None:
    missing = [name for name in names if name is not None and name not in frame.columns]
    if missing:
        have = ", ".join(map(str, frame.columns))
        raise UserError(
            *(
                Problem(
                    f"There is no column “{name}”.",
                    where=name,
                    fix=f"The columns are {have}.",
                    code="no-column",
                )
                for name in missing
            )
        )


def assign(frame: pd.DataFrame, plan: SplitPlan, *, label: str | None, text: Sequence[str]) -> pd.Series:
    """ "train", "validation" or "test" for every row (missing: the plan's column does not say).

    Rows with the same text (case and white space aside) and rows of the same group stay together. Each such
    unit has a place in an order given by the SHA-256 of seed and content, so the order of the rows does not
    matter and new rows move few old ones. Within each label the first units are for test, the next for
    validation, the others for training, as many as the shares say (rounded so that the totals hold). A label
    with one unit is for training only, with two it is in training and test, with more in all three. By time, the order
    is that of the moments (see `by_time`), and rows without one are missing.
    """
    _need_columns(frame, [plan.column, plan.group, plan.time, label, *text])
    units, keys, strata = division(frame, plan, label=label if plan.stratify else None, text=text)
    if plan.column is None:
        shares = (plan.validation, plan.test)
        if plan.time is not None:
            parts = by_time(moments(frame[plan.time]), units, shares)
        else:
            parts = _divide(units, keys, strata, shares)
        return pd.Series(pd.array(parts, dtype="str"), index=frame.index, name="split")
    return _by_column(frame, plan.column, units, keys, strata)


def division(
    frame: pd.DataFrame, plan: SplitPlan, *, label: str | None, text: Sequence[str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What rows are divided by: the unit of every row (rows that stay together), its place in the order, its label.

    int64[rows], uint64[units] and int64[units]. Raises UserError for a column that is not there.
    """
    _need_columns(frame, [plan.group, label, *text])
    units, keys = _units(frame, plan, text)
    return units, keys, _strata(frame, units, len(keys), label)


def _by_column(
    frame: pd.DataFrame, column: str, units: np.ndarray, keys: np.ndarray, strata: np.ndarray
) -> pd.Series:
    """The splits that the column names; what is missing of validation and test is carved from training."""
    names = frame[column].astype("str").str.strip().str.casefold()
    parts = names.map(SPLIT_VALUES).astype("str")
    have = set(parts.dropna().unique())
    shares = (0.0 if "validation" in have else _CARVED, 0.0 if "test" in have else _CARVED)
    if any(shares) and "train" in have:
        rows = np.flatnonzero((parts == "train").to_numpy())
        used, inner = np.unique(units[rows], return_inverse=True)
        carved = _divide(inner, keys[used], strata[used], shares)
        values = parts.to_numpy(dtype=object, copy=True)
        values[rows] = carved
        parts = pd.Series(pd.array(values, dtype="str"), index=frame.index)
    return parts.rename("split")


def _units(frame: pd.DataFrame, plan: SplitPlan, text: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The unit of every row (rows that must stay together), and every unit's place in the order (uint64)."""
    contents = _contents(frame, text)
    codes, distinct = pd.factorize(contents)
    prefix = f"{plan.seed}\x1e".encode()
    # The first eight bytes of the digest are enough to order by, and a quarter of the memory.
    digests = b"".join(hashlib.sha256(prefix + content.encode()).digest()[:8] for content in distinct)
    keys = np.frombuffer(digests, dtype=">u8").astype(np.uint64)
    if plan.group is None:
        return codes, keys
    groups, _ = pd.factorize(frame[plan.group])
    # A row without a group is a group of its own.
    alone = groups < 0
    groups = groups.astype(np.int64)
    groups[alone] = groups.max(initial=-1) + 1 + np.arange(int(alone.sum()))
    units = _connected(codes, groups)
    # A unit of several texts takes the smallest of their places: independent of the order of the rows.
    places = np.full(int(units.max(initial=-1)) + 1, np.iinfo(np.uint64).max, dtype=np.uint64)
    np.minimum.at(places, units, keys[codes])
    return units, places


def _contents(frame: pd.DataFrame, text: Sequence[str]) -> pd.Series:
    """What makes rows the same: their folded texts; rows without any text are never the same."""
    if not text:
        return row_ids(frame)
    folded = [fold_text(frame[name]) for name in text]
    empty = pd.concat([part.isna() for part in folded], axis=1).all(axis=1)
    joined = folded[0].fillna("")
    for part in folded[1:]:
        joined = joined + "\x1f" + part.fillna("")
    if empty.any():
        joined = joined.mask(empty, pd.Series(row_ids(frame).to_numpy()))
    return joined


def _connected(codes: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Rows linked by an equal text or an equal group, directly or through others, share a number."""
    parent: list[int] = list(range(int(groups.max(initial=-1)) + 1))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    first: dict[int, int] = {}
    for code, group in zip(codes.tolist(), groups.tolist(), strict=True):
        other = first.setdefault(code, group)
        if other != group:
            one, two = root(other), root(group)
            parent[max(one, two)] = min(one, two)
    roots = np.array([root(group) for group in range(len(parent))], dtype=np.int64)
    return np.unique(roots[groups], return_inverse=True)[1] if len(groups) else groups


def _strata(frame: pd.DataFrame, units: np.ndarray, count: int, label: str | None) -> np.ndarray:
    """The stratum of every unit: the label most of its rows have (of equals, the first in the alphabet)."""
    if label is None or not len(frame):
        return np.zeros(count, dtype=np.int64)
    labels, names = pd.factorize(frame[label].astype("str"), sort=True)
    if len(names) > max(len(frame) / 3, 1):
        return np.zeros(count, dtype=np.int64)  # nearly every row its own label: free text or numbers
    votes = pd.DataFrame({"unit": units, "label": labels}).value_counts(sort=False).reset_index()
    votes = votes.sort_values(["unit", "count", "label"], ascending=[True, False, True]).drop_duplicates(
        "unit"
    )
    return votes.sort_values("unit")["label"].to_numpy()


def _divide(
    units: np.ndarray, keys: np.ndarray, strata: np.ndarray, shares: tuple[float, float]
) -> np.ndarray:
    """Split names per row, with `shares` of the rows for (validation, test)."""
    sizes = np.bincount(units, minlength=len(keys))
    chosen = np.full(len(keys), "train", dtype=object)
    ordered = np.lexsort((keys, strata))
    starts = (
        np.flatnonzero(np.r_[True, np.diff(strata[ordered]) != 0]) if len(ordered) else np.zeros(0, dtype=int)
    )
    blocks = np.split(ordered, starts[1:]) if len(ordered) else []
    rows = np.array([int(sizes[block].sum()) for block in blocks])
    for block, validation, test in zip(
        blocks, _portions(rows, shares[0]), _portions(rows, shares[1]), strict=True
    ):
        if shares[1] and len(block) >= 2:
            test = max(test, 1)
        if shares[0] and len(block) >= 3:
            validation = max(validation, 1)
        _fill(block, sizes, chosen, validation if len(block) >= 3 else 0, test if len(block) >= 2 else 0)
    return chosen[units]


def _fill(block: np.ndarray, sizes: np.ndarray, chosen: np.ndarray, validation: int, test: int) -> None:
    """Give the first units of a stratum to test, the next to validation, by where their middle row falls."""
    middles = np.cumsum(sizes[block]) - sizes[block] / 2
    tests = int((middles < test).sum())
    held = int((middles < test + validation).sum())
    if test and not tests:
        tests = 1
    if validation and held <= tests:
        held = tests + 1
    held = max(min(held, len(block) - 1), 0)  # training keeps at least one unit
    tests = min(tests, max(held - bool(validation), 0)) if validation else min(tests, held)
    chosen[block[:tests]] = "test"
    chosen[block[tests : max(held, tests)] if validation else block[:0]] = "validation"


def _portions(rows: np.ndarray, share: float) -> list[int]:
    """How many rows of each stratum make up the share: whole numbers by largest remainder."""
    if not len(rows) or not share:
        return [0] * len(rows)
    exact = rows * share
    whole = np.floor(exact + 1e-9).astype(int)
    left = round(float(rows.sum()) * share) - int(whole.sum())
    by_remainder = np.argsort(-(exact - whole), kind="stable")
    whole[by_remainder[: max(left, 0)]] += 1
    return [int(count) for count in whole]


def row_ids(frame: pd.DataFrame) -> pd.Series:
    """A stable name for every row: 16 hex digits from its content and how often that came before."""
    columns = [frame[name].astype("str").fillna("\x00").tolist() for name in frame.columns]
    joined = pd.Series(
        ["\x1f".join(cells) for cells in zip(*columns, strict=True)] if columns else [""] * len(frame)
    )
    before = joined.groupby(joined, sort=False).cumcount().tolist()
    digests = [
        hashlib.sha256(f"{content}\x1e{count}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
        for content, count in zip(joined.tolist(), before, strict=True)
    ]
    return pd.Series(pd.array(digests, dtype="str"), index=frame.index, name="row_id")


@dataclass(frozen=True)
class SplitReport:
    """Rows per split, rows per split and label (label → split → rows), and what is wrong with that."""

    counts: dict[str, int]
    labels: dict[str, dict[str, int]]
    problems: tuple[Problem, ...]

    def to_json(self) -> dict[str, Any]:
        """The report as plain JSON data."""
        problems = [problem.to_json() for problem in self.problems]
        return {"counts": self.counts, "labels": self.labels, "problems": problems}


def split_report(assignment: pd.Series, labels: pd.Series | None = None) -> SplitReport:
    """Counts the rows of each split (and label, unless there are more than 1,000), and judges them."""
    counts = {name: int((assignment == name).sum()) for name in SPLITS}
    table: dict[str, dict[str, int]] = {}
    if labels is not None and labels.nunique() <= 1_000:
        crossed = pd.crosstab(labels.to_numpy(), assignment.to_numpy())
        table = {
            str(value): {name: int(row.get(name, 0)) for name in SPLITS}
            for value, row in zip(crossed.index, crossed.to_dict("records"), strict=True)
        }
    return SplitReport(counts, table, tuple(_judge(counts, table, int(assignment.isna().sum()))))


def _judge(counts: dict[str, int], labels: dict[str, dict[str, int]], unassigned: int) -> list[Problem]:
    found = []
    if unassigned:
        what = f"{unassigned:,} row{'' if unassigned == 1 else 's'} say no known split and will not be used."
        fix = "Fill the split column with train, validation or test, or the time column with dates."
        found.append(Problem(what, where="split", fix=fix, severity="warning", code="no-split"))
    for name, count in counts.items():
        if not count:
            what, fix = f"There are no {name} rows.", "Add rows or change the split."
            needed = name == "train"
            found.append(Problem(what, "split", fix, "error" if needed else "warning", code="no-rows"))
    for name in SPLITS:
        absent = [label for label, row in labels.items() if not row[name]]
        if absent and counts[name]:
            shown = ", ".join(f"“{label}”" for label in absent[:5]) + (" …" if len(absent) > 5 else "")
            result = (
                "the model cannot learn them" if name == "train" else f"{name} scores say nothing about them"
            )
            what = f"{len(absent):,} of {len(labels):,} labels have no {name} rows ({shown}), so {result}."
            fix = "Add rows of these labels or leave them out."
            found.append(Problem(what, where="split", fix=fix, severity="warning", code="label-absent"))
    test = counts["test"]
    if 0 < test < _SMALL_TEST:
        # Normal approximation at an accuracy of 0.8: the half width of the 95 % interval.
        half = 1.96 * math.sqrt(0.8 * 0.2 / test)
        what = f"With {test:,} test rows an accuracy of 0.80 is known only to ± {half:.2f} (95 % interval)."
        fix = "Add rows, or give the test split a larger share."
        found.append(Problem(what, where="split.test", fix=fix, severity="warning", code="small-test"))
    return found


def leaks(frame: pd.DataFrame, assignment: pd.Series, text: Sequence[str]) -> tuple[Problem, ...]:
    """Whether validation or test rows repeat the text of training rows, as happens with given splits."""
    if not text:
        return ()
    contents = _contents(frame, text)
    parts = assignment.reset_index(drop=True)
    trained = set(contents[parts == "train"])
    found = []
    for name in ("validation", "test"):
        held = contents[parts == name]
        count = int(held.isin(trained).sum())
        if count:
            what = f"{count:,} of {len(held):,} {name} rows have the same text as a training row, so scores flatter."
            fix = "Remove them from training, or let Atelier divide the rows."
            found.append(Problem(what, where="split", fix=fix, severity="warning", code="leak"))
    return tuple(found)
