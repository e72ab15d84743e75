"""Translation: its columns, its baseline, and its saved folder in plain transformers."""

import pandas as pd
import pytest

from lib.data.examples import load_example
from lib.plan.columns import choose_columns
from lib.tasks.brief import Brief
from lib.tasks.translation import Translation
from tests.tasks.writing import pairs

TASK = Translation()
COLUMNS = {"source": "source", "target": "target"}
QUICK_MODEL = "scratch:t5-tiny"
QUICK_OPTIONS = {
    "epochs": 8,
    "learning_rate": 3e-3,
    "batch_size": 8,
    "max_length": 32,
    "max_target_length": 16,
}
# BLEU counts groups of four words, of which an untrained model finds none.
LEARNED = {"untuned": 0.02, "copy": 0.0}


@pytest.mark.parametrize("names", [("en", "fr"), ("source", "target"), ("english", "translation")])
def test_usual_names_of_columns_are_known(names: tuple[str, str]) -> None:
    rows = {name: [f"{text} words {n}" for n in range(60)] for name, text in zip(names, "ab", strict=True)}
    found, missing = choose_columns(TASK, pd.DataFrame(rows, dtype="str"))
    assert (found, missing) == ({"source": names[0], "target": names[1]}, [])


def test_the_untranslated_text_is_the_baseline() -> None:
    rows = pairs(
        TASK, ["the cat sleeps now", "Paris est belle ce soir"], ["le chat dort", "Paris est belle ce soir"]
    )
    brief = Brief(COLUMNS, TASK.describe_target(rows, COLUMNS))
    judged = TASK.baselines(rows, rows, brief)["copy"]
    assert judged["predicted"].tolist() == rows["source"].tolist()
    assert judged["correct"].tolist() == [False, True]
    assert set(TASK.score(judged, brief)) == {"bleu", "chrf"}


def test_translations_into_other_languages_are_not_stemmed_as_english() -> None:
    frame = load_example(TASK.example).frame
    target = TASK.describe_target(frame, {"source": "english", "target": "french"})
    assert "stemmer:none" in target["signatures"]["rouge"]


def plain(model: str, rows: list[dict[str, str]]) -> list[str]:
    """Translations of a saved folder by transformers alone; what is put before the text is in its config."""
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model)
    writer = AutoModelForSeq2SeqLM.from_pretrained(model)
    told = writer.config.task_specific_params["translation"]
    found = []
    for row in rows:
        text = told["prefix"] + next(iter(row.values()))
        read = tokenizer(text, truncation=True, max_length=told["max_source_length"], return_tensors="pt")
        ids = writer.generate(read["input_ids"], attention_mask=read["attention_mask"])[0]
        found.append(tokenizer.decode(ids, skip_special_tokens=True).strip())
    return found
