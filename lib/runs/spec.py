"""The spec of a run: everything needed to repeat it, written once before the start."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from lib.errors import Problem, UserError

TOP_KEYS = ("name", "task", "data", "model", "method", "options", "search", "audit", "parent")
DATA_KEYS = (
    "file", "dataset", "hub", "columns", "split", "test_file", "validation_file", "limit", "train_share", "fingerprint",
)  # fmt: skip
SOURCES = ("file", "dataset", "hub")


@dataclass(frozen=True)
class DataSpec:
    """Which rows: a source, the columns by role, the split, and a limit for a quick look (rows, seeded).

    `train_share` is the share of the training rows to learn from, above 0 and at most 1; the other rows stay whole.
    """

    file: str | None = None
    dataset: str | None = None
    hub: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    split: dict[str, Any] | None = None
    test_file: str | None = None
    validation_file: str | None = None
    limit: int | None = None
    train_share: float | None = None
    fingerprint: str | None = None


@dataclass(frozen=True)
class Spec:
    """One run, as asked for (many parts may be missing) or as planned (complete).

    `method` is a tagged union: its `name` says which method, the rest are that method's own options.
    `search` asks the run to look for better options first: {"trials": most, "minutes": most, "over": options by name,
    or each with its space, {"low", "high", "log"} or {"choices"}}; None for a run with the options as they stand.
    `audit` makes the run a check of the labels instead of a model: {"how": "quick" or "thorough", "folds"}; every row
    is judged by a model that has not seen it. The plan adds the `reader` of a quick one.
    `revision`, `created`, `versions` and `estimate` are filled in by the plan.
    """

    task: str
    data: DataSpec
    model: str
    name: str = ""
    method: dict[str, Any] = field(default_factory=lambda: {"name": "full"})
    options: dict[str, Any] = field(default_factory=dict)
    search: dict[str, Any] | None = None
    audit: dict[str, Any] | None = None
    parent: str | None = None
    revision: str | None = None
    created: float | None = None
    versions: dict[str, str] = field(default_factory=dict)
    estimate: dict[str, Any] = field(default_factory=dict)
    device: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The spec as plain JSON data, complete."""
        return asdict(self)

    def to_yaml(self) -> str:
        """The spec as a person would write it: what is empty is left out."""
        data = {key: value for key, value in asdict(self.data).items() if value not in (None, {})}
        data.pop("fingerprint", None)
        parts: dict[str, Any] = {"name": self.name, "task": self.task, "data": data, "model": self.model}
        parts |= {"method": self.method, "options": self.options}
        parts |= {"search": self.search} if self.search else {}
        parts |= {"audit": self.audit} if self.audit else {}
        return yaml.safe_dump(parts, sort_keys=False, allow_unicode=True)

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> "Spec":
        """The spec that `to_json` wrote."""
        return Spec(**{**value, "data": DataSpec(**value["data"])})

    def changed(self, **parts: Any) -> "Spec":
        """A copy with some parts replaced."""
        return replace(self, **parts)


