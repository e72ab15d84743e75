"""The queue: starts the oldest waiting run whenever a device is free."""

import contextlib
import subprocess
import threading
from collections.abc import Iterator

from filelock import FileLock, Timeout

from lib.errors import UserError
from lib.runs.devices import list_devices
from lib.runs.folder import RunFolder, list_runs
from lib.runs.launch import launch
from lib.runs.lent import is_lent_elsewhere
from lib.runs.state import State
from lib.settings import get_settings

SECONDS_BETWEEN_LOOKS = 1.0


@contextlib.contextmanager
def _only_one() -> Iterator[bool]:
    """Yields True while this process alone may start runs; False when another is at it."""
    home = get_settings().home
    home.mkdir(parents=True, exist_ok=True)
    lock = FileLock(home / "queue.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


# Runs that had ended, by the time of their last change: their state need not be read again every second.
_settled: dict[RunFolder, int] = {}


def _unsettled() -> list[tuple[RunFolder, State]]:
    """The runs that wait or work, with their states."""
    found = []
    for run in list_runs():
        try:
            changed = (run.path / "state.json").stat().st_mtime_ns
        except OSError:  # deleted under us, or damaged: nothing to start
            continue
        if _settled.get(run) == changed:
            continue
        state = run.state()
        if state.is_active:
            found.append((run, state))
        else:
            _settled[run] = changed
    return found


def start_waiting_runs() -> list[RunFolder]:
    """Start as many queued runs as there are free devices, oldest first; returns those started.

    Safe to call from the app and from any number of terminals at once: a file lock lets one at a time through.
    """
    started: list[RunFolder] = []
    with _only_one() as allowed:
        if not allowed:
            return started
        states = _unsettled()
        busy = [name for _, state in states if state.state == "running" for name in _names(state.device)]
        waiting = sorted(
            (
                (state.queued or 0.0, run.id, state.device, run)
                for run, state in states
                if state.state == "queued" and not is_lent_elsewhere(run)
            ),
            key=lambda item: item[:2],
        )
        free = [device for device in list_devices() if device not in busy]
        for _, _, wanted, run in waiting:
            names = _names(wanted) or free[:1]
            if not names or not set(names) <= set(free):
                # One that waits for several devices is not overtaken on those that are free already.
                free = [name for name in free if name not in names] if len(names) > 1 else free
                continue
            free = [name for name in free if name not in names]
            if launch(run, ",".join(names)):
                started.append(run)
            else:
                free = names + free
    return started


def _names(devices: str | None) -> list[str]:
    """The devices in a name such as "cuda:0,cuda:1"."""
    return devices.split(",") if devices else []


class QueueThread(threading.Thread):
    """The app's background thread: looks once a second whether a run can start. It owns no run."""

    def __init__(self) -> None:
        super().__init__(name="atelier-queue", daemon=True)
        self._ended = threading.Event()

    def run(self) -> None:
        """Look, sleep, look again, until told to end."""
        while not self._ended.wait(SECONDS_BETWEEN_LOOKS):
            # A full disk, a folder deleted under us, a driver that does not answer: look again later.
            with contextlib.suppress(OSError, UserError, subprocess.SubprocessError):
                start_waiting_runs()

    def end(self) -> None:
        """Let the thread run out; runs go on."""
        self._ended.set()


def start_queue() -> QueueThread:
    """Start the background thread. One an app process is enough; more do no harm."""
    thread = QueueThread()
    thread.start()
    return thread
