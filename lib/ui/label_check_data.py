"""What a check of labels came to, read once and remembered; and which checks there are of a run's labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import streamlit as st

from lib.analysis.label_issues import IssueOrder, LabelIssues, find_issues
from lib.data.corrections import Changes, changes_of
from lib.data.dataset import StoredDataset
from lib.data.reviews import SETTLED, Review
from lib.data.split import SplitPlan
from lib.data.store import open_rows
from lib.errors import Problem, UserError
from lib.plan.audit import label_column
from lib.plan.rows import split_rows
from lib.runs.folder import RunFolder
from lib.runs.spec import Spec
from lib.tasks import find_task
from lib.ui.evaluate_data import INPUT
from lib.ui.runs_list import RunLine, all_lines

AUDIT_FILE = "audit.parquet"


@dataclass(frozen=True)
class LabelCheck:
    """A finished check. `frame` is shared between all who look: never change it; its rows are those of `issues`."""

    run: RunFolder
    frame: pd.DataFrame
    issues: LabelIssues

    @property
    def path(self) -> Path:
        """The file of the judged rows."""
        return self.run.path / AUDIT_FILE

    @property
    def texts(self) -> list[str]:
        """The columns of the frame that hold what the models read."""
        return [str(name) for name in self.frame if str(name).startswith(INPUT)]

    @cached_property
    def pictures(self) -> list[str]:
        """Those of `texts` that name pictures."""
        spec = self.run.spec
        roles = find_task(spec.task).roles
        named = {f"{INPUT}{spec.data.columns.get(role.name)}" for role in roles if role.kind == "image"}
        return [name for name in self.texts if name in named]

    def listed(self, by: IssueOrder, *, given: str | None, suggested: str | None) -> pd.DataFrame:
        """The flagged rows in their order, of one given or suggested label if named, as a table of their own."""
        issues, names = self.issues, np.asarray(self.issues.labels, dtype=object)
        places = issues.order(by)
        for label, of in ((given, issues.given), (suggested, issues.suggested)):
            if label is not None:
                places = places[names[of[places]] == label]
        rows = self.frame.iloc[places]
        return rows.assign(
            place=places,
            given=names[issues.given[places]],
            suggested=names[issues.suggested[places]],
            own=issues.self_confidence[places],
            likely=issues.probability[places],
            doubt=issues.doubt[places],
        )


def checks_of(spec: Spec) -> list[RunLine]:
    """The checks of the very labels that a run learned from, newest first, whoever asked for them."""
    return [line for line in all_lines() if line.spec is not None and _is_check_of(line.spec, spec)]


def _is_check_of(check: Spec, spec: Spec) -> bool:
    same = (check.task, check.data.fingerprint) == (spec.task, spec.data.fingerprint)
    return bool(check.audit) and same and dict(check.data.columns) == dict(spec.data.columns)


def read_check(run: RunFolder) -> LabelCheck:
    """What the check came to. Raises UserError when its files are damaged."""
    path, target = run.path / AUDIT_FILE, run.target()
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        changed = 0
    if target is None or not changed:
        raise _damaged(path)
    return LabelCheck(run, *_read(str(path), changed, tuple(target["labels"])))


@st.cache_resource(max_entries=3, ttl=3600, show_spinner="Reading what the check found")
def _read(path: str, changed: int, labels: tuple[str, ...]) -> tuple[pd.DataFrame, LabelIssues]:
    try:
        frame = pd.read_parquet(path)
        chances = np.stack(frame["scores"].to_list()) if len(frame) else np.zeros((0, len(labels)))
        issues = find_issues(frame["gold"].tolist(), chances, labels)
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise _damaged(Path(path)) from error
    frame = frame.drop(columns="scores")
    frame["position"] = np.arange(len(frame))
    return frame, issues


def _damaged(path: Path) -> UserError:
    what = "The file of the check cannot be read, so there is nothing to show."
    return UserError(Problem(what, str(path), "Check the labels again.", code="damaged-run"))


@dataclass(frozen=True)
class Labelled:
    """The labels of all rows of a run's data, and the split each row is in (missing: not used), by row number."""

    stored: StoredDataset
    column: str
    labels: "pd.Series[str]"
    parts: "pd.Series[str]"

    def changes(self, reviews: Mapping[int, Review], *, with_test: bool) -> Changes:
        """What a new version would change."""
        return changes_of(self.labels, self.parts, reviews, with_test=with_test)


def labelled(spec: Spec) -> Labelled:
    """The labels that a run learned from. Raises UserError when its rows are gone."""
    stored = open_rows(spec.data.dataset or "", spec.data.fingerprint)
    column = label_column(find_task(spec.task), spec.data.columns)
    assert column is not None
    labels, parts = _divided(
        stored.fingerprint,
        spec.task,
        tuple(sorted(spec.data.columns.items())),
        repr(sorted((spec.data.split or {}).items())),
        stored,
        spec,
        column,
    )
    return Labelled(stored, column, labels, parts)


@st.cache_resource(max_entries=4, ttl=3600, show_spinner="Reading the labels")
def _divided(
    mark: str,
    task: str,
    columns: tuple[tuple[str, str], ...],
    split: str,
    _stored: StoredDataset,
    _spec: Spec,
    _column: str,
) -> tuple["pd.Series[str]", "pd.Series[str]"]:
    frame = _stored.read()
    plan = SplitPlan.from_json(_spec.data.split or {})
    return frame[_column], split_rows(frame, find_task(task), _spec.data.columns, plan)


def settled_rows(reviews: Mapping[int, Review], rows: Sequence[int]) -> int:
    """How many of the rows have a decision that settles them."""
    return sum(1 for row in rows if row in reviews and reviews[row].status in SETTLED)
