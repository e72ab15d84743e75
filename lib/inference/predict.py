"""Asking the model host for predictions; starts the host when none is running."""

import contextlib
import inspect
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from filelock import FileLock, Timeout

from lib.errors import Problem, UserError
from lib.inference.channel import code_version, connect, receive, send
from lib.settings import get_settings
from lib.tasks.outputs import LabelScores, Output, output_from_json

ROOT = Path(__file__).resolve().parents[2]
SECONDS_TO_START = 30.0
_SECONDS_KEPT = 86_400  # work folders of an app that was killed

OnProgress = Callable[[int, int], bool | None] | Callable[[int, int, str], bool | None]


@dataclass(frozen=True)
class Predictions:
    """What a model said: `frame` as the output describes it, one row per input row, in their order.

    Rows without a text have missing values; `skipped` counts them. `seconds` is the time the model took, loading
    left out; `finished` is False when it was cancelled. With very many rows and labels, `frame` has no `scores`.
    """

    frame: pd.DataFrame
    output: Output
    seconds: float
    finished: bool = True
    skipped: int = 0


def predict(
    ref: str, rows: pd.DataFrame, columns: Mapping[str, str], *, on_progress: OnProgress | None = None
) -> Predictions:
    """Predict for rows with the model `ref` (`run:ID` or `folder:PATH`); `columns` maps roles to the rows' columns.

    `on_progress(done, total)`, or `(done, total, phase)` with a phase of "waiting", "loading" or "predicting", is
    called a few times a second; returning False (or raising) cancels. Rows that lack a text are left out and come
    back blank. Raises UserError with what the host said, or when it died.
    """
    used = list(dict.fromkeys(columns.values()))
    if missing := [column for column in used if column not in rows]:
        named = ", ".join(f"“{column}”" for column in missing)
        raise UserError(Problem(f"The rows have no column {named}.", "columns", code="missing-column"))
    if rows.empty:
        raise UserError(
            Problem("There are no rows to predict.", fix="Give at least one row.", code="no-rows")
        )
    texts = rows[used].astype("str").reset_index(drop=True)
    full = pd.concat([texts[name].str.strip().fillna("") != "" for name in used], axis=1).all(axis=1)
    if not full.any():
        raise UserError(
            Problem(
                "No row has a text to read.",
                where=", ".join(used),
                fix="Choose the column that holds the texts.",
                code="no-text",
            )
        )
    asked = texts[full]
    folder = get_settings().cache / "predict"
    folder.mkdir(parents=True, exist_ok=True)
    _forget_old(folder)
    with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as work:
        source, sink = Path(work, "rows.parquet"), Path(work, "predictions.parquet")
        asked.to_parquet(source, index=False)
        request = {
            "do": "predict",
            "model": ref,
            "columns": dict(columns),
            "rows": str(source),
            "out": str(sink),
        }
        answer = _ask(request, _with_phase(on_progress, len(asked)))
        if answer is None:
            return Predictions(pd.DataFrame(), LabelScores(()), 0.0, finished=False)
        frame = pd.read_parquet(sink)
    found = frame.set_axis(asked.index).reindex(texts.index)
    return Predictions(
        found, output_from_json(answer["output"]), float(answer["seconds"]), skipped=int((~full).sum())
    )


def is_loaded(ref: str) -> bool:
    """Whether a prediction with that model would start at once."""
    status = _status()
    return status is not None and status.get("code") == code_version() and ref in status.get("held", ())


def ensure_host() -> None:
    """Make sure that a host of this code is listening. Raises UserError when it does not come up."""
    if _is_ready():
        return
    home = get_settings().home
    home.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(home / "host.lock", timeout=60):
            if _is_ready():  # somebody else started it while we waited
                return
            stop_host()
            if _start_host():
                return
    except Timeout:
        pass
    raise UserError(
        Problem(
            "The model host did not start.",
            where=str(home / "host.log"),
            fix="Read that log, then try again.",
            code="host-not-started",
        )
    )


def stop_host() -> None:
    """Ask a listening host to end; nothing happens when there is none. It finishes what it is doing first."""
    with (
        contextlib.suppress(OSError, ValueError),
        connect(timeout=5) as connection,
        connection.makefile("rwb") as stream,
    ):
        send(stream, {"do": "end"})
        receive(stream)


def _ask(request: dict[str, Any], on_progress: Callable[[int, str], bool | None]) -> dict[str, Any] | None:
    """Send a request and wait for its answer; None when `on_progress` cancelled it by closing the line."""
    for attempt in (1, 2):
        ensure_host()
        try:
            connection = connect()
        except OSError:
            # It ended for want of work, or was killed, between the two lines above.
            if attempt == 2:
                raise _host_died() from None
            continue
        with connection, connection.makefile("rwb") as stream:
            return _converse(stream, request, on_progress)
    raise _host_died()


def _converse(
    stream: Any, request: dict[str, Any], on_progress: Callable[[int, str], bool | None]
) -> dict[str, Any] | None:
    message: dict[str, Any] | None = None
    with contextlib.suppress(OSError):
        send(stream, request)
    while True:
        try:
            message = receive(stream)
        except (OSError, ValueError):  # killed in the middle of a line
            message = None
        if message is None:
            raise _host_died()
        if "problems" in message:
            raise UserError(*(Problem(**problem) for problem in message["problems"]))
        if "done" not in message:
            return message
        if on_progress(int(message["done"]), str(message.get("phase", ""))) is False:
            return None


def _host_died() -> UserError:
    return UserError(
        Problem(
            "The model host ended while it was predicting, probably for want of memory.",
            fix="Try again with fewer rows or a smaller model.",
            code="host-died",
        )
    )


def _with_phase(on_progress: OnProgress | None, total: int) -> Callable[[int, str], bool | None]:
    """The caller's function, which may or may not want to know the phase."""
    if on_progress is None:
        return lambda done, phase: None
    told: Callable[..., bool | None] = on_progress
    if len(inspect.signature(on_progress).parameters) >= 3:
        return lambda done, phase: told(done, total, phase)
    return lambda done, phase: told(done, total)


def _start_host() -> bool:
    """Start a host and wait until it answers; False when it ends or takes too long."""
    home = get_settings().home
    with (home / "host.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "lib.inference.host"],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=dict(os.environ) | {"ATELIER_HOME": str(home)},
            start_new_session=True,
        )
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        if _is_ready():
            return True
        time.sleep(0.05)
    return False


def _status() -> dict[str, Any] | None:
    """What the host says of itself; None when none answers."""
    try:
        with connect(timeout=5) as connection, connection.makefile("rwb") as stream:
            send(stream, {"do": "ping"})
            return receive(stream)
    except (OSError, ValueError):
        return None


def _is_ready() -> bool:
    status = _status()
    return status is not None and status.get("code") == code_version()


def _forget_old(folder: Path) -> None:
    oldest = time.time() - _SECONDS_KEPT
    for path in folder.iterdir():
        with contextlib.suppress(OSError):  # another tab was quicker
            if path.stat().st_mtime < oldest:
                shutil.rmtree(path, ignore_errors=True)
