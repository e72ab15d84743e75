"""Checks of text and label columns that several tasks share."""

from collections.abc import Sequence

import pandas as pd

from lib.errors import Problem


def check_texts(frame: pd.DataFrame, column: str) -> list[Problem]:
    """Rows without text, and a text column that holds only numbers."""
    where = f'column "{column}"'
    texts = frame[column]
    missing = int(texts.isna().sum())
    if missing == len(frame):
        return [
            Problem(
                "Every cell of the text column is empty.",
                where,
                "Choose another column.",
                code="texts-all-missing",
            )
        ]
    problems = []
    if missing:
        problems.append(
            Problem(
                f"{missing:,} of {len(frame):,} rows have no text; they are left out.",
                where,
                "Fill them in, or go on without them.",
                "warning",
                "texts-missing",
            )
        )
    sample = texts.dropna().head(2_000)
    if pd.to_numeric(sample, errors="coerce").notna().all():
        problems.append(
            Problem(
                "The text column holds only numbers, and a language model learns little from them.",
                where,
                "Choose the column with sentences.",
                code="text-is-numbers",
            )
        )
    return problems


def check_labels(frame: pd.DataFrame, column: str, texts: Sequence[str], *, max_labels: int) -> list[Problem]:
    """Missing labels, one label, too many labels, labels too rare, labels that differ only in case."""
    where = f'column "{column}"'
    labels = frame.loc[frame[list(texts)].notna().all(axis=1), column].str.strip()
    missing = int(labels.isna().sum())
    if missing == len(labels):
        return [
            Problem(
                "No row has a label.", where, "Choose the column with the answers.", code="labels-all-missing"
            )
        ]
    problems = []
    if missing:
        problems.append(
            Problem(
                f"{missing:,} of {len(labels):,} rows have no label; they are left out.",
                where,
                "Label them, or go on without them.",
                "warning",
                "labels-missing",
            )
        )
    counts = labels.value_counts()
    if len(counts) == 1:
        problems.append(
            Problem(
                f"Every row has the same label, {counts.index[0]!r}, so there is nothing to tell apart.",
                where,
                "Add rows with another label, or choose another column.",
                code="one-label",
            )
        )
        return problems
    rows = int(counts.sum())
    if len(counts) > max_labels or (len(counts) > 50 and len(counts) > rows / 2):
        problems.append(
            Problem(
                f"The column has {len(counts):,} different values in {rows:,} rows: that is free text or an id, "
                "not a label.",
                where,
                f"Choose a column with at most {max_labels:,} values that repeat.",
                code="too-many-labels",
            )
        )
        return problems
    single = counts[counts == 1]
    if len(single) == len(counts):
        problems.append(
            Problem(
                f"Each of the {len(counts):,} labels occurs only once, so nothing can be learned and tested.",
                where,
                "Bring at least 10 rows per label.",
                code="labels-all-single",
            )
        )
    elif len(single):
        problems.append(
            Problem(
                f"{_named(single.index)} occur{'s' if len(single) == 1 else ''} in one row only: "
                "the model may learn that row, but nothing can test it.",
                where,
                "Add rows with that label, or merge it with another.",
                "warning",
                "label-single",
            )
        )
    rare = counts[(counts > 1) & (counts < 10)]
    if len(rare):
        problems.append(
            Problem(
                f"{_named(rare.index)} {'has' if len(rare) == 1 else 'have'} fewer than 10 rows; "
                "scores for so few rows are mostly chance.",
                where,
                "Add rows, or merge small labels.",
                "warning",
                "labels-rare",
            )
        )
    folded = pd.Series(counts.index, dtype="str").str.casefold()
    if len(twins := sorted(counts.index[folded.duplicated(keep=False).to_numpy()])):
        problems.append(
            Problem(
                f"{_named(pd.Index(twins))} differ only in upper and lower case and count as different labels.",
                where,
                "Write them alike in the file if they mean the same.",
                "warning",
                "labels-case",
            )
        )
    if rows < 40:
        problems.append(
            Problem(
                f"There are only {rows} labelled rows; a test set of a tenth would tell almost nothing.",
                where,
                "Bring at least a few hundred rows.",
                "warning",
                "few-rows",
            )
        )
    return problems


def _named(labels: "pd.Index[str]", most: int = 3) -> str:
    names = ", ".join(f'"{label}"' for label in labels[:most])
    return names if len(labels) <= most else f"{names} and {len(labels) - most:,} more labels"
