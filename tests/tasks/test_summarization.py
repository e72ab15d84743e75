"""Summarization: its columns, its baseline, and its saved folder in plain transformers."""

import pandas as pd
import pytest

from lib.plan.columns import choose_columns
from lib.tasks.brief import Brief
from lib.tasks.summarization import Summarization
from tests.tasks.writing import pairs

TASK = Summarization()
COLUMNS = {"text": "text", "summary": "summary"}
QUICK_MODEL = "scratch:t5-tiny"
QUICK_OPTIONS = {
    "epochs": 8,
    "learning_rate": 3e-3,
    "batch_size": 8,
    "max_length": 96,
    "max_target_length": 20,
}
# Nothing but chance writes a word of a headline before training; a few epochs teach the words that headlines share.
LEARNED = {"untuned": 0.05}


@pytest.mark.parametrize("names", [("article", "highlights"), ("document", "summary"), ("text", "headline")])
def test_usual_names_of_columns_are_known(names: tuple[str, str]) -> None:
    long, short = "a long text about many things and more " * 5, "a short text"
    rows = {name: [f"{text} {n}" for n in range(60)] for name, text in zip(names, (long, short), strict=True)}
    found, missing = choose_columns(TASK, pd.DataFrame(rows, dtype="str"))
    assert (found, missing) == ({"text": names[0], "summary": names[1]}, [])


def test_the_first_sentence_is_the_baseline() -> None:
    rows = pairs(
        TASK,
        ["It rained in Hollin. Then it stopped.", "A dog bit a man. He is fine."],
        ["Rain.", "A dog bit a man."],
    )
    brief = Brief(COLUMNS, TASK.describe_target(rows, COLUMNS) | {"mean_words": 20.0})
    judged = TASK.baselines(rows, rows, brief)["first_sentence"]
    assert judged["predicted"].tolist() == ["It rained in Hollin.", "A dog bit a man."]
    assert judged["rouge1"].iloc[1] == 1
    assert set(TASK.score(judged, brief)) == {"rouge1", "rouge2", "rougeL", "rougeLsum"}


def test_rows_need_both_texts() -> None:
    assert TASK.usable_rows(pairs(TASK, ["a", None, "c"], ["x", "y", None]), COLUMNS).tolist() == [
        True,
        False,
        False,
    ]


def plain(model: str, rows: list[dict[str, str]]) -> list[str]:
    """Summaries of a saved folder by transformers alone; what is put before the text is in its config."""
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model)
    writer = AutoModelForSeq2SeqLM.from_pretrained(model)
    told = writer.config.task_specific_params["summarization"]
    found = []
    for row in rows:
        text = told["prefix"] + next(iter(row.values()))
        read = tokenizer(text, truncation=True, max_length=told["max_source_length"], return_tensors="pt")
        ids = writer.generate(read["input_ids"], attention_mask=read["attention_mask"])[0]
        found.append(tokenizer.decode(ids, skip_special_tokens=True).strip())
    return found
