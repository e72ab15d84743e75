"""The plan of a run: reads the wish and the data, guesses, fills in, checks everything and says all problems."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pandas as pd

from lib.data.files import joined_files
from lib.data.hub_data import read_hub
from lib.data.label_cells import columns_named
from lib.data.profile import find_split_column
from lib.data.read import read_table
from lib.data.split import SplitPlan, leaks
from lib.data.store import StoredDataset, open_dataset, save
from lib.data.table import Table
from lib.errors import Problem, UserError, errors_in
from lib.methods import find_method
from lib.models.adapted import base_problems
from lib.models.cut import layers_of
from lib.models.sources import ModelInfo
from lib.option import values_as
from lib.plan.audit import audit_sentence, check_audit, complete_audit, with_audit
from lib.plan.columns import choose_columns, whole_paths
from lib.plan.estimate import Estimate, estimate_run
from lib.plan.fit import check_kind, check_method, run_sentence
from lib.plan.fitting import Run, memory_problems
from lib.plan.lengths import examples_per_row, read_lengths, token_lengths
from lib.plan.presets import PRESETS, preset_options
from lib.plan.rows import split_rows
from lib.plan.search import check_search, complete_search, search_words, with_search
from lib.plan.sharing import shared_devices
from lib.plan.teaching import check_teacher, known_to_teacher, student_model, teacher_model
from lib.runs.options import check_options, options_from
from lib.runs.spec import DataSpec, Spec
from lib.tasks import find_task
from lib.tasks.base import Task

PACKAGES = (
    "torch",
    "transformers",
    "accelerate",
    "datasets",
    "tokenizers",
    "scikit-learn",
    "numpy",
    "pandas",
    "optuna",
)


@dataclass(frozen=True)
class Plan:
    """A spec with every part filled in, what it stands on, and what is worth knowing before the start."""

    spec: Spec
    task: Task
    model: ModelInfo
    rows: dict[str, int]
    estimate: Estimate
    problems: tuple[Problem, ...]
    run: Run

    @property
    def sentence(self) -> str:
        """What will happen, in one sentence without the cost."""
        if self.spec.audit:
            return f"{audit_sentence(self.spec.audit, self.task, self.model, sum(self.rows.values()))}."
        what = run_sentence(self.spec.method, self.task, self.model, self.rows["train"])
        return f"{what}{search_words(self.spec.search)}."


def plan_run(wish: Spec) -> Plan:
    """Complete and check a wish. Raises UserError with every problem that forbids the start.

    A file is imported into the store only when nothing forbids the start.
    """
    problems: list[Problem] = []
    task = _collect(problems, find_task, wish.task)
    method = _collect(problems, find_method, str(wish.method.get("name")))
    teacher = _collect(problems, teacher_model, wish.method) if method else None
    model = _collect(problems, partial(student_model, teacher=teacher), wish.model)
    if method is not None:
        problems += method.check({key: value for key, value in wish.method.items() if key != "name"})
    problems += check_options(wish.options, *([task.option_class] if task else []))
    problems += check_search(wish.search, method)
    problems += check_audit(wish.audit, task=task, method=method, model=wish.model)
    source = _collect(problems, _read_source, wish.data)
    if source is None or task is None:
        raise UserError(*errors_in(problems))
    source = source.filled(task, wish.data, problems)
    if errors_in(problems):
        raise UserError(*errors_in(problems))
    problems += task.check(
        whole_paths(source.frame, task, source.columns, source.table.files), source.columns
    )
    if errors_in(problems):
        raise UserError(*errors_in(problems))
    assert model is not None
    parts = split_rows(source.frame, task, source.columns, source.split, problems)
    rows = {name: int((parts == name).sum()) for name in ("train", "validation", "test")}
    problems += _check_parts(rows)
    if source.split.column:
        texts = task.kept_together(source.columns)
        problems += leaks(source.frame[parts.notna()], parts[parts.notna()], texts)
    if errors_in(problems):
        raise UserError(*errors_in(problems))
    counts = dict(rows)
    if wish.data.limit:
        share = min(1.0, wish.data.limit / max(1, sum(rows.values())))
        rows = {name: max(1, round(count * share)) for name, count in rows.items()}
    if wish.data.train_share:
        rows["train"] = max(1, round(rows["train"] * wish.data.train_share))
    problems += [*check_kind(task, model), *base_problems(model)]
    problems += check_method(method, task, model)
    if teacher is not None:
        train, named = task.as_examples(source.frame[parts == "train"], source.columns, seed=0)
        problems += check_teacher(task, teacher, model, task.describe_target(train, named))
        problems += known_to_teacher(teacher.ref, source.frame, parts, task, source.columns)
    if errors_in(problems):
        raise UserError(*errors_in(problems))
    examples = round(rows["train"] * examples_per_row(source.frame[parts == "train"], task, source.columns))
    assert method is not None
    options = complete_options(wish.options, task=task, model=model, rows=examples, method=method.name)
    if teacher is not None:  # which reads the same texts
        options["max_length"] = min(options["max_length"], teacher.max_length)
    device, found = shared_devices(options)
    problems += found
    search, found = complete_search(wish.search, options, wish.method, method)
    problems += found
    problems += _one_device(device, search, wish.audit)
    reader = teacher.ref if teacher is not None and layers_of(model.ref) else model.ref
    lengths = token_lengths(source.frame, task, source.columns, reader, options["max_length"])
    lengths = read_lengths(task, model, options, lengths)
    estimate = estimate_run(
        model, options, task=task, rows={**rows, "train": examples}, lengths=lengths, method=wish.method
    )
    estimate = with_search(estimate, search)
    audit = complete_audit(wish.audit, model)
    estimate = with_audit(
        estimate, audit, epochs=float(options["epochs"]), folds_of=sum(rows.values()) / max(1, rows["train"])
    )
    run = Run(model, task, options, wish.method, lengths[1])
    problems += memory_problems(run, estimate.memory_mb)
    if errors_in(problems):
        raise UserError(*errors_in(problems))
    stored = source.stored or save(
        source.table,
        name=wish.data.hub or Path(wish.data.file or "data").stem,
        task=task.slug,
        columns=source.columns,
        split=source.split,
        counts=counts,
    )
    spec = wish.changed(
        name=wish.name or stored.name,
        data=DataSpec(
            dataset=stored.ref,
            columns=dict(source.columns),
            split=source.split.to_json(),
            limit=wish.data.limit,
            train_share=wish.data.train_share,
            fingerprint=stored.fingerprint,
        ),
        model=model.ref,  # of the Hub: pinned to the commit that was looked at
        revision=model.revision,
        method={**wish.method, **({"teacher": teacher.ref} if teacher else {})},
        options=options,
        device=wish.device or device,
        search=search,
        audit=audit,
        created=time.time(),
        versions=package_versions(),
        estimate=estimate.short(),
    )
    return Plan(spec, task, model, rows, estimate, tuple(problems), run)


@dataclass(frozen=True)
class _Source:
    """The rows behind a data spec: a stored data set, or a table that is not stored yet."""

    frame: pd.DataFrame
    table: Table
    stored: StoredDataset | None
    columns: Mapping[str, str]
    split: SplitPlan

    def filled(self, task: Task, data: DataSpec, problems: list[Problem]) -> "_Source":
        """With the columns and the split named by the spec, else by the store, else guessed."""
        there = list(self.frame.columns)
        known = {role.name for role in task.roles}
        for name, column in data.columns.items():
            if name not in known:
                fix = f"{task.title} knows: {', '.join(known)}."
                problems.append(
                    Problem(f"There is no role {name!r}.", "data.columns", fix, code="unknown-role")
                )
            elif not columns_named(column, map(str, there)):
                fix = f"The columns are: {', '.join(map(str, there[:30]))}."
                problems.append(
                    Problem(
                        f"There is no column {column!r}.", f"data.columns.{name}", fix, code="unknown-column"
                    )
                )
        kept = self.stored.columns if self.stored is not None and self.stored.task == task.slug else {}
        said = {**kept, **data.columns}
        columns, missing = choose_columns(
            task,
            self.frame,
            {
                role: column
                for role, column in said.items()
                if role in known and columns_named(column, map(str, there))
            },
        )
        # A column that was named but is not there is said already.
        problems += [] if set(data.columns) - set(columns) else missing
        split = self.split
        if data.split is not None:
            split, found = _parse_split(data.split, there)
            problems += found
        elif self.stored is None and (given := find_split_column(self.frame)):
            split = SplitPlan(column=given)
        return _Source(self.frame, self.table, self.stored, columns, split)


def _parse_split(value: Mapping[str, Any], there: list[str]) -> tuple[SplitPlan, list[Problem]]:
    try:
        split = SplitPlan.from_json(dict(value))
    except UserError as error:
        return SplitPlan(), list(error.problems)
    problems = [
        Problem(f"There is no column {column!r}.", f"data.split.{name}", f"The columns are: {', '.join(there[:30])}.",
                code="unknown-column")
        for name, column in (("column", split.column), ("group", split.group), ("time", split.time))
        if column and column not in there
    ]  # fmt: skip
    return split, problems


def _read_source(data: DataSpec) -> _Source:
    if data.hub:
        table = read_hub(data.hub)
        return _Source(table.frame, table, None, {}, SplitPlan())
    if data.dataset:
        stored = open_dataset(data.dataset)
        frame = stored.read()
        return _Source(
            frame,
            Table(frame=frame, name=stored.name, files=stored.files),
            stored,
            {},
            stored.split or SplitPlan(),
        )
    table = read_table(_existing(data.file, "data.file"), Path(data.file or "").name)
    for part, path in (("validation", data.validation_file), ("test", data.test_file)):
        if path:
            table = _with_rows_of(
                table, read_table(_existing(path, f"data.{part}_file"), Path(path).name), part
            )
    return _Source(table.frame, table, None, {}, SplitPlan())


def _existing(path: str | None, where: str) -> Path:
    found = Path(path or "")
    if not found.exists():
        raise UserError(Problem(f"There is no file {path}.", where, "Check the path.", code="no-file"))
    return found


def _with_rows_of(table: Table, other: Table, part: str) -> Table:
    """The table with the other's rows below, and a column `split` that says which are which."""
    first = table.frame if "split" in table.frame else table.frame.assign(split="train")
    second = other.frame.assign(split=part)
    if missing := [name for name in first.columns if name not in second.columns]:
        raise UserError(
            Problem(
                f"The {part} file has no column {', '.join(map(repr, missing))}.",
                f"data.{part}_file",
                "Give both files the same columns.",
                code="columns-differ",
            )
        )
    frame = pd.concat([first, second[first.columns]], ignore_index=True)
    files = joined_files(table.files, other.files)
    return replace(table, frame=frame, repairs=(*table.repairs, *other.repairs), files=files)


