"""What `read_table` makes of JSON Lines, JSON documents and SQuAD."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from lib.data import keyed
from lib.data.read import read_table
from lib.errors import UserError
from lib.settings import get_settings


def rows(raw: bytes, name: str) -> list[dict[str, str | None]]:
    frame = read_table(raw, name).frame
    return [
        {key: None if pd.isna(cell) else cell for key, cell in row.items()}
        for row in frame.to_dict("records")
    ]


AB = [{"text": "a", "label": "x"}, {"text": "b", "label": "y"}]
LINES = "".join(json.dumps(row) + "\n" for row in AB).encode()

READABLE: list[tuple[str, str, bytes, list[dict[str, str | None]]]] = [
    ("JSON Lines", "a.jsonl", LINES, AB),
    ("JSON Lines under other names", "a.txt", LINES, AB),
    ("JSON Lines called JSON", "a.json", LINES, AB),
    ("one line", "a.ndjson", b'{"text": "a"}', [{"text": "a"}]),
    ("empty lines between", "a.jsonl", LINES.replace(b"\n", b"\r\n\r\n"), AB),
    ("a mark", "a.jsonl", b"\xef\xbb\xbf" + LINES, AB),
    ("UTF-16", "a.jsonl", LINES.decode().encode("utf-16"), AB),
    ("a list of objects", "a.json", json.dumps(AB, indent=2).encode(), AB),
    ("a list under the name of lines", "a.jsonl", json.dumps(AB, indent=2).encode(), AB),
    ("a list in an object", "a.json", json.dumps({"version": "1", "data": AB}).encode(), AB),
    ("by columns", "a.json", b'{"text": ["a", "b"], "label": ["x", "y"]}', AB),
    ("by columns and index, as pandas writes", "a.json", pd.DataFrame(AB).to_json().encode(), AB),
    ("by records, as pandas writes", "a.json", pd.DataFrame(AB).to_json(orient="records").encode(), AB),
    ("different keys", "a.jsonl", b'{"text": "a"}\n{"label": "y", "text": "b"}\n',
     [{"text": "a", "label": None}, {"text": "b", "label": "y"}]),
    ("numbers, booleans and null", "a.jsonl", b'{"a": 1, "b": true, "c": 0.5}\n{"a": -2e3, "b": false, "c": null}\n',
     [{"a": "1", "b": "true", "c": "0.5"}, {"a": "-2000.0", "b": "false", "c": None}]),
    ("NaN", "a.jsonl", b'{"a": NaN, "b": 1}\n', [{"b": "1"}]),
    ("empty and blank texts", "a.jsonl", b'{"a": "", "b": "x"}\n{"a": "y", "b": " \\n"}\n',
     [{"a": None, "b": "x"}, {"a": "y", "b": None}]),
    ("lists and objects", "a.jsonl", '{"t": ["é", ""], "n": {"k": {"l": null}}, "e": []}\n'.encode(),
     [{"t": '["é", ""]', "n": '{"k": {"l": null}}', "e": "[]"}]),
    ("tags as integers", "a.jsonl", b'{"tokens": ["a", "b"], "ner_tags": [0, 1]}\n',
     [{"tokens": '["a", "b"]', "ner_tags": "[0, 1]"}]),
    ("line separators of Unicode in a text", "a.jsonl", '{"t": "a\u2028b"}\n{"t": "c"}\n'.encode(),
     [{"t": "a\u2028b"}, {"t": "c"}]),
    ("half a surrogate pair", "a.jsonl", b'{"t": "a\\ud83d"}\n{"t": "\\ud83d\\ude00"}\n', [{"t": "a�"}, {"t": "😀"}]),
    ("keys that differ by a space", "a.jsonl", b'{"t": "a", "t ": "b"}\n', [{"t": "a", "t_2": "b"}]),
    ("text that means missing", "a.jsonl", b'{"t": "NA", "u": "null"}\n', [{"t": "NA", "u": "null"}]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "raw", "expected"), [case[1:] for case in READABLE], ids=[case[0] for case in READABLE]
)
def test_objects_are_rows_and_keys_are_columns(
    name: str, raw: bytes, expected: list[dict[str, str | None]]
) -> None:
    assert rows(raw, name) == expected


DELIMITED = [
    ("cells that are JSON", 'text,answers\na,"[{""text"": ""b""}]"\nc,"{""k"": 1}"\n'),
    ("a header in brackets", "[text],[label]\na,x\nb,y\n"),
    ("a text that begins with a tag", "[tag] some text,x\n[tag] more text,y\n[tag] even more,x\n"),
    ("one column of lists", '["a", "b"]\n["c", "d"]\n'),
    ("cells of objects first", '{"a": 1},x\n{"b": 2},y\n'),
]


@pytest.mark.parametrize("raw", [case[1] for case in DELIMITED], ids=[case[0] for case in DELIMITED])
def test_a_csv_with_json_in_it_stays_a_csv(raw: str) -> None:
    assert read_table(raw.encode(), "rows.csv").format["format"] == "delimited"


BROKEN = [
    ("broken off", b'{"text": "b"', "not valid JSON"),
    ("a list", b'["b"]', "It is a list, not an object."),
    ("a number", b"5", "It is a number, not an object."),
    ("nested without end", b'{"text": ' + b"[" * 100_000, "nested too deeply"),
    ("a number of 5,000 digits", b'{"text": ' + b"9" * 5_000 + b"}", "too long"),
]


@pytest.mark.parametrize(("line", "reason"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_a_broken_line_is_set_aside_with_a_reason(line: bytes, reason: str) -> None:
    table = read_table(b'{"text": "a"}\n' + line + b'\n{"text": "c"}\n', "a.jsonl")
    assert table.frame["text"].tolist() == ["a", "c"]
    assert [found.line for found in table.rejected] == [2]
    assert reason in table.rejected[0].reason
    assert [problem.code for problem in table.problems] == ["rejected-lines"]


REFUSED = [
    ("a broken document", b'[{"text": "a"},\n {"text": }]', "broken-json", "line 2, column 11"),
    ("a document broken off", b'[{"text": "a"}, {"te', "broken-json", "not valid JSON"),
    ("numbers", b"[1, 2]", "no-rows", "a number, not an object"),
    ("an empty list", b"[]", "no-rows", "no rows"),
    ("empty objects", b'[{}, {"a": ""}]', "no-rows", "no rows"),
    ("several tables", b'{"a": [{"t": 1}], "b": [{"t": 2}, {"t": 3}]}', "not-a-table", "2 tables: a, b"),
    ("settings", b'{"name": "x", "size": {"w": 1}}', "not-a-table", "a single object"),
]


@pytest.mark.parametrize(
    ("raw", "code", "says"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_what_holds_no_rows_is_refused_with_the_reason(raw: bytes, code: str, says: str) -> None:
    with pytest.raises(UserError) as refusal:
        read_table(raw, "a.json")
    problem = refusal.value.problems[0]
    assert (problem.code, says in problem.what) == (code, True), problem


def test_an_element_that_is_no_object_is_set_aside() -> None:
    table = read_table(b'[{"t": "a"}, "b", {"t": "c"}]', "a.json")
    assert [(line.line, line.text) for line in table.rejected] == [(2, '"b"')]
    assert len(table.frame) == 2


def test_empty_rows_and_columns_are_removed_and_counted() -> None:
    table = read_table(b'{"t": "a", "n": null}\n{"t": "", "n": ""}\n', "a.jsonl")
    assert list(table.frame.columns) == ["t"]
    assert {"1 empty row was removed.", "1 empty column was removed (n)."} <= set(table.repairs)


LIMITS = [
    ("max_rows", 2, b'{"t": "a"}\n' * 3, "more than 2 rows"),
    ("max_columns", 2, b'{"a": 1, "b": 2, "c": 3}\n', "more than 2 different keys"),
]


@pytest.mark.parametrize(("limit", "value", "raw", "says"), LIMITS)
def test_more_than_is_accepted_is_refused(
    monkeypatch: pytest.MonkeyPatch, limit: str, value: int, raw: bytes, says: str
) -> None:
    small = replace(get_settings(), **{limit: value})
    monkeypatch.setattr(keyed, "get_settings", lambda: small)
    with pytest.raises(UserError, match=says):
        read_table(raw, "a.jsonl")


def test_a_cell_over_the_limit_is_set_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    small = replace(get_settings(), max_cell_characters=20)
    monkeypatch.setattr(keyed, "get_settings", lambda: small)
    table = read_table(b'{"t": "a"}\n{"t": "' + b"w" * 30 + b'"}\n', "a.jsonl")
    assert (table.frame["t"].tolist(), table.rejected[0].line) == (["a"], 2)


def test_keys_that_come_late_are_missing_in_all_earlier_chunks() -> None:
    count = keyed.CHUNK_ROWS + 5
    raw = b'{"t": "a"}\n' * count + b'{"u": "b"}\n'
    frame = read_table(raw, "a.jsonl").frame
    assert (frame["t"].notna().sum(), frame["u"].notna().sum(), len(frame)) == (count, 1, count + 1)


def squad(**asked: Any) -> bytes:
    questions = [{"id": 7, "question": "Who?", **asked}]
    paragraphs = [{"context": "Ann ran.", "qas": questions}]
    return json.dumps({"version": "2", "data": [{"title": "T", "paragraphs": paragraphs}]}).encode()


SQUAD = [
    ("version 1.1", {"answers": [{"text": "Ann", "answer_start": 0}]}, [{"text": "Ann", "start": 0}]),
    ("two answers", {"answers": [{"text": "Ann", "answer_start": 0}, {"text": "ran", "answer_start": 4}]},
     [{"text": "Ann", "start": 0}, {"text": "ran", "start": 4}]),
    ("unanswerable", {"answers": [], "is_impossible": True}, []),
    ("plausible answers are none", {"answers": [{"text": "ran", "answer_start": 4}], "is_impossible": True}, []),
    ("no answers at all", {}, []),
    ("a start that is no number", {"answers": [{"text": "Ann", "answer_start": None}]},
     [{"text": "Ann", "start": None}]),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "answers"), [case[1:] for case in SQUAD], ids=[case[0] for case in SQUAD])
def test_a_question_of_squad_is_a_row(asked: dict[str, Any], answers: list[dict[str, Any]]) -> None:
    (row,) = rows(squad(**asked), "squad.json")
    assert json.loads(row.pop("answers") or "") == answers
    assert row == {"id": "7", "title": "T", "context": "Ann ran.", "question": "Who?"}


def test_a_question_without_a_text_is_set_aside() -> None:
    with pytest.raises(UserError, match="It has no question"):
        read_table(squad(question=" "), "squad.json")


def test_the_flattened_form_of_squad_stays_json_lines() -> None:
    raw = b'{"id": "1", "question": "Who?", "answers": {"text": ["Ann"], "answer_start": [0]}}\n'
    assert rows(raw, "a.jsonl")[0]["answers"] == '{"text": ["Ann"], "answer_start": [0]}'


def test_real_instructions_are_read_in_full_with_empty_inputs_missing(shared_data: Path) -> None:
    path = shared_data / "chat" / "alpaca_en_demo.jsonl"
    frame = read_table(path).frame
    given = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert frame["output"].fillna("").tolist() == [row["output"] for row in given]
    assert int(frame["input"].isna().sum()) == sum(not row["input"].strip() for row in given)
