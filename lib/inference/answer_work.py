"""The host's work behind a blind vote: what a model and the model before training write for the same prompts."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from lib.errors import Problem, UserError
from lib.inference.models import HeldModel
from lib.inference.untuned import untuned

# Written at once; progress is told after each.
ROWS_AT_ONCE = 4


def write_answers(
    held: HeldModel, request: dict[str, Any], *, on_rows: Callable[[int], None]
) -> dict[str, Any]:
    """Write for the rows in `request["rows"]` into `request["out"]`; see `answers` for the columns.

    Raises UserError when the model before training is gone: there would be nothing to compare.
    """
    rows = pd.read_parquet(request["rows"])
    brief = held.brief.changed(columns=request["columns"])
    with untuned(held, request["model"]) as base:
        if base is None:
            what = "The model that this run began with is gone, so its answers cannot be written."
            raise UserError(Problem(what, "model", "Bring the base model back.", code="base-gone"))
    found: list[pd.DataFrame] = []
    for start in range(0, len(rows), ROWS_AT_ONCE):
        part = rows.iloc[start : start + ROWS_AT_ONCE]
        tuned = held.task.samples(held.model, held.processor, part, brief)
        on_rows(start)
        with untuned(held, request["model"]) as base:
            before = held.task.samples(base, held.processor, part, brief)
        found.append(
            pd.DataFrame(
                {
                    "input": [one["input"] for one in tuned],
                    "tuned": [one["written"] for one in tuned],
                    "untuned": [one["written"] for one in before],
                },
                dtype="str",
            )
        )
        on_rows(min(len(rows), start + ROWS_AT_ONCE))
    pd.concat(found, ignore_index=True).to_parquet(request["out"], index=False)
    return {"rows": len(rows)}
