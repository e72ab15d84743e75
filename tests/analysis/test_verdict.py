import pytest

from lib.analysis.intervals import Difference
from lib.analysis.verdict import compare, summary, verdicts

BASELINES = {"majority": {"macro_f1": 0.14}, "tfidf": {"macro_f1": 0.60, "accuracy": 0.7}}


@pytest.mark.parametrize(
    ("value", "interval", "difference", "outcome", "sentence"),
    [
        (
            0.78,
            (0.755, 0.805),
            None,
            "better",
            "The model beats the TF-IDF baseline: macro-F1 0.78 against 0.60.",
        ),
        (
            0.61,
            (0.58, 0.64),
            None,
            "within noise",
            "The model does not beat the TF-IDF baseline: macro-F1 0.61 against 0.60, within noise.",
        ),
        (
            0.41,
            (0.38, 0.44),
            None,
            "worse",
            "The model is worse than the TF-IDF baseline: macro-F1 0.41 against 0.60.",
        ),
        (0.61, None, None, "better", "The model beats the TF-IDF baseline: macro-F1 0.61 against 0.60."),
        # The paired difference knows more than the interval: the same rows are hard for both.
        (
            0.61,
            (0.58, 0.64),
            Difference(0.01, 0.002, 0.018),
            "better",
            "The model beats the TF-IDF baseline: macro-F1 0.61 against 0.60.",
        ),
        (
            0.6031,
            None,
            Difference(0.0031, -0.01, 0.02),
            "within noise",
            "The model does not beat the TF-IDF baseline: macro-F1 0.603 against 0.600, within noise.",
        ),
    ],
)
def test_the_model_is_judged_against_a_baseline_in_a_sentence(value, interval, difference, outcome, sentence):
    found = compare("macro_f1", value, "tfidf", 0.60, interval=interval, difference=difference)
    assert (found.outcome, found.sentence) == (outcome, sentence)


def test_equal_scores_are_within_noise():
    assert compare("accuracy", 0.5, "majority", 0.5).outcome == "within noise"


def test_the_hardest_baseline_comes_first_and_those_without_the_score_are_left_out():
    assert [verdict.baseline for verdict in verdicts("macro_f1", 0.78, BASELINES)] == ["tfidf", "majority"]
    assert [verdict.baseline for verdict in verdicts("accuracy", 0.78, BASELINES)] == ["tfidf"]


def test_a_run_is_summed_up_with_interval_rows_and_baselines():
    said = summary("macro_f1", 0.78, BASELINES, rows=1421, interval=(0.755, 0.805))
    assert said == (
        "Macro-F1 is 0.78 (95 % interval 0.755–0.805) on 1,421 test rows. "
        "The model beats the TF-IDF baseline (0.60) and always answering the most frequent label (0.14)."
    )


def test_a_summary_says_which_baseline_is_not_beaten():
    said = summary("macro_f1", 0.61, BASELINES, rows=200, interval=(0.55, 0.67))
    assert "does not beat the TF-IDF baseline: macro-F1 0.61 against 0.60, within noise" in said
    assert "beats always answering the most frequent label" in said


def test_without_baselines_only_the_score_is_said():
    assert summary("mcc", 0.5, {}, rows=1, split="validation") == "MCC is 0.50 on 1 validation row."
