"""The card of a data set: where its rows come from, what its columns mean, how it is split, and who may read it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lib.cards.card import front_matter
from lib.cards.licences import LICENCES
from lib.cards.plain import fenced, paragraphs, plain
from lib.cards.wish import CardWish
from lib.data.dataset import StoredDataset
from lib.tasks.base import Columns, Task

MOST_LABELS = 30
# The Hub's sizes: (below this many rows, what it is called).
_SIZES = (
    (1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)  # fmt: skip


@dataclass(frozen=True)
class DatasetFacts:
    """A version of a data set as a task reads it. `rows` and `files` are by split, `labels` rows by label and split.

    `place` is what load_dataset is told: a name on the Hub.
    """

    stored: StoredDataset
    task: Task
    columns: Columns
    rows: Mapping[str, int]
    files: Mapping[str, str]
    place: str
    labels: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def dataset_card(facts: DatasetFacts, wish: CardWish | None = None) -> str:
    """The card as Markdown, with the metadata that the Hub reads at its top."""
    wish = wish or CardWish()
    stored = facts.stored
    return "\n".join(
        [
            *front_matter(dataset_metadata(facts, wish)),
            f"# {plain(wish.title or stored.name)}",
            "",
            *paragraphs(wish.description),
            f"Rows for {facts.task.title.lower()}: {facts.task.summary}",
            "",
            *_splits(facts),
            *_columns(facts),
            *_origin(stored),
            "## Use",
            "",
            *fenced(f"from datasets import load_dataset\n\nrows = load_dataset({facts.place!r})\n", "python"),
            "",
            "## Before you use it",
            "",
            "Atelier has not checked whether the rows name people, or whether they may be passed on. Labels may be "
            f"wrong. {_licence(wish)}",
            "",
        ]
    )


def dataset_metadata(facts: DatasetFacts, wish: CardWish) -> dict[str, Any]:
    """The metadata in the Hub's words; parts that nobody knows are left out."""
    task, count = facts.task, sum(facts.rows.values())
    size = next((name for below, name in _SIZES if count < below), "10M<n<100M")
    files = [{"split": split, "path": path} for split, path in facts.files.items()]
    return {
        **({"language": list(wish.languages)} if wish.languages else {}),
        **({"license": wish.licence} if wish.licence else {}),
        "pretty_name": " ".join((wish.title or facts.stored.name).split()),
        "task_categories": [task.pipeline_tag or task.slug],
        "size_categories": [size],
        "tags": list(dict.fromkeys(["atelier", *([task.slug] if task.pipeline_tag else [])])),
        "configs": [{"config_name": "default", "data_files": files}],
    }


def _splits(facts: DatasetFacts) -> list[str]:
    lines = ["## Rows", "", "| Split | Rows |", "|---|---|"]
    lines += [f"| {split} | {count:,} |" for split, count in facts.rows.items()]
    plan = facts.stored.split
    lines += ["", "The same text is never in two splits." if plan is None or not plan.column else
              f"The column {plain(plan.column)} says which row belongs where.", ""]  # fmt: skip
    if facts.labels:
        splits = list(facts.rows)
        lines += [f"| Label | {' | '.join(splits)} |", f"|---|{'---|' * len(splits)}"]
        for label, counts in list(facts.labels.items())[:MOST_LABELS]:
            numbers = " | ".join(f"{counts.get(split, 0):,}" for split in splits)
            lines.append(f"| {plain(label)} | {numbers} |")
        if len(facts.labels) > MOST_LABELS:
            lines.append(f"| and {len(facts.labels) - MOST_LABELS:,} more labels |{' |' * len(splits)}")
        lines.append("")
    return lines


def _columns(facts: DatasetFacts) -> list[str]:
    lines = ["## Columns", "", "| Column | What it is |", "|---|---|"]
    meant = {column: facts.task.role(role) for role, column in facts.columns.items() if column}
    for name in facts.stored.column_names:
        role = meant.get(name)
        said = f"{role.title}: {role.explanation}" if role else "not used by the task"
        lines.append(f"| {plain(name)} | {said} |")
    return [*lines, "", "Every cell is text, as it was brought, but pictures.", ""]


def _origin(stored: StoredDataset) -> list[str]:
    lines = [
        "## Where it comes from",
        "",
        f"Version {stored.version} of {plain(stored.name)}, read from {plain(stored.source)}; "
        f"{stored.rows:,} rows, {stored.rejected:,} lines could not be read. Fingerprint {stored.fingerprint}.",
        "",
    ]
    lines += [f"- {plain(repair)}" for repair in stored.repairs]
    if stored.parent:
        lines.append(f"- Made from {plain(stored.parent)} by corrections in Atelier.")
    return [*lines, ""] if lines[-1] else lines


def _licence(wish: CardWish) -> str:
    return f"Licence: {LICENCES[wish.licence]}." if wish.licence else "Nobody has stated a licence."
