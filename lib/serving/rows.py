"""Rows as they come over the wire, made into what the model reads; what is wrong is said row by row."""

import base64
import binascii
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from lib.data.cells import to_cell, whole_text
from lib.errors import Problem, UserError
from lib.serving.limits import Limits
from lib.tasks.base import Role
from lib.tasks.images import load_picture

# Kinds of input whose cells are lists, and may come as lists.
_LISTS = frozenset({"tokens", "messages"})


def read_rows(
    rows: Sequence[Any], inputs: Sequence[Role], limits: Limits, folder: Path
) -> tuple[pd.DataFrame, list[int], dict[int, list[Problem]]]:
    """The rows that can be read as a frame with a column a role, their numbers, and what is wrong with the others.

    Pictures come as base64 and are put into `folder`: a path from outside is never opened.
    """
    cells: list[dict[str, str]] = []
    numbers: list[int] = []
    wrong: dict[int, list[Problem]] = {}
    for number, row in enumerate(rows):
        found: dict[str, str] = {}
        problems: list[Problem] = []
        for role in inputs:
            try:
                found[role.name] = _cell(row, role, limits, folder / f"{number}-{role.name}")
            except UserError as error:
                problems += error.problems
        if problems:
            wrong[number] = problems
        else:
            cells.append(found)
            numbers.append(number)
    frame = pd.DataFrame(cells, columns=[role.name for role in inputs], dtype="str")
    return frame, numbers, wrong


def _cell(row: Any, role: Role, limits: Limits, path: Path) -> str:
    value = row.get(role.name) if isinstance(row, dict) else row
    if isinstance(value, bool | int | float):
        value = str(value)
    if isinstance(value, list) and role.kind in _LISTS:
        value = to_cell(value)
    if value is not None and not isinstance(value, str):
        raise UserError(Problem("The value is not a text.", role.name, "Give a text.", code="not-a-text"))
    if value is None or not value.strip():
        what = f"The model reads a {role.title.lower()} and none was given."
        raise UserError(Problem(what, role.name, f'Give it as "{role.name}".', code="no-text"))
    if role.kind == "image":
        return _picture(value, role, limits, path)
    if len(value) > limits.characters:
        what = f"The text has {len(value):,} characters; at most {limits.characters:,} are taken."
        raise UserError(Problem(what, role.name, "Shorten it.", code="too-long"))
    return whole_text(value)


def _picture(value: str, role: Role, limits: Limits, path: Path) -> str:
    """Decoded once here, so that what is no picture is said of its own row."""
    if len(value) > limits.picture_bytes * 4 // 3 + 200:
        what = f"The picture is larger than {limits.picture_bytes:,} bytes."
        raise UserError(Problem(what, role.name, "Make it smaller.", code="too-long"))
    encoded = value.partition(",")[2] if value.startswith("data:") else value
    try:
        path.write_bytes(base64.b64decode(encoded, validate=True))
        load_picture(path).close()
    except (binascii.Error, ValueError, UserError):
        what, fix = "This is no picture that can be read.", "Give a PNG or JPEG in base64."
        raise UserError(Problem(what, role.name, fix, code="no-picture")) from None
    return str(path)
