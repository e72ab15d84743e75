"""The run in hand beside another one: which others there are, and what the two come to on the rows both judged."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from lib.analysis.matrix_change import MatrixChange
from lib.analysis.same_rows import SameRows, same_rows
from lib.analysis.two_runs import Agreement, Lead, agreement, lead, row_gains
from lib.runs.spec import DataSpec, Spec
from lib.tasks.outputs import LabelScores
from lib.ui.evaluate_data import Evaluation
from lib.ui.review_selection import GATHERED_TO, READABLE, Names
from lib.ui.runs_list import RunLine

_HOUR = 3600
# What the list shows of the other run's answer, beside this run's own columns.
_OF_OTHER = ("predicted", "correct", "confidence", "loss")


@dataclass(frozen=True)
class Compared:
    """What there is to say. `frame` holds this run's judged rows with `gain`, `outcome` and the other run's columns.

    Those are named "other_predicted" and so on. `lead` is by the task's main score, None where no draws can be made of
    it; `change` is there for one label a row. Shared between all who look: never change it.
    """

    rows: SameRows
    frame: pd.DataFrame
    lead: Lead | None
    agreement: Agreement
    change: MatrixChange | None


def same_data(one: DataSpec, two: DataSpec) -> bool:
    """Whether a row's number means the same row for both: one fingerprint, or where there is none one version."""
    if one.fingerprint or two.fingerprint:
        return one.fingerprint == two.fingerprint
    return one.dataset == two.dataset


def related_data(one: DataSpec, two: DataSpec) -> bool:
    """Whether two runs learned from the same data set, perhaps from different versions of it."""
    names = [(data.dataset or "").partition("@")[0] for data in (one, two)]
    return same_data(one, two) or (names[0] == names[1] and bool(names[0]))


def others(found: Evaluation, lines: list[RunLine]) -> list[RunLine]:
    """The runs to compare with, newest first: the same task and data set, with judged rows of this split."""
    spec = found.run.spec
    return [
        line
        for line in lines
        if line.spec is not None
        and line.id != found.run.id
        and line.spec.task == spec.task
        and related_data(line.spec.data, spec.data)
        and has_judged(line, found.split)
    ]


def has_judged(line: RunLine, split: str) -> bool:
    """Whether a run has judged rows of a split."""
    return line.has_result and bool(line.rows(split)) and line.run.predictions_path.is_file()


def first_choice(spec: Spec, choices: list[RunLine]) -> RunLine | None:
    """The run to compare with when nobody has chosen: the one it was made from, else the newest."""
    parents = [line for line in choices if line.id == spec.parent]
    return next(iter([*parents, *choices]), None)


def compared(this: Evaluation, other: Evaluation) -> Compared:
    """The comparison, remembered while the files are the same. Raises UserError when no row is the same."""
    return _compared(repr((this.key, other.key)), this, other)


def score_leads(this: Evaluation, other: Evaluation) -> list[Lead | None]:
    """The lead by every score of the task, in the task's order."""
    return _score_leads(repr((this.key, other.key)), this, other)


def shown_changes(change: MatrixChange) -> tuple[MatrixChange, ...]:
    """The change, and with too many labels to read the one that gathers the rest."""
    return (change,) if len(change) <= READABLE else (change, change.reduced(GATHERED_TO))


def names_of(change: MatrixChange) -> Names:
    """Every name that a selection may use."""
    return Names.of(*(part.this for part in shown_changes(change)))


@st.cache_resource(max_entries=6, ttl=_HOUR, show_spinner="Comparing the two runs row by row")
def _compared(keys: str, _this: Evaluation, _other: Evaluation) -> Compared:
    output, main = _this.output, _this.task.main_score
    rows = same_rows(
        output,
        _other.frame,
        _this.frame,
        other_texts=_other.texts,
        this_texts=_this.texts,
        same_data=same_data(_this.run.spec.data, _other.run.spec.data),
    )
    agreed = agreement(output, rows.other, rows.this)
    frame = rows.this.assign(
        outcome=agreed.outcomes,
        gain=row_gains(output, rows.other, rows.this),
        **{f"other_{name}": rows.other[name] for name in _OF_OTHER if name in rows.other},
    )
    change = None
    if isinstance(output, LabelScores):
        change = MatrixChange.of(
            frame["gold"], frame["other_predicted"], frame["predicted"], labels=output.labels
        )
    by_main = lead(output, main.name, rows.other, rows.this, higher_is_better=main.higher_is_better)
    return Compared(rows, frame, by_main, agreed, change)


@st.cache_data(max_entries=10, ttl=_HOUR, show_spinner="Comparing by every score")
def _score_leads(keys: str, _this: Evaluation, _other: Evaluation) -> list[Lead | None]:
    rows = compared(_this, _other).rows
    return [
        lead(_this.output, item.name, rows.other, rows.this, higher_is_better=item.higher_is_better)
        for item in _this.task.scores
    ]


@st.cache_data(max_entries=10, ttl=_HOUR, show_spinner=False)
def change_order(keys: str, kind: str, size: int, _change: MatrixChange) -> np.ndarray:
    """The order to show the labels of a change in: that of this run's matrix; what is gathered stands last."""
    order = _change.this.order(
        "support" if kind == "support" else "clustered" if kind == "clustered" else "alphabetical"
    )
    if not _change.this.is_reduced:
        return order
    return np.append(order[order != size - 1], size - 1)
