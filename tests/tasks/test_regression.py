import math

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

from lib.errors import UserError
from lib.tasks.regression import number_scores


def test_a_case_worked_out_by_hand():
    # Errors 0, 1, −1, 2; gold mean 2.5, Σ(y − ȳ)² = 5; ranks 1 2.5 2.5 4 against 1 2 3 4.
    assert number_scores([1, 2, 3, 4], [1, 3, 2, 6]) == pytest.approx(
        {
            "mae": 1.0,
            "rmse": math.sqrt(1.5),
            "r2": 1 - 6 / 5,
            "pearson": 7 / math.sqrt(5 * 14),
            "spearman": 0.8,
        }
    )


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("shift", [0, 1e6])
def test_scores_equal_those_of_scipy_and_scikit_learn(seed, shift):
    random = np.random.default_rng(seed)
    gold = random.integers(0, 6, 40) / 2 + shift
    predicted = gold + random.normal(0, 1, 40).round(1)
    assert number_scores(gold, predicted) == pytest.approx(
        {
            "mae": mean_absolute_error(gold, predicted),
            "rmse": math.sqrt(mean_squared_error(gold, predicted)),
            "r2": r2_score(gold, predicted),
            "pearson": stats.pearsonr(gold, predicted).statistic,
            "spearman": stats.spearmanr(gold, predicted).statistic,
        },
        rel=1e-6,
    )


@pytest.mark.parametrize(
    ("gold", "predicted", "r2"),
    [
        ([1, 2, 3], [2, 2, 2], 0.0),
        ([2, 2], [1, 3], 0.0),
        ([2, 2], [2, 2], 1.0),
        ([5], [5], 1.0),
        ([5], [4], 0.0),
    ],
)
def test_where_nothing_changes_there_is_no_correlation(gold, predicted, r2):
    scores = number_scores(gold, predicted)
    assert (scores["pearson"], scores["spearman"], scores["r2"]) == (0.0, 0.0, r2)


@pytest.mark.parametrize("scale", [1e-200, 1e150])
def test_tiny_and_huge_numbers_correlate_too(scale):
    gold = np.arange(5) * scale
    assert number_scores(gold, gold[::-1])["pearson"] == pytest.approx(-1)


def test_no_rows_have_no_scores():
    with pytest.raises(UserError, match="no rows"):
        number_scores([], [])


@pytest.mark.parametrize(
    ("gold", "predicted"), [([1, 2], [1]), ([1, math.nan], [1, 2]), ([1, 2], [1, math.inf])]
)
def test_numbers_that_do_not_match_or_exist_are_refused(gold, predicted):
    with pytest.raises(ValueError):
        number_scores(gold, predicted)
