"""Rows that belong together: which groups have what is asked, in an order to show, and which member to keep."""

import numpy as np
import pandas as pd


def members(groups: np.ndarray, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows of the chosen groups, group by group, and a number from 0 for the group of each.

    `groups` int64[rows], −1 for rows of none; `chosen` holds some of its numbers. Groups stand in the order of their
    first rows.
    """
    rows = np.flatnonzero(np.isin(groups, chosen) & (groups >= 0))
    if not len(rows):
        return rows, rows
    order, _ = pd.factorize(groups[rows])
    by_group = np.argsort(order, kind="stable")
    return rows[by_group], order[by_group].astype(np.int64)


def several(groups: np.ndarray) -> np.ndarray:
    """The numbers of groups with more than one row."""
    values, counts = np.unique(groups[groups >= 0], return_counts=True)
    return values[counts > 1]


def differing(groups: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The numbers of groups whose rows have more than one value; `values` int[rows], −1 for none."""
    kept = (groups >= 0) & (values >= 0)
    pairs = pd.DataFrame({"group": groups[kept], "value": values[kept]}).drop_duplicates()
    found, counts = np.unique(pairs["group"], return_counts=True)
    return np.asarray(found[counts > 1])


def repeats(rows: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """All rows but the first of each group, as `members` gives them, in the order of the table."""
    return np.sort(rows[np.r_[False, groups[1:] == groups[:-1]]]) if len(rows) else rows


def usual(groups: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The most frequent value of the group of each row, and whether it is so alone; both as long as `groups`.

    `groups` and `values` are arrays of the rows in question, a value −1 counts for nothing.
    """
    table = pd.DataFrame({"group": groups, "value": values})
    votes = table[table["value"] >= 0].value_counts().reset_index()
    votes = votes.sort_values(["group", "count", "value"], ascending=[True, False, True])
    best = votes.drop_duplicates("group").set_index("group")
    most = votes["group"].map(best["count"])
    ties = votes[votes["count"] == most].groupby("group").size()
    place = pd.Series(groups)
    return (
        place.map(best["value"]).fillna(-1).to_numpy(dtype=np.int64),
        (place.map(ties).fillna(0) == 1).to_numpy(dtype=bool),
    )
