"""Checkpoints: which ones are whole, and which to go on from."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from lib.runs.files import read_json, write_json

MARK = "complete.json"


def mark_complete(folder: Path, *, trained_seconds: float, parts: Mapping[str, float]) -> None:
    """Say that all of the checkpoint is on disk, how long the training had taken, and for which parts of it."""
    write_json(folder / MARK, {"trained_seconds": trained_seconds, "parts": dict(parts)})


def newest_complete(root: Path) -> Path | None:
    """The checkpoint with the most steps among the whole ones; half-written ones are removed."""
    found = []
    for folder in root.glob("checkpoint-*"):
        if (folder / MARK).is_file() and folder.name.rpartition("-")[2].isdigit():
            found.append(folder)
        else:  # the worker was killed while it wrote this one
            shutil.rmtree(folder, ignore_errors=True)
    return max(found, key=step_of, default=None)


def step_of(checkpoint: Path) -> int:
    """The optimizer step at which the checkpoint was taken."""
    return int(checkpoint.name.rpartition("-")[2])


def trained_seconds(checkpoint: Path) -> float:
    """How long the training had taken when the checkpoint was written."""
    return float((read_json(checkpoint / MARK) or {}).get("trained_seconds", 0.0))


def trained_parts(checkpoint: Path) -> dict[str, float]:
    """Seconds by part of the training when the checkpoint was written."""
    return dict((read_json(checkpoint / MARK) or {}).get("parts", {}))
