"""Rows before and after training: only those judged both times, in the tuned rows' order."""

import pandas as pd
from scipy.stats import binomtest

from lib.analysis.before_after import before_after, likelier


def frame(**losses: float | None) -> pd.DataFrame:
    return pd.DataFrame({"row": [int(name[1:]) for name in losses], "loss": list(losses.values())})


def test_rows_are_paired_by_number_and_those_without_a_loss_are_left_out() -> None:
    found = before_after(frame(r1=3.0, r2=2.0, r3=None, r4=1.0), frame(r4=1.0, r2=1.5, r3=1.0, r9=2.0))
    assert found.values.tolist() == [[4, 1.0, 1.0], [2, 2.0, 1.5]]
    better, changed, low, high = likelier(found)
    assert (better, changed) == (1, 1)
    expected = binomtest(1, 1).proportion_ci(method="wilson")
    assert abs(low - expected.low) < 1e-9 and high == 1.0


def test_a_run_without_an_untuned_baseline_has_no_pairs() -> None:
    assert before_after(pd.DataFrame(), frame(r1=1.0)).empty
