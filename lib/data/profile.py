"""Describes a table column by column: what kind of values it holds, how many, how long, and what is odd."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from lib.data.cells import Items, as_list, items_of
from lib.data.names import ID_NAMES, SPLIT_NAMES, plain_name
from lib.data.word_counts import word_counts
from lib.errors import Problem

Kind = Literal["text", "label", "number", "date", "id", "split", "list", "image", "empty"]

TOP_VALUES = 30
_EXAMPLES = 5
_EXAMPLE_CHARACTERS = 300
_LENGTH_BINS = 20
_QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
# Words that people and programs write where a value is missing. They stay text; the profile mentions them.
PLACEHOLDERS = frozenset(
    ["na", "n/a", "#n/a", "nan", "none", "null", "nil", "-", "--", "?", "unknown", "missing", "undefined", "(empty)"]
)  # fmt: skip
_NUMBER = r"^\s*[-+]?(\d+([.,]\d+)*|[.,]\d+)([eE][-+]?\d+)?\s*%?\s*$"
_DATE = (
    r"^\s*(\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ]\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?[AaPp][Mm])?(Z|[-+]\d{2}:?\d{2})?)?"
    r"|[A-Z][a-z]{2,8}\.? \d{1,2},? \d{4}|\d{1,2}\.? [A-Z][a-z]{2,8}\.? \d{4})\s*$"
)
_LIST = r"(?s)^\s*\[.*\]\s*$"
_IMAGE = r"(?i)^[^\n:]{1,250}\.(png|jpe?g|jfif|webp|gif|bmp|tiff?)$"
# Lists are parsed on this many different cells at most to say what they hold.
_PARSED = 200
_FOLDED_AT_ONCE = 50_000
SPLIT_VALUES: dict[str, str] = {
    **dict.fromkeys(("train", "training", "trn", "fit"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev", "development", "validate"), "validation"),
    **dict.fromkeys(
        ("test", "testing", "tst", "eval", "evaluation", "holdout", "heldout", "held-out"), "test"
    ),
}


@dataclass(frozen=True)
class ColumnProfile:
    """One column: `top` are (value, rows) of the most frequent values, `words` the length of its cells.

    `words` holds `quantiles` (from "0" to "1" → words) and `histogram` (`edges`: words, one more than
    `counts`: rows; the last bin also holds the longest 1 %). `characters` is the longest cell's length.
    `items` says what the lists of a column of lists hold.
    """

    name: str
    kind: Kind
    missing: int
    distinct: int
    top: tuple[tuple[str, int], ...]
    words: dict[str, Any]
    characters: int
    examples: tuple[str, ...]
    notes: tuple[str, ...]
    items: Items = ""

    @property
    def mean_words(self) -> float:
        """The average number of words in a cell that is not missing."""
        return float(self.words.get("mean", 0.0))


@dataclass(frozen=True)
class Profile:
    """A whole table: rows, columns, and how many rows repeat an earlier row exactly."""

    rows: int
    columns: tuple[ColumnProfile, ...]
    duplicate_rows: int

    def column(self, name: str) -> ColumnProfile:
        """The profile of one column. Raises KeyError for a name that is not in the table."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def to_json(self) -> dict[str, Any]:
        """The profile as plain JSON data, to be read back by `from_json`."""
        return {
            "rows": self.rows,
            "duplicate_rows": self.duplicate_rows,
            "columns": [
                {**asdict(column), "top": [list(pair) for pair in column.top]} for column in self.columns
            ],
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Profile":
        """The profile that `to_json` wrote."""
        columns = tuple(
            ColumnProfile(
                **{
                    **column,
                    "top": tuple((text, count) for text, count in column["top"]),
                    "examples": tuple(column["examples"]),
                    "notes": tuple(column["notes"]),
                }
            )
            for column in value["columns"]
        )
        return cls(rows=value["rows"], columns=columns, duplicate_rows=value["duplicate_rows"])


def is_number(cell: str) -> bool:
    """Whether a cell is a number as people write it, with a decimal point or comma."""
    return re.match(_NUMBER, cell) is not None


def profile_table(frame: pd.DataFrame) -> Profile:
    """The profile of a table of text columns."""
    columns = [_profile_column(str(name), as_arrow(frame[name])) for name in frame.columns]
    return Profile(rows=len(frame), columns=tuple(columns), duplicate_rows=_duplicate_rows(frame, columns))


def _duplicate_rows(frame: pd.DataFrame, columns: Sequence[ColumnProfile]) -> int:
    """How many rows repeat an earlier one; only rows whose cell in the most varied column repeats can be such rows."""
    if not columns:
        return 0
    varied = max(columns, key=lambda column: column.distinct)
    if varied.distinct + min(varied.missing, 1) == len(frame):
        return 0
    cells = as_arrow(frame[varied.name]).dictionary_encode(null_encoding="encode")
    codes = np.asarray(cells.indices)
    repeated = np.bincount(codes)[codes] > 1
    return int(frame[repeated].duplicated().sum())


def as_arrow(series: pd.Series) -> pa.Array:
    """The column as one Arrow array of large_string, missing = null; other types are written as text."""
    if series.dtype != "str":
        series = series.astype("str")
    array = pa.array(series, type=pa.large_string(), from_pandas=True)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _profile_column(name: str, cells: pa.Array) -> ColumnProfile:
    missing = cells.null_count
    present = cells.drop_null()
    counted = pc.value_counts(present)
    values, counts = counted.field("values"), np.asarray(counted.field("counts"))
    # Most frequent first; equal counts in alphabetical order, so that the profile does not depend on row order.
    likely = np.argsort(-counts, kind="stable")
    if len(likely) > TOP_VALUES:
        likely = likely[: max(TOP_VALUES, int((counts >= counts[likely[TOP_VALUES - 1]]).sum()))][:5_000]
    pairs = sorted(
        ((values[int(at)].as_py(), int(counts[at])) for at in likely), key=lambda pair: (-pair[1], pair[0])
    )
    top = tuple((text[:_EXAMPLE_CHARACTERS], count) for text, count in pairs[:TOP_VALUES])
    # A word count per distinct value is enough: repeated values are weighted by their rows.
    lengths = word_counts(values)
    words = _word_lengths(np.repeat(lengths, counts))
    characters = int(pc.max(pc.utf8_length(values)).as_py()) if len(values) else 0
    kind = _kind(name, values, counts, float(words.get("mean", 0.0)), len(cells))
    return ColumnProfile(
        name=name,
        kind=kind,
        missing=missing,
        distinct=len(values),
        top=top,
        words=words,
        characters=characters,
        examples=_examples(values),
        notes=tuple(_notes(values, counts, kind)),
        items=items_of(_lists(values) or ()) if kind == "list" else "",
    )


def _word_lengths(lengths: np.ndarray) -> dict[str, Any]:
    if not len(lengths):
        return {}
    quantiles = np.quantile(lengths, _QUANTILES)
    reach = max(int(np.quantile(lengths, 0.99)) + 1, 1)
    step = max(-(-reach // _LENGTH_BINS), 1)
    edges = np.arange(0, reach + step, step)
    counts, _ = np.histogram(np.minimum(lengths, edges[-1]), bins=edges)
    return {
        "mean": round(float(lengths.mean()), 3),
        "quantiles": {f"{q:g}": float(value) for q, value in zip(_QUANTILES, quantiles, strict=True)},
        "histogram": {"edges": [int(edge) for edge in edges], "counts": [int(count) for count in counts]},
    }


def _examples(values: pa.Array) -> tuple[str, ...]:
    """Some different values, spread evenly over the column, long ones cut."""
    places = np.linspace(0, len(values) - 1, min(_EXAMPLES, len(values))).astype(int)
    return tuple(values[at].as_py()[:_EXAMPLE_CHARACTERS] for at in places.tolist())


def _share(values: pa.Array, pattern: str) -> float:
    """The share of the values that match, judged on at most 2,000 of them."""
    if not len(values):
        return 0.0
    step = max(len(values) // 2_000, 1)
    sample = values.take(pa.array(np.arange(0, len(values), step)))
    return float(pc.mean(pc.cast(pc.match_substring_regex(sample, pattern), pa.float64())).as_py())


def _kind(name: str, values: pa.Array, counts: np.ndarray, mean_words: float, rows: int) -> Kind:
    distinct, present = len(values), int(counts.sum())
    if not distinct:
        return "empty"
    plain = plain_name(name)
    if _share(values, _IMAGE) > 0.95:
        return "image"
    if _lists(values) is not None:
        return "list"
    if _is_split(values):
        return "split"
    if _share(values, _DATE) > 0.95:
        return "date"
    unique = distinct == present and present > 1
    named_id = plain in ID_NAMES or plain.endswith(("_id", "_uuid", "_index"))
    few = distinct <= 20 and present >= 3 * distinct
    if _share(values, _NUMBER) > 0.98:
        # Whole numbers, all different, under an invented name: what a data frame's index leaves in a CSV.
        unnamed = (
            re.fullmatch(r"column_\d+|unnamed_\d+", plain) is not None and _share(values, r"^\d+$") == 1.0
        )
        if unique and (named_id or unnamed or _counts_up(values)):
            return "id"
        return "label" if few else "number"
    # Codes and addresses, not one-word texts such as names: those have no digits or separators in them.
    coded = unique and present >= 20 and _share(values, r"^[!-~]*[0-9/_][!-~]*$") > 0.5
    if mean_words < 1.5 and (coded or (named_id and distinct > present / 2)):
        return "id"
    if few and mean_words < 12:
        return "label"
    characters = float(pc.mean(pc.utf8_length(values)).as_py())
    wordy = mean_words >= 4 or characters >= 30
    if wordy and distinct > present / 20:
        return "text"
    return (
        "label"
        if distinct <= max(present / 3, 20) or (distinct <= 1_000 and not wordy and present > 2 * distinct)
        else "text"
    )


def _lists(values: pa.Array) -> list[list[Any]] | None:
    """The lists in some cells, spread evenly over the column; None when most cells hold none."""
    if _share(values, _LIST) <= 0.95:
        return None
    step = max(len(values) // _PARSED, 1)
    sample = values.take(pa.array(np.arange(0, len(values), step))).to_pylist()
    found = [one for one in map(as_list, sample) if one is not None]
    return found if len(found) > 0.9 * len(sample) else None


def _is_split(values: pa.Array) -> bool:
    if len(values) > 8 or len(values) < 2:
        return False
    parts = [SPLIT_VALUES.get(value.as_py().strip().casefold()) for value in values]
    return None not in parts and "train" in parts and len(set(parts)) > 1


def _counts_up(values: pa.Array) -> bool:
    """Whether the values are whole numbers, each one more than the one before."""
    if (
        _share(values, r"^\d{1,15}$") < 1.0
        or not pc.all(pc.match_substring_regex(values, r"^\d{1,15}$")).as_py()
    ):
        return False
    numbers = np.asarray(pc.cast(values, pa.int64()))
    return bool((np.diff(numbers) == 1).all())


def _notes(values: pa.Array, counts: np.ndarray, kind: Kind) -> list[str]:
    """Full sentences about values that somebody should look at."""
    notes = []
    short = pc.less_equal(pc.utf8_length(values), 12)
    found = {}
    for value, count in zip(values.filter(short).to_pylist(), counts[np.asarray(short)], strict=True):
        if value.strip().casefold() in PLACEHOLDERS:
            found[value] = int(count)
    if found:
        shown = ", ".join(
            f"“{value}” ({count:,})" for value, count in sorted(found.items(), key=lambda p: -p[1])[:5]
        )
        notes.append(f"Some values look like placeholders for missing ones but are kept as text: {shown}.")
    if kind == "label":
        notes += _label_notes(values.to_pylist(), counts)
    if kind == "text":
        garbled = int(pc.sum(pc.match_substring_regex(values, "â€|Ã[\u0080-\u00bf]|\ufffd")).as_py() or 0)
        if garbled:
            notes.append(f"{garbled:,} texts hold garbled characters such as “â€™” or “�”.")
        markup = int(
            pc.sum(pc.match_substring_regex(values, r"&(amp|lt|gt|quot|#\d{2,5});|<br ?/?>")).as_py() or 0
        )
        if markup:
            notes.append(f"{markup:,} texts hold HTML such as “&amp;” or “<br>”.")
    return notes


def _label_notes(values: Sequence[str], counts: np.ndarray) -> list[str]:
    notes = []
    alike: dict[str, list[str]] = {}
    for value in values:
        alike.setdefault(re.sub(r"\s+", " ", value).strip().casefold(), []).append(value)
    doubled = [sorted(group) for group in alike.values() if len(group) > 1]
    if doubled:
        shown = "; ".join(" / ".join(f"“{value}”" for value in group) for group in sorted(doubled)[:5])
        notes.append(f"Some labels differ only by case or white space: {shown}.")
    rare = sorted(value for value, count in zip(values, counts, strict=True) if count < 3)
    if rare:
        shown = ", ".join(f"“{value}”" for value in rare[:5])
        notes.append(f"{len(rare):,} of {len(values):,} labels occur fewer than three times: {shown}.")
    return notes


def find_split_column(frame: pd.DataFrame) -> str | None:
    """The column that says which rows are for training, validation and test, if there is one.

    All its values must be names of splits (any case), training among them and at least one other; of
    several such columns one with a usual name ("split", "set" …) wins.
    """
    found = []
    for name in frame.columns:
        # The first rows rule out nearly every column before its distinct values have to be counted.
        head = frame[name].head(1_000).dropna()
        likely = all(str(value).strip().casefold() in SPLIT_VALUES for value in head.unique())
        if likely and _is_split(pc.unique(as_arrow(frame[name]).drop_null())):
            found.append(str(name))
    return min(found, key=lambda name: plain_name(name) not in SPLIT_NAMES, default=None)


def fold_text(series: pd.Series) -> pd.Series:
    """Texts without the differences that do not count: case folded, every run of white space one space."""
    cells = as_arrow(series)
    # Piece by piece: a million texts as objects of Python would take twice their own memory.
    parts = [
        pa.array(
            [
                " ".join(cell.casefold().split()) if isinstance(cell, str) else None
                for cell in cells.slice(start, _FOLDED_AT_ONCE).to_pylist()
            ],
            type=pa.large_string(),
        )
        for start in range(0, len(cells), _FOLDED_AT_ONCE)
    ]
    return pd.Series(pd.array(pa.chunked_array(parts, type=pa.large_string()), dtype="str"))


def conflicts(frame: pd.DataFrame, text: str | Sequence[str], label: str) -> tuple[Problem, ...]:
    """Rows with the same text (case and white space aside), told apart by whether their labels agree."""
    texts = [text] if isinstance(text, str) else list(text)
    rows = pd.DataFrame({f"text{number}": fold_text(frame[name]) for number, name in enumerate(texts)})
    keys = list(rows.columns)
    rows["label"] = pd.array(as_arrow(frame[label]), dtype="str")
    usable = rows.dropna()
    groups = usable[usable.duplicated(keys, keep=False)]
    if groups.empty:
        return ()
    labels = groups.groupby(keys, sort=False)["label"].transform("nunique")
    repeated = int(usable.duplicated(keys).sum())
    found = [
        Problem(
            f"{repeated:,} {'row repeats' if repeated == 1 else 'rows repeat'} the text of an earlier row.",
            where=", ".join(texts),
            fix="Nothing needs to be done when Atelier divides the rows: repeated texts stay in one split.",
            severity="warning",
            code="duplicate-text",
        )
    ]
    clashing = groups[labels > 1]
    if len(clashing):
        first = clashing.iloc[0]
        same = clashing[(clashing[keys] == first[keys]).all(axis=1)]
        shown = str(frame[texts[0]].iloc[int(same.index[0])])[:80]
        answers = ", ".join(f"“{value}”" for value in sorted(same["label"].unique())[:4])
        found.append(
            Problem(
                f"{len(clashing):,} rows share their text with rows of another label: “{shown}” is {answers}.",
                where=label,
                fix="Decide on one label for each text; until then the model learns from contradictions.",
                severity="warning",
                code="conflicting-labels",
            )
        )
    return tuple(found)
