"""Token classification: what it checks, how words and pieces are matched, and spans in the original text."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from seqeval.metrics import accuracy_score, f1_score, precision_score, recall_score
from seqeval.scheme import IOB2

from lib.analysis.judged import score_intervals
from lib.models.sources import find_model
from lib.tasks.annotated import document_of_words
from lib.tasks.brief import Brief
from lib.tasks.entity_spans import gathered_logits, predicted_row
from lib.tasks.predict import predict_rows
from lib.tasks.token_classification import TokenClassification
from lib.tasks.word_pieces import load_word_tokenizer
from tests.models.tiny import tiny_checkpoint

TASK = TokenClassification()
TAGGED, SPANNED = {"tokens": "tokens", "tags": "tags"}, {"text": "text", "spans": "spans"}
PLAIN_COLUMN = "tags"
QUICK_OPTIONS = {"learning_rate": 5e-4, "epochs": 4}
LEARNED = {"dictionary": 0.1}

WORDS = ["Anna", "Maria", "flew", "to", "New", "York", "unbelievably", "fast", "."]
TAGS = ["B-PER", "I-PER", "O", "O", "B-LOC", "I-LOC", "O", "O", "O"]


def cells(**columns: list[Any]) -> pd.DataFrame:
    """A table of text cells; lists are written as JSON."""
    return pd.DataFrame(
        {
            name: pd.Series(
                [json.dumps(cell) if isinstance(cell, list) else cell for cell in values], dtype="str"
            )
            for name, values in columns.items()
        }
    )


def tagged(*rows: tuple[list[str], list[Any]]) -> pd.DataFrame:
    return cells(tokens=[row[0] for row in rows], tags=[row[1] for row in rows])


def spanned(*rows: tuple[str, list[tuple[int, int, str]]]) -> pd.DataFrame:
    return cells(text=[row[0] for row in rows], spans=[[list(span) for span in row[1]] for row in rows])


def brief_of(frame: pd.DataFrame, columns: dict[str, str], *, max_length: int = 64, **options: Any) -> Brief:
    return Brief(columns, TASK.describe_target(frame, columns), max_length, options)


def plain_rows(frame: pd.DataFrame) -> dict[str, list[Any]]:
    return {str(name): frame[name].tolist() for name in frame}


GOOD = [(["Anna", "saw", "Rome"], ["B-PER", "O", "B-LOC"])] * 60
BAD_TAGS: list[tuple[str, pd.DataFrame, str, str]] = [
    ("no tags", cells(tokens=[["a"]] * 50, tags=[None] * 50), "tags-all-missing", "error"),
    ("tags missing", cells(tokens=[["Ann"]] * 60, tags=[None, *[["B-PER"]] * 59]), "tags-missing", "warning"),
    ("a tag too few", tagged(*GOOD, (["Anna", "came"], ["B-PER"])), "tags-uneven", "warning"),
    ("nowhere as many tags as tokens", tagged(*[(["a", "b"], ["O"])] * 50), "tags-uneven", "error"),
    ("only O", tagged(*[(["a", "b"], ["O", "O"])] * 50), "no-entities", "error"),
    ("an I that nothing began", tagged(*GOOD, (["in", "Rome"], ["O", "I-LOC"])), "tags-invalid", "warning"),
    ("tags with and without marks", tagged(*GOOD, (["in", "Rome"], ["O", "LOC"])), "tags-mixed", "error"),
    ("tags that are numbers", tagged(*[(["in", "Rome"], [0, 1])] * 60), "tags-are-numbers", "warning"),
    ("a rare label", tagged(*GOOD, (["Acme"], ["B-ORG"])), "labels-rare", "warning"),
    ("few rows", tagged(*GOOD[:20]), "few-rows", "warning"),
]  # fmt: skip
FINE = [("Anna saw Rome", [(0, 4, "PER"), (9, 13, "LOC")])] * 60
BAD_SPANS: list[tuple[str, pd.DataFrame, str, str]] = [
    ("no list of spans", cells(text=["a b"] * 50, spans=["none"] * 50), "spans-all-missing", "error"),
    ("spans missing", cells(text=["Ann"] * 60, spans=[None, *['[[0, 3, "PER"]]'] * 59]), "tags-missing", "warning"),
    ("no span anywhere", spanned(*[("a b", [])] * 50), "no-entities", "error"),
    ("a span beyond the text", spanned(*FINE, ("Rome", [(2, 9, "LOC")])), "spans-outside", "warning"),
    ("a span of white space", spanned(*FINE, ("in Rome", [(2, 3, "LOC")])), "spans-outside", "warning"),
    ("nested spans", spanned(*FINE, ("Anna Lee", [(0, 8, "PER"), (0, 4, "PER")])), "spans-overlapping", "warning"),
    ("a span inside a word", spanned(*FINE, ("Romans", [(0, 4, "LOC")])), "spans-widened", "warning"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "columns", "code", "severity"),
    [(row[1], TAGGED, *row[2:]) for row in BAD_TAGS] + [(row[1], SPANNED, *row[2:]) for row in BAD_SPANS],
    ids=[row[0] for row in (*BAD_TAGS, *BAD_SPANS)],
)
def test_rows_that_would_spoil_a_run_are_named(
    rows: pd.DataFrame, columns: dict[str, str], code: str, severity: str
) -> None:
    found = {problem.code: problem for problem in TASK.check(rows, columns)}
    assert found[code].severity == severity
    assert found[code].where and found[code].fix


@pytest.mark.parametrize(("rows", "columns"), [(tagged(*GOOD), TAGGED), (spanned(*FINE), SPANNED)])
def test_good_rows_raise_no_problem_and_are_all_usable(rows: pd.DataFrame, columns: dict[str, str]) -> None:
    assert TASK.check(rows, columns) == []
    assert TASK.usable_rows(rows, columns).all()


def test_rows_of_which_words_and_tags_differ_in_number_are_named_and_left_out() -> None:
    rows = tagged(*GOOD, (["Anna", "came"], ["B-PER"]))
    assert "row 61" in next(p.what for p in TASK.check(rows, TAGGED) if p.code == "tags-uneven")
    assert TASK.usable_rows(rows, TAGGED).tolist() == [True] * 60 + [False]


def test_rows_without_entities_are_usable_and_rows_that_nobody_annotated_are_not() -> None:
    rows = cells(text=["nothing here", "not seen yet", " "], spans=["[]", None, "[]"])
    assert TASK.usable_rows(rows, SPANNED).tolist() == [True, False, False]


SCHEMES = [
    ("IOB2", ["B-PER", "I-PER", "O", "B-LOC"]),
    ("IOB1", ["I-PER", "I-PER", "O", "I-LOC"]),
    ("BIOES", ["B-PER", "E-PER", "O", "S-LOC"]),
    ("BILOU", ["B-PER", "L-PER", "O", "U-LOC"]),
    ("labels without marks", ["PER", "PER", "O", "LOC"]),
]


@pytest.mark.parametrize("tags", [row[1] for row in SCHEMES], ids=[row[0] for row in SCHEMES])
def test_every_scheme_is_learned_as_the_same_iob2_tags(tags: list[str]) -> None:
    rows = tagged((["Anna", "Lee", "in", "Rome"], tags))
    brief = brief_of(rows, TAGGED)
    assert brief.target["tags"] == ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"]
    assert brief.target["counts"] == {"O": 1, "B-LOC": 1, "I-LOC": 0, "B-PER": 1, "I-PER": 1}
    tokenizer = load_word_tokenizer(find_model("starter:minilm-l6").folder)
    encoded = TASK.encode_training(tokenizer, plain_rows(rows), brief)
    assert [label for label in encoded["labels"][0] if label != -100] == [3, 4, 0, 1]


def test_spans_of_characters_become_the_tags_of_the_words_they_touch() -> None:
    rows = spanned(("Mr. O'Neil left Rome.", [(4, 10, "PER"), (16, 19, "LOC")]))
    brief = brief_of(rows, SPANNED)
    judged = TASK.judge(pd.DataFrame([predicted_row(*said(rows, "O" * 8))]), rows, brief)
    spans = json.loads(judged["gold"][0])
    assert [(span["text"], span["label"]) for span in spans] == [("O'Neil", "PER"), ("Rome", "LOC")]


def said(rows: pd.DataFrame, tags: str) -> tuple[Any, list[str], None, Any]:
    from lib.tasks.annotated import read_documents

    return read_documents(plain_rows(rows), SPANNED)[0], list(tags), None, "conlleval"


ARCHITECTURES = ["BERT", "RoBERTa", "DeBERTa-v3", "ALBERT", "ModernBERT"]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_first_piece_of_each_word_is_labelled_and_no_other(architecture: str, tmp_path: Path) -> None:
    """Against the pieces of each word tokenised by itself."""
    folder = tiny_checkpoint(architecture, tmp_path / "model")
    tokenizer = load_word_tokenizer(folder)
    rows = tagged((WORDS, TAGS))
    brief = brief_of(rows, TAGGED, max_length=128)
    encoded = TASK.encode_training(tokenizer, plain_rows(rows), brief)
    expected_ids, expected = [], []
    for word, tag in zip(WORDS, TAGS, strict=True):
        ids = tokenizer([word], is_split_into_words=True, add_special_tokens=False)["input_ids"]
        expected_ids += ids
        expected += [brief.target["tags"].index(tag), *[-100] * (len(ids) - 1)]
    assert encoded["input_ids"][0][1:-1] == expected_ids
    assert encoded["labels"][0] == [-100, *expected, -100]


@pytest.mark.parametrize("architecture", ["RoBERTa", "ModernBERT"])
def test_byte_level_words_are_read_as_they_were_in_running_text(architecture: str, tmp_path: Path) -> None:
    """And still so after the tokenizer was saved with the model and loaded by transformers alone."""
    from transformers import AutoTokenizer

    tokenizer = load_word_tokenizer(tiny_checkpoint(architecture, tmp_path / "model"))
    tokenizer.save_pretrained(tmp_path / "saved")
    words = ["the", "garden", "was", "kind"]
    for loaded in (tokenizer, AutoTokenizer.from_pretrained(tmp_path / "saved")):
        ids = loaded(words, is_split_into_words=True)["input_ids"]
        assert ids == loaded("the garden was kind")["input_ids"]
        assert all(piece.startswith("\u0120") for piece in (loaded.convert_ids_to_tokens(ids)[1],))


def one_hot(labels: list[int], tags: int) -> np.ndarray:
    """Logits that are sure of the labels; whatever is not labelled says the last tag."""
    return np.eye(tags)[[label if label >= 0 else tags - 1 for label in labels]] * 20


@pytest.mark.parametrize("max_length", [8, 12, 33, 512])
@pytest.mark.parametrize("stride", [0, 4, 32])
def test_no_entity_is_lost_however_short_the_model_reads(max_length: int, stride: int) -> None:
    """A model that says each labelled piece rightly gives back every entity with its characters."""
    random = np.random.default_rng(max_length + stride)
    tokenizer = load_word_tokenizer(find_model("starter:minilm-l6").folder)
    rows = []
    for length in (1, 5, 40, 200):
        words = [
            str(word) for word in random.choice([*WORDS, "\u0007", "", "antidisestablishment"], size=length)
        ]
        rows.append(
            (words, [str(tag) for tag in random.choice(["O", "B-PER", "I-PER", "B-LOC"], size=length)])
        )
    frame = tagged(*rows, (["Rome"], ["B-LOC"]), (["Al", "Jo"], ["B-PER", "I-PER"]))
    brief = brief_of(frame, TAGGED, max_length=max_length, stride=stride)
    tags = brief.target["tags"]
    encoded = TASK.encode_training(tokenizer, plain_rows(frame), brief)
    assert max(encoded["length"]) <= max_length and not any(encoded["truncated"])
    assert [len(ids) for ids in encoded["input_ids"]] == encoded["length"]
    raw = [one_hot(labels, len(tags)) for labels in encoded["labels"]]
    decoded = TASK.decode(raw, encoded, plain_rows(frame), brief)
    judged = TASK.judge(decoded, frame, brief)
    for _, row in judged.iterrows():
        for span in json.loads(row["predicted"]):
            assert row["text"][span["start"] : span["end"]] == span["text"]
    # Entities of words that no tokenizer reads cannot be found; all others are.
    readable = {"\u0007", ""}
    for row, words in zip(judged.itertuples(), [row[0] for row in rows], strict=False):
        if not readable & set(words):
            assert row.correct
    read = gathered_logits(raw, encoded, len(frame))
    for (document, words, _), row in zip(read, [*rows, (["Rome"], []), (["Al", "Jo"], [])], strict=True):
        assert sorted(words) == [place for place, word in enumerate(row[0]) if word not in readable]
        assert document.words == row[0]


def test_a_word_longer_than_the_window_is_read_in_part_and_the_rest_whole() -> None:
    tokenizer = load_word_tokenizer(find_model("starter:minilm-l6").folder)
    frame = tagged((["Anna", "x1" * 40, "Rome"], ["B-PER", "O", "B-LOC"]))
    brief = brief_of(frame, TAGGED, max_length=16)
    encoded = TASK.encode_training(tokenizer, plain_rows(frame), brief)
    assert sum(encoded["truncated"]) == 1
    raw = [one_hot(labels, 5) for labels in encoded["labels"]]
    assert TASK.judge(TASK.decode(raw, encoded, plain_rows(frame), brief), frame, brief)["correct"].all()


def test_words_that_vanish_shift_nothing_and_do_not_break_an_entity() -> None:
    tokenizer = load_word_tokenizer(find_model("starter:minilm-l6").folder)
    words = ["\u200b", "New", "\u0007", "York", "", "wins"]
    frame = tagged((words, ["O", "B-LOC", "I-LOC", "I-LOC", "O", "O"]))
    brief = brief_of(frame, TAGGED)
    encoded = TASK.encode_training(tokenizer, plain_rows(frame), brief)
    pieces = tokenizer.convert_ids_to_tokens(encoded["input_ids"][0])
    assert [(piece, label) for piece, label in zip(pieces, encoded["labels"][0], strict=True) if label >= 0] == [
        ("new", 1), ("york", 2), ("wins", 0),
    ]  # fmt: skip
    raw = [one_hot(labels, 3) for labels in encoded["labels"]]
    judged = TASK.judge(TASK.decode(raw, encoded, plain_rows(frame), brief), frame, brief)
    assert judged["correct"][0] and judged["words_correct"][0] == 6


def test_a_text_is_asked_for_whatever_the_model_was_trained_on() -> None:
    for columns in (TAGGED, SPANNED):
        assert [role.name for role in TASK.asked(columns)] == ["text"]
    tokenizer = load_word_tokenizer(find_model("starter:minilm-l6").folder)
    brief = brief_of(tagged((WORDS, TAGS)), TAGGED).changed(columns={"text": "t"})
    rows = {"t": ["So,  Rome\tit is."]}
    encoded = TASK.encode(tokenizer, rows, brief)
    raw = [one_hot([0, 0, 0, 1, 0, 0, 0, 0], 5)]
    spans = json.loads(TASK.decode(raw, encoded, rows, brief)["predicted"][0])
    assert [(s["start"], s["end"], s["label"], s["text"]) for s in spans] == [(5, 9, "LOC", "Rome")]
    assert spans[0]["confidence"] > 0.99


@pytest.mark.parametrize(("scoring", "found"), [("conlleval", ["York"]), ("strict", [])])
def test_an_i_without_its_b_begins_an_entity_unless_scoring_is_strict(scoring: str, found: list[str]) -> None:
    tokenizer = load_word_tokenizer(find_model("starter:minilm-l6").folder)
    frame = tagged((["in", "York"], ["O", "B-LOC"]))
    brief = brief_of(frame, TAGGED, scoring=scoring)
    encoded = TASK.encode(tokenizer, plain_rows(frame), brief)
    decoded = TASK.decode([one_hot([0, 0, 2, 0], 3)], encoded, plain_rows(frame), brief)
    assert [span["text"] for span in json.loads(decoded["predicted"][0])] == found


@pytest.mark.parametrize("mode", ["conlleval", "strict"])
def test_scores_equal_seqevals(mode: str) -> None:
    random = np.random.default_rng(5)
    tags = ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"]
    gold, rows, lines = [], [], []
    for _ in range(200):
        length = int(random.integers(1, 12))
        right: list[str] = []
        for _ in range(length):
            before = right[-1][2:] if right else ""
            right.append(str(random.choice([tag for tag in tags if tag[0] != "I" or tag[2:] == before])))
        guess = [
            str(tag) if random.random() < 0.3 else right[n]
            for n, tag in enumerate(random.choice(tags, length))
        ]
        words = [f"w{n}" for n in range(length)]
        gold.append(right)
        rows.append((words, right))
        lines.append(predicted_row(document_of_words(words), guess, None, mode))  # type: ignore[arg-type]
    frame = tagged(*rows)
    brief = brief_of(frame, TAGGED, scoring=mode)
    judged = TASK.judge(pd.DataFrame(lines), frame, brief)
    guessed = [json.loads(line["tags"]) for line in lines]
    settings = {"mode": "strict", "scheme": IOB2} if mode == "strict" else {}
    assert TASK.score(judged, brief) == pytest.approx(
        {
            "entity_f1": f1_score(gold, guessed, **settings),
            "entity_precision": precision_score(gold, guessed, **settings),
            "entity_recall": recall_score(gold, guessed, **settings),
            "token_accuracy": accuracy_score(gold, guessed),
        }
    )
    for name, (low, high) in score_intervals(TASK.output(brief.target), judged).items():
        assert low < TASK.score(judged, brief)[name] < high


def test_the_loss_is_the_mean_over_the_words_and_an_unknown_label_has_none() -> None:
    tokenizer = load_word_tokenizer(find_model("starter:minilm-l6").folder)
    brief = brief_of(tagged((["a", "Rome"], ["O", "B-LOC"])), TAGGED)
    frame = tagged((["a", "Rome"], ["O", "B-LOC"]), (["a", "Anna"], ["O", "B-PER"]))
    encoded = TASK.encode(tokenizer, plain_rows(frame), brief)
    logits = np.log([[1, 1, 1], [0.5, 0.3, 0.2], [0.1, 0.7, 0.2], [1, 1, 1]])
    judged = TASK.judge(TASK.decode([logits, logits], encoded, plain_rows(frame), brief), frame, brief)
    assert judged["loss"].tolist() == pytest.approx([-np.log([0.5, 0.7]).mean(), -np.log(0.5)])
    assert judged["confidence"].tolist() == pytest.approx([0.5, 0.5])
    assert judged["fn"].tolist() == [0, 1] and judged["fp"].tolist() == [0, 1]


def test_the_dictionary_marks_the_longest_known_sequence_with_its_commonest_label() -> None:
    train = tagged(
        (["New", "York"], ["B-LOC", "I-LOC"]),
        (["York"], ["B-ORG"]),
        (["York"], ["B-LOC"]),
        (["York"], ["B-LOC"]),
    )
    test = tagged((["from", "New", "York", "to", "York", "or", "york"], ["O"] * 7))
    brief = brief_of(train, TAGGED)
    judged = TASK.baselines(train, test, brief)["dictionary"]
    spans = json.loads(judged["predicted"][0])
    assert [(span["text"], span["label"]) for span in spans] == [("New York", "LOC"), ("York", "LOC")]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory, tiny_encoder: Path) -> tuple[Path, Brief]:
    """An untrained model with a head that marks something, saved as a run saves it, and its brief."""
    import torch

    texts = ["Anna Lee saw New York, N.Y. (again).", "In Rome it's 30\u00b0; don't go!", "Ok"]
    brief = brief_of(spanned(*[(text, [(0, 2, "PER"), (3, 4, "LOC")]) for text in texts[:2]]), SPANNED)
    torch.manual_seed(1)
    model = TASK.load_model(tiny_encoder, brief.target)
    with torch.no_grad():
        model.classifier.weight.normal_(std=3.0)
    folder = tmp_path_factory.mktemp("saved")
    model.save_pretrained(folder)
    TASK.load_processor(tiny_encoder).save_pretrained(folder)
    return folder, brief


TEXTS = [
    "Anna Lee saw New York, N.Y. (again).",
    "In Rome it's 30 below; don't go!",
    "Ok",
    "a b c d e f g h i j",
]


def test_the_saved_folder_says_the_same_in_transformers_own_pipeline(saved: tuple[Path, Brief]) -> None:
    from transformers import pipeline

    folder, brief = saved
    find = pipeline("token-classification", model=str(folder), aggregation_strategy="first", device="cpu")
    frame = cells(text=TEXTS)
    brief = brief.changed(columns={"text": "text"})
    found = predict_rows(
        TASK, TASK.load_model(folder, None).eval(), TASK.load_processor(folder), frame, brief
    )
    assert sum(len(json.loads(cell)) for cell in found["predicted"]) > 5
    for text, cell, tags in zip(TEXTS, found["predicted"], found["tags"], strict=True):
        ours = [(span["start"], span["end"], span["label"]) for span in json.loads(cell)]
        theirs = [(group["start"], group["end"], group["entity_group"]) for group in find(text)]
        assert ours == theirs
        assert plain(str(folder), [{"text": text}]) == [tags]


def test_the_usage_snippet_runs_and_prints_entities(saved: tuple[Path, Brief]) -> None:
    folder, brief = saved
    code = TASK.usage(str(folder), brief)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert re.search(r"^(PER|LOC) \S.* \d+ \d+ 0\.\d+", done.stdout, re.MULTILINE)


def plain(model: str, rows: list[dict[str, str]]) -> list[str]:
    """One tag a word by transformers alone; test_every_method runs this in a process without Atelier."""
    import json
    import re

    import torch
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model)
    network = AutoModelForTokenClassification.from_pretrained(model).eval()
    found = []
    for row in rows:
        words = json.loads(row["tokens"]) if "tokens" in row else re.findall(r"\w+|[^\w\s]", row["text"])
        batch = tokenizer([words], is_split_into_words=True, return_tensors="pt")
        with torch.no_grad():
            best = network(**batch).logits[0].argmax(dim=-1).tolist()
        tags = ["O"] * len(words)
        seen = set()
        for place, word in enumerate(batch.word_ids(0)):
            if word is not None and word not in seen:
                seen.add(word)
                tags[word] = network.config.id2label[best[place]]
        found.append(json.dumps(tags, ensure_ascii=False))
    return found
