"""Which predictions to look at first, and how to find the ones you mean."""

from typing import Literal, get_args

import numpy as np
import pandas as pd

MistakeOrder = Literal["loss", "confidence", "margin", "entropy", "row"]
MISTAKE_ORDERS: tuple[MistakeOrder, ...] = get_args(MistakeOrder)

# What the pickers say, and in one sentence what comes first.
ORDER_TITLES: dict[MistakeOrder, str] = {
    "loss": "Highest loss: where the model gave the true label least chance",
    "confidence": "Surest mistakes: wrong, and most confident of it",
    "margin": "Closest calls: the two best labels nearly tied",
    "entropy": "Least decided: probability spread over many labels",
    "row": "As in the file",
}


def by_loss(frame: pd.DataFrame) -> pd.DataFrame:
    """All predictions, highest loss first (the least probability for the gold label)."""
    return frame.sort_values("loss", ascending=False, kind="stable")


def by_confidence_when_wrong(frame: pd.DataFrame) -> pd.DataFrame:
    """Only the wrong predictions, the most confident first."""
    return wrong(frame).sort_values("confidence", ascending=False, kind="stable")


def by_margin(frame: pd.DataFrame) -> pd.DataFrame:
    """All predictions, smallest margin between best and second-best label first."""
    return frame.sort_values("margin", kind="stable")


def by_entropy(frame: pd.DataFrame) -> pd.DataFrame:
    """All predictions, the least decided (highest entropy) first."""
    return frame.sort_values("entropy", ascending=False, kind="stable")


def by_row(frame: pd.DataFrame) -> pd.DataFrame:
    """All predictions, in the order of the file they came from."""
    return frame.sort_values("row", kind="stable")


def ordered(frame: pd.DataFrame, order: MistakeOrder) -> pd.DataFrame:
    """The predictions in one of MISTAKE_ORDERS; "confidence" leaves out those that are right."""
    functions = {
        "loss": by_loss,
        "confidence": by_confidence_when_wrong,
        "margin": by_margin,
        "entropy": by_entropy,
        "row": by_row,
    }
    if order not in functions:
        raise ValueError(f"an order is one of {', '.join(MISTAKE_ORDERS)}, not {order!r}")
    return functions[order](frame)


def wrong(frame: pd.DataFrame) -> pd.DataFrame:
    """Only the predictions that are not right."""
    return frame[~frame["correct"].astype(bool)]


def filtered(
    frame: pd.DataFrame,
    *,
    split: str | None = None,
    wrong_only: bool = False,
    contains: str = "",
    columns: tuple[str, ...] = (),
    confidence: tuple[float, float] = (0.0, 1.0),
) -> pd.DataFrame:
    """The predictions that meet every condition given, in their order.

    `contains` is looked for in any of the text `columns`, as plain text, ignoring case; `confidence` is the
    range in [0, 1] that the probability of the predicted label lies in, ends included.
    """
    keep = np.ones(len(frame), dtype=bool)
    if split is not None:
        keep &= (frame["split"] == split).to_numpy(dtype=bool)
    if wrong_only:
        keep &= ~frame["correct"].to_numpy(dtype=bool)
    if confidence != (0.0, 1.0):
        keep &= frame["confidence"].between(*confidence).to_numpy(dtype=bool)
    if contains and columns:
        found = [
            frame[column].astype("string").str.contains(contains, case=False, regex=False, na=False)
            for column in columns
        ]
        keep &= np.logical_or.reduce([hits.to_numpy(dtype=bool) for hits in found])
    return frame[keep]
