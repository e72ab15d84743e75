"""`predict`: a finished run's model, or one taught elsewhere, on one input or on the rows of a file."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from lib.data.csv_file import without_formulas
from lib.data.picture_names import is_picture_name, with_file_names
from lib.data.read import read_table
from lib.errors import Problem, UserError
from lib.inference.askable import Askable, find_askable
from lib.inference.inputs import columns_for, one_row, with_given_texts
from lib.inference.predict import Asking, Predictions, predict
from lib.inference.table import as_table, beside
from lib.plan.columns import whole_paths
from lib.runs.folder import open_run

_SOURCES = ("run", "starter", "hub", "folder", "scratch", "cut")


def add_commands(commands: Any) -> None:
    """Register the command."""
    command = commands.add_parser("predict", help="predict with a run's model, or one taught elsewhere")
    command.add_argument("id", metavar="RUN", help="a run, or a model such as hub:ORG/NAME or folder:PATH")
    source = command.add_mutually_exclusive_group(required=True)
    source.add_argument("--text", help="one text; for pictures, its path")
    source.add_argument(
        "--file",
        type=Path,
        nargs="+",
        metavar="ROWS.csv",
        help="a file with the columns the run was trained on; of pictures a zip, a folder or their paths",
    )
    command.add_argument(
        "--pair", help="the second text, for a model of text pairs or of a question and a text"
    )
    command.add_argument("--task", default="", help="what a model taught elsewhere is asked to do")
    command.add_argument("--out", type=Path, metavar="OUT.csv", help="write the rows with predictions here")
    command.set_defaults(run=run_predict)


def run_predict(options: argparse.Namespace) -> int:
    """Predict through the model host, and print or write the rows with label and confidence."""
    asked = _asked(options.id, options.task)
    if options.text is not None:
        rows, given, columns = _one(asked, options.text, options.pair)
    else:
        rows, given, columns = _from_files(asked, options.file)
    found = predict(asked.ref, given, columns, asking=Asking(asked.slug), on_progress=_show)
    table = as_table(found)
    if options.out is not None:
        _write(beside(rows, table), options.out)
    if options.json:
        print(json.dumps(_answer(asked, found, table, options.out), ensure_ascii=False))
    elif options.out is not None:
        print(f"Wrote {len(table):,} rows to {options.out}.")
    else:
        for _, line in table.iterrows():
            print("  ".join(_plain(line[name]) for name in ("predicted", "confidence") if name in table))
    return 0


def _asked(name: str, slug: str) -> Askable:
    """The run of that id or name, or the model of that reference."""
    source = name.partition(":")[0]
    ref = name if ":" in name and source in _SOURCES else f"run:{open_run(name).id}"
    return find_askable(ref, slug)


def _one(asked: Askable, text: str, pair: str | None) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, str]]:
    roles = [*asked.inputs, *(asked.extras if pair is not None else [])]
    if any(role.kind == "image" for role in roles):
        return _from_files(asked, [Path(text)])
    rows, columns = one_row(roles, [text, pair])
    return rows, rows, columns


def _from_files(asked: Askable, paths: list[Path]) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, str]]:
    """The rows as they are given back, as they are asked about, and their columns by role. Raises UserError."""
    if missing := [path for path in paths if not path.exists()]:
        raise UserError(
            *(
                Problem(f"There is no file {path}.", "--file", "Check the path.", code="no-file")
                for path in missing
            )
        )
    picture = next((role for role in asked.inputs if role.kind == "image"), None)
    if picture is not None and all(path.is_file() and is_picture_name(path.name) for path in paths):
        rows = pd.DataFrame({picture.name: [str(path) for path in paths]}, dtype="str")
        whole = pd.DataFrame({picture.name: [str(path.resolve()) for path in paths]}, dtype="str")
        return rows, whole, {picture.name: picture.name}
    if len(paths) > 1:
        what = "Several files are given, and they are not all pictures."
        raise UserError(Problem(what, "--file", "Give one table, zip or folder.", code="several-files"))
    table = read_table(paths[0], paths[0].name)
    columns = columns_for(asked.task, asked.brief.columns, table.frame)
    if picture is not None and table.files is None:
        # A table beside the pictures that it names.
        names = table.frame[columns[picture.name]]
        beside_it = names.map(lambda name: str((paths[0].parent / name).resolve()), na_action="ignore")
        return table.frame, table.frame.assign(**{columns[picture.name]: beside_it}), columns
    given = whole_paths(table.frame, asked.task, columns, table.files)
    if picture is not None:
        named = with_file_names(table.frame, columns[picture.name], paths[0], paths[0].name)
        return named, given, columns
    return table.frame, with_given_texts(asked.task, asked.brief.columns, given, columns), columns


def _write(table: pd.DataFrame, path: Path) -> None:
    try:
        without_formulas(table).to_csv(path, index=False)
    except OSError as error:
        what = f"{path} could not be written: {error.strerror or error}."
        raise UserError(
            Problem(what, "--out", "Choose another place, or free some space.", code="cannot-write")
        ) from error


def _plain(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _answer(asked: Askable, found: Predictions, table: pd.DataFrame, out: Path | None) -> dict[str, Any]:
    name = asked.run.id if asked.run else asked.ref
    answer: dict[str, Any] = {"run": name, "task": asked.task.slug, "rows": len(table)}
    answer["seconds"] = round(found.seconds, 4)
    if out is not None:
        return answer | {"out": str(out)}
    # What is missing is null: NaN is no JSON.
    plain = table.astype("object").where(table.notna(), None)
    return answer | {"predictions": plain.to_dict(orient="records")}


def _show(done: int, total: int) -> bool:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{done:,} of {total:,} rows")
    return True
