"""Checks of a column of numbers to learn: what is no number, what never changes, what lies far outside."""

import numpy as np
import pandas as pd

from lib.data.number_cells import number_format, read_numbers
from lib.errors import Problem

FEW_ROWS = 40
# Beyond so many interquartile ranges from the middle half, a number is more likely a slip than a value.
FAR = 10.0


def check_numbers(frame: pd.DataFrame, column: str) -> list[Problem]:
    """Cells without a number or in another unit, numbers that never change, numbers far from all others."""
    where = f'column "{column}"'
    cells = frame[column]
    form = number_format(cells)
    numbers = read_numbers(cells, form)
    written, known = cells.notna(), numbers.notna()
    if not known.any():
        examples = _named(cells[written])
        what = f"No cell holds a number: {examples}." if examples else "Every cell is empty."
        return [Problem(what, where, "Choose the column with the numbers.", code="no-numbers")]
    problems = []
    odd = cells[written & ~known]
    if len(odd):
        unit = f" in {form.unit}" if form.unit else ""
        # Mostly no numbers at all: that is another kind of column.
        severity = "error" if len(odd) > written.sum() / 2 else "warning"
        problems.append(
            Problem(
                f"{len(odd):,} of {len(frame):,} rows hold no number{unit}, such as {_named(odd)}; they are left out.",
                where,
                "Put them right, or go on without them."
                if severity == "warning"
                else "Choose the column with the numbers.",
                "error" if severity == "error" else "warning",
                "not-numbers",
            )
        )
    missing = int((~written).sum())
    if missing:
        problems.append(
            Problem(
                f"{missing:,} of {len(frame):,} rows have no number; they are left out.",
                where,
                "Fill them in, or go on without them.",
                "warning",
                "numbers-missing",
            )
        )
    values = numbers[known].to_numpy()
    if np.ptp(values) == 0:
        return [
            *problems,
            Problem(
                f"Every row has the same number, {values[0]:,.6g}, so there is nothing to learn.",
                where,
                "Choose another column.",
                code="one-number",
            ),
        ]
    low, high = np.quantile(values, (0.25, 0.75))
    reach = FAR * (high - low)
    far = cells[known][(values < low - reach) | (values > high + reach)] if reach else cells.iloc[:0]
    if len(far):
        problems.append(
            Problem(
                f"{len(far):,} {'number lies' if len(far) == 1 else 'numbers lie'} far from all others: {_named(far)}.",
                where,
                "Check them; a wrong one spoils the scale of all. With right ones, try the huber loss.",
                "warning",
                "outliers",
            )
        )
    if len(values) < FEW_ROWS:
        problems.append(
            Problem(
                f"There are only {len(values)} rows with a number; a test set of a tenth would tell almost nothing.",
                where,
                "Bring at least a few hundred rows.",
                "warning",
                "few-rows",
            )
        )
    return problems


def _named(cells: "pd.Series[str]", most: int = 3) -> str:
    different = list(dict.fromkeys(str(cell)[:40] for cell in cells))
    names = ", ".join(f'"{cell}"' for cell in different[:most])
    return names if len(different) <= most else f"{names} and {len(different) - most:,} more"
