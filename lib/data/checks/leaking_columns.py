"""Columns that give the label away: what they hold would not be known when a prediction is wanted, or is an id."""

import numpy as np
import pandas as pd

from lib.data.checks.case import Case
from lib.data.checks.finding import Edits, Finding, Fix
from lib.data.checks.words import counted, per_cent

_FEWEST_ROWS = 40
# Of what guessing the largest label leaves wrong, the column must put right so much to be called a leak.
_EXPLAINED = 0.9
_COVERED = 0.5


def leaking_columns(case: Case) -> list[Finding]:
    """Every column from which the label can be read, by equal values or by neighbours in the order of its numbers."""
    if case.labels is None:
        return []
    known = case.labels.notna().to_numpy() & case.usable
    codes = pd.factorize(case.labels[known])[0].astype(np.int64)
    if len(codes) < _FEWEST_ROWS or codes.max() < 1:
        return []
    largest = float(np.bincount(codes).max() / len(codes))
    found = []
    skipped = {case.answer_column, case.split.column, case.split.group}
    for name in map(str, case.frame.columns):
        if name in skipped:
            continue
        cells = case.frame.loc[known, name].reset_index(drop=True)
        right, way = _explains(cells, codes)
        if right > largest and (right - largest) / (1 - largest) >= _EXPLAINED:
            found.append(_finding(case, name, right, largest, way))
    return found


def _explains(cells: pd.Series, codes: np.ndarray) -> tuple[float, str]:
    """In what share of the rows the label follows from the column, and how: by the label most other rows with the value
    have (Lachenbruch's leave-one-out, so that values of one row explain nothing), or by the next lower number's."""
    values = pd.factorize(cells)[0].astype(np.int64)
    table = pd.DataFrame({"value": values, "label": codes})
    both = table.groupby(["value", "label"])["label"].transform("size").to_numpy()
    rows = table.groupby("value")["label"].transform("size").to_numpy()
    covered = (values >= 0) & (rows > 1)
    best, way = 0.0, ""
    if covered.mean() >= _COVERED:
        # The row's own label wins among the others if it has more than half of them.
        best, way = float((2 * (both - 1) > rows - 1)[covered].mean()), "value"
    if pd.to_numeric(cells.head(200), errors="coerce").notna().mean() > 0.98:
        numbers = pd.to_numeric(cells, errors="coerce").to_numpy()
        order = np.argsort(numbers, kind="stable")[: int(np.isfinite(numbers).sum())]
        if len(order) > _FEWEST_ROWS:
            agree = codes[order][1:] == codes[order][:-1]
            if float(agree.mean()) > best:
                best, way = float(agree.mean()), "order"
    return best, way


def _finding(case: Case, name: str, right: float, largest: float, way: str) -> Finding:
    read = name in case.used
    by = "its value" if way == "value" else "its neighbours in order"
    what = (
        f"“{name}” gives the label away: {by} {'tells' if way == 'value' else 'tell'} it in "
        f"{per_cent(right, 1)} of the rows."
    )
    why = (
        f"Always answering the largest label is right in {per_cent(largest, 1)}. "
        "If this is not known when you want a prediction, a model that reads it scores well and fails at work."
    )
    advice = (
        "Choose another column to read, unless it will be known."
        if read
        else "No model reads it as things stand: just do not choose it."
    )
    fixes: tuple[Fix, ...] = ()
    if not read:
        without = Fix(
            "drop-column",
            f"Leave the column out of {counted(len(case.frame), 'row')}",
            "No row changes, and nobody can choose it by mistake.",
            Edits(without=name),
        )
        fixes = (without,)
    return Finding(check="leaking-column", what=what, why=why, where=name, advice=advice, fixes=fixes)
