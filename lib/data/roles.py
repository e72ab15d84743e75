"""Guesses which column plays which part in a task, from the columns' names first and their content second."""

from collections.abc import Iterable, Sequence
from typing import Protocol

import pandas as pd

from lib.data.names import LABEL_NAMES, PAIR_NAMES, STRUCTURED_NAMES, TEXT_NAMES, plain_name
from lib.data.number_cells import holds_number
from lib.data.profile import ColumnProfile, Profile, is_number, profile_table

# What the lists of a column may hold for each kind of role. By content alone only the first one is clear; a
# column of empty lists ("") tells nothing against its name.
_ITEMS: dict[str, tuple[str, ...]] = {
    "tokens": ("strings",),
    "tags": ("tags", "strings", "integers"),
    "spans": ("spans", "objects"),
    "answers": ("answers", "objects", "strings"),
    "messages": ("messages",),
    "labels": ("strings", "tags", "integers"),
}
_FEWEST_NUMBERS = 5


class RoleLike(Protocol):
    """What guessing needs to know of a task's role; `lib.tasks` defines the real one."""

    @property
    def name(self) -> str:
        """What the role is called, such as "text" or "label"."""

    @property
    def kind(self) -> str:
        """What the role's cells hold: "text", "label", "labels", "number", "tokens", "tags", "spans",
        "answers", "messages" or "image"."""

    @property
    def required(self) -> bool:
        """Whether the task cannot do without it."""

    @property
    def synonyms(self) -> Sequence[str]:
        """What such columns are usually called."""


def guess_columns(data: pd.DataFrame | Profile, roles: Iterable[RoleLike]) -> dict[str, str]:
    """Role name → column name, for the roles that a column can be found for.

    Columns of ids, of splits and empty ones are never used, and no column twice. Optional roles are only
    filled when a column's name says so. What cannot be guessed is left out.
    """
    profile = data if isinstance(data, Profile) else profile_table(data)
    free = [column for column in profile.columns if column.kind not in ("id", "split", "empty")]
    guessed: dict[str, str] = {}
    # Names speak before content: a role must not take by content what another role is called by name.
    wanted = sorted(roles, key=lambda role: not role.required)
    for by in (_by_name, _by_part_of_name, _by_content):
        for role in wanted:
            if role.name in guessed or (not role.required and by is not _by_name):
                continue
            found = by(role, free)
            if found is not None:
                guessed[role.name] = found.name
                free = [column for column in free if column.name != found.name]
    order = [role.name for role in wanted]
    return {name: guessed[name] for name in order if name in guessed}


def _usual_names(role: RoleLike) -> list[str]:
    names = [role.name, *role.synonyms]
    if role.name == "text_pair":
        names += PAIR_NAMES
    elif role.required and role.kind == "text" and role.name in ("text", "document"):
        names += TEXT_NAMES
    elif role.required and role.kind == "label":
        names += LABEL_NAMES
    elif role.required and role.kind in STRUCTURED_NAMES:
        names += STRUCTURED_NAMES[role.kind]
    return [plain_name(name) for name in names]


def _suits(role: RoleLike, column: ColumnProfile) -> bool:
    """Whether the content allows the role: a text is not a date, a label needs two values."""
    if role.kind == "text":
        return column.kind in ("text", "label") and not (column.kind == "label" and column.distinct < 3)
    if role.kind == "label":
        return column.kind in ("label", "text", "number") and column.mean_words < 12
    if role.kind == "number":
        return _is_number(column)
    if role.kind == "image":
        return column.kind == "image"
    if column.kind == "list":
        return column.items in ("", *_ITEMS.get(role.kind, ()))
    if role.kind == "labels":
        return column.kind in ("label", "text") and column.mean_words < 12
    if role.kind == "answers":
        return column.kind in ("text", "label", "number", "date")
    return role.kind not in _ITEMS


def _is_number(column: ColumnProfile) -> bool:
    """Whether a column holds at least five different numbers; few ones that repeat look like labels otherwise."""
    if column.distinct < _FEWEST_NUMBERS:
        return False
    values = [value for value, _ in column.top]
    few = column.kind == "label" and all(map(is_number, values))
    # Prices and measures: numbers with a unit.
    measures = column.kind in ("label", "text") and all(map(holds_number, (*values, *column.examples)))
    return column.kind == "number" or few or measures


def _by_name(role: RoleLike, free: list[ColumnProfile]) -> ColumnProfile | None:
    names = {plain_name(column.name): column for column in reversed(free)}
    for name in _usual_names(role):
        column = names.get(name)
        if column is not None and _suits(role, column):
            return column
    return None


def _by_part_of_name(role: RoleLike, free: list[ColumnProfile]) -> ColumnProfile | None:
    """A column such as "tweet_text" or "Customer message", of the kind the role wants."""
    for name in _usual_names(role):
        for column in free:
            parts = plain_name(column.name).split("_")
            if len(parts) > 1 and name in parts and _is_kind(role, column):
                return column
    return None


def _is_kind(role: RoleLike, column: ColumnProfile) -> bool:
    """Whether a column holds just what the role wants, not only something that could pass for it."""
    if role.kind in ("text", "label"):
        return column.kind == role.kind
    if role.kind in _ITEMS:
        return column.kind == "list" and column.items in _ITEMS[role.kind]
    return _suits(role, column)


def _by_content(role: RoleLike, free: list[ColumnProfile]) -> ColumnProfile | None:
    if role.kind == "text":
        texts = [column for column in free if column.kind == "text"]
        return max(texts, key=lambda column: column.mean_words, default=None)
    if role.kind == "label":
        labels = [column for column in free if column.kind == "label" and column.distinct >= 2]
        return min(labels, key=lambda column: (column.missing, column.distinct), default=None)
    if role.kind in _ITEMS:
        found = [column for column in free if column.kind == "list" and column.items == _ITEMS[role.kind][0]]
    else:
        found = [column for column in free if column.kind == role.kind and _suits(role, column)]
    return found[0] if len(found) == 1 else None
