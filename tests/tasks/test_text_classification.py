"""Text classification: what it checks, learns to name, encodes, decodes and scores."""

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    log_loss,
    matthews_corrcoef,
    precision_score,
    recall_score,
)

from lib.models.sources import find_model
from lib.tasks.brief import Brief
from lib.tasks.label_scores import decode_logits, judge_labels, softmax
from lib.tasks.text_classification import TextClassification

TASK = TextClassification()
COLUMNS = {"text": "text", "label": "label"}


def frame(texts: list[str | None], labels: list[str | None]) -> pd.DataFrame:
    return pd.DataFrame({"text": pd.Series(texts, dtype="str"), "label": pd.Series(labels, dtype="str")})


def words(count: int) -> list[str | None]:
    return [f"a text with words {number}" for number in range(count)]


BAD_ROWS = [
    ("no text at all", frame([None] * 50, ["a", "b"] * 25), "texts-all-missing", "error"),
    ("some texts missing", frame([None, *words(99)], ["a", "b"] * 50), "texts-missing", "warning"),
    (
        "texts that are numbers",
        frame([str(n) for n in range(100)], ["a", "b"] * 50),
        "text-is-numbers",
        "error",
    ),
    ("no labels at all", frame(words(100), [None] * 100), "labels-all-missing", "error"),
    ("some labels missing", frame(words(100), [None, "a", "b", "b"] * 25), "labels-missing", "warning"),
    ("one label", frame(words(100), ["a"] * 100), "one-label", "error"),
    (
        "labels that never repeat",
        frame(words(40), [f"l{n}" for n in range(40)]),
        "labels-all-single",
        "error",
    ),
    ("100,000 labels", frame(words(100_000), [f"l{n}" for n in range(100_000)]), "too-many-labels", "error"),
    ("a label with one row", frame(words(101), ["a", "b"] * 50 + ["c"]), "label-single", "warning"),
    ("a rare label", frame(words(104), ["a", "b"] * 50 + ["c"] * 4), "labels-rare", "warning"),
    (
        "labels that differ in case",
        frame(words(100), ["Spam", "spam", "ham", "ham"] * 25),
        "labels-case",
        "warning",
    ),
    ("few rows", frame(words(20), ["a", "b"] * 10), "few-rows", "warning"),
]


@pytest.mark.parametrize(
    ("rows", "code", "severity"), [row[1:] for row in BAD_ROWS], ids=[row[0] for row in BAD_ROWS]
)
def test_rows_that_would_spoil_a_run_are_named(rows: pd.DataFrame, code: str, severity: str) -> None:
    found = {problem.code: problem for problem in TASK.check(rows, COLUMNS)}
    assert found[code].severity == severity
    assert found[code].where.startswith("column")
    assert found[code].fix


def test_good_rows_raise_no_problem() -> None:
    assert TASK.check(frame(words(200), ["joy", "anger", "🙂", "привет"] * 50), COLUMNS) == []


def test_every_problem_is_reported_at_once() -> None:
    codes = {problem.code for problem in TASK.check(frame([None] * 30, ["a"] * 30), COLUMNS)}
    assert "texts-all-missing" in codes
    codes = {problem.code for problem in TASK.check(frame(["1"] * 30, ["a"] * 30), COLUMNS)}
    assert {"text-is-numbers", "one-label"} <= codes


def test_labels_are_learned_from_the_training_rows_only_and_in_a_stable_order() -> None:
    target = TASK.describe_target(frame(words(4), ["zebra", " ant", "zebra", "ant "]), COLUMNS)
    assert target["labels"] == ["ant", "zebra"]
    assert target["counts"] == {"ant": 2, "zebra": 2}


def test_a_label_the_training_rows_never_had_is_ignored_by_the_loss_and_counts_as_wrong() -> None:
    brief = Brief(COLUMNS, {"labels": ["a", "b"], "counts": {}})
    encoded = TASK.encode_target(None, {}, {"label": ["a", "b", "c"]}, brief)
    assert encoded == {"labels": [0, 1, -100]}
    judged = TASK.judge(decode_logits(np.array([[2.0, 0.0]]), ["a", "b"]), frame(["x"], ["c"]), brief)
    assert not judged["correct"][0]
    assert math.isnan(judged["loss"][0])


