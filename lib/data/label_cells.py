"""Reads which labels the rows have: several in the cells of one column, or a column of yes and no for each label."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from lib.data.cells import as_list, to_cell

# How a column writes several labels: as a list, or with one of these between them.
LIST = "list"
# Between labels and hardly ever in one; tried in this order.
_CLEAR = ("\n", ";", "|")
# Also found inside of labels ("London, UK", "Sci-Fi/Fantasy"), so they must prove that they separate.
_UNSURE = (",", "/")
# Cells looked at to recognise a separator.
_LOOKED_AT = 20_000
_LIST_SHARE = 0.9
_CLEAR_SHARE = 0.02

YES = frozenset(["1", "1.0", "true", "yes", "y", "x", "t", "on", "✓", "✔", "oui", "ja", "sí", "si", "да"])
NO = frozenset(["", "0", "0.0", "false", "no", "n", "f", "off", "-", "–", "non", "nein", "нет"])

_FLAGS = YES | NO


def columns_named(choice: str, there: Iterable[str]) -> list[str]:
    """The columns that a choice means: the one of that name, else those named in a list or between commas.

    Empty when any of them is not among the columns `there`.
    """
    known = set(there)
    if choice in known:
        return [choice]
    names = as_list(choice)
    parts = [str(name).strip() for name in (choice.split(",") if names is None else names)]
    return list(dict.fromkeys(parts)) if len(parts) > 1 and set(parts) <= known else []


def as_choice(columns: Sequence[str]) -> str:
    """Columns as one choice, to be read by `columns_named`: with commas between, or as a list where a name has one."""
    if len(columns) > 1 and any("," in name for name in columns):
        return to_cell(list(columns))
    return ", ".join(columns)


def chosen_columns(columns: Mapping[str, str], there: Iterable[str]) -> list[str]:
    """Every column that stands behind the choices of all roles, each once; those that are not there are left out."""
    known = list(there)
    return list(dict.fromkeys(name for choice in columns.values() for name in columns_named(choice, known)))


def separator_of(cells: Iterable[str | None]) -> str:
    """How a column writes several labels: "list", a separator, or "" where each cell holds one label.

    The same for all rows: a list where nearly all cells are lists; a line break, semicolon or bar where some cells
    hold it; a comma or slash only if the column has fewer different labels when split at it than when not.
    """
    full = [cell.strip() for cell in cells if isinstance(cell, str) and cell.strip()][:_LOOKED_AT]
    if not full:
        return ""
    if sum(as_list(cell) is not None for cell in full) >= _LIST_SHARE * len(full):
        return LIST
    holding = {mark: sum(mark in cell for cell in full) for mark in (*_CLEAR, *_UNSURE)}
    clear = [mark for mark in _CLEAR if holding[mark] > _CLEAR_SHARE * len(full)]
    if clear:
        return max(clear, key=lambda mark: holding[mark])
    whole = len(set(full))
    for mark in sorted(_UNSURE, key=lambda mark: -holding[mark]):
        if holding[mark] and len({part for cell in full for part in labels_in(cell, mark)}) < whole:
            return mark
    return ""


def labels_in(cell: object, separator: str) -> list[str]:
    """The labels of a cell, each once, in their order; a separator inside of a list's item stays."""
    if not isinstance(cell, str):
        return []
    items = as_list(cell) if separator == LIST else None
    if items is not None:
        parts = [str(item) for item in items if item is not None]
    else:
        parts = cell.split(separator) if separator and separator != LIST else [cell]
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


def is_flag(cell: object) -> bool:
    """Whether a cell says yes or no; an empty one says no."""
    return not isinstance(cell, str) or cell.strip().casefold() in _FLAGS


def is_yes(cell: object) -> bool:
    """Whether a cell of a label's own column says that the row has it."""
    return isinstance(cell, str) and cell.strip().casefold() in YES


def label_sets(frame: pd.DataFrame, columns: Sequence[str], separator: str) -> list[list[str]]:
    """The labels of each row: from one column of labels, or from several columns that are named as their labels."""
    if len(columns) == 1:
        return [labels_in(cell, separator) for cell in frame[columns[0]]]
    flags = np.array([[is_yes(cell) for cell in frame[name]] for name in columns], dtype=bool)
    return [
        [columns[place] for place in np.flatnonzero(row).tolist()]
        for row in flags.reshape(len(columns), -1).T
    ]
