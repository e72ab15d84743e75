"""The table a page is about, saved or not yet, and what is worked out about it once and then remembered."""

import contextlib
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from lib.analysis.balance import label_counts
from lib.data.profile import Profile, as_arrow, conflicts, profile_table
from lib.data.split import SplitPlan, SplitReport, leaks, split_report
from lib.data.store import StoredDataset, open_dataset
from lib.data.table import Table
from lib.data.word_counts import word_counts
from lib.errors import Problem, UserError, errors_in
from lib.models.tokens import count_tokens
from lib.plan.columns import whole_paths
from lib.plan.rows import split_rows
from lib.runs.files import read_json, write_json
from lib.settings import get_settings
from lib.tasks import find_task
from lib.ui.staging import staged

_ROWS_TO_COUNT_TOKENS_ON = 5_000


@dataclass(frozen=True)
class Subject:
    """A table on the Data page: `token` for an upload that is not saved, `stored` for a data set."""

    token: str = ""
    stored: StoredDataset | None = None

    @property
    def key(self) -> str:
        """What the subject is remembered by; the same content has the same key."""
        return str(self.stored.folder) if self.stored else f"upload {self.token}"

    def table(self) -> Table:
        """The table itself, from a small cache."""
        return _table(self.key, self.token, self.stored.ref if self.stored else "")

    @property
    def files(self) -> Path | None:
        """The folder of the pictures that the rows name, if they do."""
        return self.stored.files if self.stored else self.table().files

    def profile(self) -> Profile:
        """The profile: the stored one, or worked out once."""
        if self.stored and self.stored.profile:
            return self.stored.profile
        return _profile(self.key, self)

    def rows(self, start: int, count: int) -> pd.DataFrame:
        """One page of rows; a stored data set is read from disk page by page."""
        return (
            self.stored.read(start=start, count=count)
            if self.stored
            else self.table().frame[start : start + count]
        )

    def take(self, rows: np.ndarray) -> pd.DataFrame:
        """Single rows by their numbers, in that order; a stored data set reads only the parts of its file with them."""
        return self.stored.take(rows.tolist()) if self.stored else self.table().frame.iloc[rows]

    def columns(self, names: Sequence[str]) -> pd.DataFrame:
        """Some columns whole; of a stored data set nothing else is read."""
        return self.stored.read(names) if self.stored else self.table().frame[list(names)]

    def sample(self, column: str, most: int) -> list[str]:
        """At most so many cells of a column that are not missing, drawn with a fixed seed."""
        cells = self.columns([column])[column].dropna()
        return (cells.sample(most, random_state=13) if len(cells) > most else cells).tolist()


@dataclass(frozen=True)
class Choice:
    """What is to be learned from a table: the task, the column of each role, and the split."""

    task: str
    columns: Mapping[str, str]
    split: SplitPlan

    def to_json(self) -> str:
        """The choice as one line, which the same choice always has."""
        return json.dumps([self.task, dict(self.columns), self.split.to_json()], sort_keys=True)


@dataclass(frozen=True)
class Facts:
    """What follows from a choice: its problems, and (if no error forbids it) rows by split and label."""

    problems: tuple[Problem, ...]
    report: SplitReport | None = None
    balance: pd.DataFrame | None = None

    def to_json(self) -> dict[str, Any]:
        """The facts as plain JSON data, to be read back by `from_json`."""
        return {
            "problems": [problem.to_json() for problem in self.problems],
            "report": None if self.report is None else self.report.to_json(),
            "balance": None if self.balance is None else self.balance.to_dict("list"),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Facts":
        """The facts that `to_json` wrote. Raises KeyError or TypeError for other data."""
        report, balance = value["report"], value["balance"]
        if report is not None:
            report = SplitReport(
                report["counts"],
                report["labels"],
                tuple(Problem(**problem) for problem in report["problems"]),
            )
        problems = tuple(Problem(**problem) for problem in value["problems"])
        return cls(problems, report, None if balance is None else pd.DataFrame(balance))

    @property
    def fine(self) -> bool:
        """Whether nothing forbids going on."""
        return not errors_in(self.problems)


def staged_subject(token: str) -> Subject:
    """The upload behind a token. Raises UserError when it is no longer kept."""
    subject = Subject(token=token)
    subject.table()
    return subject


def stored_subject(ref: str) -> Subject:
    """The stored data set of that reference. Raises UserError when there is none."""
    return Subject(stored=open_dataset(ref))


# Two tables at most stay in memory, and not for long: the disk has them.
@st.cache_resource(max_entries=2, ttl=900, show_spinner="Reading the table")
def _table(key: str, token: str, ref: str) -> Table:
    if token:
        return staged(token)
    stored = open_dataset(ref)
    return Table(
        stored.read(),
        stored.name,
        stored.repairs,
        stored.format,
        stored.all_rejected(),
        stored.problems,
        stored.files,
        stored.originals(),
    )


@st.cache_data(max_entries=20, show_spinner="Looking at every column")
def _profile(key: str, _subject: Subject) -> Profile:
    return profile_table(_subject.table().frame)


def facts(subject: Subject, choice: Choice) -> Facts:
    """Check a choice and divide the rows by it; remembered until the choice changes."""
    return _facts(subject.key, choice.to_json(), subject, choice)


@st.cache_data(max_entries=20, show_spinner="Checking the rows and dividing them")
def _facts(key: str, said: str, _subject: Subject, _choice: Choice) -> Facts:
    """The facts from the cache folder, or worked out: dividing 150,000 rows takes two seconds."""
    if _subject.stored is None:
        return _work_out(_subject, _choice)
    name = hashlib.sha256(f"{_code_mark()} {_subject.stored.fingerprint} {said}".encode()).hexdigest()[:32]
    path = get_settings().cache / "facts" / f"{name}.json"
    try:
        return Facts.from_json(read_json(path, {}))
    except (KeyError, TypeError):
        found = _work_out(_subject, _choice)
    with contextlib.suppress(OSError):  # a full disk: worked out again next time
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, found.to_json())
    return found


