"""Asking the model host for predictions; starts the host when none is running."""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from filelock import FileLock

from lib.errors import Problem, UserError
from lib.inference.channel import code_version, connect, receive, send
from lib.settings import get_settings
from lib.tasks.outputs import Output, output_from_json

ROOT = Path(__file__).resolve().parents[2]
SECONDS_TO_START = 30.0


@dataclass(frozen=True)
class Predictions:
    """What a model said: `frame` as the output describes it, one row per input row, in their order.

    `seconds` is the time the model took, loading left out; `finished` is False when it was cancelled.
    """

    frame: pd.DataFrame
    output: Output
    seconds: float
    finished: bool = True


def predict(
    ref: str,
    rows: pd.DataFrame,
    columns: Mapping[str, str],
    *,
    on_progress: Callable[[int, int], bool | None] | None = None,
) -> Predictions:
    """Predict for rows with the model `ref` (`run:ID` or `folder:PATH`); `columns` maps roles to the rows' columns.

    `on_progress(done, total)` is called now and then; returning False cancels. Raises UserError with what the
    host said, or when it died.
    """
    if rows.empty:
        raise UserError(
            Problem("There are no rows to predict.", fix="Give at least one row.", code="no-rows")
        )
    ensure_host()
    folder = get_settings().cache / "predict"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as work:
        source, sink = Path(work, "rows.parquet"), Path(work, "predictions.parquet")
        rows[list(dict.fromkeys(columns.values()))].to_parquet(source, index=False)
        request = {
            "do": "predict",
            "model": ref,
            "columns": dict(columns),
            "rows": str(source),
            "out": str(sink),
        }
        answer = _ask(request, total=len(rows), on_progress=on_progress)
        if answer is None:
            return Predictions(
                pd.DataFrame(), output_from_json({"kind": "label-scores", "labels": []}), 0.0, False
            )
        frame = pd.read_parquet(sink)
    return Predictions(frame, output_from_json(answer["output"]), float(answer["seconds"]))


def _ask(
    request: dict[str, Any], *, total: int, on_progress: Callable[[int, int], bool | None] | None
) -> dict[str, Any] | None:
    """Send a request and wait for its answer; None when `on_progress` cancelled it by closing the line."""
    with connect() as connection, connection.makefile("rwb") as stream:
        send(stream, request)
        while True:
            message = receive(stream)
            if message is None:
                raise UserError(
                    Problem(
                        "The model host ended while it was predicting, probably for want of memory.",
                        fix="Try again with fewer rows or a smaller model.",
                        code="host-died",
                    )
                )
            if "problems" in message:
                raise UserError(*(Problem(**problem) for problem in message["problems"]))
            if "done" not in message:
                return message
            if on_progress is not None and on_progress(int(message["done"]), total) is False:
                return None


def ensure_host() -> None:
    """Make sure that a host of this code is listening. Raises UserError when it does not come up."""
    if _is_ready():
        return
    get_settings().home.mkdir(parents=True, exist_ok=True)
    with FileLock(get_settings().home / "host.lock", timeout=60):
        if _is_ready():  # somebody else started it while we waited
            return
        stop_host()
        with (get_settings().home / "host.log").open("ab") as log:
            environment = dict(os.environ) | {"ATELIER_HOME": str(get_settings().home)}
            process = subprocess.Popen(
                [sys.executable, "-m", "lib.inference.host"],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )
        deadline = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < deadline and process.poll() is None:
            if _is_ready():
                return
            time.sleep(0.05)
    raise UserError(
        Problem(
            "The model host did not start.",
            where=str(get_settings().home / "host.log"),
            fix="Read that log, then try again.",
            code="host-not-started",
        )
    )


def stop_host() -> None:
    """Ask a listening host to end; nothing happens when there is none."""
    with (
        contextlib.suppress(OSError, ValueError),
        connect(timeout=5) as connection,
        connection.makefile("rwb") as stream,
    ):
        send(stream, {"do": "end"})
        receive(stream)


def _is_ready() -> bool:
    try:
        with connect(timeout=5) as connection, connection.makefile("rwb") as stream:
            send(stream, {"do": "ping"})
            answer = receive(stream)
    except (OSError, ValueError):
        return False
    return answer is not None and answer.get("code") == code_version()
