"""Curves, areas and counts at a threshold, against scikit-learn; costs against every threshold tried by hand."""

import numpy as np
import pytest
from sklearn.metrics import (
    average_precision_score,
    confusion_matrix,
    precision_recall_curve,
    roc_auc_score,
    roc_curve,
)

from lib.analysis.thresholds import Counts, Curve, calibrated_threshold


def scored(rows: int = 400, *, decimals: int = 2, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities with many ties, and truths that follow them."""
    random = np.random.default_rng(seed)
    probability = np.round(random.random(rows), decimals)
    return probability, random.random(rows) < probability


@pytest.mark.parametrize("decimals", [1, 2, 8])
def test_areas_are_those_of_scikit_learn(decimals: int) -> None:
    probability, truth = scored(decimals=decimals)
    curve = Curve.of(probability, truth)
    assert curve.average_precision == pytest.approx(average_precision_score(truth, probability))
    assert curve.roc_auc == pytest.approx(roc_auc_score(truth, probability))


def test_the_points_are_those_of_scikit_learn() -> None:
    probability, truth = scored()
    curve = Curve.of(probability, truth)
    precision, recall, thresholds = precision_recall_curve(truth, probability)
    assert curve.thresholds[1:] == pytest.approx(thresholds[::-1])
    assert curve.precision == pytest.approx(precision[::-1])
    assert curve.recall == pytest.approx(recall[::-1])
    fpr, tpr, _ = roc_curve(truth, probability, drop_intermediate=False)
    assert curve.false_positive_rate == pytest.approx(fpr)
    assert curve.recall == pytest.approx(tpr)


@pytest.mark.parametrize("threshold", [0.0, 0.005, 0.31, 0.5, 0.505, 0.99, 1.0])
def test_counts_at_a_threshold_are_those_of_looking_at_every_row(threshold: float) -> None:
    probability, truth = scored()
    found = Curve.of(probability, truth).at(threshold)
    tn, fp, fn, tp = confusion_matrix(truth, probability >= threshold).ravel()
    assert (found.tp, found.fp, found.fn, found.tn) == (tp, fp, fn, tn)


@pytest.mark.parametrize(("false_alarm", "miss"), [(1, 1), (1, 10), (7, 1), (0, 1), (1, 0)])
def test_no_threshold_is_cheaper_than_the_cheapest(false_alarm: float, miss: float) -> None:
    probability, truth = scored()
    curve = Curve.of(probability, truth)
    least = curve.at(curve.cheapest(false_alarm, miss)).cost(false_alarm, miss)
    every = [curve.at(t).cost(false_alarm, miss) for t in np.linspace(0, 1, 2001)]
    assert least == pytest.approx(min(every))


def test_of_calibrated_probabilities_the_cheapest_threshold_is_the_ratio_of_the_costs() -> None:
    probability, truth = scored(60_000, decimals=8)
    assert Curve.of(probability, truth).cheapest(1, 4) == pytest.approx(calibrated_threshold(1, 4), abs=0.05)


def test_the_interval_of_a_cost_is_that_of_the_mean_of_its_rows() -> None:
    counts = Counts(tp=50, fp=20, fn=10, tn=120)
    costs = np.repeat([0.0, 3.0, 8.0], [170, 20, 10])
    low, high = counts.cost_interval(3, 8)
    assert counts.cost(3, 8) == pytest.approx(costs.mean())
    assert (high - low) / 2 == pytest.approx(1.96 * costs.std() / np.sqrt(200))


@pytest.mark.parametrize("true", [0, 5])
def test_rows_that_are_all_alike_have_no_area(true: int) -> None:
    curve = Curve.of(np.linspace(0.1, 0.9, 5), np.arange(5) < true)
    assert np.isnan(curve.roc_auc)
    assert np.isnan(curve.average_precision) == (true == 0)
    assert curve.at(0.5).rows == 5


def test_no_rows_cost_nothing() -> None:
    curve = Curve.of(np.zeros(0), np.zeros(0, dtype=bool))
    assert curve.at(0.5) == Counts(0, 0, 0, 0)
    assert 0 <= curve.cheapest(1, 1) <= 1


def test_a_thinned_curve_keeps_its_ends_and_few_points() -> None:
    curve = Curve.of(*scored(20_000, decimals=8))
    places = curve.thinned(300)
    assert len(places) <= 301 and places[0] == 0 and places[-1] == len(curve) - 1
