"""Calibration against closed-form toys, simulations whose truth is known, and scikit-learn."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss

from lib.analysis.calibration import (
    FEWEST,
    adaptive_ece,
    classwise_ece,
    ece,
    equal_width,
    in_bin,
    label_measures,
    maximum_error,
    measures,
    reliability,
    sureness,
    verdict,
)
from lib.analysis.chances import Chances


def simulated(rows: int, *, labels: int = 4, sharper: float = 1.0, seed: int = 0) -> Chances:
    """Rows whose label is drawn from probabilities p; the model says softmax(ln p · sharper)."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 1.5, (rows, labels))
    true = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    gold = (true.cumsum(axis=1) > random.random((rows, 1))).argmax(axis=1)
    said = np.exp(logits * sharper) / np.exp(logits * sharper).sum(axis=1, keepdims=True)
    return Chances.of(said, [str(number) for number in gold], [str(number) for number in range(labels)])


def test_a_hand_worked_ece_is_the_weighted_mean_of_the_gaps() -> None:
    # Ten rows at 0.9 of which seven are right, ten at 0.6 of which eight are: (0.2 + 0.2) / 2.
    confidence = np.repeat([0.9, 0.6], 10)
    correct = np.array([True] * 7 + [False] * 3 + [True] * 8 + [False] * 2)
    assert ece(confidence, correct) == pytest.approx(0.2)
    assert adaptive_ece(confidence, correct) == pytest.approx(0.2)
    assert maximum_error(confidence, correct) == (pytest.approx(0.2), 10)


def test_gaps_of_opposite_sign_cancel_within_a_bin_and_not_between_bins() -> None:
    within = ece(np.array([0.61, 0.62]), np.array([True, False]))
    between = ece(np.array([0.55, 0.95]), np.array([True, False]))
    assert within == pytest.approx(abs(1 - 1.23) / 2)
    assert between == pytest.approx((0.45 + 0.95) / 2)


@pytest.mark.parametrize(
    ("value", "place"), [(0.0, 0), (1 / 15, 0), (1 / 15 + 1e-9, 1), (0.2, 2), (0.6, 8), (1.0, 14)]
)
def test_a_bin_is_open_below_and_closed_above(value: float, place: int) -> None:
    assert equal_width(np.array([value]))[0] == place


def test_a_bin_accuracy_is_that_of_scikit_learn() -> None:
    random = np.random.default_rng(3)
    confidence = random.random(3000)
    correct = random.random(3000) < confidence**2
    bins = reliability(confidence, correct, fewest=1)
    share, mean = calibration_curve(correct, confidence, n_bins=15)
    assert bins["accuracy"].to_numpy() == pytest.approx(share)
    assert bins["confidence"].to_numpy() == pytest.approx(mean)


def test_brier_and_nll_are_those_of_scikit_learn() -> None:
    chances = simulated(400, sharper=1.7)
    found = measures(chances)
    names = [0, 1, 2, 3]
    assert found.nll == pytest.approx(log_loss(chances.gold, chances.probabilities, labels=names), rel=1e-5)
    brier = brier_score_loss(chances.gold, chances.probabilities, labels=names, scale_by_half=False)
    assert found.brier == pytest.approx(brier, rel=1e-5)


def test_one_label_alone_is_judged_as_scikit_learn_judges_it() -> None:
    chances = simulated(400)
    probability, truth = chances.probabilities[:, 1].astype(float), chances.gold == 1
    found = label_measures(probability, truth)
    assert found.brier == pytest.approx(brier_score_loss(truth, probability))
    assert found.nll == pytest.approx(log_loss(truth, probability))


def test_classwise_ece_is_the_mean_of_the_labels() -> None:
    # One row in bins of its own: label gaps |1 − 0.7|, |0 − 0.2|, |0 − 0.1|.
    chances = Chances.of([[0.7, 0.2, 0.1]], ["a"], ["a", "b", "c"])
    assert classwise_ece(chances) == pytest.approx((0.3 + 0.2 + 0.1) / 3)


