"""The temperature finds the one that was put in, and changes how sure a model is but never its answers."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from test_calibration import simulated

from lib.analysis.chances import Chances
from lib.analysis.temperature import LOWEST, calibration_report, fit_temperature, nll_gain


@pytest.mark.parametrize("true", [0.6, 1.0, 1.5, 3.0])
def test_the_temperature_that_was_put_in_is_found(true: float) -> None:
    fitted = fit_temperature(simulated(8000, sharper=true, seed=1))
    assert fitted is not None
    assert fitted.interval[0] <= true <= fitted.interval[1]
    assert fitted.value == pytest.approx(true, rel=0.06)
    assert fitted.within_noise == (true == 1.0)


def test_it_is_the_minimum_of_the_nll() -> None:
    chances = simulated(500, sharper=2.2, seed=4)
    found = minimize_scalar(lambda t: np.nanmean(chances.at(t).losses()), bounds=(0.1, 10), method="bounded")
    fitted = fit_temperature(chances)
    assert fitted is not None and fitted.value == pytest.approx(found.x, abs=2e-3)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    held = 0
    for seed in range(40):
        fitted = fit_temperature(simulated(400, sharper=1.5, seed=seed))
        assert fitted is not None
        held += fitted.interval[0] <= 1.5 <= fitted.interval[1]
    assert held >= 34  # 95 % of 40 are 38


def test_probabilities_divided_by_a_temperature_are_the_softmax_of_divided_logits() -> None:
    logits = np.random.default_rng(0).normal(0, 3, (50, 5))
    softmax = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    divided = np.exp(logits / 1.7) / np.exp(logits / 1.7).sum(axis=1, keepdims=True)
    chances = Chances.of(softmax, ["a"] * 50, list("abcde"))
    assert chances.at(1.7).probabilities == pytest.approx(divided, abs=1e-6)
    assert (chances.at(1.7).correct == chances.correct).all()


def test_a_probability_of_zero_stays_finite() -> None:
    chances = Chances.of([[1.0, 0.0]] * 3, ["a", "a", "b"], ["a", "b"])
    assert np.isfinite(chances.at(2.0).losses()).all()
    with pytest.raises(ValueError, match="above 0"):
        chances.at(0)


@pytest.mark.parametrize("rows", [0, 19])
def test_too_few_rows_have_no_temperature(rows: int) -> None:
    chances = simulated(rows) if rows else Chances.of(np.zeros((0, 2)), [], ["a", "b"])
    assert fit_temperature(chances) is None
    assert calibration_report(chances, simulated(100)) is None


def test_rows_that_are_all_right_do_not_say_how_sure_to_be() -> None:
    chances = Chances.of([[0.9, 0.1]] * 100, ["a"] * 100, ["a", "b"])
    fitted = fit_temperature(chances)
    assert fitted is not None and fitted.at_limit and fitted.value == LOWEST
    assert calibration_report(chances, chances) is None


def test_rows_with_an_unknown_label_are_left_out() -> None:
    some = simulated(500, sharper=2.0)
    more = Chances(
        np.vstack([some.probabilities, some.probabilities[:50]]),
        np.concatenate([some.gold, np.full(50, -1)]),
        np.concatenate([some.correct, np.zeros(50, dtype=bool)]),
    )
    assert fit_temperature(more) == fit_temperature(some)


def test_what_is_fitted_on_validation_rows_helps_on_test_rows() -> None:
    validation, test = simulated(2000, sharper=2.0, seed=1), simulated(2000, sharper=2.0, seed=2)
    report = calibration_report(validation, test)
    assert report is not None and report["fitted_on"] == "validation" and report["rows"] == 2000
    before, after = report["test"]["before"], report["test"]["after"]
    assert after["nll"] < before["nll"] and after["brier"] < before["brier"]
    assert after["ece"] < 2 * after["ece_if_perfect"] < before["ece"]
    gain = nll_gain(test, test.at(report["temperature"]))
    assert not gain.within_noise and gain.value == pytest.approx(before["nll"] - after["nll"], abs=1e-4)
