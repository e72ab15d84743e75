"""What `profile_table` notices about a table, and what `conflicts` notices about its labels."""

import json
import time

import pandas as pd
import pytest

from lib.data.profile import Profile, conflicts, find_split_column, profile_table


def frame_of(**columns: list[str | None]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.array(cells, dtype="str") for name, cells in columns.items()})


TEXTS = [f"this is sentence number {n} about nothing in particular" for n in range(60)]

KINDS = [
    ("text", "text", TEXTS),
    ("a few labels", "label", ["joy", "anger", "fear"] * 20),
    ("emoji", "label", ["😂", "🔥", "✨"] * 20),
    ("long labels", "label", ["rather likely to happen", "not at all likely"] * 30),
    ("0 and 1", "label", ["0", "1"] * 30),
    ("measurements", "number", [f"{n / 7:.3f}" for n in range(60)]),
    ("decimal commas", "number", [f"{n},5" for n in range(60)]),
    ("dates", "date", [f"2024-01-{n % 28 + 1:02d}" for n in range(60)]),
    ("American dates with time", "date", [f"{n % 12 + 1}/23/17 12:{n % 60:02d}" for n in range(60)]),
    ("written dates", "date", [f"October {n % 28 + 1}, 2017" for n in range(60)]),
    ("a counter", "id", [str(n) for n in range(60)]),
    ("codes, all different", "id", [f"56beb434{n:04x}" for n in range(60)]),
    ("split", "split", ["train"] * 40 + ["Dev"] * 10 + ["TEST"] * 10),
    ("nothing", "empty", [None] * 60),
    ("lists of words", "list", [f'["The", "number", "{n}"]' for n in range(60)]),
    ("lists of tags, few of them", "list", ['["O", "B-PER"]', '["O"]'] * 30),
    ("lists as Python writes them", "list", [f"['a', 'b{n}']" for n in range(60)]),
    ("lists, some missing", "list", [f"[{n}]" for n in range(30)] + [None] * 30),
    ("texts in brackets", "text", [f"[number {n}] is how this text begins and ends []" for n in range(60)]),
    ("names of images", "image", [f"{n:016x}.jpg" for n in range(60)]),
    ("paths of images", "image", [f"cats/my cat {n}.PNG" for n in range(60)]),
    ("the same image over and over", "image", ["a.png", "b.png"] * 30),
    ("addresses of images", "id", [f"https://example.org/{n}.jpg" for n in range(60)]),
    (
        "Chinese",
        "text",
        [f"这家餐厅的菜非常好吃而且服务员很热情我们下次还会再来第{n}次吃饭的时候" for n in range(60)],
    ),
]


@pytest.mark.parametrize(("kind", "cells"), [case[1:] for case in KINDS], ids=[case[0] for case in KINDS])
def test_a_column_s_kind_is_recognised(kind: str, cells: list[str | None]) -> None:
    assert profile_table(frame_of(some_column=cells)).column("some_column").kind == kind


def test_numbers_that_are_all_different_under_an_id_s_name_are_ids() -> None:
    cells = [str(n * n + 5) for n in range(60)]
    profile = profile_table(frame_of(page_id=cells, height=cells))
    assert [column.kind for column in profile.columns] == ["id", "number"]


def test_missing_distinct_and_repeated_rows_are_counted() -> None:
    profile = profile_table(frame_of(text=["a", "a", "b", None], label=["x", "x", "y", "y"]))
    column = profile.column("text")
    assert (profile.rows, profile.duplicate_rows, column.missing, column.distinct) == (4, 1, 1, 2)


def test_top_values_come_most_frequent_first_and_at_most_thirty() -> None:
    cells = ["often"] * 5 + ["b", "a"] * 2 + [f"value {n}" for n in range(50)]
    top = profile_table(frame_of(text=cells)).column("text").top
    assert top[:3] == (("often", 5), ("a", 2), ("b", 2))
    assert len(top) == 30


def test_lengths_are_in_words_and_their_histogram_holds_every_row() -> None:
    words = profile_table(frame_of(text=["one", "one two", "one two  three", None])).column("text").words
    assert (words["mean"], words["quantiles"]["0"], words["quantiles"]["1"]) == (2.0, 1.0, 3.0)
    assert sum(words["histogram"]["counts"]) == 3
    assert len(words["histogram"]["edges"]) == len(words["histogram"]["counts"]) + 1


def test_placeholders_are_mentioned_and_stay_text() -> None:
    column = profile_table(frame_of(label=["joy", "NA", "NA", "none"] * 5)).column("label")
    assert column.missing == 0
    assert "“NA” (10), “none” (5)" in column.notes[0]


