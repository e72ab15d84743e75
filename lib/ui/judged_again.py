"""A judged row put together again as the model host is given it."""

import pandas as pd

from lib.inference.token_features import Of
from lib.tasks.outputs import Continuation
from lib.ui.evaluate_data import INPUT, Evaluation


def rows_again(found: Evaluation, rows: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """The judged rows with a column for each role, and those columns by role: what was read, and the truth."""
    said = found.run.brief() or {}
    columns: dict[str, str] = dict(said.get("columns", {}))
    cells = {
        column: (rows[INPUT + column] if INPUT + column in rows else rows["gold"]).astype("str")
        for column in columns.values()
    }
    return pd.DataFrame(cells).reset_index(drop=True), columns


def kinds_of(found: Evaluation) -> list[Of]:
    """What of a row can be scored, what the view is first asked for first; a text alone has no answer to write."""
    columns = (found.run.brief() or {}).get("columns", {})
    if isinstance(found.output, Continuation):
        return ["truth", "written"] if found.task.truths(columns) or "messages" in columns else ["truth"]
    return ["written", "truth"]
