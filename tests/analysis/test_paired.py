"""Scores of several models on shared draws: equal to scikit-learn's on all rows, and to one model's own intervals."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, f1_score, mean_absolute_error, r2_score, root_mean_squared_error

from lib.analysis.intervals import paired_bootstrap, wilson
from lib.analysis.judged import score_intervals
from lib.analysis.paired import not_a_point, paired_labels, paired_scores
from lib.tasks.outputs import (
    Continuation,
    LabelScores,
    ManyLabels,
    MaskedTokens,
    Number,
    Output,
    Spans,
    Text,
    TokenLabels,
)

LABELS = ("anger", "joy", "sadness")
RANDOM = np.random.default_rng(3)


def one_label(right: float, *, rows: int = 300, seed: int) -> pd.DataFrame:
    gold = np.random.default_rng(0).choice(LABELS, rows)
    random = np.random.default_rng(seed)
    guess = np.where(random.random(rows) < right, gold, random.choice(LABELS, rows))
    frame = pd.DataFrame({"gold": gold, "predicted": guess}, dtype="str")
    return frame.assign(correct=frame["gold"] == frame["predicted"], row=np.arange(rows))


def many_labels(noise: float, *, rows: int = 200, seed: int) -> pd.DataFrame:
    truth = np.random.default_rng(0).random((rows, 3)) < (0.5, 0.3, 0.1)
    given = truth ^ (np.random.default_rng(seed).random(truth.shape) < noise)

    def cells(table: np.ndarray) -> list[str]:
        return [
            json.dumps([label for label, there in zip(LABELS, line, strict=True) if there]) for line in table
        ]

    frame = pd.DataFrame({"gold": cells(truth), "predicted": cells(given)}, dtype="str")
    return frame.assign(correct=(truth == given).all(axis=1))


def numbers(noise: float, *, seed: int, rows: int = 150) -> pd.DataFrame:
    gold = np.random.default_rng(0).normal(10, 3, rows)
    return pd.DataFrame(
        {"gold": gold, "predicted": gold + np.random.default_rng(seed).normal(0, noise, rows)}
    )


def likelihoods(mean: float, *, seed: int, rows: int = 120) -> pd.DataFrame:
    tokens = np.random.default_rng(0).integers(5, 40, rows)
    nll = tokens * np.random.default_rng(seed).gamma(4, mean / 4, rows)
    return pd.DataFrame({"nll": nll, "tokens_judged": tokens, "hits": tokens // 3})


def entities(*kinds: str) -> pd.DataFrame:
    """One row a kind: what a person and a place were taken for."""
    person, place = ({"start": 0, "end": 3, "label": "person"}, {"start": 9, "end": 12, "label": "place"})
    said = {
        "both": [person, place],
        "person": [person],
        "none": [],
        "swapped": [{**person, "label": "place"}],
    }
    right = {"both": 2, "person": 1, "none": 0, "swapped": 0}
    return pd.DataFrame(
        {
            "gold": [json.dumps([person, place])] * len(kinds),
            "predicted": [json.dumps(said[kind]) for kind in kinds],
            "tp": [right[kind] for kind in kinds],
            "fp": [len(said[kind]) - right[kind] for kind in kinds],
            "fn": [2 - right[kind] for kind in kinds],
            "words": 4,
            "words_correct": 3,
        }
    )


@pytest.mark.parametrize("average", ["macro", "micro"])
def test_f1_of_one_label_a_row_is_that_of_scikit_learn(average: str) -> None:
    frames = [one_label(0.9, seed=1), one_label(0.6, seed=2)]
    found = paired_scores(LabelScores(LABELS), f"{average}_f1", frames)
    assert found is not None
    wanted = [f1_score(frame["gold"], frame["predicted"], average=average) for frame in frames]
    assert found.values == pytest.approx(wanted)


def test_accuracy_of_one_label_a_row_is_that_of_scikit_learn() -> None:
    frame = one_label(0.8, seed=1)
    found = paired_scores(LabelScores(LABELS), "accuracy", [frame])
    assert found is not None
    assert found.values == pytest.approx([accuracy_score(frame["gold"], frame["predicted"])])


@pytest.mark.parametrize("average", ["macro", "micro"])
def test_f1_of_many_labels_a_row_is_that_of_scikit_learn(average: str) -> None:
    frame = many_labels(0.1, seed=1)
    table = [
        [[label in json.loads(cell) for label in LABELS] for cell in frame[side]]
        for side in ("gold", "predicted")
    ]
    found = paired_scores(ManyLabels(LABELS), f"{average}_f1", [frame])
    assert found is not None
    assert found.values == pytest.approx([f1_score(np.array(table[0]), np.array(table[1]), average=average)])


def test_errors_of_numbers_are_those_of_scikit_learn() -> None:
    frames = [numbers(1, seed=1), numbers(2, seed=2)]
    for name, function in (("mae", mean_absolute_error), ("rmse", root_mean_squared_error), ("r2", r2_score)):
        found = paired_scores(Number(), name, frames)
        assert found is not None
        assert found.values == pytest.approx(
            [function(frame["gold"], frame["predicted"]) for frame in frames]
        )


def test_perplexity_is_e_to_the_mean_over_all_tokens() -> None:
    frame = pd.DataFrame({"nll": [4.0, 2.0], "tokens_judged": [1, 2]})
    found = paired_scores(Continuation(), "perplexity", [frame])
    assert found is not None
    assert found.values == pytest.approx([np.exp(2.0)])


def test_entity_f1_counts_spans_not_rows() -> None:
    found = paired_scores(
        TokenLabels(("person", "place")), "entity_f1", [entities("both", "person", "swapped")]
    )
    assert found is not None
    assert found.values == pytest.approx([2 * 3 / (2 * 3 + 1 + 3)])


def test_a_score_that_is_no_sum_over_rows_is_not_made_up() -> None:
    assert paired_scores(Number(), "spearman", [numbers(1, seed=1)]) is None


SHAPES: list[tuple[Output, str, pd.DataFrame]] = [
    (LabelScores(LABELS), "macro_f1", one_label(0.7, seed=4)),
    (ManyLabels(LABELS), "macro_f1", many_labels(0.1, seed=4)),
    (ManyLabels(LABELS), "accuracy", many_labels(0.1, seed=4)),
    (Number(), "rmse", numbers(1, seed=4)),
    (TokenLabels(("person", "place")), "entity_f1", entities(*["both", "person", "none", "swapped"] * 20)),
    (
        Spans(),
        "answer_f1",
        pd.DataFrame({"answer_f1": RANDOM.random(80), "exact_match": 0.0, "text": list("abcdefgh") * 10}),
    ),
    (Continuation(), "perplexity", likelihoods(2, seed=4)),
    (MaskedTokens(), "token_accuracy", likelihoods(2, seed=4)),
]


@pytest.mark.parametrize(("output", "score", "frame"), SHAPES, ids=lambda part: getattr(part, "kind", None))
def test_the_draws_spread_as_wide_as_the_interval_of_one_model_alone(
    output: Output, score: str, frame: pd.DataFrame
) -> None:
    found = paired_scores(output, score, [frame])
    assert found is not None
    low, high = score_intervals(output, frame)[score]
    assert np.quantile(found.draws[:, 0], (0.025, 0.975)) == pytest.approx((low, high), rel=0.03)


def test_all_rouge_and_bleu_scores_of_a_written_text_can_be_drawn() -> None:
    frame = pd.DataFrame(
        {
            "rouge1": [0.5, 1.0],
            "correct": [False, True],
            "bleu_stats": [[4, 4, 4, 3, 2, 1, 4, 3, 2, 1]] * 2,
            "chrf_stats": [[2, 2, 2] * 6] * 2,
        }
    )
    for name, wanted in (("rouge1", 0.75), ("exact_match", 0.5), ("bleu", 1.0), ("chrf", 1.0)):
        found = paired_scores(Text(), name, [frame, frame])
        assert found is not None
        assert found.values == pytest.approx([wanted, wanted])
        assert (found.draws[:, 0] == found.draws[:, 1]).all()


def test_two_models_differ_by_what_the_paired_bootstrap_of_two_says() -> None:
    one, other = one_label(0.9, seed=1), one_label(0.8, seed=2)
    found = paired_scores(LabelScores(LABELS), "macro_f1", [one, other])
    assert found is not None
    known = paired_bootstrap(one["gold"], one["predicted"], other["predicted"], "macro_f1")
    gaps = found.draws[:, 0] - found.draws[:, 1]
    assert np.quantile(gaps, (0.025, 0.975)) == pytest.approx((known.low, known.high), abs=0.01)


def test_f1_by_label_is_that_of_scikit_learn_for_each_model() -> None:
    frames = [one_label(0.9, seed=1), one_label(0.6, seed=2)]
    found = paired_labels(LabelScores(LABELS), frames)
    assert found is not None
    for margins, frame in zip(found.exact, frames, strict=True):
        assert margins.f1 == pytest.approx(
            f1_score(frame["gold"], frame["predicted"], average=None, labels=found.labels)
        )
    assert found.f1_draws.shape == (2000, 2, 3)


def test_f1_by_type_of_span_is_counted_by_hand() -> None:
    found = paired_labels(TokenLabels(("place", "person", "never")), [entities("both", "person", "swapped")])
    assert found is not None
    assert found.labels == ["place", "person"]
    assert found.exact[0].support.tolist() == [3, 3]
    assert found.exact[0].f1 == pytest.approx([2 * 1 / (3 + 2), 2 * 2 / (3 + 2)])


def test_f1_by_label_of_many_labels_is_that_of_scikit_learn() -> None:
    frame = many_labels(0.2, seed=2)
    table = [
        [[label in json.loads(cell) for label in LABELS] for cell in frame[side]]
        for side in ("gold", "predicted")
    ]
    found = paired_labels(ManyLabels(LABELS), [frame])
    assert found is not None
    assert found.exact[0].f1 == pytest.approx(f1_score(np.array(table[0]), np.array(table[1]), average=None))


def test_numbers_have_no_labels() -> None:
    assert paired_labels(Number(), [numbers(1, seed=1)]) is None


def test_where_all_draws_agree_the_interval_is_as_wide_as_so_few_rows_allow() -> None:
    low, high = not_a_point(1.0, (1.0, 1.0), 20)
    missed = 1 - float(wilson(20, 20)[0])
    assert (low, high) == pytest.approx((1 - missed, 1 + missed))
    assert not_a_point(0.5, (0.4, 0.6), 20) == (0.4, 0.6)
