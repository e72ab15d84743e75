"""Inputs to try a model with that no run has rows for: a few from the data set that comes with its task."""

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from lib.data.cells import as_list
from lib.data.examples import load_example
from lib.errors import UserError
from lib.plan.columns import choose_columns, whole_paths
from lib.settings import get_settings
from lib.tasks import find_task
from lib.tasks.base import Role, Task
from lib.tasks.outputs import Continuation, MaskedTokens
from lib.ui.given import keep_picture
from lib.ui.view_continuation import ContinuationView

# So many rows of the data set are looked at: pairs are made of several documents.
_ROWS, _SHOWN = 24, 3
_WORD = re.compile(r"[^\W\d_]{4,}")


def task_examples(task: Task) -> list[dict[str, str]]:
    """Up to three inputs, by role; none where the example's own files cannot be read."""
    return [dict(cells) for cells in _examples(task.slug, str(get_settings().home))]


@lru_cache(maxsize=32)
def _examples(slug: str, home: str) -> tuple[dict[str, str], ...]:
    task = find_task(slug)
    try:
        table = load_example(task.example)
        columns, _ = choose_columns(task, table.frame)
        frame = whole_paths(table.frame.head(_ROWS), task, columns, table.files)
        frame, found_in = task.as_examples(frame, columns, seed=0)
        rows = [{str(name): cell for name, cell in row.items()} for row in frame.to_dict("records")]
        asked = task.asked(found_in)
        found = [_cells(task, asked, row, dict(found_in), number) for number, row in enumerate(rows)]
    except (UserError, OSError):
        return ()
    usable = [cells for cells in found if all(cells.get(role.name) for role in asked)]
    step = max(1, len(usable) // _SHOWN)
    return tuple(usable[::step][:_SHOWN])


def _cells(
    task: Task, asked: list[Role], row: dict[str, Any], columns: dict[str, str], number: int
) -> dict[str, str]:
    return {role.name: _cell(task, role, row, columns, number) for role in asked}


def _cell(task: Task, role: Role, row: dict[str, Any], columns: dict[str, str], number: int) -> str:
    value = row.get(columns.get(role.name, ""))
    if value is None and "tokens" in columns:  # the words of a text
        return " ".join(map(str, as_list(str(row[columns["tokens"]])) or []))
    cell = "" if value is None else str(value)
    if role.kind == "image":
        return keep_picture(Path(cell).read_bytes(), cell)
    if task.shape is MaskedTokens:
        # One word in every other example, else two: several masks may be asked for.
        return hidden(cell, 1 + number % 2)
    if task.shape is Continuation and role.kind == "messages":
        return ContinuationView().example(Continuation(chat=True), row, cell)
    return cell


def hidden(text: str, words: int, mask: str = "[MASK]") -> str:
    """The text with its longest words hidden, so many of them."""
    longest = sorted(_WORD.finditer(text), key=lambda word: (-len(word[0]), word.start()))[:words]
    for word in sorted(longest, key=lambda word: -word.start()):
        text = text[: word.start()] + mask + text[word.end() :]
    return text
