"""How rows are divided into training, validation and test."""

import random
import time
from typing import Any

import pandas as pd
import pytest

from lib.data.split import SplitPlan, assign, leaks, row_ids, split_report
from lib.errors import UserError


def rows(count: int = 1_000, labels: int = 4) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "text": pd.array([f"text number {n}" for n in range(count)], dtype="str"),
            "label": pd.array([f"label {n * n % 7 % labels}" for n in range(count)], dtype="str"),
        }
    )


def divide(frame: pd.DataFrame, **plan: Any) -> pd.Series:
    return assign(frame, SplitPlan(**plan), label="label", text=["text"])


def counts(parts: pd.Series) -> tuple[int, int, int]:
    return tuple(int((parts == name).sum()) for name in ("train", "validation", "test"))  # type: ignore[return-value]


def with_column(values: list[str | None]) -> pd.DataFrame:
    frame = rows(len(values), 2)
    frame["split"] = pd.array(values, dtype="str")
    return frame


BAD = [
    ("no mapping", "0.8", "not a mapping"),
    (
        "an unknown key",
        {"trian": 0.8},
        "Valid options are column, train, validation, test, stratify, group, time, seed",
    ),
    ("shares over 1", {"train": 0.9, "validation": 0.1, "test": 0.1}, "sum to 1 but to 1.1"),
    ("a share of nothing", {"train": 0.9, "validation": 0, "test": 0.1}, "above 0"),
    ("a negative share", {"train": 1.1, "validation": -0.2, "test": 0.1}, "above 0"),
    ("a share in words", {"train": "most"}, "above 0"),
    ("a column and shares", {"column": "split", "train": 0.8}, "not both"),
    ("a seed in words", {"seed": "lucky"}, "whole number"),
    ("stratify in words", {"stratify": "yes"}, "true or false"),
    ("a numeric group", {"group": 3}, "column's name"),
]


