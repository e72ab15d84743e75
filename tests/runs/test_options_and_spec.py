"""Options and specs: what is accepted, and every problem of what is not."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from lib.errors import UserError
from lib.runs.options import TrainingOptions, check_options, options_from
from lib.runs.spec import Spec, read_spec, spec_from_mapping


@pytest.mark.parametrize("field", fields(TrainingOptions), ids=lambda field: field.name)
def test_every_option_explains_itself_and_its_default_is_in_range(field: Any) -> None:
    rule = field.metadata
    assert rule["title"] and rule["help"].endswith(".") and rule["group"]
    assert check_options({field.name: field.default}) == []


BAD_OPTIONS = [
    ({"epoch": 3}, "unknown-option"),
    ({"epochs": 0}, "option-range"),
    ({"epochs": "many"}, "option-type"),
    ({"epochs": float("nan")}, "option-range"),
    ({"batch_size": 2.5}, "option-type"),
    ({"batch_size": True}, "option-type"),
    ({"learning_rate": 5}, "option-range"),
    ({"schedule": "stairs"}, "option-choice"),
    ({"seed": -1}, "option-range"),
    ({"batch_size": None}, "option-type"),
]


@pytest.mark.parametrize(("values", "code"), BAD_OPTIONS, ids=str)
def test_a_bad_option_is_named_with_what_is_allowed(values: dict[str, Any], code: str) -> None:
    [problem] = check_options(values)
    assert problem.code == code
    assert problem.where == f"options.{next(iter(values))}"
    assert problem.fix


def test_numbers_become_the_types_of_their_fields() -> None:
    options = options_from({"epochs": 3, "batch_size": 16.0})
    assert (type(options.epochs), type(options.batch_size)) == (float, int)


GOOD = {"task": "text-classification", "data": {"file": "x.csv"}, "model": "starter:minilm-l6"}
BAD_SPECS = [
    ("not a mapping", ["task"], {"spec-form"}),
    ("nothing", {}, {"missing-key"}),
    ("a key that is unknown", GOOD | {"colour": 1}, {"unknown-key"}),
    ("two sources", GOOD | {"data": {"file": "x", "dataset": "y"}}, {"spec-form"}),
    ("no source", GOOD | {"data": {"limit": 3}}, {"spec-form"}),
    ("a limit of nothing", GOOD | {"data": {"file": "x", "limit": 0}}, {"spec-form"}),
    ("columns as a list", GOOD | {"data": {"file": "x", "columns": ["a"]}}, {"spec-form"}),
    ("a method without a name", GOOD | {"method": {"rank": 8}}, {"spec-form"}),
    ("options as a list", GOOD | {"options": [1]}, {"spec-form"}),
    ("a task that is a number", GOOD | {"task": 3}, {"spec-form"}),
    ("several at once", {"data": {"fil": "x"}, "colour": 1}, {"unknown-key", "missing-key", "spec-form"}),
]


@pytest.mark.parametrize(
    ("value", "codes"), [row[1:] for row in BAD_SPECS], ids=[row[0] for row in BAD_SPECS]
)
def test_a_bad_spec_is_refused_with_all_its_problems(value: Any, codes: set[str]) -> None:
    with pytest.raises(UserError) as caught:
        spec_from_mapping(value)
    assert {problem.code for problem in caught.value.problems} == codes


def test_file_names_count_from_the_folder_of_the_spec(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(yaml.safe_dump(GOOD))
    assert read_spec(tmp_path / "spec.yaml").data.file == str(tmp_path / "x.csv")


def test_broken_yaml_is_named_by_its_line(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text("task: a\ndata: {file: x\nmodel: y\n")
    with pytest.raises(UserError, match="line 3"):
        read_spec(tmp_path / "spec.yaml")


def test_a_spec_survives_json_and_yaml() -> None:
    spec = spec_from_mapping(GOOD | {"name": "n", "options": {"epochs": 2}, "method": "full"})
    assert Spec.from_json(spec.to_json()) == spec
    assert spec_from_mapping(yaml.safe_load(spec.to_yaml())) == spec
