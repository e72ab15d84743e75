"""What is judged of a text by its tokens: one feature, or windows that overlap where a text is long."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lib.tasks.base import Features

# Windows of a long text share this part of their length, so that judged tokens have something before them.
OVERLAP = 4


def no_features() -> "Features":
    """The lists that `add_feature` and `add_windows` fill: row, input_ids, labels, _new, length, truncated."""
    return {name: [] for name in ("row", "input_ids", "labels", "_new", "length", "truncated")}


def add_feature(
    found: "Features", row: int, ids: list[int], begin: int, *, new: int, truncated: bool
) -> None:
    """Tokens of a row with labels from the place `begin` on; those before `new` were in the window before."""
    labels = [-100] * min(begin, len(ids)) + ids[begin:]
    values = {
        "row": row, "input_ids": ids, "labels": labels, "_new": new, "length": len(ids), "truncated": truncated,
    }  # fmt: skip
    for name, value in values.items():
        found[name].append(value)


def add_windows(found: "Features", row: int, ids: list[int], max_length: int) -> None:
    """A text in windows of at most `max_length` tokens, each token labelled in the first window that holds it."""
    start = done = 0
    while done < len(ids):
        window = ids[start : start + max_length]
        add_feature(found, row, window, done - start, new=done - start, truncated=False)
        done = start + len(window)
        start = done - max(1, max_length // OVERLAP)