def test_labels_that_differ_only_by_case_or_space_are_mentioned() -> None:
    notes = profile_table(frame_of(label=["Joy", "joy", " joy", "fear"] * 5)).column("label").notes
    assert any("“ joy” / “Joy” / “joy”" in note for note in notes)


def test_rare_labels_are_mentioned() -> None:
    notes = profile_table(frame_of(label=["joy"] * 20 + ["fear"])).column("label").notes
    assert notes == ("1 of 2 labels occur fewer than three times: “fear”.",)


def test_a_profile_survives_json() -> None:
    profile = profile_table(frame_of(text=TEXTS, label=["x", "y", None] * 20))
    assert Profile.from_json(json.loads(json.dumps(profile.to_json()))) == profile


def test_a_table_without_rows_has_a_profile() -> None:
    assert profile_table(frame_of(text=[])).column("text").kind == "empty"


def test_the_order_of_the_rows_does_not_change_counts_and_top_values() -> None:
    frame = frame_of(text=TEXTS, label=["x", "y", "z"] * 20)
    one, other = profile_table(frame), profile_table(frame.iloc[::-1].reset_index(drop=True))
    assert [column.top for column in one.columns] == [column.top for column in other.columns]


SPLITS = [
    ("the usual three", ["train", "validation", "test"], True),
    ("other words and cases", ["Training", "DEV", "eval"], True),
    ("two of them", ["train", "test", "test"], True),
    ("no training rows", ["test", "dev", "dev"], False),
    ("training rows only", ["train", "train", "train"], False),
    ("something else too", ["train", "test", "other"], False),
]


@pytest.mark.parametrize(("cells", "found"), [case[1:] for case in SPLITS], ids=[case[0] for case in SPLITS])
def test_a_split_column_is_found_by_its_values(cells: list[str], found: bool) -> None:
    assert find_split_column(frame_of(text=["a", "b", "c"], which=cells)) == ("which" if found else None)


def test_of_two_split_columns_the_one_named_so_wins() -> None:
    cells: list[str | None] = ["train", "test"]
    assert find_split_column(frame_of(original=cells, split=cells)) == "split"


def test_the_same_text_with_different_labels_is_a_conflict_whatever_its_case() -> None:
    frame = frame_of(text=["Good  day", "good day", "bad"], label=["joy", "anger", "anger"])
    found = conflicts(frame, "text", "label")
    assert [problem.code for problem in found] == ["duplicate-text", "conflicting-labels"]
    assert "2 rows" in found[1].what and "“anger”, “joy”" in found[1].what


def test_the_same_text_with_the_same_label_is_only_a_repetition() -> None:
    frame = frame_of(text=["good day", "good day", "bad"], label=["joy", "joy", "anger"])
    assert [problem.code for problem in conflicts(frame, "text", "label")] == ["duplicate-text"]


def test_pairs_conflict_only_when_both_texts_agree() -> None:
    frame = frame_of(one=["a", "a"], two=["b", "c"], label=["x", "y"])
    assert conflicts(frame, ["one", "two"], "label") == ()


def test_150_000_rows_are_profiled_in_seconds() -> None:
    texts = [
        f"row {n} says {n * 7919 % 1000} things about {n * 31 % 977} more of them" for n in range(150_000)
    ]
    frame = frame_of(text=texts, label=["x", "y", "z"] * 50_000, score=[str(n % 977) for n in range(150_000)])
    started = time.perf_counter()
    profile_table(frame)
    assert time.perf_counter() - started < 4  # about 0.4 s on two idle cores


ITEMS = [
    ("strings", ["The", "cat"]),
    ("tags", ["O", "B-PER"]),
    ("integers", [0, 3]),
    ("messages", [{"role": "user", "content": "hi"}]),
    ("answers", [{"text": "a", "start": 0}]),
    ("spans", [{"start": 0, "end": 2, "label": "X"}]),
    ("", []),
]


@pytest.mark.parametrize(("items", "value"), ITEMS, ids=[case[0] or "nothing" for case in ITEMS])
def test_what_the_lists_of_a_column_hold_is_said(items: str, value: list[object]) -> None:
    assert profile_table(frame_of(column=[json.dumps(value)] * 10)).column("column").items == items


def test_a_profile_stored_before_lists_were_known_is_read() -> None:
    value = profile_table(frame_of(text=TEXTS)).to_json()
    del value["columns"][0]["items"]
    assert Profile.from_json(value).column("text").kind == "text"
