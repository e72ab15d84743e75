"""The result of a run holds only what JSON can say."""

import pandas as pd
import pytest

from lib.training.validation import mean_loss


def test_the_mean_loss_leaves_rows_with_an_unknown_label_out() -> None:
    assert mean_loss(pd.DataFrame({"loss": [1.0, float("nan"), 3.0]})) == {"loss": pytest.approx(2.0)}


def test_without_any_known_label_there_is_no_loss_rather_than_nan() -> None:
    assert mean_loss(pd.DataFrame({"loss": [float("nan")]})) == {}