@lru_cache(maxsize=1)
def _code_mark() -> str:
    """A digest of the code that facts come from, so that facts of another version are not believed."""
    lib = Path(__file__).resolve().parents[1]
    files = [*lib.glob("data/*.py"), *lib.glob("tasks/*.py"), lib / "plan" / "planner.py", Path(__file__)]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(files))).hexdigest()


def _work_out(subject: Subject, choice: Choice) -> Facts:
    task, columns, plan = find_task(choice.task), dict(choice.columns), choice.split
    frame = subject.table().frame
    layouts = [layout for layout in task.all_layouts() if set(columns) <= {role.name for role in layout}]
    problems = _role_problems((layouts or task.all_layouts())[0], columns)
    if problems:
        return Facts(tuple(problems))
    problems += task.check(whole_paths(frame, task, columns, subject.files), columns)
    if errors_in(problems):
        return Facts(tuple(problems))
    try:
        parts = split_rows(frame, task, columns, plan)
    except UserError as error:
        return Facts((*problems, *error.problems))
    used = parts.notna()
    texts, label = task.kept_together(columns), task.stratum(columns)
    labels = frame.loc[used, label].str.strip() if label else None
    report = split_report(parts[used], labels)
    problems += report.problems
    if plan.column:
        problems += leaks(frame[used], parts[used], texts)
    if label and all(task.role(name).kind == "text" for name in task.model_input if name in columns):
        problems += conflicts(frame, texts, label)
    balance = None if labels is None else label_counts(labels.to_numpy(), parts[used].to_numpy())
    return Facts(tuple(problems), report, balance)


def _role_problems(roles: Any, columns: Mapping[str, str]) -> list[Problem]:
    found = [
        Problem(
            f"No column is chosen as the {role.title.lower()}.",
            role.title,
            "Choose one.",
            code="missing-role",
        )
        for role in roles
        if role.required and not columns.get(role.name)
    ]
    for column in sorted({column for column in columns.values() if list(columns.values()).count(column) > 1}):
        what = f"The column “{column}” is chosen more than once."
        found.append(
            Problem(what, "columns", "Choose a different column for each part.", code="column-twice")
        )
    return found


@st.cache_data(max_entries=20, show_spinner=False)
def words_in(key: str, column: str, _subject: Subject) -> np.ndarray:
    """Words per text, int[rows with a text]."""
    cells = as_arrow(_subject.columns([column])[column]).drop_null()
    return word_counts(cells)


@st.cache_data(max_entries=20, show_spinner="Counting tokens")
def tokens_in(key: str, column: str, _subject: Subject, ref: str) -> np.ndarray | None:
    """Tokens per text of a model, of at most 5,000 rows; None when its tokenizer is not at hand."""
    try:
        return np.asarray(
            count_tokens(_subject.sample(column, _ROWS_TO_COUNT_TOKENS_ON), ref), dtype=np.int64
        )
    except (UserError, FileNotFoundError, ImportError):
        return None


def name_from(file_name: str) -> str:
    """A name for a data set from the name of its file."""
    return Path(file_name).stem.strip() or "data"
