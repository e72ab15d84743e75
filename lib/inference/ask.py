"""Asking the model host: one request, its progress, its answer; starts the host when none is running."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from lib.errors import Problem, UserError
from lib.inference.channel import code_version, connect, receive, send
from lib.settings import get_settings

ROOT = Path(__file__).resolve().parents[2]
SECONDS_TO_START = 30.0
_SECONDS_KEPT = 86_400  # work folders of an app that was killed


@contextlib.contextmanager
def work_folder() -> Iterator[Path]:
    """A folder for the files of one request and its answer, gone afterwards."""
    folder = get_settings().cache / "predict"
    folder.mkdir(parents=True, exist_ok=True)
    _forget_old(folder)
    with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as work:
        yield Path(work)


def is_loaded(ref: str, slug: str = "") -> bool:
    """Whether a prediction with that model would start at once; `slug` as in `HeldModels.get`."""
    status = _status()
    name = f"{ref} {slug}" if slug else ref
    return status is not None and status.get("code") == code_version() and name in status.get("held", ())


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


def ask(request: dict[str, Any], on_progress: Callable[[int, str], bool | None]) -> dict[str, Any] | None:
    """Send a request and wait for its answer; None when `on_progress` cancelled it by closing the line."""
    with contextlib.closing(ask_and_listen(request)) as messages:
        for message in messages:
            if "done" not in message:
                return message
            if on_progress(int(message["done"]), str(message.get("phase", ""))) is False:
                return None
    raise _host_died()


def ask_and_listen(request: dict[str, Any]) -> Generator[dict[str, Any], None, None]:
    """Send a request and give every message that comes back, until the host hangs up.

    Some are only {"done", "phase"}, sent a few times a second. Closing the iterator hangs up, which ends the work.
    Raises UserError with what the host said, or when it died before its answer.
    """
    with _line() as stream:
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
            yield message
            if "ended" in message:
                return


@contextlib.contextmanager
def _line() -> Iterator[Any]:
    """A line to the host, which is started when there is none."""
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
            yield stream
        return


def _host_died() -> UserError:
    return UserError(
        Problem(
            "The model host ended while it was at work, probably for want of memory.",
            fix="Try again with fewer rows or a smaller model.",
            code="host-died",
        )
    )


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
