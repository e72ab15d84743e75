"""Planning: what is left out is guessed, what is wrong is said all at once, and nothing is half saved."""

from pathlib import Path

import pytest

from lib.data.store import list_datasets
from lib.errors import UserError
from lib.option import options_of
from lib.plan.estimate import total_steps
from lib.plan.planner import plan_run
from lib.runs.options import TrainingOptions
from lib.runs.spec import DataSpec, Spec
from lib.tasks.label_loss import LabelOptions
from tests.conftest import write_rows


def wish(file: Path | str, **parts: object) -> Spec:
    data = DataSpec(file=str(file), **parts.pop("data", {}))  # type: ignore[arg-type]
    return Spec(**({"task": "text-classification", "data": data, "model": "starter:minilm-l6"} | parts))  # type: ignore[arg-type]


def codes(spec: Spec) -> set[str]:
    with pytest.raises(UserError) as caught:
        plan_run(spec)
    return {problem.code for problem in caught.value.problems}


def test_a_spec_that_names_only_data_task_and_model_becomes_complete(home: Path, csv_file: Path) -> None:
    plan = plan_run(wish(csv_file))
    spec = plan.spec
    assert spec.data.columns == {"text": "text", "label": "label"}
    assert spec.data.dataset == "moods@1"
    assert spec.data.fingerprint and spec.revision and spec.versions["torch"]
    assert set(spec.options) == set(options_of(TrainingOptions, LabelOptions))
    assert sum(plan.rows.values()) == 120
    assert min(plan.rows.values()) >= 10
    assert plan.estimate.memory_mb > 500
    assert plan.sentence == f"Fine-tune MiniLM-L6 on {plan.rows['train']} rows to tell labels apart."


def test_the_same_file_planned_twice_is_stored_once(home: Path, csv_file: Path) -> None:
    assert plan_run(wish(csv_file)).spec.data.dataset == plan_run(wish(csv_file)).spec.data.dataset
    assert len(list_datasets()) == 1


def test_a_stored_data_set_is_planned_by_its_reference(home: Path, csv_file: Path) -> None:
    first = plan_run(wish(csv_file))
    again = plan_run(
        Spec(task="text-classification", data=DataSpec(dataset="moods@1"), model="starter:minilm-l6")
    )
    assert again.rows == first.rows
    assert again.spec.data.fingerprint == first.spec.data.fingerprint


