import random

import numpy as np
import pandas as pd
import pytest
import sacrebleu

from lib.analysis.intervals import wilson
from lib.analysis.text_intervals import answer_intervals, bleu_of_sums, chrf_of_sums, overlap_intervals
from lib.errors import UserError
from lib.tasks.overlap import overlap_scores, overlap_statistics

NAMES = ["rouge1", "rouge2", "rougeL", "rougeLsum", "bleu", "chrf", "gen_len"]


def pairs(rows: int, seed: int = 0) -> tuple[list[str], list[str]]:
    """References, and predictions in which about every fourth word is another."""
    draw = random.Random(seed)
    words = [
        "the",
        "cat",
        "sat",
        "on",
        "a",
        "mat",
        "and",
        "then",
        "it",
        "ran",
        "to",
        "see",
        "one",
        "dog",
        "more",
    ]
    references = [" ".join(draw.choices(words, k=draw.randint(3, 12))) for _ in range(rows)]
    changed = [
        " ".join(word if draw.random() < 0.75 else draw.choice(words) for word in text.split())
        for text in references
    ]
    return changed, references


def test_bleu_and_chrf_of_sums_equal_sacrebleu_whatever_is_missing():
    bleu, chrf = sacrebleu.BLEU(), sacrebleu.CHRF()
    draw = np.random.default_rng(0)
    found = []
    for _ in range(300):
        total = np.maximum(draw.integers(0, 12) - np.arange(4), 0)
        right = np.minimum(draw.integers(0, 12, 4) * draw.integers(0, 2, 4), total)
        found.append([total[0], draw.integers(0, 12), *right, *total])
    sums = np.array(found)
    expected = [bleu._compute_score_from_stats(row.tolist()).score / 100 for row in sums]
    np.testing.assert_allclose(bleu_of_sums(sums.astype(float)), expected, atol=1e-12)
    sides = draw.integers(0, 9, (300, 6, 2)) * draw.integers(0, 2, (300, 6, 2))
    shared = np.minimum(draw.integers(0, 9, (300, 6)), sides.min(axis=2))
    sums = np.concatenate([sides, shared[..., None]], axis=2).reshape(300, 18)
    expected = [chrf._compute_score_from_stats(row.tolist()).score / 100 for row in sums]
    np.testing.assert_allclose(chrf_of_sums(sums.astype(float)), expected, atol=1e-12)


def test_the_interval_is_that_of_texts_drawn_and_scored_again():
    predictions, references = pairs(15)
    statistics = overlap_statistics(predictions, references)
    fast = overlap_intervals(statistics, draws=80, seed=2)
    draw, drawn = np.random.default_rng(2), []
    for _ in range(80):
        rows = draw.integers(0, 15, 15)
        one, other = [predictions[row] for row in rows], [references[row] for row in rows]
        drawn.append(
            {
                "bleu": sacrebleu.corpus_bleu(one, [other]).score / 100,
                "chrf": sacrebleu.corpus_chrf(one, [other]).score / 100,
                "rougeL": statistics["rougeL"].to_numpy()[rows].mean(),
                "gen_len": np.mean([len(text.split()) for text in one]),
            }
        )
    for name in drawn[0]:
        assert fast[name] == pytest.approx(tuple(np.quantile([row[name] for row in drawn], (0.025, 0.975))))


def test_intervals_hold_the_scores_and_repeat_with_the_seed():
    statistics = overlap_statistics(*pairs(200))
    found, scores = overlap_intervals(statistics), overlap_scores(statistics)
    assert list(scores) == NAMES and found.keys() == scores.keys()
    for name, value in scores.items():
        assert found[name][0] < value < found[name][1]
    assert overlap_intervals(statistics) == found != overlap_intervals(statistics, seed=1)


def test_texts_that_are_all_right_are_not_taken_for_certain():
    _, references = pairs(10)
    found = overlap_intervals(overlap_statistics(references, references))
    for name in ("rouge1", "rougeL", "bleu", "chrf"):
        assert found[name] == pytest.approx(tuple(float(end) for end in wilson(10, 10)))


def test_one_text_has_wide_intervals_and_none_for_its_length():
    found = overlap_intervals(overlap_statistics(["the cat sat on it"], ["the cat sat on a mat"]))
    assert "gen_len" not in found
    assert all(high - low > 0.5 for low, high in found.values())


def test_answers_have_the_intervals_of_means():
    draw = np.random.default_rng(0)
    exact = (draw.random(60) < 0.6).astype(float)
    frame = pd.DataFrame({"exact_match": exact, "answer_f1": np.maximum(exact, draw.random(60))})
    found = answer_intervals(frame, draws=500, seed=1)
    again = np.random.default_rng(1)
    rows = [again.integers(0, 60, 60) for _ in range(500)]
    for name in ("exact_match", "answer_f1"):
        means = [frame[name].to_numpy()[chosen].mean() for chosen in rows]
        assert found[name] == pytest.approx(tuple(np.quantile(means, (0.025, 0.975))))


def test_questions_about_one_text_are_drawn_together():
    draw = np.random.default_rng(0)
    context = np.repeat(np.arange(40), 5)
    exact = np.repeat((draw.random(40) < 0.5).astype(float), 5)
    frame = pd.DataFrame({"exact_match": exact, "answer_f1": exact})
    alone, grouped = (answer_intervals(frame, groups=groups)["exact_match"] for groups in (None, context))
    assert (grouped[1] - grouped[0]) / (alone[1] - alone[0]) == pytest.approx(np.sqrt(5), rel=0.15)


def test_answers_that_are_all_wrong_count_as_many_rows_or_texts():
    frame = pd.DataFrame({"exact_match": [0.0] * 12, "answer_f1": [0.0] * 12})
    assert answer_intervals(frame)["exact_match"][1] == pytest.approx(float(wilson(0, 12)[1]))
    grouped = answer_intervals(frame, groups=["a", "b", "c"] * 4)
    assert grouped["exact_match"][1] == pytest.approx(float(wilson(0, 3)[1]))


def test_no_rows_have_no_interval():
    with pytest.raises(UserError, match="no rows"):
        overlap_intervals(overlap_statistics([], []))
    with pytest.raises(UserError, match="no rows"):
        answer_intervals(pd.DataFrame({"exact_match": [], "answer_f1": []}))
