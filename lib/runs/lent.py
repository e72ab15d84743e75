"""Tokens lent to queued runs: kept in the memory of the process that was given them, never on disk.

Only a run's worker may need one, to download its model. Another process that starts runs has not got it, so a note on
disk says which process has, and the others leave such a run to it for as long as it lives.
"""

import hashlib
import os
import threading
from pathlib import Path

import psutil

from lib.errors import UserError
from lib.runs.files import read_json, write_json
from lib.runs.folder import RunFolder
from lib.runs.state import process_alive
from lib.settings import get_settings

_lock = threading.Lock()
_tokens: dict[str, str] = {}


def lend(model: str, token: str) -> None:
    """Keep a token for the next run with that model; before the run is made, so that no other process is quicker."""
    with _lock:
        _tokens[model] = token
    process = psutil.Process()
    path = _note(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, {"pid": process.pid, "process_started": process.create_time()})


def take_lent(run: RunFolder) -> str | None:
    """The token for a run that is being started, once; None for all others."""
    model = _model(run)
    with _lock:
        token = _tokens.pop(model, None)
    if token is not None:
        _note(model).unlink(missing_ok=True)
    return token


def is_lent_elsewhere(run: RunFolder) -> bool:
    """Whether another process that is still alive holds the token for this run."""
    model = _model(run)
    if not model.startswith("hub:"):
        return False
    note = read_json(_note(model))
    if not isinstance(note, dict) or note.get("pid") == os.getpid():
        return False
    return process_alive(note.get("pid"), note.get("process_started"))


def _model(run: RunFolder) -> str:
    try:
        return run.spec.model
    except UserError:
        return ""


def _note(model: str) -> Path:
    return get_settings().cache / "lent" / f"{hashlib.sha256(model.encode()).hexdigest()[:16]}.json"
