"""Writing small files so that no reader ever sees half of one."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any


def write_atomic(path: Path, text: str) -> None:
    """Replace the file in one step: a reader sees the old text or the new, and a crash leaves the old."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)  # there only when something went wrong


def write_json(path: Path, value: Any) -> None:
    """Write plain data as JSON, atomically."""
    write_atomic(path, json.dumps(value, ensure_ascii=False, indent=1))


def read_json(path: Path, default: Any = None) -> Any:
    """The data in a JSON file; `default` when the file is not there or not JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return default
