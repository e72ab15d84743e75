"""Faults of Atelier itself: written to a log with a reference, told to the person in one sentence."""

import secrets
import traceback
from datetime import UTC, datetime
from pathlib import Path

from lib.settings import get_settings

_LARGEST_LOG = 5_000_000  # bytes; the log before it is kept once, as app.log.1


def log_path() -> Path:
    """The file that faults are written to."""
    return get_settings().home / "app.log"


def record_fault(fault: BaseException, *, where: str) -> str:
    """Write the traceback to the log and return the reference to find it by.

    Never raises: a full or read-only disk must not hide the fault behind another one.
    """
    reference = secrets.token_hex(3)
    text = "".join(traceback.format_exception(fault))
    entry = f"--- {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {reference} on {where}\n{text}\n"
    path = log_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > _LARGEST_LOG:
            path.replace(path.with_suffix(".log.1"))
        with path.open("a", encoding="utf-8", errors="backslashreplace") as log:
            log.write(entry)
    except OSError:
        return reference
    return reference
