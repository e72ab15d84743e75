"""What people have decided about rows of a data set: status, label, note, who and when; kept in one small file."""

import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from lib.errors import Problem, UserError
from lib.settings import get_settings

Status = Literal["unreviewed", "needs review", "accepted", "relabel", "exclude"]
STATUSES: tuple[Status, ...] = get_args(Status)
# What settles a row; "needs review" asks for another look.
SETTLED: tuple[Status, ...] = ("accepted", "relabel", "exclude")
MOST_NOTE, MOST_AUTHOR = 2_000, 80

_TABLE = """
CREATE TABLE IF NOT EXISTS reviews (
  id INTEGER PRIMARY KEY, subject TEXT NOT NULL, row INTEGER NOT NULL, status TEXT NOT NULL,
  label TEXT, note TEXT NOT NULL, author TEXT NOT NULL, time REAL NOT NULL)
"""
_INDEX = "CREATE INDEX IF NOT EXISTS reviews_of_rows ON reviews (subject, row, id)"


@dataclass(frozen=True)
class Review:
    """A decision about the label of one row.

    `row` counts the data set's rows from 0, `label` is the new one (only for "relabel"), `time` is in seconds since
    1970. "accepted" says that the label is right as it stands.
    """

    row: int
    status: Status
    label: str | None = None
    note: str = ""
    author: str = ""
    time: float = 0.0


def subject_of(fingerprint: str | None, column: str) -> str:
    """What reviews belong to: the labels in one column of rows that never change, whichever run looks at them."""
    return f"{fingerprint} {column}"


def write_reviews(subject: str, reviews: Iterable[Review], *, now: float | None = None) -> None:
    """Add decisions, all or none. Earlier ones of the same rows stay in the history; the latest counts.

    Raises UserError for a status that is not known, a relabelling without a label, or when the disk refuses.
    """
    moment = time.time() if now is None else now
    lines = []
    for review in reviews:
        if review.status not in STATUSES or (review.status == "relabel") != bool(review.label):
            what = (
                f"Row {review.row + 1:,} cannot be set to “{review.status}” with the label {review.label!r}."
            )
            raise UserError(Problem(what, "review", "Choose a label to relabel it to.", code="review"))
        author, note = " ".join(review.author.split())[:MOST_AUTHOR], review.note.strip()[:MOST_NOTE]
        lines.append((subject, review.row, review.status, review.label, note, author, review.time or moment))
    with _store() as store, store:
        store.executemany(
            "INSERT INTO reviews (subject, row, status, label, note, author, time) VALUES (?, ?, ?, ?, ?, ?, ?)",
            lines,
        )


def latest_reviews(subject: str) -> Mapping[int, Review]:
    """The decision that counts for every row that has one, by row; rows put back to "unreviewed" are left out."""
    if not _path().is_file():
        return {}
    with _store() as store:
        found = store.execute(
            "SELECT row, status, label, note, author, time FROM reviews WHERE id IN "
            "(SELECT MAX(id) FROM reviews WHERE subject = ? GROUP BY row) ORDER BY row",
            (subject,),
        ).fetchall()
    return {line[0]: Review(*line) for line in found if line[1] != "unreviewed" or line[3]}


def history_of(subject: str, row: int) -> list[Review]:
    """All decisions about one row, oldest first."""
    if not _path().is_file():
        return []
    with _store() as store:
        found = store.execute(
            "SELECT row, status, label, note, author, time FROM reviews WHERE subject = ? AND row = ? ORDER BY id",
            (subject, row),
        ).fetchall()
    return [Review(*line) for line in found]


def reviews_mark() -> tuple[int, int]:
    """Changes whenever a decision was added, by whatever process: for caches."""
    try:
        about = _path().stat()
    except OSError:
        return 0, 0
    return about.st_mtime_ns, about.st_size


def _path() -> Path:
    return get_settings().home / "reviews.sqlite"


@contextmanager
def _store() -> Iterator[sqlite3.Connection]:
    """The file, opened for a moment: two tabs and a terminal wait for each other instead of failing."""
    try:
        _path().parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(_path(), timeout=10.0)) as store:
            store.execute(_TABLE)
            store.execute(_INDEX)
            yield store
    except (sqlite3.Error, OSError) as error:
        what = f"The reviews could not be read or written: {error}."
        fix = "Check the disk and the folder's permissions; no data set was changed."
        raise UserError(Problem(what, str(_path()), fix, code="reviews")) from error
