"""What is worked out from attention weights: against plain loops, and cases worked by hand."""

import numpy as np
import pytest

from lib.inference.attention_numbers import FIGURES, between_groups, figures, pooled, rolled

PLACE = {name: number for number, name in enumerate(FIGURES)}


def weights(heads: int, queries: int, keys: int, *, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed).random((heads, queries, keys)).astype(np.float32) ** 3
    return random / random.sum(axis=2, keepdims=True)


def test_a_small_input_is_not_pooled() -> None:
    given = weights(2, 5, 7)
    np.testing.assert_array_equal(pooled(given), given)


@pytest.mark.parametrize(("queries", "keys"), [(64, 64), (65, 130), (512, 200), (3, 511)])
def test_pooling_sums_keys_and_averages_queries_so_that_rows_still_sum_to_one(
    queries: int, keys: int
) -> None:
    given = weights(2, queries, keys)
    found = pooled(given)
    assert found.shape == (2, min(queries, 64), min(keys, 64))
    np.testing.assert_allclose(found.sum(axis=2), 1, atol=1e-5)
    rows, columns = (np.append(np.arange(n) * length // n, length)
                     for n, length in ((found.shape[1], queries), (found.shape[2], keys)))  # fmt: skip
    for row, column in ((0, 0), (found.shape[1] - 1, found.shape[2] - 1), (1, 2)):
        block = given[1, rows[row] : rows[row + 1], columns[column] : columns[column + 1]]
        assert found[1, row, column] == pytest.approx(block.sum(axis=1).mean(), abs=1e-6)


def test_figures_equal_plain_loops() -> None:
    given, size = weights(2, 9, 9, seed=3), 9
    special = np.zeros(size, dtype=bool)
    special[[0, 8]] = True
    found = figures(given, special, places=np.arange(size, dtype=float)[:, None], in_order=True)
    head = given[1].astype(float)
    wanted = {
        "entropy": np.mean([-sum(a * np.log(a) for a in row if a > 0) / np.log(size) for row in head]),
        "distance": np.mean([sum(a * abs(i - j) for j, a in enumerate(row)) for i, row in enumerate(head)]),
        "special": np.mean([row[0] + row[8] for row in head]),
        "first": np.mean([row[0] for row in head]),
        "previous": np.mean([head[i, i - 1] for i in range(1, size)]),
        "next": np.mean([head[i, i + 1] for i in range(size - 1)]),
    }
    for name, value in wanted.items():
        assert found[1, PLACE[name]] == pytest.approx(value, abs=1e-5), name


@pytest.mark.parametrize(
    ("rows", "entropy"), [(np.eye(4), 0.0), (np.full((4, 4), 0.25), 1.0)], ids=["one token", "all alike"]
)
def test_spread_is_nothing_on_one_token_and_one_on_all_alike(rows: np.ndarray, entropy: float) -> None:
    found = figures(rows[None].astype(np.float32), np.zeros(4, bool), places=None, in_order=True)
    assert found[0, PLACE["entropy"]] == pytest.approx(entropy, abs=1e-6)


def test_the_distance_of_patches_is_in_pixels_and_leaves_the_class_token_out() -> None:
    places = np.array([[np.nan, np.nan], [8, 8], [8, 24]])
    # The class token reads the first patch, each patch the other one, with a part on the class token.
    given = np.array([[[0, 1, 0], [0.5, 0, 0.5], [0.25, 0.75, 0]]], dtype=np.float32)
    found = figures(given, np.array([True, False, False]), places=places, in_order=False)
    assert found[0, PLACE["distance"]] == pytest.approx(16)
    assert np.isnan(found[0, PLACE["previous"]])


def test_between_two_texts_there_is_no_distance_and_no_token_before() -> None:
    found = figures(weights(1, 4, 6), np.zeros(6, bool), places=None, in_order=False)[0]
    assert np.isnan(found[[PLACE["distance"], PLACE["previous"], PLACE["next"]]]).all()
    assert not np.isnan(found[[PLACE["entropy"], PLACE["first"]]]).any()


def test_one_token_alone_has_no_spread_and_is_no_fault() -> None:
    found = figures(np.ones((2, 1, 1), np.float32), np.array([False]), places=np.zeros((1, 1)), in_order=True)
    assert np.isnan(found[0, PLACE["entropy"]]) and found[0, PLACE["first"]] == 1


def test_rollout_of_heads_that_stay_in_place_stays_in_place() -> None:
    still = np.eye(5, dtype=np.float32)[None]
    np.testing.assert_allclose(rolled(rolled(None, still), still), np.eye(5))


def test_rollout_worked_by_hand() -> None:
    first = np.array([[[0, 1], [1, 0]]], dtype=np.float32)  # both read the other one
    second = np.array([[[1, 0], [1, 0]]], dtype=np.float32)  # both read the first one
    np.testing.assert_allclose(rolled(rolled(None, first), second), [[0.5, 0.5], [0.5, 0.5]])
    np.testing.assert_allclose(rolled(rolled(None, second), first), [[0.75, 0.25], [0.75, 0.25]])


def test_attention_between_groups_by_hand() -> None:
    given = np.array([[[0.5, 0.25, 0.25], [0.0, 1.0, 0.0], [0.2, 0.2, 0.6]]])
    found = between_groups(given, np.array([0, 1, 1]), 3)
    # The second and the third token read: (0 + 0.2) / 2 from the first, the rest from each other and themselves.
    np.testing.assert_allclose(found[0, :2], [[0.5, 0.5, 0], [0.1, 0.9, 0]])
    assert np.isnan(found[0, 2]).all()


def test_attention_between_groups_equals_a_loop_and_its_rows_sum_to_one() -> None:
    given, groups = weights(3, 11, 11), np.random.default_rng(1).integers(0, 3, 11)
    found = between_groups(given, groups, 3)
    for head in range(3):
        for i in range(3):
            for j in range(3):
                rows = [given[head, q, groups == j].sum() for q in np.flatnonzero(groups == i)]
                assert found[head, i, j] == pytest.approx(np.mean(rows), abs=1e-6)
    np.testing.assert_allclose(found.sum(axis=2), 1, atol=1e-6)
