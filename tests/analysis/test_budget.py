"""The learning curve's law: found again where it is known, as scipy fits it, and honest about what it does not know."""

import numpy as np
import pytest
from scipy.optimize import curve_fit

from lib.analysis.budget import budget, budget_sentence, fitted

ROWS = np.array([250.0, 500.0, 1000.0, 2000.0])


@pytest.mark.parametrize(("a", "b", "c"), [(2.0, 0.5, 0.1), (10.0, 1.0, 0.05), (0.9, 0.2, 0.0)])
def test_a_known_law_is_found_again(a: float, b: float, c: float) -> None:
    law = fitted(ROWS, (a * ROWS**-b + c)[None, :])
    n = np.array([250.0, 2000.0, 2500.0])
    np.testing.assert_allclose(law.error(n)[0], a * n**-b + c, atol=1e-4)


def test_it_fits_no_worse_than_scipy() -> None:
    random = np.random.default_rng(1)
    for _ in range(20):
        errors = 2 * ROWS**-0.4 + 0.1 + random.normal(0, 0.004, 4)
        mine = fitted(ROWS, errors[None, :]).error(ROWS)[0]
        found, _ = curve_fit(
            lambda n, a, b, c: a * n**-b + c, ROWS, errors, p0=(2, 0.4, 0.1), bounds=([0, 0.02, 0], [1e4, 3, 1]),
            max_nfev=20_000,
        )  # fmt: skip
        theirs = found[0] * ROWS ** -found[1] + found[2]
        assert ((mine - errors) ** 2).sum() <= ((theirs - errors) ** 2).sum() + 1e-6


def test_errors_that_rise_with_rows_are_fitted_flat_and_no_part_is_below_zero() -> None:
    law = fitted(ROWS, np.array([[0.1, 0.2, 0.3, 0.4], [0.5, 0.1, 0.02, 0.001]]))
    assert law.error(ROWS)[0] == pytest.approx([0.25] * 4)
    assert (law.a >= 0).all() and (law.c >= 0).all()


def curve(noise: float, *, seeds: int = 1, higher_is_better: bool = True):
    random = np.random.default_rng(3)
    rows = np.repeat(ROWS, seeds)
    errors = 2 * rows**-0.5 + 0.1 + (random.normal(0, noise, len(rows)) if seeds > 1 else 0)
    scores = 1 - errors if higher_is_better else errors
    draws = scores + random.normal(0, noise, (2000, len(rows)))
    return budget("macro_f1", rows.astype(int).tolist(), scores, draws, higher_is_better=higher_is_better)


def test_the_gain_of_more_rows_is_that_of_the_law_and_lies_in_its_interval() -> None:
    found = curve(0.005)
    value, (low, high) = found.gain(500)
    expected = 2 * 2000**-0.5 - 2 * 2500**-0.5
    assert value == pytest.approx(expected, abs=1e-3) and 0 <= low <= value <= high


def test_noisier_scores_leave_more_open() -> None:
    widths = [np.diff(curve(noise).gain(500)[1])[0] for noise in (0.002, 0.02)]
    assert widths[1] > 2 * widths[0]


def test_an_error_falls_where_a_score_rises() -> None:
    up, down = curve(0.002), curve(0.002, higher_is_better=False)
    n = np.array([500.0, 2500.0])
    assert up.at(n)[0][1] > up.at(n)[0][0] and down.at(n)[0][1] < down.at(n)[0][0]
    for found in (up, down):
        fit, low, high = found.at(n)
        assert (low <= fit + 0.01).all() and (fit <= high + 0.01).all()
    assert "higher" in budget_sentence(up, 500) and "lower" in budget_sentence(down, 500)


def test_seeds_of_one_size_are_averaged_and_counted() -> None:
    found = curve(0.01, seeds=3)
    assert found.seeds == 3 and found.rows.tolist() == [250, 500, 1000, 2000]


def test_two_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="2 sizes"):
        budget("x", [1, 2], np.zeros(2), np.zeros((9, 2)), higher_is_better=True)
