"""What differs between specs, and nothing that is the same."""

from typing import Any

import pytest

from lib.analysis.differing import differing, flat, is_numeric
from lib.runs.spec import DataSpec, Spec

BASE = Spec(
    "text-classification",
    DataSpec(dataset="moods@1", columns={"text": "text"}, fingerprint="f1"),
    "starter:minilm-l6",
    name="one",
    options={"epochs": 3, "learning_rate": 5e-5, "seed": 13},
    created=1.0,
    versions={"torch": "2.13"},
    estimate={"seconds": [1, 2]},
)


def of(*changes: dict[str, Any]) -> dict[str, list[Any]]:
    return differing([BASE.changed(**change).to_json() for change in changes])


def test_settings_are_laid_flat_and_empty_ones_left_out() -> None:
    spec = {"a": {"b": {"c": 1}, "d": None, "e": {}}, "f": [1, 2], "g": []}
    assert flat(spec) == {"a.b.c": 1, "f": [1, 2]}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([{}, {}], {}),
        (
            [
                {},
                {
                    "name": "two",
                    "created": 9.0,
                    "versions": {},
                    "estimate": {},
                    "parent": "x",
                    "device": "cuda:0",
                },
            ],
            {},
        ),
        ([{}, {"model": "starter:minilm-l3"}], {"model": ["starter:minilm-l6", "starter:minilm-l3"]}),
        ([{}, {"options": {"epochs": 3.0, "learning_rate": 5e-5, "seed": 13}}], {}),
        ([{}, {"options": {"epochs": 4, "learning_rate": 5e-5, "seed": 13}}], {"options.epochs": [3, 4]}),
        (
            [{}, {"method": {"name": "lora", "rank": 8}}, {}],
            {"method.name": ["full", "lora", "full"], "method.rank": [None, 8, None]},
        ),
        ([{}, {"data": DataSpec(dataset="other@1", columns={"text": "text"}, fingerprint="f1")}], {}),
        (
            [{}, {"data": DataSpec(dataset="moods@2", columns={"text": "text"}, fingerprint="f2")}],
            {"data.dataset": ["moods@1", "moods@2"]},
        ),
    ],
)
def test_only_what_differs_is_told(changes: list[dict[str, Any]], expected: dict[str, list[Any]]) -> None:
    assert of(*changes) == expected


def test_of_one_spec_or_none_nothing_differs() -> None:
    assert differing([]) == {} and of({}) == {}


@pytest.mark.parametrize(
    ("values", "numeric"), [([1, 2.5], True), ([1, "2"], False), ([True, False], False), ([1, None], False)]
)
def test_numbers_are_told_from_anything_else(values: list[Any], numeric: bool) -> None:
    assert is_numeric(values) is numeric
