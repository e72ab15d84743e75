"""Rows that can be read but say nothing to learn: no label, an empty target, or a word that stands for none."""

import numpy as np

from lib.data.checks.case import Case
from lib.data.checks.finding import Edits, Finding, Fix
from lib.data.checks.words import counted, named, per_cent
from lib.data.profile import PLACEHOLDERS


def missing_answers(case: Case) -> list[Finding]:
    """Empty cells, and labels such as "n/a"."""
    if case.answers is None:
        return []
    found, rows = [], len(case.frame)
    readable = case.inputs.notna()
    empty = np.flatnonzero((readable & case.answers.isna()).to_numpy())
    thing = "a label" if case.answer in ("label", "labels", "tags") else "anything to learn"
    if len(empty):
        found.append(
            Finding(
                check="missing-labels" if case.answer in ("label", "labels", "tags") else "empty-targets",
                what=f"{len(empty):,} of {counted(rows, 'row')} ({per_cent(len(empty), rows)}) "
                f"{'has' if len(empty) == 1 else 'have'} a {case.input_title} but not {thing}.",
                why="They are neither learned from nor judged. With distillation they can still serve: a "
                "teacher answers them.",
                rows=empty,
                where=case.answer_column,
                fixes=(_without(empty),),
            )
        )
    if case.answer == "label":
        said = case.answers.str.casefold().isin(PLACEHOLDERS) & readable
        stand_in = np.flatnonzero(said.to_numpy(dtype=bool, na_value=False))
        if len(stand_in):
            words = sorted(case.answers.iloc[stand_in].unique())
            found.append(
                Finding(
                    check="placeholder-labels",
                    what=f"{counted(len(stand_in), 'row has', 'rows have')} a label that looks as if it "
                    f"stood for none: {named(words)}.",
                    why="If it means that nobody knows, the model learns to say so of rows that do have a "
                    "label. If it is a "
                    "label of its own, all is well.",
                    rows=stand_in,
                    where=case.answer_column,
                    fixes=(_without(stand_in),),
                )
            )
    return found


def _without(rows: np.ndarray) -> Fix:
    return Fix(
        "drop",
        f"Leave out {counted(len(rows), 'row')}",
        "The other rows stay as they are, each in its part.",
        Edits(drop=rows),
    )
