"""What annotation tools and libraries export arrives with the right task and roles guessed."""

# ruff: noqa: E501 – tables of cases read best with a case a line.

import json

import pandas as pd
import pytest

from lib.data.profile import profile_table
from lib.data.read import Table, read_table
from lib.plan.columns import choose_columns, suggested_task


def guessed(table: Table) -> tuple[str, dict[str, str]]:
    """The task that a table seems to be meant for, and its columns."""
    profile = profile_table(table.frame)
    task = suggested_task(profile)
    return task.slug, choose_columns(task, profile)[0]


def lines(*values: object) -> bytes:
    return "\n".join(json.dumps(value) for value in values).encode()


def many(value: dict[str, object]) -> bytes:
    """A few rows that differ in their text."""
    return lines(*({**value, "text": f"Anna lives in Berlin {number}"} for number in range(4)))


SPAN = {"start": 0, "end": 4, "label": "PER"}
TEXT = {"text": "Anna lives in Berlin"}
CONLL = "\n\n".join("Anna B-PER\nlives O\nin O\nBerlin B-LOC" for _ in range(3)) + "\n"
BILOU = "\n\n".join("Anna\tB-PER\nMay\tL-PER\nin\tO\nRome\tU-LOC" for _ in range(3)) + "\n"
STUDIO_SPANS = [
    {
        "id": number,
        "data": {"text": f"Anna lives in Berlin {number}"},
        "annotations": [
            {
                "result": [
                    {"type": "labels", "from_name": "label", "to_name": "text",
                     "value": {"start": 0, "end": 4, "text": "Anna", "labels": ["PER"]}}
                ]
            },
            {"result": []},
        ],
    }
    for number in range(4)
]  # fmt: skip
STUDIO_CHOICES = [
    {
        "id": number,
        "data": {"text": f"a text about number {number}"},
        "annotations": [
            {
                "result": [
                    {
                        "type": "choices",
                        "from_name": "sentiment",
                        "value": {"choices": [("good", "bad")[number % 2]]},
                    }
                ]
            }
        ],
    }
    for number in range(8)
]
STUDIO_SHORT = [
    {
        "id": n,
        "text": f"Anna lives in Berlin {n}",
        "label": [{"start": 0, "end": 4, "text": "Anna", "labels": ["PER"]}],
    }
    for n in range(4)
]
SPACY = [[f"Anna lives in Berlin {n}", {"entities": [[0, 4, "PER"], [14, 20, "LOC"]]}] for n in range(4)]
KAGGLE = "Sentence #,Word,POS,Tag\nSentence: 1,Anna,NNP,B-per\n,lives,VB,O\n,in,IN,O\nSentence: 2,Rome,NNP,B-geo\n,fell,VB,O\n"
NUMPY = (
    "tokens,ner_tags\n"
    + "\"['EU' 'rejects' 'German']\",\"['B-ORG' 'O' 'B-MISC']\"\n\"['Peter' 'Blackburn']\",\"['B-PER' 'I-PER']\"\n"
    * 2
)
PYTHON = "tokens,ner_tags\n\"['EU', \"\"John's\"\"]\",\"['B-ORG', 'O']\"\n\"['Peter', 'B']\",\"['B-PER', 'I-PER']\"\n"
RASA = (
    b"version: '3.1'\nnlu:\n- intent: travel\n  examples: |\n    - to [Berlin](city) please\n    - from [Rome](city)\n"
    b"- intent: greet\n  examples: |\n    - hello there\n- synonym: x\n  examples: |\n    - y\n"
)
MARKDOWN = b'## intent:travel\n- to [Berlin](city:berlin) please\n- from [Rome]{"entity": "city"}\n## intent:greet\n- hello\n'
FLAT = (
    b"question,context,answer\n"
    + b"Who sings?,Anna sings in the hall.,Anna\nWhere?,She lives in Rome.,Rome\nWhen?,It was in May.,May\n"
)
# As pandas writes what the `datasets` library gave it.
SQUAD_CELLS = "id,context,question,answers\n" + "".join(
    f"{number},{name} sings a song.,Who sings song {number}?,"
    f"\"{{'text': array(['{name}'], dtype=object), 'answer_start': array([0], dtype=int32)}}\"\n"
    for number, name in enumerate(("Anna", "Bert", "Cara", "Dora"))
)


