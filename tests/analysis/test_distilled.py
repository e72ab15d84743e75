"""Teacher, student and control on the same rows: what is kept, by how much the teacher helped, and how sure that is."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lib.analysis.distilled import across_seeds, aligned, by_label, compare_sides
from lib.analysis.intervals import f1_interval
from lib.errors import UserError
from lib.tasks.outputs import Continuation, LabelScores, Number
from tests.analysis.test_paired import LABELS, likelihoods, numbers, one_label

OUTPUT = LabelScores(LABELS)


def accuracies(rows: int, **right: int) -> dict:
    """Sides of two balanced labels of which the first so many rows are right."""
    gold = np.where(np.arange(rows) % 2, "a", "b")
    other = np.where(np.arange(rows) % 2, "b", "a")
    return {
        side: pd.DataFrame(
            {
                "row": np.arange(rows),
                "gold": gold,
                "predicted": np.where(np.arange(rows) < n, gold, other),
            }
        )
        for side, n in right.items()
    }


def test_what_is_kept_is_the_students_score_over_the_teachers() -> None:
    found = compare_sides(
        LabelScores(("a", "b")), "accuracy", accuracies(100, teacher=80, student=76, control=60)
    )
    assert found is not None
    assert found.kept["student"].value == pytest.approx(0.95)
    assert found.kept["control"].value == pytest.approx(0.75)
    assert found.over_teacher.value == pytest.approx(-0.04)
    assert found.over_control is not None and found.over_control.value == pytest.approx(0.16)


def test_the_interval_of_what_is_kept_is_that_of_a_bootstrap_over_rows() -> None:
    sides = {"teacher": one_label(0.9, seed=1), "student": one_label(0.8, seed=2)}
    found = compare_sides(OUTPUT, "accuracy", sides)
    assert found is not None
    right = np.column_stack([side["correct"] for side in sides.values()])
    drawn = np.random.default_rng(7).integers(0, len(right), (4000, len(right)))
    teacher, student = right[drawn].mean(axis=1).T
    wanted = np.quantile(student / teacher, (0.025, 0.975))
    assert (found.kept["student"].low, found.kept["student"].high) == pytest.approx(tuple(wanted), abs=0.01)


@pytest.mark.parametrize(
    ("student", "control", "outcome"),
    [(90, 60, "beats"), (80, 79, "within noise"), (60, 90, "worse")],
)
def test_the_student_is_told_from_its_control_only_where_the_rows_allow_it(
    student: int, control: int, outcome: str
) -> None:
    sides = accuracies(100, teacher=95, student=student, control=control)
    found = compare_sides(LabelScores(("a", "b")), "accuracy", sides)
    assert found is not None and found.outcome == outcome


def test_a_student_that_answers_as_its_control_on_few_rows_is_within_noise_not_surely_equal() -> None:
    found = compare_sides(
        LabelScores(("a", "b")), "accuracy", accuracies(10, teacher=10, student=9, control=9)
    )
    assert found is not None and found.over_control is not None
    assert found.outcome == "within noise"
    assert found.over_control.low < -0.2 and found.over_control.high > 0.2


def test_without_a_control_there_is_no_outcome() -> None:
    found = compare_sides(LabelScores(("a", "b")), "accuracy", accuracies(10, teacher=9, student=9))
    assert found is not None and found.outcome is None and set(found.kept) == {"student"}


def test_where_lower_is_better_a_lead_is_a_smaller_error() -> None:
    sides = {"teacher": numbers(1, seed=1), "student": numbers(2, seed=2), "control": numbers(4, seed=3)}
    found = compare_sides(Number(), "rmse", sides, higher_is_better=False)
    assert found is not None and found.over_control is not None
    assert found.outcome == "beats" and found.over_teacher.value < 0
    assert found.kept["student"].value == pytest.approx(
        found.scores["student"].value / found.scores["teacher"].value
    )
    assert found.kept["student"].value > 1


def test_perplexities_are_compared_on_the_same_texts() -> None:
    sides = {"teacher": likelihoods(2, seed=1), "student": likelihoods(2.5, seed=2)}
    found = compare_sides(Continuation(), "perplexity", sides, higher_is_better=False)
    assert found is not None and found.kept["student"].value > 1 and found.over_teacher.value < 0


def test_a_share_of_a_teacher_that_knows_nothing_is_not_given() -> None:
    sides = {"teacher": numbers(30, seed=1), "student": numbers(1, seed=2)}
    found = compare_sides(Number(), "r2", sides)
    assert found is not None and found.scores["teacher"].value < 0
    assert found.kept == {}


def test_no_rows_make_no_comparison() -> None:
    assert (
        compare_sides(
            OUTPUT, "macro_f1", {side: one_label(1, seed=1).head(0) for side in ("teacher", "student")}
        )
        is None
    )


def test_sides_are_brought_into_the_students_order() -> None:
    sides = {
        "teacher": one_label(0.9, seed=1),
        "student": one_label(0.8, seed=2).sample(frac=1, random_state=0),
    }
    found = aligned(OUTPUT, sides)
    assert (
        found["teacher"]["row"].tolist()
        == found["student"]["row"].tolist()
        == sides["student"]["row"].tolist()
    )


def test_examples_made_from_one_row_are_told_apart_by_their_order() -> None:
    frame = pd.DataFrame({"row": [4, 4, 7], "gold": ["x", "y", "z"], "predicted": ["x", "x", "z"]})
    found = aligned(OUTPUT, {"teacher": frame, "student": frame.iloc[[2, 0, 1]]})
    assert found["teacher"]["gold"].tolist() == ["z", "x", "y"]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(lambda frame: frame.head(100), id="fewer rows"),
        pytest.param(lambda frame: frame.assign(row=frame["row"] + 1), id="other rows"),
        pytest.param(lambda frame: frame.assign(gold="anger"), id="other truths"),
    ],
)
def test_what_was_not_judged_alike_is_not_compared(other) -> None:
    frame = one_label(0.9, seed=1)
    with pytest.raises(UserError, match=r"judged (on other rows|by other answers)"):
        aligned(OUTPUT, {"teacher": other(frame), "student": frame})


def test_likelihoods_of_other_tokens_are_not_compared() -> None:
    frame = likelihoods(2, seed=1).assign(row=range(120), gold="text")
    with pytest.raises(UserError, match="other tokens"):
        aligned(
            Continuation(),
            {"teacher": frame.assign(tokens_judged=frame["tokens_judged"] + 1), "student": frame},
        )


def test_each_label_has_its_f1_on_every_side_and_the_gap_with_an_interval() -> None:
    gold = ["a"] * 4 + ["b"] * 4
    sides = {
        "teacher": pd.DataFrame({"gold": gold, "predicted": ["a"] * 4 + ["b"] * 4}),
        "student": pd.DataFrame({"gold": gold, "predicted": ["a"] * 4 + ["a", "b", "b", "b"]}),
        "control": pd.DataFrame({"gold": gold, "predicted": ["a"] * 8}),
    }
    table = by_label(LabelScores(("a", "b", "never")), sides)
    assert table is not None
    assert table["label"].tolist() == ["a", "b"] and table["support"].tolist() == [4, 4]
    assert table["teacher"].tolist() == [1.0, 1.0]
    assert table["student"].tolist() == pytest.approx([8 / 9, 6 / 7])
    assert table["control"].tolist() == pytest.approx([8 / 12, 0.0])
    assert table["kept"].tolist() == pytest.approx([8 / 9, 6 / 7])
    assert table["gap"].tolist() == pytest.approx([-1 / 9, -1 / 7])
    assert ((table["gap_low"] <= table["gap"]) & (table["gap"] <= table["gap_high"])).all()
    assert (table["student_low"], table["student_high"])[0].tolist() == pytest.approx(
        f1_interval([4, 3], [4, 4], [5, 3])[0]
    )


def test_a_label_the_teacher_never_finds_has_no_share_kept() -> None:
    frame = pd.DataFrame({"gold": ["a", "b"], "predicted": ["a", "a"]})
    table = by_label(
        LabelScores(("a", "b")), {"teacher": frame, "student": frame.assign(predicted=["a", "b"])}
    )
    assert table is not None and np.isnan(table.set_index("label").loc["b", "kept"])


def test_over_seeds_the_mean_lead_has_students_interval() -> None:
    leads = [0.02, 0.05, 0.01]
    found = across_seeds(leads)
    assert found is not None
    wanted = stats.t.interval(0.95, 2, loc=np.mean(leads), scale=stats.sem(leads))
    assert (found.value, found.low, found.high) == pytest.approx((np.mean(leads), *wanted))


def test_one_seed_says_nothing_of_other_seeds() -> None:
    assert across_seeds([0.02]) is None