def read_spec(path: Path) -> Spec:
    """The spec in a YAML or JSON file; relative file names count from the file's folder.

    Raises UserError with every problem of the file's form. What the data, model and task make of it is for
    the plan to check.
    """
    try:
        value = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(
            Problem(f"There is no file {path}.", where="spec", fix="Check the path.", code="no-spec")
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        where = f"{path.name}, line {line + 1}" if line is not None else path.name
        raise UserError(
            Problem(
                "The file is not readable YAML.",
                where,
                "Check indentation and quotes there.",
                code="bad-yaml",
            )
        ) from error
    return spec_from_mapping(value, folder=path.resolve().parent)


def spec_from_mapping(value: Any, *, folder: Path | None = None) -> Spec:
    """The spec in a mapping, as YAML gives it. Raises UserError with every problem of its form."""
    if not isinstance(value, Mapping):
        raise UserError(
            Problem("A spec is a mapping with task, data and model.", "spec", "See README for an example.",
                    code="spec-form")
        )  # fmt: skip
    problems = [*_unknown_keys(value, TOP_KEYS, "spec"), *_missing_keys(value)]
    data = value.get("data")
    if "data" in value and not isinstance(data, Mapping):
        problems.append(
            Problem("`data` must be a mapping with file, dataset or hub.", "data", code="spec-form")
        )
    if isinstance(data, Mapping):
        problems += _check_data(data)
    for key in ("name", "task", "model", "parent"):
        if value.get(key) is not None and not isinstance(value[key], str):
            problems.append(Problem(f"`{key}` must be text.", key, "Put it in quotes.", code="spec-form"))
    method = value.get("method") or {"name": "full"}
    if isinstance(method, str):
        method = {"name": method}
    if not isinstance(method, Mapping) or not isinstance(method.get("name"), str):
        problems.append(
            Problem(
                "`method` must name a method.", "method", "Write for example {name: full}.", code="spec-form"
            )
        )
    options = value.get("options") or {}
    if not isinstance(options, Mapping):
        problems.append(Problem("`options` must be a mapping.", "options", code="spec-form"))
    for key, example in (("search", "{trials: 8, minutes: 20}"), ("audit", "{how: quick, folds: 4}")):
        if value.get(key) is not None and not isinstance(value[key], Mapping):
            problems.append(
                Problem(f"`{key}` must be a mapping.", key, f"Write {example}.", code="spec-form")
            )
    if problems:
        raise UserError(*problems)
    assert isinstance(data, Mapping)
    fixed = dict(data)
    for key in ("file", "test_file", "validation_file"):
        if fixed.get(key) and folder is not None:
            fixed[key] = str((folder / Path(fixed[key]).expanduser()).resolve())
    if fixed.get("columns") is None:
        fixed.pop("columns", None)
    return Spec(
        task=value["task"],
        data=DataSpec(**fixed),
        model=value["model"],
        name=value.get("name") or "",
        method=dict(method),
        options=dict(options),
        search=None if value.get("search") is None else dict(value["search"]),
        audit=None if value.get("audit") is None else dict(value["audit"]),
        parent=value.get("parent"),
    )


def _unknown_keys(value: Mapping[str, Any], known: tuple[str, ...], where: str) -> list[Problem]:
    return [
        Problem(f"There is no {key!r} here.", where, f"Known are: {', '.join(known)}.", code="unknown-key")
        for key in value
        if key not in known
    ]


def _missing_keys(value: Mapping[str, Any]) -> list[Problem]:
    return [
        Problem(f"`{key}` is missing.", "spec", f"Add a line `{key}: …`.", code="missing-key")
        for key in ("task", "data", "model")
        if not value.get(key)
    ]


def _check_data(data: Mapping[str, Any]) -> list[Problem]:
    problems = _unknown_keys(data, DATA_KEYS, "data")
    if sum(1 for key in SOURCES if data.get(key)) != 1:
        problems.append(
            Problem(
                "`data` must name exactly one source.", "data", "Give file, dataset or hub.", code="spec-form"
            )
        )
    for key in ("file", "dataset", "hub", "test_file", "validation_file"):
        if data.get(key) is not None and not isinstance(data[key], str):
            problems.append(
                Problem(f"`{key}` must be text.", f"data.{key}", "Put it in quotes.", code="spec-form")
            )
    columns = data.get("columns")
    if columns is not None and not (
        isinstance(columns, Mapping)
        and all(isinstance(item, str) for pair in columns.items() for item in pair)
    ):
        problems.append(
            Problem("`columns` must map roles to column names.", "data.columns", "Write {text: …, label: …}.",
                    code="spec-form")
        )  # fmt: skip
    if data.get("split") is not None and not isinstance(data["split"], Mapping):
        problems.append(
            Problem("`split` must be a mapping.", "data.split", "Write {column: split} or {train: 0.8, …}.",
                    code="spec-form")
        )  # fmt: skip
    limit = data.get("limit")
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
        problems.append(
            Problem("`limit` must be a positive whole number of rows.", "data.limit", code="spec-form")
        )
    share = data.get("train_share")
    if share is not None and (
        isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 1
    ):
        problems.append(
            Problem(
                "`train_share` must be a number above 0 and at most 1.", "data.train_share", code="spec-form"
            )
        )
    return problems
