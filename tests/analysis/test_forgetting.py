"""Forgetting: perplexities over all tokens, the ratio with its interval, and what is within noise."""

import numpy as np
import pandas as pd
import pytest

from lib.analysis.forgetting import forgetting


def tokens(change: float, *, noise: float = 0.0, rows: int = 12, each: int = 50) -> pd.DataFrame:
    random = np.random.default_rng(2)
    before = random.gamma(2.0, 1.5, rows * each)
    row = np.repeat(np.arange(rows), each)
    after = before + change + noise * random.normal(size=rows)[row]
    frame = pd.DataFrame({"row": row, "loss": after, "untuned_loss": before})
    frame.loc[frame.groupby("row").head(1).index, ["loss", "untuned_loss"]] = np.nan
    return frame


NAMES = [f"passage {number}" for number in range(12)]


def test_the_perplexities_are_those_over_all_tokens() -> None:
    frame = tokens(0.3)
    found = forgetting(frame, NAMES)
    assert found.untuned == pytest.approx(np.exp(frame["untuned_loss"].mean()))
    assert found.tuned == pytest.approx(np.exp(frame["loss"].mean()))
    assert found.ratio == pytest.approx(np.exp(0.3))
    assert found.interval == pytest.approx((np.exp(0.3), np.exp(0.3)))
    assert found.passages["tokens"].tolist() == [49] * 12


@pytest.mark.parametrize(
    ("change", "noise", "within"),
    [(0.0, 0.2, True), (0.5, 0.2, False), (-0.5, 0.2, False), (0.05, 0.5, True)],
)
def test_a_change_smaller_than_it_varies_between_passages_is_within_noise(
    change: float, noise: float, within: bool
) -> None:
    assert forgetting(tokens(change, noise=noise), NAMES).within_noise == within


def test_nothing_judged_is_refused() -> None:
    with pytest.raises(ValueError, match="no token"):
        forgetting(tokens(0.1).assign(loss=np.nan), NAMES)
