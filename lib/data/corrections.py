"""A new version of a data set with labels put right: what changes is said row by row, and every split stays."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pandas as pd

from lib.data.dataset import StoredDataset
from lib.data.profile import SPLIT_VALUES
from lib.data.reviews import Review, latest_reviews, subject_of, write_reviews
from lib.data.split import SplitPlan
from lib.data.store import save
from lib.data.table import Table
from lib.errors import Problem, UserError

COLUMNS = ("row", "split", "change", "from", "to", "author", "time", "note")
_PINNED = "split"


@dataclass(frozen=True)
class Changes:
    """What a new version would change: one line a row, with `COLUMNS`. `held` are test rows left as they are."""

    table: pd.DataFrame
    held: int

    def count(self, change: str) -> int:
        """How many rows are "relabelled" or "excluded"."""
        return int((self.table["change"] == change).sum())


def changes_of(
    labels: "pd.Series[str]", parts: "pd.Series[str]", reviews: Mapping[int, Review], *, with_test: bool
) -> Changes:
    """What the reviews come to on rows with these labels and splits, both indexed by the row's number.

    Test rows change only `with_test`. A label that is what it was already changes nothing.
    """
    lines, held = [], 0
    for row, review in sorted(reviews.items()):
        if row not in labels.index:
            continue
        before = str(labels[row]).strip()
        if review.status == "relabel" and review.label != before:
            change, after = "relabelled", review.label
        elif review.status == "exclude":
            change, after = "excluded", None
        else:
            continue
        part = parts.get(row)
        if part == "test" and not with_test:
            held += 1
            continue
        when = datetime.fromtimestamp(review.time, UTC).isoformat(timespec="seconds")
        lines.append((row, part, change, before, after, review.author, when, review.note))
    return Changes(pd.DataFrame(lines, columns=list(COLUMNS)), held)


def save_corrected(
    stored: StoredDataset,
    changes: Changes,
    *,
    task: str,
    columns: Mapping[str, str],
    label: str,
    split: SplitPlan,
    parts: "pd.Series[str]",
) -> StoredDataset:
    """The next version with the changes made; the old one stays as it is.

    `parts` are the rows' splits so far (missing: not used), indexed by the row's number. Splits are balanced by label,
    so new labels could move rows from one split to another: where the data do not say the split of every row
    themselves, a column is added that does. Reviews go along, so that nobody has to decide twice.
    Raises UserError when nothing changes.
    """
    if changes.table.empty:
        what = "No row would change, so there is no new version to make."
        raise UserError(Problem(what, "labels", "Relabel or exclude rows first.", code="no-changes"))
    frame, table = stored.read(), changes.table
    moved = table[table["change"] == "relabelled"]
    frame.loc[moved["row"], label] = moved["to"].to_numpy()
    pinned = pinned_column(frame, split, parts)
    if pinned != split.column:
        frame[pinned] = parts.reindex(frame.index).astype("str")
    excluded = table.loc[table["change"] == "excluded", "row"].tolist()
    kept = frame.drop(index=excluded)
    plan = SplitPlan(column=pinned, stratify=split.stratify, group=split.group, seed=split.seed)
    counts = parts.drop(index=excluded).value_counts()
    made = save(
        Table(
            kept.reset_index(drop=True),
            stored.source or stored.name,
            format=stored.format,
            files=stored.files,
        ),
        name=stored.name,
        task=task,
        columns=dict(columns),
        split=plan,
        counts={part: int(counts.get(part, 0)) for part in ("train", "validation", "test")},
        parent=stored.ref,
        changes=table,
    )
    carry_reviews(stored, made, label, table, kept.index)
    return made


def pinned_column(frame: pd.DataFrame, split: SplitPlan, parts: "pd.Series[str]") -> str:
    """The column that says every row's split: the plan's own where it says all, else a new name."""
    if split.column in frame:
        said = frame[split.column].astype("str").str.strip().str.casefold().map(SPLIT_VALUES)
        used = parts.dropna()
        if (said.reindex(used.index) == used).all():
            return str(split.column)
    name, number = _PINNED, 1
    while name in frame:
        number += 1
        name = f"{_PINNED}_{number}"
    return name


def carry_reviews(
    stored: StoredDataset, made: StoredDataset, label: str, table: pd.DataFrame, kept: pd.Index
) -> None:
    """The decisions of the old version for the rows of the new one: a new label counts as accepted there.

    `table` are the relabelled rows; `kept` the old numbers of the new version's rows, in their order.
    """
    place = {int(row): number for number, row in enumerate(kept)}
    before = dict(zip(table["row"], table["from"], strict=True))
    subject = subject_of(made.fingerprint, label)
    known = latest_reviews(subject)
    carried = []
    for row, review in latest_reviews(subject_of(stored.fingerprint, label)).items():
        if row not in place or place[row] in known:
            continue
        if row in before:
            note = f"Was “{before[row]}” in version {stored.version}. {review.note}".strip()
            review = replace(review, status="accepted", label=None, note=note)
        carried.append(replace(review, row=place[row]))
    write_reviews(subject, carried)
