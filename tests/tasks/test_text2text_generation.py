"""Text to text: its columns, its baseline, and its saved folder in plain transformers."""

import pandas as pd
import pytest

from lib.plan.columns import choose_columns
from lib.tasks.brief import Brief
from lib.tasks.text2text_generation import Text2TextGeneration
from tests.tasks.writing import pairs

TASK = Text2TextGeneration()
COLUMNS = {"source": "source", "target": "target"}
QUICK_MODEL = "scratch:t5-tiny"
QUICK_OPTIONS = {
    "epochs": 8,
    "learning_rate": 3e-3,
    "batch_size": 8,
    "max_length": 48,
    "max_target_length": 20,
}
LEARNED = {"untuned": 0.2, "copy": 0.0}


@pytest.mark.parametrize("names", [("input", "output"), ("description", "title"), ("wrong", "corrected")])
def test_usual_names_of_columns_are_known(names: tuple[str, str]) -> None:
    rows = {name: [f"{text} words {n}" for n in range(60)] for name, text in zip(names, "ab", strict=True)}
    found, missing = choose_columns(TASK, pd.DataFrame(rows, dtype="str"))
    assert (found, missing) == ({"source": names[0], "target": names[1]}, [])


def test_the_text_itself_is_the_baseline_and_exact_match_is_counted() -> None:
    rows = pairs(TASK, ["a tea please", "two teas"], ["1 x tea", "Two  teas"])
    brief = Brief(COLUMNS, TASK.describe_target(rows, COLUMNS))
    scores = TASK.score(TASK.baselines(rows, rows, brief)["copy"], brief)
    assert scores["exact_match"] == 0.5
    assert set(scores) == {"rouge1", "rougeL", "exact_match", "bleu", "chrf"}


def plain(model: str, rows: list[dict[str, str]]) -> list[str]:
    """Texts of a saved folder by transformers alone; what is put before the text is in its config."""
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model)
    writer = AutoModelForSeq2SeqLM.from_pretrained(model)
    told = writer.config.task_specific_params["text2text-generation"]
    found = []
    for row in rows:
        text = told["prefix"] + next(iter(row.values()))
        read = tokenizer(text, truncation=True, max_length=told["max_source_length"], return_tensors="pt")
        ids = writer.generate(read["input_ids"], attention_mask=read["attention_mask"])[0]
        found.append(tokenizer.decode(ids, skip_special_tokens=True).strip())
    return found