@pytest.mark.parametrize(("value", "says"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_a_plan_that_cannot_be_is_refused(value: Any, says: str) -> None:
    with pytest.raises(UserError, match=says):
        SplitPlan.from_json(value)


def test_all_problems_of_a_plan_are_reported_at_once() -> None:
    with pytest.raises(UserError) as refusal:
        SplitPlan.from_json({"trian": 1, "seed": "x", "group": 5})
    assert [problem.where for problem in refusal.value.problems] == [
        "split.trian",
        "split.group",
        "split.seed",
    ]


OTHER_PLAN = SplitPlan(train=0.7, validation=0.2, test=0.1, stratify=False, group="author", seed=1)


@pytest.mark.parametrize("plan", [SplitPlan(), SplitPlan(column="split"), OTHER_PLAN])
def test_a_plan_survives_json(plan: SplitPlan) -> None:
    assert SplitPlan.from_json(plan.to_json()) == plan


def test_shares_hold_to_the_row() -> None:
    assert counts(divide(rows(1_000))) == (800, 100, 100)


def test_every_label_keeps_its_share_in_every_part() -> None:
    frame = rows(1_000)
    report = split_report(divide(frame), frame["label"])
    for row in report.labels.values():
        total = sum(row.values())
        assert abs(row["test"] - total / 10) < 1 and abs(row["validation"] - total / 10) < 1


def test_the_division_is_the_same_today_and_forever() -> None:
    # Written down once: neither new versions of pandas or NumPy nor another machine may change it.
    parts = divide(rows(20, 2), train=0.6, validation=0.2, test=0.2)
    assert [place for place, part in enumerate(parts) if part == "test"] == [2, 6, 12, 19]
    assert [place for place, part in enumerate(parts) if part == "validation"] == [0, 3, 8, 14]


def test_another_seed_divides_otherwise() -> None:
    assert not divide(rows(), seed=1).equals(divide(rows(), seed=2))


def test_the_order_of_the_rows_does_not_matter() -> None:
    frame = rows()
    order = random.Random(0).sample(range(len(frame)), len(frame))
    assert divide(frame.iloc[order]).sort_index().equals(divide(frame))


def test_appended_rows_move_few_of_the_old() -> None:
    old = divide(rows(1_000))
    new = divide(rows(1_100))[:1_000]
    assert (old != new).mean() < 0.03


def test_equal_texts_stay_together_whatever_their_case_and_spaces() -> None:
    frame = rows(300)
    twin = frame.assign(text=frame["text"].str.upper().str.replace(" ", "  "))
    parts = divide(pd.concat([frame, twin], ignore_index=True))
    assert list(parts[:300]) == list(parts[300:])


def test_equal_pairs_stay_together_and_half_equal_ones_need_not() -> None:
    frame = pd.DataFrame(
        {"one": ["same"] * 100, "two": [f"t{n % 50}" for n in range(100)], "label": ["x"] * 100}
    )
    parts = assign(frame, SplitPlan(), label="label", text=["one", "two"])
    assert list(parts[:50]) == list(parts[50:])
    assert counts(parts) == (80, 10, 10)


def test_rows_without_text_are_not_held_for_equal() -> None:
    frame = rows(200)
    frame["text"] = pd.array([None] * 200, dtype="str")
    assert counts(divide(frame)) == (160, 20, 20)


def test_groups_stay_together_even_through_shared_texts() -> None:
    frame = rows(600)
    frame["author"] = pd.array([f"author {n % 60}" for n in range(600)], dtype="str")
    frame.loc[1, "text"] = frame.loc[0, "text"]  # authors 0 and 1 share a text
    parts = divide(frame, group="author")
    assert parts.groupby(frame["author"]).nunique().max() == 1
    assert parts[0] == parts[1]
    wanted = (480, 60, 60)
    assert all(abs(have - want) < 40 for have, want in zip(counts(parts), wanted, strict=True))


RARE = [(1, {"train": 1}), (2, {"train": 1, "test": 1}), (3, {"train": 1, "validation": 1, "test": 1}),
        (5, {"train": 3, "validation": 1, "test": 1})]  # fmt: skip


@pytest.mark.parametrize(("count", "expected"), RARE)
def test_rare_labels_go_to_training_first_then_test_then_validation(
    count: int, expected: dict[str, int]
) -> None:
    frame = rows(200, 1)
    frame.loc[: count - 1, "label"] = "rare"
    parts = divide(frame)
    assert parts[frame["label"] == "rare"].value_counts().to_dict() == expected


def test_numbers_as_labels_are_not_stratified() -> None:
    frame = rows(500).assign(label=[f"{n / 3:.4f}" for n in range(500)])
    assert counts(divide(frame)) == (400, 50, 50)


def test_a_given_column_is_followed_under_its_usual_names() -> None:
    frame = with_column(["Train", "training"] * 40 + ["dev", "VAL"] * 5 + ["eval", "test "] * 5)
    assert counts(divide(frame, column="split")) == (80, 10, 10)


def test_missing_validation_is_carved_from_training_and_test_is_untouched() -> None:
    frame = with_column(["train"] * 100 + ["test"] * 20)
    parts = divide(frame, column="split")
    assert counts(parts) == (90, 10, 20)
    assert set(parts[100:]) == {"test"}


def test_missing_test_is_carved_from_training() -> None:
    assert counts(divide(with_column(["train"] * 100 + ["dev"] * 20), column="split")) == (90, 20, 10)


def test_rows_whose_split_is_unknown_are_in_none_and_reported() -> None:
    frame = with_column(["train"] * 100 + ["dev"] * 10 + ["test"] * 10 + ["later", None])
    parts = divide(frame, column="split")
    assert parts.isna().sum() == 2
    assert any(p.code == "no-split" and p.what.startswith("2 rows") for p in split_report(parts).problems)


@pytest.mark.parametrize("plan", [{"column": "nowhere"}, {"group": "nowhere"}])
def test_a_column_that_is_not_there_is_named_with_those_that_are(plan: dict[str, str]) -> None:
    with pytest.raises(UserError, match=r"no column “nowhere”.*text, label"):
        divide(rows(10), **plan)


def test_a_report_says_which_labels_a_part_lacks() -> None:
    frame = rows(200, 1)
    frame.loc[0, "label"] = "rare"
    problems = [p for p in split_report(divide(frame), frame["label"]).problems if p.code == "label-absent"]
    assert len(problems) == 2 and all("“rare”" in problem.what for problem in problems)


def test_a_report_says_how_little_a_small_test_split_tells() -> None:
    problems = split_report(divide(rows(250))).problems
    assert [p.code for p in problems] == ["small-test"]
    assert "25 test rows" in problems[0].what and "± 0.16" in problems[0].what


def test_a_report_without_training_rows_is_an_error() -> None:
    parts = pd.Series(pd.array(["test"] * 200, dtype="str"))
    assert {(p.code, p.severity) for p in split_report(parts).problems} == {
        ("no-rows", "error"),
        ("no-rows", "warning"),
    }


def test_texts_in_both_training_and_test_are_reported_as_leaks() -> None:
    frame = with_column(["train", "train", "dev", "test"])
    frame["text"] = pd.array(["same", "other", "third", "SAME "], dtype="str")
    found = leaks(frame, divide(frame, column="split"), ["text"])
    assert [(p.code, p.what.split(" rows")[0]) for p in found] == [("leak", "1 of 1 test")]


def test_a_table_without_rows_has_an_empty_division() -> None:
    assert len(divide(rows(0))) == 0


def test_row_ids_differ_even_for_equal_rows_and_do_not_depend_on_other_rows() -> None:
    frame = pd.DataFrame({"text": ["a", "b", "a", None], "label": ["x", "x", "x", ""]})
    ids = row_ids(frame)
    assert ids.is_unique
    assert list(row_ids(frame.iloc[1:2])) == [ids[1]]
    assert all(len(name) == 16 for name in ids)


def test_150_000_rows_are_divided_in_seconds() -> None:
    frame = rows(150_000)
    started = time.perf_counter()
    assert counts(divide(frame)) == (120_000, 15_000, 15_000)
    assert time.perf_counter() - started < 6  # about 0.8 s on two idle cores
