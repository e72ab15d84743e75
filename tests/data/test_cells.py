"""What structured cells mean, however they are written."""

import json
from typing import Any

import pytest

from lib.data.cells import as_answers, as_list, as_messages, as_spans, items_of, to_cell

LISTS: list[tuple[str, str | None, list[Any] | None]] = [
    ("JSON", '["a", "b"]', ["a", "b"]),
    ("numbers", " [0, 1] ", [0, 1]),
    ("an empty list", "[]", []),
    ("Python's quotes", "['it\\'s', \"b\"]", ["it's", "b"]),
    ("Python's constants", "[None, True]", [None, True]),
    ("nested", '[[0, 4, "PER"]]', [[0, 4, "PER"]]),
    ("a NumPy array's print", "['The' 'cat']", None),
    ("words that look like it in a string", """['a" "b', 'c']""", ['a" "b', "c"]),
    ("prose in brackets", "[deleted]", None),
    ("an object", '{"a": 1}', None),
    ("code", "[__import__('os').getcwd()]", None),
    ("deep nesting", "[" * 100_000 + "]" * 100_000, None),
    ("broken off", '["a", "b', None),
    ("missing", None, None),
    ("plain text", "a, b", None),
]


@pytest.mark.parametrize(("cell", "expected"), [case[1:] for case in LISTS], ids=[case[0] for case in LISTS])
def test_a_cell_holds_a_list_or_none(cell: str | None, expected: list[Any] | None) -> None:
    assert as_list(cell) == expected


def test_a_cell_is_read_back_as_it_was_written() -> None:
    value = ["naïve 😀", 'with "quotes"', [1, 2.5, None], {"a": True}]
    assert as_list(to_cell(value)) == value


def test_half_a_surrogate_pair_does_not_stay_in_a_cell() -> None:
    assert to_cell(["\ud83d", "\ud83d\ude00"]) == '["\ufffd", "😀"]'


MESSAGES: list[tuple[str, Any, list[tuple[str, str]] | None]] = [
    ("messages", [{"role": "User", "content": "hi"}, {"role": "assistant", "content": "ho"}],
     [("user", "hi"), ("assistant", "ho")]),
    ("ShareGPT", [{"from": "system", "value": "s"}, {"from": "human", "value": "hi"}, {"from": "gpt", "value": "ho"}],
     [("system", "s"), ("user", "hi"), ("assistant", "ho")]),
    ("tools", [{"role": "function", "content": "1"}, {"from": "tool", "value": "2"}], [("tool", "1"), ("tool", "2")]),
    ("content in parts", [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image"}]}],
     [("user", "a")]),
    ("nothing said", [{"role": "assistant", "content": None, "tool_calls": []}], [("assistant", "")]),
    ("a list of texts", ["hi", "ho"], None),
    ("an empty list", [], None),
    ("no role", [{"content": "hi"}], None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "expected"), [case[1:] for case in MESSAGES], ids=[case[0] for case in MESSAGES]
)
def test_chats_are_read_in_either_form(value: Any, expected: list[tuple[str, str]] | None) -> None:
    found = as_messages(json.dumps(value))
    assert (found and [(turn["role"], turn["content"]) for turn in found]) == expected


ANSWERS = [
    ("a list with starts", '[{"text": "a", "start": 3}]', None, [("a", 3)]),
    ("SQuAD's own list", '[{"text": "a", "answer_start": 3}]', None, [("a", 3)]),
    ("the flattened form", '{"text": ["a", "b"], "answer_start": [3, 5]}', None, [("a", 3), ("b", 5)]),
    ("the flattened form without an answer", '{"text": [], "answer_start": []}', None, []),
    ("no answer", "[]", None, []),
    ("plain text", "308 points", None, [("308 points", None)]),
    ("plain text and a start", "308", "34", [("308", 34)]),
    ("a start that pandas made a fraction", "308", "34.0", [("308", 34)]),
    ("a start that means none", "308", "-1", [("308", None)]),
    ("a list of texts", '["a", "b"]', "[3, 5]", [("a", 3), ("b", 5)]),
    ("text in brackets", "[sic]", None, [("[sic]", None)]),
    ("an empty text in a list", '[{"text": "", "start": 0}]', None, []),
    ("missing", None, "3", []),
]


@pytest.mark.parametrize(
    ("cell", "start", "expected"), [case[1:] for case in ANSWERS], ids=[case[0] for case in ANSWERS]
)
def test_answers_are_read_in_every_form(
    cell: str | None, start: str | None, expected: list[tuple[str, int | None]]
) -> None:
    assert [(answer["text"], answer["start"]) for answer in as_answers(cell, start)] == expected


SPANS = [
    ("objects", '[{"start": 0, "end": 4, "label": "PER"}]', [(0, 4, "PER")]),
    ("lists", '[[0, 4, "PER"], [5, 9, "LOC"]]', [(0, 4, "PER"), (5, 9, "LOC")]),
    ("Python's tuples", "[(0, 4, 'PER')]", [(0, 4, "PER")]),
    ("Doccano's names", '[{"start_offset": 0, "end_offset": 4, "label": "PER"}]', [(0, 4, "PER")]),
    ("a label in a list", '[{"start": 0, "end": 4, "label": ["PER"]}]', [(0, 4, "PER")]),
    ("no spans", "[]", []),
    ("one that is no span", '[[0, 4, "PER"], "x"]', None),
    ("a negative place", '[[-1, 4, "PER"]]', None),
    ("no label", '[{"start": 0, "end": 4}]', None),
    ("plain text", "PER", None),
]


@pytest.mark.parametrize(("cell", "expected"), [case[1:] for case in SPANS], ids=[case[0] for case in SPANS])
def test_spans_are_read_in_every_form(cell: str, expected: list[tuple[int, int, str]] | None) -> None:
    found = as_spans(cell)
    assert (
        found if found is None else [(one["start"], one["end"], one["label"]) for one in found]
    ) == expected


ITEMS = [
    ("strings", [["The", "cat"], []]),
    ("tags", [["O", "B-PER", "I-creative-work"], ["S-LOC", "L-X", "U-Y"]]),
    ("integers", [[0, 1], [2]]),
    ("numbers", [[0, 1.5]]),
    ("mixed", [[True, 1], ["x"]]),
    ("messages", [[{"role": "user", "content": "hi"}], [{"from": "gpt", "value": "ho"}]]),
    ("spans", [[{"start": 0, "end": 1, "label": "X", "text": "a"}], []]),
    ("spans", [[[0, 1, "X"]]]),
    ("answers", [[{"text": "a", "start": 0}]]),
    ("objects", [[{"a": 1}]]),
    ("", [[], []]),
]


@pytest.mark.parametrize(("expected", "lists"), ITEMS)
def test_what_lists_hold_is_told_by_all_their_items(expected: str, lists: list[list[Any]]) -> None:
    assert items_of(lists) == expected
