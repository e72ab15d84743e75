"""`predict`: a finished run's model on one text or on the rows of a file."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from lib.data.csv_file import without_formulas
from lib.data.read import read_table
from lib.errors import Problem, UserError
from lib.inference.inputs import columns_for, model_inputs, one_row
from lib.inference.predict import Predictions, predict
from lib.inference.table import as_table
from lib.plan.columns import whole_paths
from lib.runs.folder import open_run
from lib.tasks import find_task


def add_commands(commands: Any) -> None:
    """Register the command."""
    command = commands.add_parser("predict", help="predict with a finished run's model")
    command.add_argument("id", metavar="RUN")
    source = command.add_mutually_exclusive_group(required=True)
    source.add_argument("--text", help="one text")
    source.add_argument(
        "--file", type=Path, metavar="ROWS.csv", help="a file with the columns the run was trained on"
    )
    command.add_argument("--pair", help="the second text, for a model of text pairs")
    command.add_argument("--out", type=Path, metavar="OUT.csv", help="write the rows with predictions here")
    command.set_defaults(run=run_predict)


def run_predict(options: argparse.Namespace) -> int:
    """Predict through the model host, and print or write the rows with label and confidence."""
    run = open_run(options.id)
    task = find_task(run.spec.task)
    inputs = model_inputs(task, run.spec.data.columns)
    if options.text is not None:
        rows, columns = one_row(inputs, [options.text, options.pair])
        asked = rows
    else:
        if not options.file.is_file():
            raise UserError(
                Problem(f"There is no file {options.file}.", "--file", "Check the path.", code="no-file")
            )
        given = read_table(options.file, options.file.name)
        columns = columns_for(task, run.spec.data.columns, given.frame)
        rows = given.frame
        asked = whole_paths(rows, task, columns, given.files)
    found = predict(f"run:{run.id}", asked, columns, on_progress=_show)
    table = as_table(found)
    if options.out is not None:
        both = pd.concat([rows.reset_index(drop=True), table], axis=1)
        without_formulas(both).to_csv(options.out, index=False)
    if options.json:
        print(json.dumps(_answer(run.id, found, table, options.out), ensure_ascii=False))
    elif options.out is not None:
        print(f"Wrote {len(table):,} rows to {options.out}.")
    else:
        for _, line in table.iterrows():
            print("  ".join(_plain(line[name]) for name in ("predicted", "confidence") if name in table))
    return 0


def _plain(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _answer(run: str, found: Predictions, table: pd.DataFrame, out: Path | None) -> dict[str, Any]:
    answer: dict[str, Any] = {"run": run, "rows": len(table), "seconds": round(found.seconds, 4)}
    if out is not None:
        return answer | {"out": str(out)}
    return answer | {"predictions": table.to_dict(orient="records")}


def _show(done: int, total: int) -> bool:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{done:,} of {total:,} rows")
    return True