def test_a_split_column_is_recognised(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "split.csv"
    lines = [f"text number {n},{'ab'[n % 2]},{('train', 'dev', 'test', 'train')[n % 4]}" for n in range(200)]
    path.write_text("text,label,split\n" + "\n".join(lines))
    assert plan_run(wish(path)).rows == {"train": 100, "validation": 50, "test": 50}


def test_test_rows_may_come_in_a_file_of_their_own(home: Path, tmp_path: Path) -> None:
    train, test = write_rows(tmp_path / "train.csv", 100), tmp_path / "test.csv"
    test.write_text(
        "text,label\n" + "".join(f"unseen words {n},{('happy', 'cross')[n % 2]}\n" for n in range(40))
    )
    plan = plan_run(wish(train, data={"test_file": str(test)}))
    assert plan.rows["test"] == 40
    assert plan.rows["train"] + plan.rows["validation"] == 100


def test_a_limit_shortens_every_part_alike(home: Path, csv_file: Path) -> None:
    assert sum(plan_run(wish(csv_file, data={"limit": 60})).rows.values()) == pytest.approx(60, abs=2)


BAD_WISHES = [
    ("an unknown task", {"task": "telepathy"}, {"unknown-task"}),
    ("an unknown model", {"model": "starter:gpt-9"}, {"unknown-model"}),
    ("an unknown method", {"method": {"name": "magic"}}, {"unknown-method"}),
    ("an option out of range", {"options": {"epochs": -1}}, {"option-range"}),
    ("an unknown column", {"data": {"columns": {"text": "nope"}}}, {"unknown-column"}),
    ("an unknown role", {"data": {"columns": {"colour": "text"}}}, {"unknown-role"}),
    ("a split that does not sum to one", {"data": {"split": {"train": 0.9, "test": 0.9}}}, {"split"}),
    ("an unknown split column", {"data": {"split": {"column": "nope"}}}, {"unknown-column"}),
    (
        "a method option full does not have",
        {"method": {"name": "full", "rank": 8}},
        {"unknown-method-option"},
    ),
    (
        "several at once",
        {"model": "x:y", "options": {"epochs": -1, "foo": 1}, "method": {"name": "magic"}},
        {"unknown-model", "option-range", "unknown-option", "unknown-method"},
    ),
]


@pytest.mark.parametrize(
    ("parts", "expected"), [row[1:] for row in BAD_WISHES], ids=[row[0] for row in BAD_WISHES]
)
def test_a_bad_wish_is_refused_with_all_its_problems_and_nothing_is_stored(
    home: Path, csv_file: Path, parts: dict[str, object], expected: set[str]
) -> None:
    assert codes(wish(csv_file, **parts)) == expected
    assert list_datasets() == []


BAD_FILES = [
    ("empty", b"", {"empty"}),
    ("one label", b"text,label\n" + b"".join(b"some text %d,a\n" % n for n in range(50)), {"one-label"}),
    ("no labels", b"text,label\n" + b"".join(b"some text %d,\n" % n for n in range(50)), None),
    (
        "numbers for texts",
        b"text,label\n" + b"".join(b"%d,%s\n" % (n, b"ab"[n % 2 : n % 2 + 1]) for n in range(50)),
        None,
    ),
]


@pytest.mark.parametrize(
    ("content", "expected"), [row[1:] for row in BAD_FILES], ids=[row[0] for row in BAD_FILES]
)
def test_a_bad_file_is_refused_and_nothing_is_stored(
    home: Path, tmp_path: Path, content: bytes, expected: set[str] | None
) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    found = codes(wish(path))
    assert found if expected is None else found == expected
    assert list_datasets() == []


def test_a_missing_file_is_a_sentence(home: Path) -> None:
    assert codes(wish("/nowhere/rows.csv")) == {"no-file"}


def test_a_label_with_a_single_row_trains_with_a_warning(home: Path, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.csv", 120)
    path.write_text(path.read_text() + "a row of its own kind,rare\n")
    assert "label-single" in {problem.code for problem in plan_run(wish(path)).problems}


@pytest.mark.parametrize(
    ("rows", "batch", "accumulation", "epochs", "steps"),
    [
        (100, 10, 1, 3.0, 30),
        (101, 10, 1, 3.0, 33),
        (100, 10, 4, 2.0, 6),
        (5, 32, 1, 0.5, 1),
        (3257, 32, 1, 4.0, 408),
    ],
)
def test_steps_are_counted_as_the_trainer_counts_them(
    rows: int, batch: int, accumulation: int, epochs: float, steps: int
) -> None:
    options = TrainingOptions(batch_size=batch, gradient_accumulation=accumulation, epochs=epochs)
    assert total_steps(options, rows) == steps


def test_small_data_gets_more_epochs_and_large_data_fewer(home: Path, tmp_path: Path) -> None:
    small = plan_run(wish(write_rows(tmp_path / "small.csv", 100))).spec.options
    large = plan_run(wish(write_rows(tmp_path / "large.csv", 3_000))).spec.options
    assert small["epochs"] > large["epochs"]
    assert small["batch_size"] < large["batch_size"]


def test_the_store_and_the_plan_count_the_same_rows(home: Path, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.csv", 120)
    path.write_text(path.read_text() + "a text without a label,\n,happy\n" * 5)
    plan = plan_run(wish(path))
    assert list_datasets()[0].counts == plan.rows
    assert sum(plan.rows.values()) == 120


def test_texts_on_both_sides_of_a_given_split_are_warned_about(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "leak.csv"
    lines = [f"text number {n},{'ab'[n % 2]},{('train', 'dev', 'test', 'train')[n % 4]}" for n in range(200)]
    path.write_text("text,label,split\n" + "\n".join([*lines, "Text  number 0,a,test"]))
    assert "leak" in {problem.code for problem in plan_run(wish(path)).problems}
