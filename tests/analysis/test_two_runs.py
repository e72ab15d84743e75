"""Two runs on the same rows: against scipy, scikit-learn and cases worked by hand."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from sklearn.metrics import f1_score

from lib.analysis.intervals import Difference, paired_bootstrap
from lib.analysis.two_runs import (
    Agreement,
    Lead,
    agreement,
    agreement_sentence,
    decimals_for,
    lead,
    lead_sentence,
    mcnemar,
    row_gains,
)
from lib.tasks.outputs import (
    Continuation,
    LabelScores,
    ManyLabels,
    MaskedTokens,
    Number,
    Output,
    Spans,
    Text,
    TokenLabels,
)

LABELS = ("a", "b", "c")


def one_label(right: float, *, seed: int, rows: int = 400) -> pd.DataFrame:
    gold = np.random.default_rng(0).choice(LABELS, rows)
    random = np.random.default_rng(seed)
    guess = np.where(random.random(rows) < right, gold, random.choice(LABELS, rows))
    frame = pd.DataFrame({"gold": gold, "predicted": guess}, dtype="str")
    return frame.assign(correct=frame["gold"] == frame["predicted"], loss=random.random(rows))


@pytest.mark.parametrize(("b", "c"), [(0, 0), (1, 0), (0, 5), (3, 3), (40, 61), (61, 40), (5, 200), (7, 8)])
def test_mcnemar_is_the_exact_binomial_test(b: int, c: int) -> None:
    expected = binomtest(b, b + c, 0.5).pvalue if b + c else 1.0
    assert mcnemar(b, c) == pytest.approx(expected, abs=1e-12)


def test_mcnemar_of_one_row_against_five_worked_by_hand() -> None:
    assert mcnemar(1, 5) == pytest.approx(2 * (1 + 6) / 2**6)


def test_the_lead_is_the_difference_of_the_scores_and_its_interval_that_of_the_paired_bootstrap() -> None:
    other, this = one_label(0.6, seed=1), one_label(0.75, seed=2)
    found = lead(LabelScores(LABELS), "macro_f1", other, this, higher_is_better=True)
    assert found is not None
    scores = [f1_score(frame["gold"], frame["predicted"], average="macro") for frame in (this, other)]
    assert [found.this, found.other] == pytest.approx(scores)
    assert found.difference.value == pytest.approx(scores[0] - scores[1])
    known = paired_bootstrap(
        this["gold"], this["predicted"], other["predicted"], "macro_f1", draws=4000, seed=5
    )
    assert [found.difference.low, found.difference.high] == pytest.approx([known.low, known.high], abs=0.01)


def test_less_error_is_a_lead_above_zero() -> None:
    gold = np.arange(60.0)
    noise = np.random.default_rng(1).normal(0, 1, 60)
    other, this = (
        pd.DataFrame({"gold": gold, "predicted": gold + scale * noise, "error": scale * noise})
        for scale in (2, 1)
    )
    found = lead(Number(), "mae", other, this, higher_is_better=False)
    assert found is not None
    assert found.difference.value == pytest.approx(np.abs(noise).mean()) and found.difference.low > 0


def test_runs_that_answer_alike_are_within_noise_and_no_point() -> None:
    same = one_label(0.6, seed=1)
    found = lead(LabelScores(LABELS), "macro_f1", same, same, higher_is_better=True)
    assert found is not None and found.difference.value == 0
    assert found.difference.low < 0 < found.difference.high
    assert "cannot be told apart" in lead_sentence(found)


def test_there_is_no_lead_without_rows_or_for_a_score_without_draws() -> None:
    frame = one_label(0.6, seed=1)
    assert lead(LabelScores(LABELS), "macro_f1", frame[:0], frame[:0], higher_is_better=True) is None
    assert lead(LabelScores(LABELS), "no such score", frame, frame, higher_is_better=True) is None


@pytest.mark.parametrize(
    ("gap", "sentence"),
    [
        (
            Difference(0.031, 0.004, 0.058),
            "This run is better by 0.031 (95 % interval 0.004 to 0.058) on the same 1,421 test rows: "
            "macro-F1 0.781 against 0.750.",
        ),
        (
            Difference(-0.031, -0.058, -0.004),
            "This run is worse by 0.031 (95 % interval 0.004 to 0.058) on the same 1,421 test rows: "
            "macro-F1 0.781 against 0.750.",
        ),
        (
            Difference(0.01, -0.02, 0.04),
            "The two runs cannot be told apart on the same 1,421 test rows: macro-F1 0.781 against 0.750, "
            "a lead of 0.010 for this run (95 % interval −0.020 to 0.040), within noise.",
        ),
    ],
)
def test_the_sentence_says_the_interval_first_and_calls_noise_noise(gap: Difference, sentence: str) -> None:
    assert lead_sentence(Lead("macro_f1", 1421, 0.781, 0.75, gap)) == sentence


@pytest.mark.parametrize(("low", "high", "decimals"), [(0, 0.054, 3), (0, 0.4, 2), (0, 14, 0), (0, 0, 3)])
def test_as_many_decimals_as_the_interval_means(low: float, high: float, decimals: int) -> None:
    assert decimals_for(Difference(0, low, high)) == decimals


def test_rows_fall_into_both_one_alone_or_neither() -> None:
    other, this = one_label(0.6, seed=1), one_label(0.75, seed=2)
    found = agreement(LabelScores(LABELS), other, this)
    right = pd.crosstab(this["correct"], other["correct"])
    assert found.counts == {
        "both": right.loc[True, True],
        "this": right.loc[True, False],
        "other": right.loc[False, True],
        "neither": right.loc[False, False],
        "tie": 0,
    }
    assert found.p == mcnemar(found.counts["this"], found.counts["other"]) and not found.by_closeness


def test_where_nothing_is_right_or_wrong_the_closer_one_is_ahead() -> None:
    other, this = (
        pd.DataFrame({"rougeL": values}) for values in ([0.5, 0.5, 0.5, 0.2], [0.6, 0.5, 0.1, 0.9])
    )
    found = agreement(Text(), other, this)
    assert found.outcomes.tolist() == ["this", "tie", "other", "this"] and found.by_closeness
    assert "comes closer on 2 and the other on 1" in agreement_sentence(found)


@pytest.mark.parametrize(
    ("this", "other", "words"),
    [(61, 40, "p = 0.046"), (3, 3, "p = 1.00"), (40, 2, "p < 0.001"), (0, 0, "alone is right on none")],
)
def test_the_test_is_said_in_words_with_its_p(this: int, other: int, words: str) -> None:
    counts = {"both": 10, "this": this, "other": other, "neither": 1, "tie": 0}
    found = Agreement(pd.Series(dtype="str"), counts, mcnemar(this, other), False)  # type: ignore[arg-type]
    assert words in agreement_sentence(found)


def sets(*cells: list[str]) -> list[str]:
    return [json.dumps(cell) for cell in cells]


@pytest.mark.parametrize(
    ("output", "other", "this", "gains"),
    [
        (LabelScores(LABELS), {"loss": [1.0, 0.5]}, {"loss": [0.4, 0.9]}, [0.6, -0.4]),
        (Number(), {"error": [-3.0, 1.0]}, {"error": [1.0, -4.0]}, [2.0, -3.0]),
        (Text(), {"rougeL": [0.2, np.nan]}, {"rougeL": [0.5, 0.1]}, [0.3, 0.0]),
        (Spans(), {"answer_f1": [0.0, 1.0]}, {"answer_f1": [1.0, 0.5]}, [1.0, -0.5]),
        (Continuation(), {"loss": [2.0, np.nan]}, {"loss": [1.5, 1.0]}, [0.5, 0.0]),
        (MaskedTokens(), {"loss": [2.0, 1.0]}, {"loss": [1.5, 1.0]}, [0.5, 0.0]),
        (
            TokenLabels(LABELS),
            {"tp": [1, 0], "fp": [1, 0], "fn": [0, 0]},
            {"tp": [1, 0], "fp": [0, 1], "fn": [0, 0]},
            [1 - 2 / 3, -1.0],
        ),
        (
            ManyLabels(LABELS),
            {"gold": sets(["a", "b"], []), "predicted": sets(["c"], [])},
            {"gold": sets(["a", "b"], []), "predicted": sets(["a"], ["b"])},
            [2.0, -1.0],
        ),
    ],
)  # fmt: skip
def test_a_row_gains_what_this_run_does_better_on_it(
    output: Output, other: dict, this: dict, gains: list
) -> None:
    found = row_gains(output, pd.DataFrame(other), pd.DataFrame(this))
    assert found.tolist() == pytest.approx(gains)
