"""Rows of a run's own test set that are worth trying: a sure one, a close call, a mistake."""

from typing import Any

from lib.errors import UserError
from lib.runs.folder import RunFolder
from lib.tasks.base import Role
from lib.tasks.outputs import Output
from lib.ui.evaluate_data import INPUT, evaluation, splits_of
from lib.ui.output_runs import has_scores
from lib.ui.views import view_of


def given_in(output: Output, row: dict[str, Any], inputs: list[Role], columns: dict[str, str]) -> list[str]:
    """What a judged row would be given as: its input columns, or what the output keeps of them; [] when one lacks."""
    cells = [row.get(f"{INPUT}{columns.get(role.name, role.name)}", row.get(role.name)) for role in inputs]
    if any(cell is None for cell in cells):
        return []
    return [view_of(output).example(output, row, str(cell)) for cell in cells]


def example_rows(run: RunFolder) -> list[tuple[str, dict[str, Any]]]:
    """Rows of the run's own test set: a sure one, a close call and a mistake, or else the best and the worst."""
    try:
        if not has_scores(run) or "test" not in splits_of(run):
            return []
        frame = evaluation(run, "test").frame
    except UserError:  # the examples are a convenience; the page works without them
        return []
    right, wrong = frame[frame["correct"]], frame[~frame["correct"]]
    found: list[tuple[str, dict[str, Any]]] = []
    for title, part, column, highest in (
        ("Sure", right, "confidence", True),
        ("Close call", right, "margin", False),
        ("Mistaken", wrong, "confidence", True),
        ("Likely", frame, "loss", False),
        ("Unlikely", frame, "loss", True),
    ):
        known = part[part[column].notna()] if column in part else part.head(0)
        if column == "loss" and found:  # how likely only matters where nothing is right or wrong
            break
        if len(known):
            values = known[column].to_numpy()
            place = int(values.argmax() if highest else values.argmin())
            found.append((title, {str(name): value for name, value in known.iloc[place].items()}))
    return found
