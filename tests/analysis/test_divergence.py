"""How far heads moved apart, against scipy and by hand."""

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from lib.analysis.divergence import head_divergence
from lib.errors import UserError


def weights(seed: int, *shape: int) -> np.ndarray:
    random = np.random.default_rng(seed).random(shape) ** 4
    random[..., 0] = 0  # what neither reads
    return random / random.sum(axis=-1, keepdims=True)


def test_it_is_scipy_s_divergence_averaged_over_queries() -> None:
    one, other = weights(0, 2, 3, 5, 7), weights(1, 2, 3, 5, 7)
    found = head_divergence(one, other)
    wanted = np.mean([jensenshannon(one[1, 2, row], other[1, 2, row], base=2) ** 2 for row in range(5)])
    assert found.shape == (2, 3) and found[1, 2] == pytest.approx(wanted)
    np.testing.assert_allclose(found, head_divergence(other, one))


def test_equal_heads_have_none_and_heads_with_nothing_in_common_a_whole_bit() -> None:
    left, right = np.array([[[[1.0, 0.0]]]]), np.array([[[[0.0, 1.0]]]])
    assert head_divergence(left, left)[0, 0] == 0
    assert head_divergence(left, right)[0, 0] == pytest.approx(1)


def test_models_of_other_shapes_are_refused() -> None:
    with pytest.raises(UserError):
        head_divergence(weights(0, 1, 2, 3, 3), weights(0, 2, 2, 3, 3))
