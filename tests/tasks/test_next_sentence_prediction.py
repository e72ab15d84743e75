"""Next-sentence prediction: what it checks, the pairs it makes, and the order of its labels."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from lib.data.examples import load_example
from lib.data.split import SplitPlan
from lib.models.sources import find_model
from lib.plan.rows import split_rows
from lib.tasks.brief import Brief
from lib.tasks.next_sentence_prediction import LABELS, NextSentencePrediction
from lib.tasks.predict import predict_rows
from lib.tasks.sentences import split_sentences
from tests.models.tiny import tiny_checkpoint

TASK = NextSentencePrediction()
DOCUMENT = {"document": "document"}
PAIR = {"first": "first", "second": "second", "label": "label"}
BRIEF = Brief(PAIR, {"labels": list(LABELS), "counts": {}}, 64)
FAMILIES = {"BERT": "NextSentencePrediction", "MobileBERT": "NextSentencePrediction",
            "TinyBERT": "NextSentencePrediction",
            "DistilBERT": "SequenceClassification", "RoBERTa": "SequenceClassification",
            "DeBERTa-v3": "SequenceClassification", "ALBERT": "SequenceClassification",
            "ELECTRA": "SequenceClassification", "ModernBERT": "SequenceClassification"}  # fmt: skip

QUICK_OPTIONS = {"epochs": 5, "learning_rate": 1e-4, "max_length": 48}
LEARNED = {"majority": 0.2}


def documents(texts: list[str | None]) -> pd.DataFrame:
    return pd.DataFrame({"document": pd.Series(texts, dtype="str")})


def pairs(labels: list[str | None], column: str = "label") -> pd.DataFrame:
    count = len(labels)
    return pd.DataFrame(
        {
            "first": [f"one {n}" for n in range(count)],
            "second": [f"two {n}" for n in range(count)],
            column: labels,
        },
        dtype="str",
    )


@pytest.mark.parametrize(
    ("rows", "code", "severity"),
    [
        (documents([None] * 40), "texts-all-missing", "error"),
        (documents(["A single sentence."] * 40), "no-pairs", "error"),
        (documents(["One here. Two there."] * 40 + ["One."]), "single-sentences", "warning"),
        (documents(["One here. Two there."] * 5), "few-rows", "warning"),
    ],
)
def test_documents_that_would_spoil_a_run_are_named(rows: pd.DataFrame, code: str, severity: str) -> None:
    found = {problem.code: problem for problem in TASK.check(rows, DOCUMENT)}
    assert found[code].severity == severity and found[code].fix


@pytest.mark.parametrize(
    ("labels", "code", "severity"),
    [
        (["next"] * 40, "one-label", "error"),
        (["next", "not next", None] * 20, "labels-missing", "warning"),
        (["positive", "negative"] * 20, "labels-not-understood", "error"),
        (["0", "1"] * 20, "labels-not-understood", "error"),
    ],
)
def test_labels_that_would_spoil_a_run_are_named(labels: list[str | None], code: str, severity: str) -> None:
    found = {problem.code: problem for problem in TASK.check(pairs(labels), PAIR)}
    assert found[code].severity == severity and found[code].fix


@pytest.mark.parametrize(
    ("column", "yes", "no"),
    [("label", "next", "not next"), ("label", "IsNext", "NotNext"), ("label", " true", "False"),
     ("is_next", "1", "0"), ("isNext", "1.0", "0.0")],
)  # fmt: skip
def test_labels_may_be_written_in_usual_ways(column: str, yes: str, no: str) -> None:
    rows, columns = pairs([yes, no, None], column), PAIR | {"label": column}
    assert TASK.usable_rows(rows, columns).tolist() == [True, True, False]
    examples, named = TASK.as_examples(rows, columns, seed=0)
    assert named == columns
    assert examples[column].tolist()[:2] == ["next", "not next"]


def test_only_documents_of_two_sentences_or_more_are_used() -> None:
    rows = documents(["One here. Two there.", "Alone.", None, "a\nb", '["x", "y"]'])
    assert TASK.usable_rows(rows, DOCUMENT).tolist() == [True, False, False, True, True]


def test_no_sentence_crosses_the_parts_of_the_split() -> None:
    rows = load_example("everyday-stories").frame
    parts = split_rows(rows, TASK, DOCUMENT, SplitPlan())
    seen: dict[str, set[str]] = {}
    for part in ("train", "validation", "test"):
        chosen = rows[parts == part]
        examples, _ = TASK.as_examples(chosen, DOCUMENT, seed=1)
        assert set(examples["label"]) == set(LABELS)
        seen[part] = set(examples["first"]) | set(examples["second"])
        assert seen[part] <= {sentence for text in chosen["document"] for sentence in split_sentences(text)}
        for row, first in zip(examples.index, examples["first"], strict=True):
            assert first in rows["document"][row]
    assert not seen["train"] & seen["test"] and not seen["train"] & seen["validation"]


def test_a_person_gives_two_sentences_whatever_the_model_learned_from() -> None:
    for columns in (DOCUMENT, PAIR):
        assert [role.name for role in TASK.asked(columns)] == ["first", "second"]
    assert TASK.inputs(DOCUMENT) == ["document"]
    assert TASK.inputs(PAIR) == ["first", "second"]


@pytest.mark.parametrize("name", FAMILIES)
def test_a_saved_model_says_in_its_config_that_0_means_next(name: str, tmp_path: Path) -> None:
    import transformers

    folder = tiny_checkpoint(name, tmp_path / "base")
    model, tokenizer = TASK.load_model(folder, BRIEF.target), TASK.load_processor(folder)
    model.save_pretrained(tmp_path / "saved")
    again = TASK.load_model(tmp_path / "saved", None)
    assert again.config.id2label == {0: "next", 1: "not next"}
    assert again.config.architectures == [type(model).__name__]
    assert type(model).__name__.endswith(f"For{FAMILIES[name]}")
    rows = pd.DataFrame({"first": ["the tea was late"], "second": ["we walked home"]}, dtype="str")
    [found] = predict_rows(TASK, again, tokenizer, rows, BRIEF)["scores"]
    auto = getattr(transformers, f"AutoModelFor{FAMILIES[name]}").from_pretrained(tmp_path / "saved").eval()
    with torch.inference_mode():
        logits = auto(**tokenizer("the tea was late", "we walked home", return_tensors="pt")).logits[0]
    assert found.tolist() == pytest.approx(logits.softmax(-1).tolist(), abs=1e-5)


def test_the_loss_of_the_head_takes_0_for_next(tmp_path: Path) -> None:
    folder = tiny_checkpoint("BERT", tmp_path / "base")
    model, tokenizer = TASK.load_model(folder, BRIEF.target).eval(), TASK.load_processor(folder)
    rows = {"first": ["the tea"], "second": ["was late"], "label": ["next"]}
    features = TASK.encode_training(tokenizer, rows, BRIEF)
    assert features["labels"] == [0]
    batch = {name: torch.tensor(features[name]) for name in ("input_ids", "token_type_ids", "labels")}
    with torch.inference_mode():
        said = model(**batch)
    assert float(said.loss) == pytest.approx(-float(said.logits.log_softmax(-1)[0, 0]), rel=1e-5)


def test_sentences_are_encoded_as_two_segments() -> None:
    tokenizer = TASK.load_processor(find_model("starter:minilm-l6").folder)
    encoded = TASK.encode(tokenizer, {"first": ["one two"], "second": ["three"]}, BRIEF)
    assert tokenizer.decode(encoded["input_ids"][0]) == "[CLS] one two [SEP] three [SEP]"


def test_baselines_see_both_sentences() -> None:
    train = pd.DataFrame(
        {"first": ["red car", "blue sky"] * 20, "second": ["the red car", "a stone"] * 20,
         "label": ["next", "not next"] * 20},
        dtype="str",
    )  # fmt: skip
    test = pd.DataFrame(
        {"first": ["green tea"] * 2, "second": ["the green tea", "old man"], "label": list(LABELS)},
        dtype="str",
    )
    found: dict[str, Any] = TASK.baselines(train, test, BRIEF)
    assert set(found) == {"majority", "tfidf", "word_overlap"}
    assert found["word_overlap"]["predicted"].tolist() == ["next", "not next"]
    assert np.allclose([row.sum() for row in found["word_overlap"]["scores"]], 1)


def test_the_usage_snippet_runs(tmp_path: Path) -> None:
    for name in ("BERT", "RoBERTa"):
        folder = tmp_path / name
        model = TASK.load_model(tiny_checkpoint(name, folder), BRIEF.target)
        model.save_pretrained(folder)
        code = TASK.usage(str(folder), BRIEF)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "'not next'" in done.stdout


def plain(model: str, rows: list[dict[str, str]]) -> list[str]:
    """Predictions of a saved folder by transformers alone; test_every_method runs this in a process without Atelier."""
    import torch
    from transformers import AutoModelForNextSentencePrediction, AutoTokenizer

    network, tokenizer = (
        AutoModelForNextSentencePrediction.from_pretrained(model).eval(),
        AutoTokenizer.from_pretrained(model),
    )
    found = []
    for row in rows:
        with torch.inference_mode():
            pair = tokenizer(row["first"], row["second"], return_tensors="pt")
            found.append(network.config.id2label[int(network(**pair).logits.argmax())])
    return found
