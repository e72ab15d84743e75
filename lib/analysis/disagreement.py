"""Where a student and its teacher part: the rows that only one of them gets right, and whether that is chance."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from lib.tasks.outputs import Continuation, MaskedTokens, Number, Output, Text

Kind = Literal["teacher", "student", "both-wrong", "agree"]
KINDS: tuple[Kind, ...] = get_args(Kind)
# Where no answer is simply right or wrong, the one who comes closer on a row is ahead on it.
CLOSER: dict[str, tuple[str, bool]] = {
    Text.kind: ("rougeL", True),
    Continuation.kind: ("loss", False),
    MaskedTokens.kind: ("loss", False),
    Number.kind: ("error", False),
}


@dataclass(frozen=True)
class Disagreement:
    """How the test rows fall: which of the two is right (or closer) alone, both wrong with other answers, or agreed.

    `p` is McNemar's exact test of "teacher" against "student" rows (Dixon & Mood's sign test where closeness decides):
    how often two equally good models would part at least as unevenly.
    """

    kinds: "pd.Series[Any]"
    counts: Mapping[Kind, int]
    p: float
    by_closeness: bool


def disagreement(output: Output, teacher: pd.DataFrame, student: pd.DataFrame) -> Disagreement:
    """The kind of each row, from aligned judged rows.

    By right and wrong: "teacher" (only the teacher is right), "student" (only the student), "both-wrong" (both are
    wrong, with different answers), "agree" (both right, or the same wrong answer). By closeness, for numbers, written
    texts and likelihoods: who is ahead, "agree" where neither is.
    """
    closeness = output.kind in CLOSER
    if closeness:
        name, higher = CLOSER[output.kind]
        sides = [np.abs(frame[name].to_numpy(dtype=float)) for frame in (teacher, student)]
        lead = (sides[1] - sides[0]) * (1 if higher else -1)
        # Closer by no more than rounding is not closer.
        lead = np.where(np.isfinite(lead) & (np.abs(lead) > 1e-9), lead, 0.0)
        kinds = np.select([lead < 0, lead > 0], ["teacher", "student"], "agree")
    else:
        right = [frame["correct"].to_numpy(dtype=bool) for frame in (teacher, student)]
        apart = (teacher["predicted"].astype(str) != student["predicted"].astype(str)).to_numpy()
        if "tags" in student:  # spans carry how sure the model is; the words' tags do not
            apart = (teacher["tags"] != student["tags"]).to_numpy()
        kinds = np.select(
            [right[0] & ~right[1], right[1] & ~right[0], ~right[0] & ~right[1] & apart],
            ["teacher", "student", "both-wrong"],
            "agree",
        )
    column = pd.Series(kinds, index=student.index, name="kind")
    counts: dict[Kind, int] = {kind: int((kinds == kind).sum()) for kind in KINDS}
    apart_rows = counts["teacher"] + counts["student"]
    p = float(binomtest(counts["student"], apart_rows, 0.5).pvalue) if apart_rows else 1.0
    return Disagreement(column, counts, p, closeness)