# what it is, the bytes, the name, the task, the roles
GUESSED = [
    ("CoNLL", CONLL.encode(), "a.conll", "token-classification", {"tokens": "tokens", "tags": "tags"}),
    ("BILOU under a plain name", BILOU.encode(), "a.txt", "token-classification", {"tokens": "tokens", "tags": "tags"}),
    ("lists in JSON Lines", lines(*[{"tokens": ["EU", "said"], "ner_tags": [0, 1]}] * 3), "a.jsonl",
     "token-classification", {"tokens": "tokens", "tags": "ner_tags"}),
    ("Python lists in CSV", PYTHON.encode(), "a.csv", "token-classification", {"tokens": "tokens", "tags": "ner_tags"}),
    ("NumPy arrays in CSV", NUMPY.encode(), "a.csv", "token-classification", {"tokens": "tokens", "tags": "ner_tags"}),
    ("a word a row", KAGGLE.encode(), "a.csv", "token-classification", {"tokens": "tokens", "tags": "tags"}),
    ("doccano", many({"id": 1, "label": [[0, 4, "PER"]], "Comments": []}), "a.jsonl",
     "token-classification", {"text": "text", "spans": "label"}),
    ("doccano with relations", many({"id": 1, "entities": [{"id": 7, "label": "PER", "start_offset": 0, "end_offset": 4}],
     "relations": []}), "a.jsonl", "token-classification", {"text": "text", "spans": "entities"}),
    ("Prodigy", many({"_input_hash": 1, "_task_hash": 2, "spans": [{**SPAN, "token_start": 0, "token_end": 0}],
     "tokens": [{"text": "Anna", "start": 0, "end": 4, "id": 0}], "answer": "accept"}), "a.jsonl",
     "token-classification", {"text": "text", "spans": "spans"}),
    ("Label Studio", json.dumps(STUDIO_SPANS).encode(), "a.json", "token-classification", {"text": "text", "spans": "spans"}),
    ("Label Studio, short", json.dumps(STUDIO_SHORT).encode(), "a.json", "token-classification",
     {"text": "text", "spans": "label"}),
    ("Label Studio with choices", json.dumps(STUDIO_CHOICES).encode(), "a.json", "text-classification",
     {"text": "text", "label": "sentiment"}),
    ("spaCy", json.dumps(SPACY).encode(), "a.json", "token-classification", {"text": "text", "spans": "spans"}),
    ("the NER annotator", json.dumps({"classes": ["PER"], "annotations": SPACY}).encode(), "a.json",
     "token-classification", {"text": "text", "spans": "spans"}),
    ("Rasa", RASA, "nlu.yml", "token-classification", {"text": "text", "spans": "spans"}),
    ("Rasa in Markdown", MARKDOWN, "nlu.md", "token-classification", {"text": "text", "spans": "spans"}),
    ("spans within texts of a CSV", b"phrase\nto [Berlin](city) now\nfrom [Rome](city)\nhello\n", "a.csv",
     "token-classification", {"text": "phrase", "spans": "spans"}),
    ("questions in flat columns", FLAT, "a.csv", "question-answering",
     {"question": "question", "context": "context", "answers": "answer"}),
    ("SQuAD printed by pandas", SQUAD_CELLS.encode(), "a.csv", "question-answering",
     {"question": "question", "context": "context", "answers": "answers"}),
    ("messages", lines(*[{"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yes"}]}] * 3),
     "a.jsonl", "chat", {"messages": "messages"}),
    ("ShareGPT", lines(*[{"conversations": [{"from": "human", "value": "hi"}, {"from": "gpt", "value": "yes"}]}] * 3),
     "a.jsonl", "chat", {"messages": "conversations"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "name", "task", "columns"), [case[1:] for case in GUESSED], ids=[case[0] for case in GUESSED]
)
def test_task_and_roles_are_guessed(raw: bytes, name: str, task: str, columns: dict[str, str]) -> None:
    assert guessed(read_table(raw, name)) == (task, columns)


