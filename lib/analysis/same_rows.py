"""The rows that two runs were both judged on, one beside the other: only these say which of the two is better."""

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib.errors import Problem, UserError
from lib.tasks.outputs import Continuation, ManyLabels, MaskedTokens, Number, Output


@dataclass(frozen=True)
class SameRows:
    """Judged rows of two runs, aligned: row i of `other` and row i of `this` are the same row, `this` in its own order.

    `only_other` and `only_this` count the rows that one of the two has alone; `relabelled` those left out because
    what is true of them differs. `by_text` when rows were found by what they say, as the data versions differ.
    """

    other: pd.DataFrame
    this: pd.DataFrame
    only_other: int = 0
    only_this: int = 0
    relabelled: int = 0
    by_text: bool = False

    def __len__(self) -> int:
        return len(self.this)

    @property
    def is_whole(self) -> bool:
        """Whether both were judged on exactly these rows."""
        return not (self.only_other or self.only_this or self.relabelled)


def same_rows(
    output: Output,
    other: pd.DataFrame,
    this: pd.DataFrame,
    *,
    other_texts: list[str],
    this_texts: list[str],
    same_data: bool,
) -> SameRows:
    """Put the judged rows of two runs beside each other, from frames with `row`, `gold` and what was read.

    `other_texts` and `this_texts` name the columns that each run read, by role. On the same data (one fingerprint) a
    row is its number, and what was read where both read the same columns (pairs drawn by chance are other examples);
    else it is what was read, and its how manyeth where the same comes again. Raises UserError when there is no such
    row, or when what is scored is tokens and the two cut the texts into different ones.
    """
    if not same_data and len(other_texts) != len(this_texts):
        raise _not_comparable("The two runs read different columns of different data, so no row is the same.")
    read = not same_data or other_texts == this_texts
    keys = _keys([(other, other_texts), (this, this_texts)], number=same_data, read=read)
    places = pd.Series(np.arange(len(other)), index=keys[0])
    mine = keys[1].isin(places.index)
    if not mine.any():
        raise _not_comparable("The two runs were judged on different rows: not one of them is the same.")
    theirs = places.loc[keys[1][mine]].to_numpy()
    one, two = other.iloc[theirs].reset_index(drop=True), this[mine].reset_index(drop=True)
    alike = _same_truth(output, one, two)
    if isinstance(output, Continuation | MaskedTokens) and not alike.all():
        raise _not_comparable(
            "The two runs cut the texts into different tokens or hide others, so their losses measure different things."
        )
    if not alike.any():
        raise _not_comparable("What is true differs between the two runs in every row that both have.")
    return SameRows(
        one[alike].reset_index(drop=True),
        two[alike].reset_index(drop=True),
        only_other=len(other) - len(theirs),
        only_this=len(this) - len(theirs),
        relabelled=int((~alike).sum()),
        by_text=not same_data,
    )


def _keys(sides: list[tuple[pd.DataFrame, list[str]]], *, number: bool, read: bool) -> list[pd.MultiIndex]:
    """What a row is known by on each side; never twice the same on one side."""
    told = [_said(frame, texts) if read else [""] * len(frame) for frame, texts in sides]
    codes, _ = pd.factorize(np.array([text for texts in told for text in texts], dtype=object))
    parts = np.split(codes, [len(told[0])])
    found = []
    for (frame, _), said in zip(sides, parts, strict=True):
        table = pd.DataFrame({"row": frame["row"].to_numpy() if number else 0, "said": said})
        table["again"] = table.groupby(["row", "said"], sort=False).cumcount()
        found.append(pd.MultiIndex.from_frame(table))
    return found


def _said(frame: pd.DataFrame, texts: list[str]) -> list[str]:
    """What was read of each row, as one text."""
    columns = [frame[name].astype("str").fillna("\x00").tolist() for name in texts]
    return ["\x1f".join(cells) for cells in zip(*columns, strict=True)] if columns else [""] * len(frame)


def _same_truth(output: Output, one: pd.DataFrame, two: pd.DataFrame) -> np.ndarray:
    """Whether the same is true of each row on both sides: bool[rows]."""
    match output:
        case Number():
            first, second = (frame["gold"].to_numpy(dtype=float) for frame in (one, two))
            return np.isclose(first, second, rtol=1e-9, atol=0.0, equal_nan=True)
        case ManyLabels():  # the order within the set is the model's, and says nothing
            sets = [frame["gold"].map(lambda cell: sorted(json.loads(cell))) for frame in (one, two)]
            return np.array([a == b for a, b in zip(*sets, strict=True)], dtype=bool)
    equal = (one["gold"].astype("str").fillna("") == two["gold"].astype("str").fillna("")).to_numpy(
        dtype=bool
    )
    if isinstance(output, Continuation | MaskedTokens):
        equal = equal & (one["tokens_judged"] == two["tokens_judged"]).to_numpy(dtype=bool)
    return equal


def _not_comparable(what: str) -> UserError:
    fix = "Choose a run that was judged on the same data, or train one of the two again on the data of the other."
    return UserError(Problem(what, "compared rows", fix, code="not-comparable"))
