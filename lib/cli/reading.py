"""How commands are told to read a file, and where they put what they could not read."""

import argparse
from pathlib import Path
from typing import Any

import pandas as pd

from lib.data.csv_file import csv_bytes
from lib.data.hub_data import read_hub
from lib.data.read import ReadAs, Table, read_tables
from lib.errors import Problem, UserError


def add_reading(command: Any) -> None:
    """The options that say what would otherwise be recognised."""
    command.add_argument("--delimiter", metavar="TEXT", help="what separates fields: , ; tab | :: …")
    command.add_argument(
        "--encoding", metavar="NAME", help="how the file spells text: utf-8, cp1252, cp1251 …"
    )
    command.add_argument(
        "--header", type=int, metavar="LINE", help="the line that names the columns; 0 for none"
    )
    command.add_argument("--sheet", metavar="NAME", help="which sheet of a workbook")
    command.add_argument(
        "--no-repair", action="store_true", help="leave text as it is that was encoded twice"
    )


def read_given(files: list[Path], options: argparse.Namespace) -> Table:
    """The table in the files, or in the data set of the Hub, that were named. Raises UserError."""
    if str(files[0]).startswith("hub:"):
        return read_hub(str(files[0]))
    missing = [
        Problem(f"There is no file {file}.", "FILE", "Check the path.", code="no-file")
        for file in files
        if not file.exists()
    ]
    if missing:
        raise UserError(*missing)
    said = ReadAs(
        delimiter=options.delimiter,
        encoding=options.encoding,
        header=options.header,
        sheet=options.sheet,
        repair=not options.no_repair,
    )
    return read_tables([(file, file.name) for file in files], said)


def keep_aside(table: Table, options: argparse.Namespace) -> None:
    """Write what was set aside and what was mended to the files that were named."""
    if options.rejected is not None:
        lines = [line.to_json() for line in table.rejected]
        options.rejected.write_bytes(csv_bytes(pd.DataFrame(lines, columns=["line", "reason", "text"])))
    if options.originals is not None:
        found = table.originals
        empty = pd.DataFrame(columns=["row", "column", "before", "after"])
        options.originals.write_bytes(csv_bytes(empty if found is None else found))
