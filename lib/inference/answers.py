"""What a model and the model before training write for the same rows, from the model host."""

from collections.abc import Mapping

import pandas as pd

from lib.errors import Problem, UserError
from lib.inference.ask import ask, work_folder
from lib.inference.predict import OnProgress, with_phase


def answers(
    ref: str, rows: pd.DataFrame, columns: Mapping[str, str], *, on_progress: OnProgress | None = None
) -> pd.DataFrame | None:
    """`input` (the prompt as a person reads it), `tuned` and `untuned` (what each wrote), one line a row.

    Both write by the run's settings and with the same seed, as when the run was scored. None when cancelled. Raises
    UserError when there are no rows or the model before training is gone.
    """
    if rows.empty:
        raise UserError(
            Problem("There are no rows to write for.", fix="Give at least one row.", code="no-rows")
        )
    with work_folder() as work:
        source, sink = work / "rows.parquet", work / "answers.parquet"
        rows.astype("str").reset_index(drop=True).to_parquet(source, index=False)
        request = {
            "do": "write_answers",
            "model": ref,
            "columns": dict(columns),
            "rows": str(source),
            "out": str(sink),
        }
        answer = ask(request, with_phase(on_progress, len(rows)))
        return None if answer is None else pd.read_parquet(sink)