def test_a_pair_of_texts_is_encoded_as_two_segments() -> None:
    tokenizer = TASK.load_processor(find_model("starter:minilm-l6").folder)
    columns = {"text": "a", "text_pair": "b", "label": "label"}
    encoded = TASK.encode(tokenizer, {"a": ["first one"], "b": ["second one"]}, Brief(columns, {}, 32))
    assert tokenizer.decode(encoded["input_ids"][0]) == "[CLS] first one [SEP] second one [SEP]"
    assert encoded["token_type_ids"][0] == [0, 0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize(("max_length", "length", "cut"), [(6, 6, False), (5, 5, True), (64, 6, False)])
def test_a_text_is_called_truncated_only_when_tokens_are_lost(
    max_length: int, length: int, cut: bool
) -> None:
    tokenizer = TASK.load_processor(find_model("starter:minilm-l6").folder)
    encoded = TASK.encode(tokenizer, {"text": ["one two three four"]}, Brief(COLUMNS, {}, max_length))
    assert (encoded["length"], encoded["truncated"]) == ([length], [cut])
    assert len(encoded["input_ids"][0]) == length


def test_probabilities_sum_to_one_even_for_enormous_logits() -> None:
    found = softmax(np.array([[1e4, -1e4, 0.0], [0.0, 0.0, 0.0]]))
    assert np.allclose(found.sum(axis=1), 1)
    assert np.allclose(found[1], 1 / 3)


def test_decoded_predictions_hold_confidence_margin_and_entropy() -> None:
    row = decode_logits(np.log([[0.7, 0.2, 0.1]]), ["a", "b", "c"]).iloc[0]
    assert row["predicted"] == "a"
    assert row["confidence"] == pytest.approx(0.7)
    assert row["margin"] == pytest.approx(0.5)
    assert row["entropy"] == pytest.approx(-(0.7 * math.log(0.7) + 0.2 * math.log(0.2) + 0.1 * math.log(0.1)))


def test_loss_and_scores_agree_with_scikit_learn() -> None:
    generator = np.random.default_rng(1)
    labels = ["a", "b", "c", "d"]
    logits, gold = generator.normal(size=(500, 4)), generator.choice(labels[:3], size=500)
    judged = judge_labels(decode_logits(logits, labels), pd.Series(gold), labels)
    assert judged["loss"].mean() == pytest.approx(log_loss(gold, softmax(logits), labels=labels), rel=1e-5)
    scores = TASK.score(judged, Brief(COLUMNS, {"labels": labels}))
    predicted = np.array(labels)[logits.argmax(axis=1)]
    assert scores == pytest.approx(
        {
            "macro_f1": f1_score(gold, predicted, average="macro", zero_division=0),
            "micro_f1": f1_score(gold, predicted, average="micro", zero_division=0),
            "accuracy": accuracy_score(gold, predicted),
            "precision": precision_score(gold, predicted, average="macro", zero_division=0),
            "recall": recall_score(gold, predicted, average="macro", zero_division=0),
            "mcc": matthews_corrcoef(gold, predicted),
        }
    )


def test_the_interval_of_a_score_holds_the_score_and_agrees_with_the_analysis() -> None:
    from lib.analysis.judged import score_intervals

    generator = np.random.default_rng(2)
    labels = ["a", "b", "c"]
    gold = generator.choice(labels, size=400)
    logits = generator.normal(size=(400, 3)) + 1.5 * (gold[:, None] == np.array(labels))
    judged = judge_labels(decode_logits(logits, labels), pd.Series(gold), labels)
    intervals = score_intervals(TASK.output({"labels": labels}), judged)
    for name, value in TASK.score(judged, Brief(COLUMNS, {"labels": labels})).items():
        low, high = intervals[name]
        assert low < value < high


def test_baselines_guess_the_commonest_label_and_learn_from_words() -> None:
    train = frame(["good day"] * 30 + ["bad day"] * 20, ["yes"] * 30 + ["no"] * 20)
    test = frame(["a bad thing", "a good thing"], ["no", "yes"])
    found = TASK.baselines(train, test, Brief(COLUMNS, {"labels": ["no", "yes"]}))
    assert found["majority"]["predicted"].tolist() == ["yes", "yes"]
    assert found["majority"]["confidence"].tolist() == pytest.approx([0.6, 0.6])
    assert found["tfidf"]["predicted"].tolist() == ["no", "yes"]


def test_texts_without_any_word_fall_back_to_the_commonest_label() -> None:
    train, test = frame(["🙂", "🙁", "🙂"], ["a", "b", "a"]), frame(["🙂"], ["a"])
    found = TASK.baselines(train, test, Brief(COLUMNS, {"labels": ["a", "b"]}))
    assert found["tfidf"]["predicted"].tolist() == ["a"]


def plain(model: str, rows: list[dict[str, str]]) -> list[str]:
    """Predictions of a saved folder by transformers alone; test_every_method runs this in a process without Atelier."""
    from transformers import pipeline

    classify = pipeline("text-classification", model=model, top_k=1, device="cpu")
    return [answer[0]["label"] for answer in classify([row["text"] for row in rows])]
