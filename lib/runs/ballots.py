"""Votes on a run's answers, and the answers written to be voted on: two files that only ever grow."""

import contextlib
import json
import time
from pathlib import Path
from typing import Any

from filelock import FileLock

from lib.errors import Problem, UserError
from lib.runs.folder import RunFolder

VERDICTS = ("tuned", "untuned", "equal", "both bad")
MOST_NAME = 60


class Ballots:
    """`votes.jsonl` and `answers.jsonl` in a finished run's folder: one vote, or one pair of answers, a line."""

    def __init__(self, run: RunFolder) -> None:
        self.votes_path = run.path / "votes.jsonl"
        self.answers_path = run.path / "answers.jsonl"

    def votes(self) -> list[dict[str, Any]]:
        """Every vote ever cast, oldest first: row, pair, verdict, left, author, time (Unix seconds).

        `pair` names the two texts, so that a vote never counts for texts it was not cast on; `left` is the model that
        stood on the left. A later vote of the same author on the same pair replaces an earlier one for those who count.
        """
        return [vote for vote in _lines(self.votes_path) if vote.get("verdict") in VERDICTS]

    def cast(self, *, row: int, pair: str, verdict: str, left: str, author: str) -> None:
        """Add a vote. Raises UserError when it cannot be written, ValueError for no verdict."""
        if verdict not in VERDICTS:
            raise ValueError(f"{verdict!r} is no verdict")
        who = " ".join(author.split())[:MOST_NAME] or "anonymous"
        vote = {"row": row, "pair": pair, "verdict": verdict, "left": left, "author": who}
        _append(self.votes_path, [vote | {"time": round(time.time(), 3)}])

    def answers(self) -> list[dict[str, Any]]:
        """Pairs written for the vote, oldest first: row, input, tuned, untuned."""
        wanted = ("row", "input", "tuned", "untuned")
        return [one for one in _lines(self.answers_path) if all(name in one for name in wanted)]

    def add_answers(self, pairs: list[dict[str, Any]]) -> None:
        """Add pairs of answers. Raises UserError when they cannot be written."""
        _append(self.answers_path, pairs)


def _lines(path: Path) -> list[dict[str, Any]]:
    """The objects in a file of JSON lines; what a killed process left half written is left out."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return []
    found = []
    for line in lines:
        with contextlib.suppress(ValueError):
            found.append(json.loads(line))
    return [one for one in found if isinstance(one, dict)]


def _append(path: Path, records: list[dict[str, Any]]) -> None:
    """Add lines at the end, whole: two tabs that write at once wait for each other."""
    text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    try:
        with FileLock(path.with_name(f".{path.name}.lock"), timeout=20), path.open("a+b") as file:
            size = file.seek(0, 2)
            if size:
                file.seek(size - 1)
                # A process that was killed here may have left half a line.
                if file.read(1) != b"\n":
                    text = "\n" + text
            file.write(text.encode())
    except (OSError, TimeoutError) as error:
        raise UserError(
            Problem(
                f"This could not be written down: {error}.",
                where=str(path),
                fix="Free some space, then try again.",
                code="cannot-write",
            )
        ) from error
