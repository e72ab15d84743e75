import numpy as np
import pytest
from sklearn.metrics import auc

from lib.analysis.picture_areas import PictureAreas


def test_areas_worked_by_hand() -> None:
    # The map falls at once: ½·(1 + 0)·½ + 0 = 0.25; random orders fall evenly (0.5) and late (0.75).
    found = PictureAreas.of(
        [0, 50, 100], [[1, 0, 0], [1, 0.5, 0], [1, 1, 0]], [[0, 1, 1], [0, 0.5, 1], [0, 0, 1]]
    )
    assert found.deletion == pytest.approx(0.25) and found.insertion == pytest.approx(0.75)
    assert found.random_deletion == pytest.approx((0.625, 0.1768), abs=1e-4)
    assert found.random_insertion == pytest.approx((0.375, 0.1768), abs=1e-4)


def test_areas_are_scikit_learns() -> None:
    random, shares = np.random.default_rng(0), [0, 1, 5, 10, 20, 35, 50, 65, 80, 100]
    deleted, inserted = random.random((2, 6, len(shares)))
    found = PictureAreas.of(shares, deleted.tolist(), inserted.tolist())
    assert found.deletion == pytest.approx(auc(np.array(shares) / 100, deleted[0]))
    assert found.random_insertion[0] == pytest.approx(
        np.mean([auc(np.array(shares) / 100, values) for values in inserted[1:]])
    )
