"""The wish for a search: what is refused, and how it is filled in around the run's own options."""

from pathlib import Path
from typing import Any

import pytest

from lib.data.store import list_datasets
from lib.errors import UserError
from lib.methods import METHODS, find_method
from lib.option import check_values
from lib.plan.estimate import Estimate
from lib.plan.planner import Plan, plan_run
from lib.plan.search import (
    check_search,
    complete_search,
    own_value,
    search_words,
    searchable,
    usual_names,
    with_options,
    with_search,
)
from lib.plan.seeds import seeded
from lib.runs.options import TrainingOptions
from lib.runs.spec import DataSpec, Spec, spec_from_mapping

OPTIONS = TrainingOptions().to_json()
FULL, LORA = find_method("full"), find_method("lora")

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"trials": 1}, "search-trials"),
    ({"trials": True}, "search-trials"),
    ({"trials": 2.5}, "search-trials"),
    ({"minutes": 0}, "search-minutes"),
    ({"minutes": "20"}, "search-minutes"),
    ({"over": []}, "search-over"),
    ({"over": "learning_rate"}, "search-over"),
    ({"over": ["seed"]}, "search-option"),
    ({"over": ["rank"]}, "search-option"),
    ({"over": ["max_length"]}, "search-option"),
    ({"budget": 3}, "unknown-key"),
]


@pytest.mark.parametrize(("search", "code"), REFUSED, ids=[str(case[0]) for case in REFUSED])
def test_a_wish_is_refused(search: dict[str, Any], code: str) -> None:
    [problem] = check_search(search, FULL)
    assert problem.code == code
    assert problem.what and problem.fix and problem.where.startswith("search")


def test_all_problems_are_said_at_once() -> None:
    wrong = {"trials": 0, "minutes": -1, "over": ["seed", "nonsense"], "x": 1}
    assert len(check_search(wrong, FULL)) == 5


@pytest.mark.parametrize(
    "search", [None, {}, {"trials": 2, "minutes": 0.5}, {"over": {"learning_rate": None}}], ids=str
)
def test_a_wish_is_accepted(search: dict[str, Any] | None) -> None:
    assert check_search(search, FULL) == []


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_every_method_has_something_to_search_and_every_space_holds_its_own_value(method: Any) -> None:
    names = usual_names(method)
    assert len(names) >= 2
    found, problems = complete_search({"over": searchable(method)}, OPTIONS, {"name": method.name}, method)
    assert found is not None and problems == []
    for name, space in found["over"].items():
        own = own_value(name, OPTIONS, {"name": method.name}, method)
        values = space.get("choices") or [space["low"], own, space["high"]]
        assert own in values and len(values) > 1
        assert all(
            check_values({name: value}, (TrainingOptions, method.option_class)) == [] for value in values
        )
    again, problems = complete_search(found, OPTIONS, {"name": method.name}, method)
    assert (again, problems) == (found, [])


def test_the_usual_spaces_lie_around_the_runs_own_options() -> None:
    found, _ = complete_search(
        {}, {**OPTIONS, "learning_rate": 1e-4, "batch_size": 16, "epochs": 4.0}, {}, FULL
    )
    assert found == {
        "trials": 8,
        "minutes": 20,
        "over": {
            "learning_rate": {"low": 1e-4 / 5, "high": 1e-4 * 5, "log": True},
            "batch_size": {"choices": [4, 8, 16]},
            "epochs": {"choices": [2.0, 4.0, 6.0, 8.0]},
        },
    }


def test_no_batch_is_larger_than_the_runs_own_so_that_the_memory_stays_as_estimated() -> None:
    found, _ = complete_search({"over": ["batch_size"]}, {**OPTIONS, "batch_size": 1}, {}, FULL)
    assert found is not None and found["over"]["batch_size"] == {"choices": [1]}


SPACES: list[tuple[Any, str]] = [
    ({"low": 1e-5, "high": 1e-4}, ""),
    ({"low": 1e-5, "high": 1e-4, "log": True}, ""),
    ({"choices": [1e-5, 5e-5]}, ""),
    ({"low": 1e-4, "high": 1e-5}, "search-space"),
    ({"low": 0, "high": 1e-4, "log": True}, "search-space"),
    ({"low": "a", "high": 1e-4}, "search-space"),
    ({"low": 1e-4}, "search-space"),
    ({"choices": []}, "search-space"),
    ([1e-4], "search-space"),
    ({"low": 1e-5, "high": 5.0}, "option-range"),
    ({"choices": [5e-5, "fast"]}, "option-type"),
    ({"low": 1e-4, "high": 1e-3}, "search-own"),
    ({"choices": [1e-4, 1e-3]}, "search-own"),
]


