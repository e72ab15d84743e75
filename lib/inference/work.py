"""What the host does with a request: rows from a file in, predictions to a file out, chunk by chunk."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from lib.errors import Problem, UserError
from lib.inference.models import HeldModel
from lib.inference.untuned import untuned
from lib.tasks.brief import Brief
from lib.tasks.outputs import LabelScores, ManyLabels, Output, TokenLabels

ROWS_PER_CHUNK = 8_192
# A hundred thousand rows with two thousand probabilities each would be 800 MB that nobody reads.
MOST_PROBABILITIES = 10_000_000
# A length that no input reaches, to count its tokens before any cutting.
_UNCUT = 100_000_000


def predict_file(
    held: HeldModel, request: dict[str, Any], *, on_rows: Callable[[int], None]
) -> dict[str, Any]:
    """Predict for the Parquet file `request["rows"]` into `request["out"]`; returns the answer to the asker.

    `on_rows(done)` is called after each batch and may raise to end the work. Memory does not grow with the rows.
    """
    from lib.tasks.predict import predict_rows

    output = held.task.output(held.brief.target)
    options = request.get("options") or {}
    brief = held.brief.changed(columns=request["columns"], options={**held.brief.options, **options})
    source = pq.ParquetFile(request["rows"])
    whole = _keeps_whole(output, source.metadata.num_rows)
    done, seconds = 0, 0.0
    writer: pq.ParquetWriter | None = None
    asked = contextlib.ExitStack()
    try:
        model = asked.enter_context(_model_asked(held, request))
        if options:
            asked.enter_context(writing_so(model, held.task.writing(brief)))
        for batch in source.iter_batches(batch_size=ROWS_PER_CHUNK):
            rows = batch.to_pandas()
            before = done

            def tell(rows_done: int, before: int = before) -> None:
                on_rows(before + rows_done)

            begun = time.monotonic()
            frame = predict_rows(
                held.task,
                model,
                held.processor,
                rows,
                brief,
                on_rows=tell,
            )
            seconds += time.monotonic() - begun
            done += len(rows)
            frame["tokens_given"] = _tokens_given(held, rows, frame, brief)
            if not whole:
                frame = frame.drop(columns="scores", errors="ignore")
            table = pa.Table.from_pandas(frame, preserve_index=False)
            writer = writer or pq.ParquetWriter(request["out"], table.schema)
            writer.write_table(table.cast(writer.schema))
    finally:
        asked.close()
        if writer is not None:
            writer.close()
    # An adapter keeps its base model's head, which was new when the run began if it learns one of its own.
    random_head = bool(request.get("untuned")) and bool(getattr(model, "fresh_modules", ()))
    return {"output": output.to_json(), "seconds": seconds, "random_head": random_head}


@contextlib.contextmanager
def _model_asked(held: HeldModel, request: dict[str, Any]) -> Iterator[Any]:
    """The model, or the one that its run began with. Raises UserError when that one is gone."""
    if not request.get("untuned"):
        yield held.model
        return
    with untuned(held, request["model"]) as base:
        if base is None:
            what = "The model that this run began with is gone, so it cannot be asked."
            raise UserError(Problem(what, "model", "Bring the base model back.", code="base-gone"))
        yield base


@contextlib.contextmanager
def writing_so(model: Any, settings: Mapping[str, Any]) -> Iterator[None]:
    """The model writes by these settings of its generation config, and afterwards as before."""
    config = getattr(model, "generation_config", None)
    before = {name: getattr(config, name, None) for name in settings}
    for name, value in settings.items():
        setattr(config, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(config, name, value)


def _tokens_given(held: HeldModel, rows: pd.DataFrame, frame: pd.DataFrame, brief: Brief) -> np.ndarray:
    """How many tokens each row would have had uncut; of what is read in windows, those of the longest: int64[rows]."""
    given = frame["tokens"].to_numpy(dtype=np.int64, copy=True)
    cut = np.flatnonzero(frame["truncated"].to_numpy(dtype=bool))
    if len(cut):
        part = rows.iloc[cut]
        plain = {str(name): part[name].tolist() for name in part}
        features = held.task.encode(held.processor, plain, brief.changed(max_length=_UNCUT))
        if "row" not in features:
            given[cut] = features["length"]
    return given


def _keeps_whole(output: Output, rows: int) -> bool:
    """Whether every probability is written too."""
    match output:
        case LabelScores(labels=labels) | ManyLabels(labels=labels):
            return rows * len(labels) <= MOST_PROBABILITIES
        case TokenLabels():  # of every word, and nobody asks for them
            return False
        case _:
            return True
