"""Confident learning against a case worked by hand and against cleanlab 2.7.1's numbers."""

import numpy as np
import pytest

from lib.analysis.label_issues import NONE, find_issues

# Six rows, two labels. Thresholds: a is the mean of .9 .6 .2 = 17/30, b of .8 .7 .1 = 16/30.
HAND = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.2, 0.8], [0.3, 0.7], [0.9, 0.1]])
GIVEN = ["a", "a", "a", "b", "b", "b"]


def test_the_case_worked_by_hand() -> None:
    found = find_issues(GIVEN, HAND, ("a", "b"))
    assert found.thresholds == pytest.approx([17 / 30, 16 / 30])
    assert found.confident.tolist() == [0, 0, 1, 1, 1, 0]
    assert found.joint.tolist() == [[2, 1], [1, 2]]
    assert found.flagged.tolist() == [False, False, True, False, False, True]
    # The row that is least likely to be what it is called comes first: p(b) = .1 before p(a) = .2.
    assert found.order("self_confidence").tolist() == [5, 2]
    assert found.margin[[2, 5]] == pytest.approx([-0.6, -0.8])
    assert found.expected == pytest.approx([1.0, 1.0])
    assert found.probability[[2, 5]] == pytest.approx([0.8, 0.9])


def test_how_doubtful_a_label_is_follows_bayes() -> None:
    """Of the case worked by hand: the joint is symmetric, so a label is given right two times in three."""
    found = find_issues(GIVEN, HAND, ("a", "b"))
    # P(wrong) = p(other)·⅓ / (p(own)·⅔ + p(other)·⅓).
    own = np.array([0.9, 0.6, 0.2, 0.8, 0.7, 0.1])
    assert found.doubt == pytest.approx((1 - own) / (2 * own + 1 - own))
    assert found.order("doubt").tolist() == [5, 2]
    assert found.suggested[[2, 5]].tolist() == [1, 0]


def test_a_label_more_probably_wrong_than_right_is_flagged_though_no_other_is_confident() -> None:
    """The last row is torn between a and b, each below its threshold of .9, and can hardly be c."""
    chances = np.array(
        [[0.9, 0.1, 0.0], [0.1, 0.9, 0.0], [0.0, 0.1, 0.9], [0.1, 0.0, 0.9], [0.5, 0.49, 0.01]]
    )
    chances = np.vstack(
        [chances[:4], chances[:4], chances[2:3], [[0.9, 0.0, 0.1]], [[0.0, 0.9, 0.1]], chances[4:]]
    )
    found = find_issues(list("abccabcccccc"), chances, ("a", "b", "c"))
    assert found.confident[-1] == NONE
    assert found.doubt[-1] > 0.5
    assert found.flagged[-1] and not found.off_diagonal[-1]
    assert found.suggested[-1] == 0


def cleanlab_case() -> tuple[np.ndarray, np.ndarray]:
    """600 rows of four labels, some of them given at random."""
    random = np.random.default_rng(7)
    truth = random.integers(0, 4, 600)
    given = np.where(random.random(600) < 0.12, random.integers(0, 4, 600), truth)
    chances = random.dirichlet(np.ones(4), 600) * 0.9
    chances[np.arange(600), truth] += random.random(600) * 1.2
    return given, chances / chances.sum(axis=1, keepdims=True)


def test_the_numbers_are_those_of_cleanlab() -> None:
    """What cleanlab 2.7.1 says of the same rows (compute_confident_joint, find_label_issues and their like)."""
    given, chances = cleanlab_case()
    found = find_issues([str(label) for label in given], chances, ("0", "1", "2", "3"))
    assert found.joint.tolist() == [[76, 8, 7, 10], [10, 78, 8, 7], [9, 7, 85, 8], [10, 14, 8, 94]]
    assert found.thresholds == pytest.approx([0.46804, 0.47689, 0.45877, 0.47321], abs=1e-5)
    rows = np.flatnonzero(found.off_diagonal)
    assert len(rows) == 106
    for by, first in (
        (found.self_confidence, [282, 420, 231, 257, 380, 548, 423, 8]),
        (found.margin, [541, 332, 131, 380, 371, 455, 494, 423]),
    ):
        assert rows[np.argsort(by[rows], kind="stable")][:8].tolist() == first
    # cleanlab rounds the calibrated joint to whole rows: 36, 34, 34 and 41 off its diagonal.
    assert found.expected == pytest.approx([36, 34, 34, 41], abs=0.5)