@pytest.mark.parametrize(("space", "code"), SPACES, ids=[str(case[0]) for case in SPACES])
def test_a_space_of_ones_own_is_checked_against_the_option_and_its_value_of_5e_5(
    space: Any, code: str
) -> None:
    found, problems = complete_search({"over": {"learning_rate": space}}, OPTIONS, {}, FULL)
    assert [problem.code for problem in problems] == ([code] if code else [])
    if not code:
        assert found is not None and found["over"]["learning_rate"].items() >= space.items()


def test_chosen_values_go_where_they_belong() -> None:
    options, method = with_options(OPTIONS, {"name": "lora"}, {"learning_rate": 1e-3, "rank": 4}, LORA)
    assert (options["learning_rate"], method) == (1e-3, {"name": "lora", "rank": 4})
    assert "rank" not in options


def test_a_search_costs_its_minutes_and_one_run_at_most() -> None:
    one = Estimate(memory_mb=900.0, seconds_low=60.0, seconds_high=100.0, steps=10)
    found = with_search(one, {"trials": 8, "minutes": 20})
    assert (found.seconds_low, found.seconds_high) == (60.0 + 8 * 60.0, 100.0 + 1200.0)
    assert with_search(one, {"trials": 100, "minutes": 20}).seconds_low == 60.0 + 1200.0
    assert found.memory_mb == one.memory_mb
    assert with_search(one, None) == one


def test_the_sentence_says_that_there_is_a_search() -> None:
    assert search_words(None) == ""
    assert search_words({"minutes": 5}).endswith("in up to 8 trials and 5 minutes")


def test_a_search_is_part_of_the_spec_and_must_be_a_mapping() -> None:
    wish = {"task": "t", "data": {"file": "x.csv"}, "model": "m"}
    assert spec_from_mapping(wish).search is None
    spec = spec_from_mapping(wish | {"search": {"trials": 3}})
    assert spec.search == {"trials": 3} and "trials: 3" in spec.to_yaml()
    assert Spec.from_json(spec.to_json()) == spec
    with pytest.raises(UserError, match="`search` must be a mapping"):
        spec_from_mapping(wish | {"search": 5})


# --- the same run with several seeds


def test_seeds_are_counted_up_from_the_specs_own_and_named() -> None:
    spec = Spec("t", DataSpec(), "m", name="moods", options={"seed": 7, "epochs": 2.0})
    assert [(item.name, item.options) for item in seeded(spec, 3)] == [
        (f"moods, seed {seed}", {"seed": seed, "epochs": 2.0}) for seed in (7, 8, 9)
    ]
    assert seeded(spec, 1) == [spec]


@pytest.mark.parametrize("count", [0, -1, 21])
def test_a_number_of_seeds_is_refused(count: int) -> None:
    with pytest.raises(UserError, match="seeds are not possible"):
        seeded(Spec("t", DataSpec(), "m", options={"seed": 7}), count)


# --- in a whole plan


def planned(csv_file: Path, model: Path, search: dict[str, Any]) -> Plan:
    wish = Spec("text-classification", DataSpec(file=str(csv_file)), f"folder:{model}", search=search)
    return plan_run(wish)


def test_a_plan_has_every_space_and_the_time_of_the_search(
    home: Path, csv_file: Path, tiny_encoder: Path
) -> None:
    plan = planned(csv_file, tiny_encoder, {"minutes": 5})
    plain = plan_run(plan.spec.changed(search=None))
    assert plan.spec.search is not None
    assert list(plan.spec.search["over"]) == ["learning_rate", "batch_size", "epochs"]
    assert plan.estimate.seconds_high - plain.estimate.seconds_high == pytest.approx(300)
    assert "after looking for better options" in plan.sentence


def test_a_plan_refuses_a_search_with_every_problem_and_stores_nothing(
    home: Path, csv_file: Path, tiny_encoder: Path
) -> None:
    with pytest.raises(UserError) as caught:
        planned(csv_file, tiny_encoder, {"trials": 0, "over": ["seed"]})
    assert {problem.code for problem in caught.value.problems} == {"search-trials", "search-option"}
    with pytest.raises(UserError) as caught:
        planned(csv_file, tiny_encoder, {"over": {"learning_rate": {"low": 1e-3, "high": 1e-2}}})
    assert [problem.code for problem in caught.value.problems] == ["search-own"]
    assert list_datasets() == []
