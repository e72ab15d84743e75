"""How many rows each label has in each split."""

from typing import Any

import numpy as np
import pandas as pd


def label_counts(labels: Any, splits: Any | None = None) -> pd.DataFrame:
    """Rows by label and split: columns label, split, rows, share (of that split's rows), labels with most first.

    `labels` and `splits` are arrays of one length; without `splits` all rows are of the split "all". Every
    label has a row for every split, with 0 where it has none there. Rows without a label are left out.
    """
    names = pd.Series(np.asarray(labels, dtype=object))
    parts = pd.Series("all" if splits is None else np.asarray(splits, dtype=object), index=names.index)
    known = names.notna() & parts.notna()
    table = pd.crosstab(names[known].map(str), parts[known].map(str))
    usual = [split for split in ("train", "validation", "test") if split in table.columns]
    table = table[[*usual, *sorted(set(table.columns) - set(usual))]]
    table = table.loc[table.sum(axis=1).sort_values(ascending=False, kind="stable").index]
    counts = table.to_numpy(dtype=np.int64)
    shares = counts / np.maximum(counts.sum(axis=0), 1)
    return pd.DataFrame(
        {
            "label": np.repeat(table.index.to_numpy(dtype=object), counts.shape[1]),
            "split": np.tile(table.columns.to_numpy(dtype=object), counts.shape[0]),
            "rows": counts.ravel(),
            "share": shares.ravel(),
        }
    )
