"""Which column is taken for which role."""

import json
from dataclasses import dataclass

import pandas as pd
import pytest

from lib.data.profile import profile_table
from lib.data.roles import guess_columns


@dataclass(frozen=True)
class SomeRole:
    name: str
    kind: str
    required: bool = True
    synonyms: tuple[str, ...] = ()


TEXT, LABEL = SomeRole("text", "text"), SomeRole("label", "label")
PAIR = SomeRole("text_pair", "text", required=False)
PROSE = [f"sentence number {n} goes on for a while" for n in range(40)]
MORE = [f"and a second one, the {n}th" for n in range(40)]
CLASSES = ["good", "bad"] * 20
SPLIT = ["train"] * 30 + ["test"] * 10
COUNT = [str(n) for n in range(40)]

CASES = [
    ("the plain names", {"text": PROSE, "label": CLASSES}, {"text": "text", "label": "label"}),
    ("any case and spaces", {"Label ": CLASSES, " TEXT": PROSE}, {"text": " TEXT", "label": "Label "}),
    ("tweets and sentiments", {"Sentiment": CLASSES, "Tweet": PROSE}, {"text": "Tweet", "label": "Sentiment"}),
    ("French", {"phrase": PROSE, "étiquette": CLASSES}, {"text": "phrase", "label": "étiquette"}),
    ("Chinese", {"文本": PROSE, "标签": CLASSES}, {"text": "文本", "label": "标签"}),
    ("German", {"Nachricht": PROSE, "Kategorie": CLASSES}, {"text": "Nachricht", "label": "Kategorie"}),
    ("parts of names", {"customer_message": PROSE, "ticket class": CLASSES},
     {"text": "customer_message", "label": "ticket class"}),
    ("names that say nothing", {"a": CLASSES, "b": PROSE}, {"text": "b", "label": "a"}),
    ("the longer of two texts", {"a": MORE, "b": PROSE, "c": CLASSES}, {"text": "b", "label": "c"}),
    ("an id and a split beside them", {"id": COUNT, "body": PROSE, "class": CLASSES, "split": SPLIT},
     {"text": "body", "label": "class"}),
    ("a split is never a label", {"text": PROSE, "split": SPLIT}, {"text": "text"}),
    ("an id named label", {"text": PROSE, "label": COUNT}, {"text": "text"}),
    ("a numeric label", {"text": PROSE, "label": ["0", "1"] * 20}, {"text": "text", "label": "label"}),
    ("an empty column named text", {"text": [None] * 40, "comment": PROSE, "label": CLASSES},
     {"text": "comment", "label": "label"}),
    ("a pair", {"sentence1": PROSE, "sentence2": MORE, "label": CLASSES},
     {"text": "sentence1", "label": "label", "text_pair": "sentence2"}),
    ("premise and hypothesis", {"premise": PROSE, "hypothesis": MORE, "gold_label": CLASSES},
     {"text": "premise", "label": "gold_label", "text_pair": "hypothesis"}),
    ("a second text is no pair without a name for it", {"text": PROSE, "remark": MORE, "label": CLASSES},
     {"text": "text", "label": "label"}),
    ("nothing fits", {"n": COUNT}, {}),
]  # fmt: skip


