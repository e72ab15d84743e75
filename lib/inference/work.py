"""What the host does with a request: rows from a file in, predictions to a file out, chunk by chunk."""

import time
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lib.inference.models import HeldModel
from lib.tasks.outputs import LabelScores, ManyLabels, Output, TokenLabels

ROWS_PER_CHUNK = 8_192
# A hundred thousand rows with two thousand probabilities each would be 800 MB that nobody reads.
MOST_PROBABILITIES = 10_000_000


def predict_file(
    held: HeldModel, request: dict[str, Any], *, on_rows: Callable[[int], None]
) -> dict[str, Any]:
    """Predict for the Parquet file `request["rows"]` into `request["out"]`; returns the answer to the asker.

    `on_rows(done)` is called after each batch and may raise to end the work. Memory does not grow with the rows.
    """
    from lib.tasks.predict import predict_rows

    output = held.task.output(held.brief.target)
    brief = held.brief.changed(columns=request["columns"])
    source = pq.ParquetFile(request["rows"])
    whole = _keeps_whole(output, source.metadata.num_rows)
    done, seconds = 0, 0.0
    writer: pq.ParquetWriter | None = None
    try:
        for batch in source.iter_batches(batch_size=ROWS_PER_CHUNK):
            rows = batch.to_pandas()
            before = done

            def tell(rows_done: int, before: int = before) -> None:
                on_rows(before + rows_done)

            begun = time.monotonic()
            frame = predict_rows(
                held.task,
                held.model,
                held.processor,
                rows,
                brief,
                on_rows=tell,
            )
            seconds += time.monotonic() - begun
            done += len(rows)
            if not whole:
                frame = frame.drop(columns="scores", errors="ignore")
            table = pa.Table.from_pandas(frame, preserve_index=False)
            writer = writer or pq.ParquetWriter(request["out"], table.schema)
            writer.write_table(table.cast(writer.schema))
    finally:
        if writer is not None:
            writer.close()
    return {"output": output.to_json(), "seconds": seconds}


def _keeps_whole(output: Output, rows: int) -> bool:
    """Whether every probability is written too."""
    match output:
        case LabelScores(labels=labels) | ManyLabels(labels=labels):
            return rows * len(labels) <= MOST_PROBABILITIES
        case TokenLabels():  # of every word, and nobody asks for them
            return False
        case _:
            return True
