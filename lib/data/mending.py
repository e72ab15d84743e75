"""Mends cells whose characters were garbled before the file was saved, keeps what they were, and says so."""

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import pyarrow.compute as pc

from lib.data.account import plural
from lib.data.double_encoding import SUSPECT, mended
from lib.data.names import plain_name
from lib.data.profile import as_arrow
from lib.data.table import Table
from lib.errors import Problem

# Characters that are counted in these columns must not change in number.
_COUNTED = frozenset(
    ["start", "end", "answer_start", "answer_starts", "start_offset", "end_offset", "start_char", "end_char", "spans",
     "entities", "offset", "answer_offset"]
)  # fmt: skip
_GARBLED = "â€|Ã[\u0080-\u00bf]|Â[\u00a0-\u00bf]|ðŸ|‰Û|Ì©"
_CHUNK = 20_000


@dataclass(frozen=True)
class _Cells:
    """The mended cells of one column: their places, and what stood there."""

    name: str
    places: list[int]
    before: list[str]
    after: list[str]


def mend(table: Table, *, allowed: bool = True) -> Table:
    """The table with doubly encoded text put right and the original cells in `originals`; else a warning.

    Nothing is changed when it is not `allowed`, or when the table counts characters (spans, starts of answers).
    """
    texts = [str(name) for name in table.frame.columns if not (table.files and name == "image")]
    suspects = {name: found for name in texts if (found := _suspects(table.frame[name]))}
    if not suspects:
        return table
    counted = _counts_characters(table.frame)
    changed: list[_Cells] = []
    if allowed and not counted:
        changed = [
            cells
            for name, places in suspects.items()
            if (cells := _mended(table.frame[name], name, places)).places
        ]
    frame = table.frame
    for cells in changed:
        column = frame[cells.name].copy()
        column.iloc[cells.places] = cells.after
        frame = frame.assign(**{cells.name: column})
    left = sum(_still_garbled(frame[name]) for name in suspects)
    problems = (*table.problems, *([_warning(left, counted, allowed)] if left else []))
    if not changed:
        return replace(table, problems=problems)
    return replace(
        table,
        frame=frame,
        repairs=(*table.repairs, _said(changed)),
        problems=problems,
        originals=_originals(changed),
    )


def _suspects(column: pd.Series) -> list[int]:
    cells = as_arrow(column)
    mask = pc.fill_null(pc.match_substring_regex(cells, SUSPECT), False)
    return pc.indices_nonzero(mask).to_pylist() if pc.any(mask).as_py() else []


def _mended(column: pd.Series, name: str, places: list[int]) -> _Cells:
    found = _Cells(name, [], [], [])
    known: dict[str, str] = {}
    for start in range(0, len(places), _CHUNK):
        for place, cell in zip(
            places[start : start + _CHUNK], column.iloc[places[start : start + _CHUNK]].tolist(), strict=True
        ):
            better = known.get(cell)
            if better is None:
                better = mended(cell)
                if len(known) < _CHUNK:
                    known[cell] = better
            if better != cell:
                found.places.append(place)
                found.before.append(cell)
                found.after.append(better)
    return found


def _counts_characters(frame: pd.DataFrame) -> bool:
    """Whether some cells count characters of others, so that none may come or go."""
    if {plain_name(str(name)) for name in frame.columns} & _COUNTED:
        return True
    for name in frame.columns:
        head = frame[name].dropna().head(20)
        if any('"start' in cell or "'start" in cell or "answer_start" in cell for cell in head):
            return True
    return False


def _still_garbled(column: pd.Series) -> int:
    return int(pc.sum(pc.match_substring_regex(as_arrow(column), _GARBLED)).as_py() or 0)


def _warning(left: int, counted: bool, allowed: bool) -> Problem:
    why = ""
    if counted:
        why = " They were left as they are, because other cells count their characters."
    elif allowed:
        why = " They lost bytes on the way, so they cannot be put right with certainty."
    return Problem(
        f"{plural(left, 'cell')} hold{'s' if left == 1 else ''} characters that were garbled before the file was saved "
        f"(such as “â€™” for “’”).{why}",
        where="encoding",
        fix="If you have the original, export it again as UTF-8.",
        severity="warning",
        code="garbled-text",
    )


def _said(changed: list[_Cells]) -> str:
    number = sum(len(cells.places) for cells in changed)
    first = changed[0]
    before, after = _around(first.before[0], first.after[0])
    return (
        f"Text that was encoded twice was put right in {plural(number, 'cell')} "
        f"(such as “{before}” to “{after}”); the original cells are kept."
    )


def _around(before: str, after: str) -> tuple[str, str]:
    """The first place where two texts differ, with a little of what stands before it."""
    at = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), 0)
    start = max(0, at - 12)
    return before[start : start + 24].strip(), after[start : start + 22].strip()


def _originals(changed: list[_Cells]) -> pd.DataFrame:
    """One line a mended cell: row (from 1), column, before, after."""
    columns: dict[str, Any] = {
        "row": [place + 1 for cells in changed for place in cells.places],
        "column": [cells.name for cells in changed for _ in cells.places],
        "before": [text for cells in changed for text in cells.before],
        "after": [text for cells in changed for text in cells.after],
    }
    return pd.DataFrame(columns).sort_values(["row", "column"], kind="stable", ignore_index=True)
