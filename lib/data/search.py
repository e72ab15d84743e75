"""Finds the rows of a stored data set that hold some words, however many rows there are."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lib.data.dataset import StoredDataset, explained
from lib.data.profile import as_arrow


def matching_rows(stored: StoredDataset, words: str, columns: Sequence[str] | None = None) -> np.ndarray:
    """The numbers of the rows, int64, in which a column holds the words as they stand, whatever their case.

    One row group is in memory at a time. Without `columns` all are looked through; no words match every row.
    Raises UserError when the file cannot be read.
    """
    wanted = words.strip()
    if not wanted:
        return np.arange(stored.rows, dtype=np.int64)
    names = list(columns) if columns is not None else list(stored.column_names)
    found: list[np.ndarray] = []
    start = 0
    with explained(f"searching “{stored.name}”"), pq.ParquetFile(stored.rows_path) as file:
        for batch in file.iter_batches(columns=names):
            hits = np.zeros(batch.num_rows, dtype=bool)
            for cells in batch.columns:
                hits |= np.asarray(pc.fill_null(_holds(cells, wanted), False))
            found.append(start + np.flatnonzero(hits))
            start += batch.num_rows
    return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)


def _holds(cells: pa.Array, words: str) -> pa.Array:
    return pc.match_substring(cells, words, ignore_case=True)


def matching_in(frame: pd.DataFrame, words: str) -> np.ndarray:
    """As `matching_rows`, of a table that is not stored."""
    hits = np.zeros(len(frame), dtype=bool)
    for name in frame.columns:
        hits |= np.asarray(pc.fill_null(_holds(as_arrow(frame[name]), words.strip()), False))
    return np.flatnonzero(hits)
