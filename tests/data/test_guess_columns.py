"""Which column is taken for which role."""

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