@pytest.mark.parametrize("case", [case for case in GUESSED if case[4].get("spans")], ids=lambda case: case[0])
def test_spans_lie_where_they_were_marked(case: tuple[str, bytes, str, str, dict[str, str]]) -> None:
    from lib.data.cells import as_spans

    table = read_table(case[1], case[2])
    pieces = {
        text[span["start"] : span["end"]]
        for text, cell in zip(table.frame[case[4]["text"]], table.frame[case[4]["spans"]], strict=True)
        for span in as_spans(cell) or []
    }
    assert pieces <= {"Anna", "Berlin", "Rome"} and pieces


def test_tasks_without_an_annotation_or_rejected_are_set_aside_with_why() -> None:
    studio = [*STUDIO_SPANS, {"id": 9, "data": {"text": "later"}, "annotations": []}]
    prodigy = lines({**TEXT, "_input_hash": 1, "answer": "accept", "spans": [SPAN]},
                    {**TEXT, "_input_hash": 2, "answer": "reject", "spans": [SPAN]})  # fmt: skip
    assert [line.reason for line in read_table(json.dumps(studio).encode(), "a.json").rejected] == [
        "It has no annotation."
    ]
    assert ["reject" in line.reason for line in read_table(prodigy, "a.jsonl").rejected] == [True]


def test_what_stands_under_other_headings_than_intents_is_set_aside() -> None:
    assert [line.text for line in read_table(RASA, "nlu.yml").rejected] == ["y"]


@pytest.mark.parametrize(
    "text",
    [
        "see [the page](https://example.org/a) and",
        "read [this](README.md)",
        "[1](www.example.org)",
        "a [note] (aside)",
    ],
)
def test_links_are_no_spans(text: str) -> None:
    table = read_table(f"text,label\n{text},x\n{text} 2,y\n{text} 3,x\n".encode(), "a.csv")
    assert (list(table.frame.columns), table.frame["text"][0]) == (["text", "label"], text)


def test_lists_that_numpy_cut_short_stay_text() -> None:
    frame = read_table(b'tokens,x\n"[1 2 ... 8 9]",a\n"[3 4 ... 6 7]",b\n', "a.csv").frame
    assert frame["tokens"][0] == "[1 2 ... 8 9]"


def test_words_in_rows_without_a_tag_are_set_aside() -> None:
    table = read_table(KAGGLE.replace(",in,IN,O", ",in,IN,").encode(), "a.csv")
    assert [line.text for line in table.rejected] == ["in nan"] or len(table.rejected) == 1
    assert [json.loads(cell) for cell in table.frame["tokens"]] == [["Anna", "lives"], ["Rome", "fell"]]


REAL = [
    ("ner/wnut17_train.conll", 3_394, "token-classification", {"tokens": "tokens", "tags": "tags"}),
    ("ner/wnut17_test.conll", 1_287, "token-classification", {"tokens": "tokens", "tags": "tags"}),
    ("ner/wnut17_validation.conll", 1_009, "token-classification", {"tokens": "tokens", "tags": "tags"}),
    ("ner/wnut17_train.jsonl", 3_394, "token-classification", {"tokens": "tokens", "tags": "ner_tags"}),
    ("questions/xquad_en.csv", 1_190, "question-answering",
     {"question": "question", "context": "context", "answers": "answer", "answer_start": "answer_start"}),
    ("chat/alpaca_en_demo.jsonl", 999, "chat", None),
    ("images/trash_photos.zip", 2_527, "image-classification", {"image": "image", "label": "label"}),
    ("summaries/scitldr_dev.csv", 619, "summarization", {"text": "article", "summary": "summary"}),
    ("text/tweets_emotion.csv", 5_052, "text-classification", {"text": "text", "label": "label"}),
]  # fmt: skip


@pytest.mark.parametrize(("file", "rows", "task", "columns"), REAL, ids=[case[0] for case in REAL])
def test_real_files_arrive_with_their_task_and_roles(
    file: str, rows: int, task: str, columns: dict[str, str] | None, shared_data: object, home: object
) -> None:
    table = read_table(shared_data / file)  # type: ignore[operator]
    found, roles = guessed(table)
    assert (len(table.frame), found, table.rejected) == (rows, task, ())
    assert columns is None or roles == columns
    assert not table.frame.isna().to_numpy().all() and isinstance(table.frame, pd.DataFrame)
