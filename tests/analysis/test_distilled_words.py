"""What distilling came to, in sentences: nothing within noise is claimed, and errors are not called kept."""

import pytest

from lib.analysis.disagreement import disagreement
from lib.analysis.distilled import Distilled, Estimate
from lib.analysis.distilled_words import Cost, parting_sentence, seeds_sentence, verdict_sentence
from lib.analysis.intervals import Difference
from lib.tasks.outputs import LabelScores
from tests.analysis.test_disagreement import judged


def found(**parts: object) -> Distilled:
    usual: dict = {
        "score": "macro_f1",
        "higher_is_better": True,
        "rows": 1421,
        "scores": {"teacher": Estimate(0.76), "student": Estimate(0.7448), "control": Estimate(0.7321)},
        "kept": {"student": Estimate(0.98, 0.96, 1.002)},
        "over_teacher": Difference(-0.015, -0.03, 0.001),
    }
    return Distilled(**{**usual, **parts})


COST = Cost(Estimate(2.0, 1.9, 2.1), 32, 0.77)


def test_it_says_what_is_kept_what_it_costs_and_that_the_teacher_did_not_show() -> None:
    said = verdict_sentence(found(over_control=Difference(0.0127, -0.004, 0.028)), COST)
    assert said == (
        "The student keeps 98 % (95 % interval 96 to 100) of the teacher's macro-F1, is 2.0 times as fast at batch 32 "
        "and takes 77 % of the disk; it is not better than the same student without a teacher: macro-F1 0.74 against "
        "0.73, a lead of 0.013 (95 % interval −0.004 to 0.028), within noise."
    )


@pytest.mark.parametrize(
    ("lead", "words"),
    [
        (Difference(0.03, 0.01, 0.05), "on these rows it beats the same student without a teacher"),
        (
            Difference(-0.03, -0.05, -0.01),
            "on these rows it is worse than the same student without a teacher",
        ),
    ],
)
def test_beyond_noise_it_says_which_way(lead: Difference, words: str) -> None:
    said = verdict_sentence(found(over_control=lead))
    assert words in said and "within noise" not in said


def test_without_control_and_costs_it_only_says_what_is_kept() -> None:
    assert verdict_sentence(found()) == (
        "The student keeps 98 % (95 % interval 96 to 100) of the teacher's macro-F1."
    )


@pytest.mark.parametrize(
    ("kept", "words"),
    [
        (
            Estimate(1.12, 1.08, 1.16),
            "has a perplexity 12 % (95 % interval 8 to 16) higher (worse) than the teacher's",
        ),
        (
            Estimate(0.9, 0.85, 0.95),
            "has a perplexity 10 % (95 % interval 5 to 15) lower (better) than the teacher's",
        ),
    ],
)
def test_an_error_is_not_kept_but_higher_or_lower(kept: Estimate, words: str) -> None:
    said = verdict_sentence(found(score="perplexity", higher_is_better=False, kept={"student": kept}))
    assert said == f"The student {words}."


def test_where_a_share_means_nothing_both_scores_are_said() -> None:
    scores = {"teacher": Estimate(-0.2), "student": Estimate(0.5)}
    assert verdict_sentence(found(score="r2", kept={}, scores=scores)) == (
        "The student has R² 0.50 against the teacher's −0.20."
    )


@pytest.mark.parametrize(
    ("speed", "words"),
    [
        (Estimate(1.01, 0.97, 1.05), "is about as fast at batch 32"),
        (Estimate(0.5, 0.4, 0.6), "takes 2.0 times as long at batch 32"),
    ],
)
def test_a_student_that_is_not_faster_is_not_called_so(speed: Estimate, words: str) -> None:
    assert words in verdict_sentence(found(), Cost(speed))


def test_one_pair_of_runs_says_nothing_of_seeds() -> None:
    assert "not how lucky this seed was" in seeds_sentence("macro_f1", 1, None)


def test_over_seeds_noise_is_called_noise() -> None:
    said = seeds_sentence("macro_f1", 3, Estimate(0.012, -0.004, 0.028))
    assert "Over 3 seeds the student is ahead of its control by 0.012 macro-F1 on average" in said
    assert "not shown that the teacher helps" in said
    assert "so the teacher helps" in seeds_sentence("macro_f1", 3, Estimate(0.012, 0.004, 0.02))


def test_how_two_models_part_is_said_with_the_test() -> None:
    teacher, student = judged(*"a" * 10, *"b" * 3, "b"), judged(*"b" * 10, *"a" * 3, "b")
    assert parting_sentence(disagreement(LabelScores(("a", "b")), teacher, student)) == (
        "Of 14 test rows the teacher alone is right on 10, the student alone on 3: "
        "no more uneven than chance (McNemar's exact test, p = 0.092)."
    )
