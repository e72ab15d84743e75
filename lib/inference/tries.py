"""What was tried with a model, kept beside its run or in ATELIER_HOME: each line an input and what came of it."""

import contextlib
import json
import os
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lib.inference.askable import Askable
from lib.inference.predict import Predictions
from lib.runs.files import write_atomic
from lib.settings import get_settings
from lib.tasks.outputs import Output, output_from_json

MOST_TRIES = 200
# A model that was brought into memory in less than this was there already.
SECONDS_OF_A_LOOK = 0.2


@dataclass(frozen=True)
class Answer:
    """What one model said: `row` as its output describes it. `seconds` of work, after so many of `loading`."""

    key: str
    title: str
    output: Output
    row: Mapping[str, Any]
    seconds: float
    loading: float = 0.0
    remark: str = ""

    @property
    def is_first(self) -> bool:
        """Whether the model had to be brought into memory for it."""
        return self.loading > SECONDS_OF_A_LOOK

    @staticmethod
    def of(key: str, title: str, found: Predictions) -> "Answer":
        """The answer to the only row that was asked about."""
        row = {str(name): _plain(value) for name, value in found.frame.iloc[0].items()}
        remark = "Its head was made new for the run, so these answers are no better than chance."
        return Answer(
            key, title, found.output, row, found.seconds, found.loading, remark if found.random_head else ""
        )

    def to_json(self) -> dict[str, Any]:
        """As plain JSON data."""
        return {**vars(self), "output": self.output.to_json()}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> "Answer":
        """What `to_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        return Answer(**{**value, "output": output_from_json(value["output"])})


@dataclass(frozen=True)
class Try:
    """One input, by role; the options changed for it, and the answers of one model or of two."""

    cells: Mapping[str, str]
    answers: Sequence[Answer]
    options: Mapping[str, Any] = field(default_factory=dict)
    id: str = field(default_factory=lambda: secrets.token_hex(4))
    when: float = field(default_factory=time.time)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON data."""
        return {**vars(self), "answers": [answer.to_json() for answer in self.answers]}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> "Try":
        """What `to_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        return Try(**{**value, "answers": [Answer.from_json(answer) for answer in value["answers"]]})


def tries_path(asked: Askable) -> Path:
    """Where the tries with a model are kept: with its run, else in a file of its own."""
    if asked.run is not None:
        return asked.run.path / "tries.jsonl"
    return get_settings().home / "tries" / f"{sha256(asked.key.encode()).hexdigest()[:16]}.jsonl"


def read_tries(asked: Askable) -> list[Try]:
    """What was tried, newest first, at most MOST_TRIES; lines that cannot be read are passed over."""
    try:
        lines = tries_path(asked).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    found = []
    for line in reversed(lines[-MOST_TRIES:]):
        with contextlib.suppress(ValueError, KeyError, TypeError):
            found.append(Try.from_json(json.loads(line)))
    return found


def keep_try(asked: Askable, tried: Try) -> bool:
    """Write the try down; False where it could not be, as on a full disk. Old ones make room now and then."""
    path = tries_path(asked)
    line = (json.dumps(tried.to_json(), ensure_ascii=False) + "\n").encode("utf-8", "replace")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # In one write, so that two tabs never mix their lines.
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, line)
        finally:
            os.close(file)
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        if len(lines) > 2 * MOST_TRIES:
            write_atomic(path, "".join(lines[-MOST_TRIES:]))
    except OSError:
        return False
    return True


def forget_tries(asked: Askable) -> None:
    """Remove everything that was tried with the model."""
    tries_path(asked).unlink(missing_ok=True)


def _plain(value: Any) -> Any:
    """A cell as JSON knows it; what is missing is None."""
    if isinstance(value, np.ndarray):
        return [round(float(number), 7) for number in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if value is None or value is pd.NA or (isinstance(value, float) and value != value) else value
