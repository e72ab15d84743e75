"""Predictions for rows, from the model host."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from lib.errors import Problem, UserError
from lib.inference.ask import ask, work_folder
from lib.tasks.outputs import LabelScores, Output, output_from_json

OnProgress = Callable[[int, int], bool | None] | Callable[[int, int, str], bool | None]


@dataclass(frozen=True)
class Predictions:
    """What a model said: `frame` as the output describes it, one row per input row, in their order.

    Rows without a text have missing values; `skipped` counts them. `seconds` is the time the model took, `loading`
    what it took to bring it into memory before; `finished` is False when it was cancelled. `random_head`: a model
    before training whose head nobody had taught. With very many rows and
    labels, `frame` has no `scores`. Beside what the output describes, `tokens` were read of `tokens_given`.
    """

    frame: pd.DataFrame
    output: Output
    seconds: float
    finished: bool = True
    skipped: int = 0
    loading: float = 0.0
    random_head: bool = False


@dataclass(frozen=True)
class Asking:
    """How a model is asked where that is not as it was taught.

    `task`: what one taught elsewhere is to do. `options`: changes of the task's options, checked. `untuned`: the model
    that the run began with is asked in its place.
    """

    task: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    untuned: bool = False


def predict(
    ref: str,
    rows: pd.DataFrame,
    columns: Mapping[str, str],
    *,
    asking: Asking | None = None,
    on_progress: OnProgress | None = None,
) -> Predictions:
    """Predict for rows with the model behind `ref`, such as `run:ID`; `columns` maps roles to the rows' columns.

    `on_progress(done, total)`, or `(done, total, phase)` with a phase of "waiting", "loading" or "predicting", is
    called a few times a second; returning False (or raising) cancels. Rows that lack a text are left out and come
    back blank. Raises UserError with what the host said, or when it died.
    """
    used = list(dict.fromkeys(columns.values()))
    if missing := [column for column in used if column not in rows]:
        named = ", ".join(f"“{column}”" for column in missing)
        raise UserError(Problem(f"The rows have no column {named}.", "columns", code="missing-column"))
    if rows.empty:
        raise UserError(
            Problem("There are no rows to predict.", fix="Give at least one row.", code="no-rows")
        )
    texts = rows[used].astype("str").reset_index(drop=True)
    full = pd.concat([texts[name].str.strip().fillna("") != "" for name in used], axis=1).all(axis=1)
    if not full.any():
        raise UserError(
            Problem(
                "No row has a text to read.",
                where=", ".join(used),
                fix="Choose the column that holds the texts.",
                code="no-text",
            )
        )
    asked = texts[full]
    with work_folder() as work:
        source, sink = work / "rows.parquet", work / "predictions.parquet"
        asked.to_parquet(source, index=False)
        asking = asking or Asking()
        request = {
            "do": "predict",
            "model": ref,
            "task": asking.task,
            "options": dict(asking.options),
            "untuned": asking.untuned,
            "columns": dict(columns),
            "rows": str(source),
            "out": str(sink),
        }
        answer = ask(request, with_phase(on_progress, len(asked)))
        if answer is None:
            return Predictions(pd.DataFrame(), LabelScores(()), 0.0, finished=False)
        frame = pd.read_parquet(sink)
    found = frame.set_axis(asked.index).reindex(texts.index)
    return Predictions(
        found,
        output_from_json(answer["output"]),
        float(answer["seconds"]),
        skipped=int((~full).sum()),
        loading=float(answer.get("loading", 0.0)),
        random_head=bool(answer.get("random_head")),
    )


def with_phase(on_progress: OnProgress | None, total: int) -> Callable[[int, str], bool | None]:
    """The caller's function, which may or may not want to know the phase."""
    if on_progress is None:
        return lambda done, phase: None
    told: Callable[..., bool | None] = on_progress
    if len(inspect.signature(on_progress).parameters) >= 3:
        return lambda done, phase: told(done, total, phase)
    return lambda done, phase: told(done, total)