def test_a_true_label_that_the_model_does_not_know_is_wrong_and_has_no_nll() -> None:
    chances = Chances.of([[0.8, 0.2], [0.5, 0.5]], ["a", "new"], ["a", "b"])
    found = measures(chances)
    assert found.accuracy == 0.5
    assert found.nll == pytest.approx(-np.log(0.8))
    # (0.2² + 0.2²) for the first; 0.5² + 0.5² and all of the missing label for the second.
    assert found.brier == pytest.approx((0.08 + 1.5) / 2)


def test_the_ece_of_a_perfect_model_is_what_is_expected_of_it() -> None:
    values, expected, within = [], [], 0
    for seed in range(60):
        chances = simulated(400, seed=seed)
        sure = sureness(chances.confidence, chances.correct, seed=seed, draws=100)
        values.append(measures(chances).ece)
        expected.append(sure.expected)
        within += verdict(measures(chances), sure) == "noise"
    assert np.mean(values) == pytest.approx(np.mean(expected), rel=0.08)
    assert within >= 53  # 95 % of 60 are 57


def test_the_interval_holds_the_ece_that_such_rows_have_on_average() -> None:
    eces, intervals = [], []
    for seed in range(40):
        chances = simulated(800, sharper=1.8, seed=seed)
        eces.append(ece(chances.confidence, chances.correct))
        intervals.append(sureness(chances.confidence, chances.correct, seed=seed).interval)
    held = sum(low <= np.mean(eces) <= high for low, high in intervals)
    assert held >= 34  # 95 % of 40 are 38


@pytest.mark.parametrize(("sharper", "outcome"), [(2.0, "surer"), (0.4, "less sure"), (1.0, "noise")])
def test_the_verdict_says_in_which_direction(sharper: float, outcome: str) -> None:
    chances = simulated(4000, sharper=sharper, seed=2)
    assert verdict(measures(chances), sureness(chances.confidence, chances.correct)) == outcome


def test_errors_that_cancel_over_all_rows_are_called_mixed() -> None:
    confidence = np.repeat([0.55, 0.95], 500)
    correct = np.concatenate([np.arange(500) % 4 < 3, np.arange(500) % 4 < 3])
    chances = Chances(
        np.stack([confidence, 1 - confidence], axis=1).astype(np.float32), np.where(correct, 0, 1), correct
    )
    assert verdict(measures(chances), sureness(chances.confidence, chances.correct)) == "mixed"


def test_bins_with_few_rows_are_merged_and_no_row_is_lost() -> None:
    chances = simulated(300, labels=3)
    bins = reliability(chances.confidence, chances.correct)
    assert bins["rows"].sum() == 300 and bins["rows"].min() >= FEWEST
    for row in bins.to_dict("records"):
        inside = in_bin(chances.confidence, row["first"], row["last"])
        assert inside.sum() == row["rows"]
        assert chances.correct[inside].mean() == pytest.approx(row["accuracy"])
        assert row["accuracy_low"] <= row["accuracy"] <= row["accuracy_high"]


@pytest.mark.parametrize("rows", [0, 1, 7])
def test_a_handful_of_rows_make_one_bin_or_none(rows: int) -> None:
    chances = simulated(rows) if rows else Chances.of(np.zeros((0, 2)), [], ["a", "b"])
    assert len(reliability(chances.confidence, chances.correct)) == min(rows, 1)
    assert measures(chances).rows == rows
    assert sureness(chances.confidence, chances.correct).interval[1] <= 1


def test_one_label_is_always_right_and_perfectly_calibrated() -> None:
    chances = Chances.of(np.ones((50, 1)), ["only"] * 50, ["only"])
    found = measures(chances)
    assert (found.ece, found.mce, found.brier, found.nll) == (0, 0, 0, 0)
