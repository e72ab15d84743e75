"""Blind votes → which of two models is preferred, on how many rows, and how sure that is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib.analysis.intervals import wilson

_WORTH = {"tuned": 1, "untuned": -1, "equal": 0, "both bad": 0}
LENGTHS = ("short", "medium", "long")


@dataclass(frozen=True)
class Tally:
    """Rows by their verdict. `share` is that of rows won by the tuned model among those that one of both won.

    `low` and `high` are its 95 % interval (Wilson); rows called equal or both bad say nothing for it.
    """

    tuned: int
    untuned: int
    equal: int
    bad: int

    @property
    def decided(self) -> int:
        """Rows that one of both won."""
        return self.tuned + self.untuned

    @property
    def rows(self) -> int:
        """All rows with a verdict."""
        return self.decided + self.equal + self.bad

    @property
    def share(self) -> float:
        """The tuned model's share of the decided rows; NaN for none."""
        return self.tuned / self.decided if self.decided else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of `share`; 0 to 1 for no rows."""
        low, high = wilson(self.tuned, self.decided)
        return float(low), float(high)

    @property
    def within_noise(self) -> bool:
        """Whether a coin could have done it."""
        low, high = self.interval
        return low <= 0.5 <= high


def verdicts(votes: pd.DataFrame) -> pd.DataFrame:
    """One line a pair: `pair`, `row`, `verdict`; `votes` hold pair, row, author, verdict, in the order they were cast.

    An author's last vote on a pair counts. Of several authors the majority between the two models decides; a tie is
    equal, or both bad if all said so. So a row counts once, however many have voted on it.
    """
    if votes.empty:
        return pd.DataFrame({"pair": [], "row": [], "verdict": []})
    last = votes.drop_duplicates(["pair", "author"], keep="last")
    last = last.assign(worth=last["verdict"].map(_WORTH), bad=last["verdict"] == "both bad")
    found = last.groupby("pair", sort=False).agg(
        row=("row", "first"), worth=("worth", "sum"), bad=("bad", "all")
    )
    tie = np.where(found["bad"], "both bad", "equal")
    found["verdict"] = np.where(found["worth"] > 0, "tuned", np.where(found["worth"] < 0, "untuned", tie))
    return found.reset_index()[["pair", "row", "verdict"]]


def tally(found: Sequence[str]) -> Tally:
    """The rows by verdict."""
    names = list(found)
    return Tally(*(names.count(name) for name in ("tuned", "untuned", "equal", "both bad")))


def by_length(found: Sequence[str], lengths: Sequence[int]) -> dict[str, Tally]:
    """Tallies for prompts of the shortest, the middle and the longest third, by characters; those with rows."""
    sizes = pd.Series(list(lengths), dtype="float64")
    # Ranks, so that thirds are of one size; equal lengths stay in the order given.
    third = (sizes.rank(method="first") - 1) * len(LENGTHS) // max(1, len(sizes))
    names = pd.Series(list(found))
    parts = {name: tally(names[(third == at).to_numpy()].tolist()) for at, name in enumerate(LENGTHS)}
    return {name: part for name, part in parts.items() if part.rows}
