"""The slices of a run's judged rows, from what it has read and from the other columns of its data set; remembered."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image, UnidentifiedImageError

from lib.analysis.badness import Badness, badness_of
from lib.analysis.error_tree import Node, error_tree
from lib.analysis.label_sets import as_sets
from lib.analysis.slice_candidates import (
    MOST_LABELS,
    Slice,
    column_slices,
    number_slices,
    set_slices,
    value_slices,
    word_slices,
)
from lib.analysis.slices import slice_table
from lib.data.store import open_rows
from lib.errors import UserError
from lib.tasks.outputs import LabelScores, ManyLabels, Number
from lib.ui.evaluate_data import INPUT, Evaluation
from lib.ui.pictures import pictures_folder

# Reading more pictures than this would take more than a moment.
MOST_PICTURES = 2_000
# Columns of the data beyond the first so many are not looked at.
MOST_COLUMNS = 20


@dataclass(frozen=True, eq=False)
class Sliced:
    """The candidates, how wrong each row is, the table of all slices, the tree, and what could not be looked at."""

    slices: tuple[Slice, ...]
    bad: Badness
    table: pd.DataFrame
    nodes: tuple[Node, ...]
    notes: tuple[str, ...]

    @property
    def overall(self) -> float:
        """The score of all rows that have one."""
        return float(self.bad.values[self.bad.known].mean())

    @property
    def rows(self) -> int:
        """How many rows have a value."""
        return int(self.bad.known.sum())

    def part(self, name: str) -> tuple[str, np.ndarray] | None:
        """The words and rows of the slice or, as "tree:10", of the part of the tree that an address names."""
        if name.startswith("tree:"):
            node = next((node for node in self.nodes if node.path == name.removeprefix("tree:")), None)
            return None if node is None else (node.words, node.mask)
        found = next((one for one in self.slices if one.id == name), None)
        return None if found is None else (found.title, found.mask & self.bad.known)


def can_be_sliced(found: Evaluation) -> bool:
    """Whether the rows have something to compare slices by."""
    return len(found.frame) > 0 and bool(badness_of(found.output, found.frame).known.any())


def sliced(found: Evaluation) -> Sliced:
    """All slices of the rows that are looked at."""
    return _sliced(*found.key, found)


@st.cache_resource(max_entries=4, ttl=3600, show_spinner="Looking at the rows from all sides")
def _sliced(path: str, changed: int, split: str, _found: Evaluation) -> Sliced:
    bad = badness_of(_found.output, _found.frame)
    notes: list[str] = []
    slices = [*_labels(_found), *_lengths(_found), *_words(_found), *_columns(_found, notes)]
    slices += _pictures(_found, notes)
    return Sliced(tuple(slices), bad, slice_table(slices, bad), tuple(error_tree(slices, bad)), tuple(notes))


def _labels(found: Evaluation) -> list[Slice]:
    gold = found.frame["gold"]
    match found.output:
        case LabelScores():
            return value_slices("label", "label", gold, said="truly", most=MOST_LABELS)
        case ManyLabels():
            return set_slices(as_sets(gold))
        case Number(unit=unit):
            return number_slices("label", "true", gold.to_numpy(dtype=np.float64), said="truly", unit=unit)
        case _:
            return []


def _lengths(found: Evaluation) -> list[Slice]:
    frame, texts = found.frame, [name for name in found.texts if name not in found.pictures]
    if not texts:
        return []
    unit = "tokens" if "tokens" in frame else "characters"
    counted = [frame["tokens"]] if "tokens" in frame else [frame[name].str.len().fillna(0) for name in texts]
    lengths = np.sum([one.to_numpy(dtype=np.float64) for one in counted], axis=0)
    slices = number_slices("length", "length", lengths, said="length", unit=unit)
    if "truncated" in frame:
        slices += [
            one
            for one in value_slices("length", "cut", frame["truncated"].map({True: "cut"}), said="text")
            if not one.id.endswith("!")
        ]
    return slices


def _words(found: Evaluation) -> list[Slice]:
    texts = [found.frame[name].fillna("").astype("str") for name in found.texts if name not in found.pictures]
    if not texts:
        return []
    joined = texts[0]
    for other in texts[1:]:
        joined = joined + " " + other
    return word_slices(joined)


def _columns(found: Evaluation, notes: list[str]) -> list[Slice]:
    """The columns of the data set that play no part in the task, if its rows are still the ones that were judged."""
    data = found.run.spec.data
    try:
        stored = open_rows(data.dataset or "", data.fingerprint)
        used = {part for name in data.columns.values() for part in (name, *name.split(", "))}
        used.add(str((data.split or {}).get("column") or ""))
        others = [name for name in stored.column_names if name not in used][:MOST_COLUMNS]
        texts = [name for name in found.texts if name.removeprefix(INPUT) in stored.column_names][:1]
        cells = stored.read([*others, *(name.removeprefix(INPUT) for name in texts)]) if others else None
    except UserError:
        notes.append(
            "The data set is no longer there as it was, so its other columns could not be looked at."
        )
        return []
    if cells is None:
        return []
    rows = found.frame["row"].to_numpy()
    if (
        not texts
        or rows.max() >= len(cells)
        or not _same(found.frame[texts[0]], cells[texts[0].removeprefix(INPUT)].iloc[rows])
    ):
        notes.append(
            "The judged rows are not rows of the data set, so its other columns could not be looked at."
        )
        return []
    return [
        one for name in others for one in column_slices(name, cells[name].iloc[rows].reset_index(drop=True))
    ]


def _same(judged: "pd.Series[str]", cells: "pd.Series[str]") -> bool:
    """Whether these are the same texts: rows that a task made (pairs, parts) are not rows of the data set."""
    pairs = zip(judged.head(200), cells.head(200), strict=True)
    return all(str(one).strip() == str(other).strip() for one, other in pairs)


def _pictures(found: Evaluation, notes: list[str]) -> list[Slice]:
    names = found.pictures
    folder = pictures_folder(found.run.spec.data.dataset) if names else None
    if not names or folder is None:
        return []
    if len(found.frame) > MOST_PICTURES:
        notes.append(f"More than {MOST_PICTURES:,} pictures: their size and brightness were not looked at.")
        return []
    seen = np.array([_look(folder / Path(str(name)).name) for name in found.frame[names[0]]])
    return [
        *number_slices("picture", "brightness", 100 * seen[:, 0], said="brightness", unit="%"),
        *number_slices("picture", "pixels", seen[:, 1], said="shorter side", unit="px"),
        *number_slices("picture", "shape", seen[:, 2], said="width / height"),
    ]


def _look(path: Path) -> tuple[float, float, float]:
    """Brightness from 0 to 1, the shorter side in pixels, width / height; all missing for what cannot be read."""
    try:
        with Image.open(path) as picture:
            width, height = picture.size
            picture.draft("L", (64, 64))  # a JPEG is then only read as finely as needed
            small = picture.convert("L").resize((16, 16))
            return float(np.asarray(small).mean() / 255), float(min(width, height)), width / height
    except (OSError, ValueError, UnidentifiedImageError, Image.DecompressionBombError):
        return float("nan"), float("nan"), float("nan")