def test_the_interval_is_that_of_rows_drawn_again() -> None:
    given, chances = cleanlab_case()
    names = np.array(["0", "1", "2", "3"])
    found = find_issues(names[given], chances, names.tolist())
    random = np.random.default_rng(1)
    totals = []
    for _ in range(300):
        # Drawn again after the thresholds: they belong to the models, not to the rows.
        rows = random.integers(0, 600, 600)
        sure = found.confident[rows] != NONE
        total = 0.0
        for label in range(4):
            mine = found.given[rows] == label
            total += mine.sum() * found.off_diagonal[rows][mine & sure].mean()
        totals.append(total)
    assert found.interval == pytest.approx(np.quantile(totals, [0.025, 0.975]), rel=0.05)
    assert found.interval[0] < found.total < found.interval[1]


def test_the_health_of_every_label_adds_up() -> None:
    given, chances = cleanlab_case()
    found = find_issues([str(label) for label in given], chances, ("0", "1", "2", "3"))
    table = found.health()
    assert table["rows"].sum() == 600
    assert table["flagged"].sum() == table["gained"].sum() == found.flagged.sum() == found.cells.sum() >= 106
    assert table["expected"].sum() == pytest.approx(found.total)
    assert (table["share_low"] <= table["share"]).all() and (table["share"] <= table["share_high"]).all()
    assert table["share"].is_monotonic_decreasing


@pytest.mark.parametrize(
    "chances, given, labels, flagged",
    [
        (np.zeros((0, 2)), [], ("a", "b"), 0),
        (np.ones((3, 1)), ["a", "a", "a"], ("a",), 0),
        # A label that no row has is never suggested, however probable.
        (np.array([[0.1, 0.9], [0.2, 0.8]]), ["a", "a"], ("a", "b"), 0),
        # Emoji and markup are labels like any other.
        (np.array([[0.9, 0.1], [0.1, 0.9], [0.95, 0.05]]), ["🙂", "<b>", "<b>"], ("🙂", "<b>"), 1),
    ],
    ids=["no rows", "one label", "a label without rows", "odd names"],
)
def test_edges_have_no_more_issues_than_they_can(
    chances: np.ndarray, given: list[str], labels: tuple[str, ...], flagged: int
) -> None:
    found = find_issues(given, chances, labels)
    assert int(found.flagged.sum()) == flagged
    assert 0 <= found.total <= len(given)
    assert len(found.health()) == len(set(given))


@pytest.mark.parametrize(
    "chances, given",
    [
        (np.full((2, 2), np.nan), ["a", "b"]),
        (np.full((1, 2), 0.5), ["a", "b"]),
        (np.full((1, 2), 0.5), ["c"]),
    ],
    ids=["no number", "another shape", "an unknown label"],
)
def test_what_cannot_be_judged_is_refused(chances: np.ndarray, given: list[str]) -> None:
    with pytest.raises(ValueError):
        find_issues(given, chances, ("a", "b"))


def test_a_thousand_labels_and_fifty_thousand_rows_take_seconds() -> None:
    random = np.random.default_rng(0)
    given = random.integers(0, 1_000, 50_000)
    chances = random.random((50_000, 1_000), dtype=np.float32)
    chances[np.arange(50_000), given] += 400
    chances /= chances.sum(axis=1, keepdims=True)
    names = [f"label {number}" for number in range(1_000)]
    found = find_issues([names[number] for number in given], chances, names)
    assert found.joint.sum() == (found.confident != NONE).sum()
    assert len(found.health()) == len(np.unique(given))