def lists(*values: object) -> list[str | None]:
    return [json.dumps(value) for value in values] * (40 // len(values))


WORDS = [json.dumps(["word", str(n), "here"]) for n in range(40)]
TAGS = lists(["O", "B-PER", "O"], ["O", "O", "O"])
CHATS = lists([{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}])
SHARED = lists([{"from": "human", "value": "hi"}, {"from": "gpt", "value": "ho"}])
ANSWERED = lists([{"text": "four", "start": 3}], [])
SPANNED = lists([{"start": 0, "end": 4, "label": "PER"}], [])
PHOTOS = [f"{n:016x}.jpg" for n in range(40)]
SCORES = [f"{n * 7 % 40 / 8}" for n in range(40)]
STARS = [str(n % 5) for n in range(40)]


def roles(*kinds: str) -> list[SomeRole]:
    return [SomeRole(kind, kind) for kind in kinds]


STRUCTURED = [
    ("tokens and tags", ["tokens", "tags"], {"tokens": WORDS, "tags": TAGS}, {"tokens": "tokens", "tags": "tags"}),
    ("tags by another name", ["tokens", "tags"], {"tokens": WORDS, "ner_tags": TAGS},
     {"tokens": "tokens", "tags": "ner_tags"}),
    ("tags as numbers", ["tokens", "tags"], {"words": WORDS, "ner_tags": lists([0, 1, 0])},
     {"tokens": "words", "tags": "ner_tags"}),
    ("tokens and tags by content", ["tokens", "tags"], {"a": TAGS, "b": WORDS}, {"tokens": "b", "tags": "a"}),
    ("parts of speech only by name", ["tokens", "tags"], {"tokens": WORDS, "upos": lists(["DET", "NOUN", "ADV"])},
     {"tokens": "tokens", "tags": "upos"}),
    ("numbers in lists are no tags without a name", ["tags"], {"a": lists([0, 1, 0])}, {}),
    ("plain texts are no tokens", ["tokens", "tags"], {"tokens": PROSE, "tags": CLASSES}, {}),
    ("messages", ["messages"], {"messages": CHATS}, {"messages": "messages"}),
    ("ShareGPT", ["messages"], {"id": COUNT, "conversations": SHARED}, {"messages": "conversations"}),
    ("messages by content", ["messages"], {"data": CHATS, "note": PROSE}, {"messages": "data"}),
    ("a text called messages is no chat", ["messages"], {"messages": PROSE}, {}),
    ("answers in lists", ["answers"], {"context": PROSE, "answers": ANSWERED}, {"answers": "answers"}),
    ("answers as text", ["answers"], {"context": PROSE, "answer": MORE}, {"answers": "answer"}),
    ("texts are no answers without a name", ["answers"], {"context": PROSE, "note": MORE}, {}),
    ("spans", ["text", "spans"], {"text": PROSE, "entities": SPANNED}, {"text": "text", "spans": "entities"}),
    ("spans by content", ["text", "spans"], {"body": PROSE, "marks": SPANNED}, {"text": "body", "spans": "marks"}),
    ("images", ["image", "label"], {"image": PHOTOS, "label": CLASSES}, {"image": "image", "label": "label"}),
    ("images by content", ["image", "label"], {"which": PHOTOS, "kind": CLASSES}, {"image": "which", "label": "kind"}),
    ("a text called image is none", ["image"], {"image": PROSE}, {}),
    ("several labels in lists", ["text", "labels"], {"text": PROSE, "topics": lists(["a", "b"], [])},
     {"text": "text", "labels": "topics"}),
    ("several labels in one cell", ["text", "labels"], {"text": PROSE, "labels": ["a, b", "c"] * 20},
     {"text": "text", "labels": "labels"}),
    ("a number", ["text", "number"], {"text": PROSE, "score": SCORES}, {"text": "text", "number": "score"}),
    ("few numbers that repeat", ["text", "number"], {"text": PROSE, "stars": STARS},
     {"text": "text", "number": "stars"}),
    ("a number by content", ["text", "number"], {"text": PROSE, "z": SCORES}, {"text": "text", "number": "z"}),
    ("of two numbers none is clear", ["number"], {"a": SCORES, "b": SCORES[::-1]}, {}),
    ("four values are too few for a number", ["number"], {"score": ["0", "1", "2", "3"] * 10}, {}),
    ("lists are neither text nor label", ["text", "label"], {"text": WORDS, "label": TAGS}, {}),
    ("images are neither text nor label", ["text", "label"], {"text": PHOTOS, "label": PHOTOS}, {}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kinds", "columns", "expected"), [case[1:] for case in STRUCTURED], ids=[case[0] for case in STRUCTURED]
)
def test_columns_of_lists_numbers_and_images_are_guessed(
    kinds: list[str], columns: dict[str, list[str | None]], expected: dict[str, str]
) -> None:
    frame = pd.DataFrame({name: pd.array(cells, dtype="str") for name, cells in columns.items()})
    assert guess_columns(frame, roles(*kinds)) == expected


@pytest.mark.parametrize(
    ("columns", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_the_columns_are_guessed(columns: dict[str, list[str | None]], expected: dict[str, str]) -> None:
    frame = pd.DataFrame({name: pd.array(cells, dtype="str") for name, cells in columns.items()})
    assert guess_columns(frame, [TEXT, PAIR, LABEL]) == expected


def test_a_profile_is_as_good_as_the_table() -> None:
    frame = pd.DataFrame({"tweet": pd.array(PROSE, dtype="str"), "y": pd.array(CLASSES, dtype="str")})
    assert guess_columns(profile_table(frame), [TEXT, LABEL]) == guess_columns(frame, [TEXT, LABEL])


def test_a_role_s_own_synonyms_come_first() -> None:
    frame = pd.DataFrame({"text": pd.array(PROSE, dtype="str"), "verse": pd.array(MORE, dtype="str")})
    assert guess_columns(frame, [SomeRole("poem", "text", synonyms=("verse",))]) == {"poem": "verse"}
