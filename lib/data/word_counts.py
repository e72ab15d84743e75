"""Counts the words of many texts at once, on the bytes that Arrow keeps them in."""

import numpy as np
import pyarrow as pa

# What stands between words, as in the regular expression \s of RE2: tab, line feed, form feed, return and space.
_SPACE = np.zeros(256, dtype=bool)
_SPACE[[9, 10, 12, 13, 32]] = True
_ROWS = 20_000


def word_counts(texts: pa.Array) -> np.ndarray:
    """Words between white space in each text, int64[texts]; 0 for missing ones. `texts` is of large_string."""
    counts = np.zeros(len(texts), dtype=np.int64)
    for start in range(0, len(texts), _ROWS):
        part = texts.slice(start, _ROWS)
        data = part.buffers()[2]
        if data is None:
            continue
        offsets = np.frombuffer(part.buffers()[1], dtype=np.int64)[part.offset : part.offset + len(part) + 1]
        raw = np.frombuffer(data, dtype=np.uint8)[offsets[0] : offsets[-1]]
        bounds = offsets - offsets[0]
        space = _SPACE[raw]
        # A word begins where no white space follows white space or the end of the text before.
        begins = np.concatenate([[True], space])
        begins[bounds] = True
        begun = np.cumsum(np.concatenate([[False], begins[:-1] & ~space]))
        counts[start : start + len(part)] = begun[bounds[1:]] - begun[bounds[:-1]]
        if part.null_count:
            counts[start : start + len(part)][np.asarray(part.is_null())] = 0
    return counts