def _collect(problems: list[Problem], function: Any, argument: Any) -> Any:
    """The function's value; or None, with its problems added to the list."""
    try:
        return function(argument)
    except UserError as error:
        problems.extend(error.problems)
        return None


def _one_device(device: str | None, search: Any, audit: Any) -> list[Problem]:
    """What trains several models one after the other does so on one device, and one run does one of them."""
    found = []
    if search and device:
        what = "A search tries options on one device, one after the other."
        fix = "Choose one device, or search first."
        found.append(Problem(what, "options.devices", fix, code="search-devices"))
    if audit and device:
        what = "A check of the labels works on one device."
        found.append(Problem(what, "options.devices", "Choose one device.", code="audit-devices"))
    if audit and search:
        what = "A check of the labels does not search for options."
        found.append(Problem(what, "search", "Leave `search` out.", code="audit-search"))
    return found


def _check_parts(rows: Mapping[str, int]) -> list[Problem]:
    return [
        Problem(
            f"The {name} part has no rows.",
            "data.split",
            "Bring more rows, or change the split.",
            code=f"no-{name}-rows",
        )
        for name, count in rows.items()
        if count == 0
    ]


def complete_options(
    given: Mapping[str, Any], *, task: Task, model: ModelInfo, rows: int, method: str = "full"
) -> dict[str, Any]:
    """The options given, the task's own among them, over those of the preset they name (balanced when none)."""
    preset = str(given.get("preset", "balanced"))
    preset = preset if preset in PRESETS else "balanced"
    options = preset_options(preset, task=task, model=model, rows=rows, method=method)
    options |= given
    options["max_length"] = min(int(options["max_length"]), model.max_length)
    return options_from(options).to_json() | vars(values_as(task.option_class, options))


@lru_cache(maxsize=1)
def package_versions() -> dict[str, str]:
    """The versions of the libraries that decide a run's outcome."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
