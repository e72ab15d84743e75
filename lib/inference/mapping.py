"""A map of rows as a model sees them, from the model host."""

from collections.abc import Callable, Mapping

import pandas as pd

from lib.inference.ask import ask, work_folder


def map_rows(
    ref: str,
    rows: pd.DataFrame,
    columns: Mapping[str, str],
    *,
    on_progress: Callable[[int, int, str], bool | None] | None = None,
) -> pd.DataFrame | None:
    """Where each row lies and which are its nearest: the columns of `lib.inference.embeddings.mapped`.

    `on_progress(done, total, phase)` as in `predict`; None when it cancelled. Raises UserError with what the host said.
    """
    with work_folder() as work:
        source, sink = work / "rows.parquet", work / "map.parquet"
        rows.astype("str").to_parquet(source, index=False)
        request = {"do": "map", "model": ref, "columns": dict(columns), "rows": str(source), "out": str(sink)}
        told = on_progress or (lambda done, total, phase: None)
        answer = ask(request, lambda done, phase: told(done, len(rows), phase))
        return None if answer is None else pd.read_parquet(sink)
