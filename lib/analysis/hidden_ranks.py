"""Where the true token stood among all that a model could have put in place of a hidden one."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

# The lower ends of the ranges, and the last one's upper end, which nothing reaches.
RANK_ENDS = [1.0, 2.0, 3.0, 4.0, 6.0, 11.0, 101.0, 1e9]
RANK_NAMES = ["1st", "2nd", "3rd", "4–5", "6–10", "11–100", "101+"]


def token_ranks(hidden: Sequence[str]) -> pd.DataFrame:
    """One line per hidden token that has a rank: `place` (which row, from 0) and `rank` (1: no token was likelier).

    `hidden` are cells as `MaskedTokens` describes them; cells of runs made before ranks were kept give none.
    """
    lines = [
        (place, int(item["rank"]))
        for place, cell in enumerate(hidden)
        for item in json.loads(cell or "[]")
        if "rank" in item
    ]
    return pd.DataFrame(lines, columns=["place", "rank"], dtype=np.int64)


def before_and_after(hidden: str, before: str | None) -> pd.DataFrame:
    """The hidden tokens of one row, in the order of the text: token, rank, top, loss, and the same of before training.

    Columns rank_before, top_before and loss_before are missing when there is no such row, or other tokens were hidden
    in it. `top` is a list of [token, probability], best first.
    """
    now = _items(hidden)
    then = _items(before or "[]")
    same = [(item["start"], item["token"]) for item in now] == [
        (item["start"], item["token"]) for item in then
    ]
    table = pd.DataFrame(
        [(item["token"], item.get("rank"), item.get("top", []), item["loss"]) for item in now],
        columns=["token", "rank", "top", "loss"],
    )
    for name in ("rank", "top", "loss"):
        table[f"{name}_before"] = [item.get(name) for item in then] if same else [None] * len(now)
    return table


def _items(cell: str) -> list[dict[str, Any]]:
    return sorted(json.loads(cell or "[]"), key=lambda item: (item["start"], item["end"]))
