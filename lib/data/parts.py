"""Puts several tables together: the parts of a split (train.csv, test.csv), or pieces of one table."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import pandas as pd

from lib.data.account import plural
from lib.data.files import joined_files
from lib.data.profile import SPLIT_VALUES
from lib.data.table import RejectedLine, Table
from lib.errors import Problem, UserError

_SAID_EACH = 8


def split_named(name: str) -> str | None:
    """The split that a file is called after ("wnut17_train.conll", "dev/rows.csv"); None when it tells none or two."""
    path = PurePosixPath(name.replace("\\", "/"))
    stem = path.name.split(".")[0]
    for part in (stem, *reversed(path.parts[:-1])):
        words = {
            SPLIT_VALUES[word] for word in re.split(r"[\W_\d]+", part.casefold()) if word in SPLIT_VALUES
        }
        if len(words) == 1:
            return words.pop()
    return None


def joined_parts(tables: Sequence[tuple[str, Table]], name: str) -> Table:
    """One table with the rows of all of them, in their order; a column `split` where the files' names tell it.

    Raises UserError when their columns differ, or only some of the names tell a split.
    """
    if len(tables) == 1:
        return tables[0][1]
    splits = {file: split_named(file) for file, _ in tables}
    told = set(splits.values())
    if None in told and len(told) > 1:
        silent = ", ".join(f"“{file}”" for file, split in splits.items() if split is None)
        fix = "Call the files train, validation and test, or give one of them alone."
        raise UserError(
            Problem(f"The name of {silent} does not tell which split it is.", name, fix, code="split-names")
        )
    _check_columns(tables)
    order = {"train": 0, "validation": 1, "test": 2}
    ordered = sorted(tables, key=lambda pair: order.get(splits[pair[0]] or "", 0))
    own = "split" in ordered[0][1].frame.columns
    divided = len(told) > 1 and not own
    columns = list(ordered[0][1].frame.columns)
    frames, originals, rows = [], [], 0
    for file, table in ordered:
        frame = table.frame[columns]
        frames.append(
            frame.assign(split=pd.array([splits[file]] * len(frame), dtype="str")) if divided else frame
        )
        if table.originals is not None:
            originals.append(table.originals.assign(row=table.originals["row"] + rows))
        rows += len(frame)
    files = None
    for _, table in ordered:
        files = joined_files(files, table.files)
    form: dict[str, Any] = {**ordered[0][1].format, "parts": [file for file, _ in ordered]}
    return Table(
        pd.concat(frames, ignore_index=True),
        name,
        tuple(_said(ordered, splits if divided else {})),
        form,
        tuple(
            RejectedLine(line.line, line.text, f"{file}: {line.reason}")
            for file, table in ordered
            for line in table.rejected
        ),
        tuple(
            replace(problem, where=f"{file}: {problem.where}")
            for file, table in ordered
            for problem in table.problems
        ),
        files,
        pd.concat(originals, ignore_index=True) if originals else None,
    )


def _check_columns(tables: Sequence[tuple[str, Table]]) -> None:
    first_file, first = tables[0]
    wanted = set(first.frame.columns)
    problems = []
    for file, table in tables[1:]:
        there = set(table.frame.columns)
        parts = []
        if missing := [str(name) for name in first.frame.columns if name not in there]:
            parts.append(f"no column {', '.join(f'“{name}”' for name in missing[:8])}")
        if more := [str(name) for name in table.frame.columns if name not in wanted]:
            parts.append(f"the column {', '.join(f'“{name}”' for name in more[:8])} besides")
        if parts:
            what = f"“{file}” and “{first_file}” differ: the first has {' and '.join(parts)}."
            fix = "Give all files the same columns, or bring one of them alone."
            problems.append(Problem(what, file, fix, code="columns-differ"))
    if problems:
        raise UserError(*problems)


def _said(tables: Sequence[tuple[str, Table]], splits: dict[str, str | None]) -> list[str]:
    """Which files were put together as what, then what was said of each."""
    if splits:
        parts = ", ".join(
            f"{file} as {splits[file]} ({plural(len(table.frame), 'row')})" for file, table in tables[:10]
        )
        said = [f"Put together from {plural(len(tables), 'file')} by their names: {parts}."]
    else:
        shown = ", ".join(file for file, _ in tables[:10]) + (" …" if len(tables) > 10 else "")
        said = [f"Put together from {plural(len(tables), 'file')}, one below the other: {shown}."]
    each = [f"{file}: {sentence}" for file, table in tables for sentence in table.repairs]
    return [
        *said,
        *each[:_SAID_EACH],
        *([f"And {len(each) - _SAID_EACH} more remarks."] if len(each) > _SAID_EACH else []),
    ]
