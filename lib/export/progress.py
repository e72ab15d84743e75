"""What an export's worker tells while it works; it is the only writer of the job's state."""

import contextlib
import signal
import sys
import time
from types import FrameType
from typing import Any

import psutil

from lib.export.base import Stopped
from lib.export.job import Job
from lib.export.state import ExportState
from lib.runs.memory import memory_kills

SECONDS_BETWEEN_WRITES = 0.5
# Earlier than this nothing is known about the pace.
SECONDS_BEFORE_ETA, SHARE_BEFORE_ETA = 2.0, 0.03


class ExportProgress:
    """The worker's pen. `span` is the part of the whole, from 0 to 1, that steps now count in."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.state = ExportState()
        self.span = (0.0, 1.0)
        self._written = 0.0
        self._stopping = False

    def sign_in(self) -> None:
        """Say which process this is. From here on this process alone writes the state."""
        process = psutil.Process()
        self.state = self.state.changed(
            pid=process.pid,
            process_started=process.create_time(),
            started=time.time(),
            memory_kills=memory_kills(),
        )
        self._write()
        signal.signal(signal.SIGTERM, self._terminate)

    def _terminate(self, signum: int, frame: FrameType | None) -> None:
        if self._stopping:  # already on the way out: what tidies up must not be disturbed
            return
        self._stopping = True
        raise Stopped

    def step(self, words: str, share: float) -> None:
        """Say what is being done and which share of the present span is done. Raises Stopped when someone asked."""
        if not self._stopping and self.job.stop_path.exists():
            self._stopping = True
            raise Stopped
        low, high = self.span
        whole = low + (high - low) * min(1.0, max(0.0, share))
        new = words != self.state.phase
        if new:
            sys.stderr.write(f"{time.strftime('%H:%M:%S')} {words}\n")
        self.state = self.state.changed(phase=words, share=whole, eta_seconds=self._eta(whole))
        if new or time.monotonic() - self._written > SECONDS_BETWEEN_WRITES:
            self._write()

    def _eta(self, share: float) -> float | None:
        spent = time.time() - (self.state.started or time.time())
        if share < SHARE_BEFORE_ETA or spent < SECONDS_BEFORE_ETA:
            return None
        return spent * (1 - share) / share

    def end(self, outcome: str, *, problems: list[dict[str, Any]] | None = None) -> None:
        """Say how it ended: succeeded, stopped or failed."""
        self._stopping = True  # what is said last is not to be interrupted
        share = 1.0 if outcome == "succeeded" else self.state.share
        self.state = self.state.changed(
            state=outcome,
            phase="",
            share=share,
            finished=time.time(),
            eta_seconds=None,
            problems=problems or [],
        )
        self._write()
        with contextlib.suppress(OSError):
            self.job.stop_path.unlink()

    def _write(self) -> None:
        self.state = self.state.changed(updated=time.time())
        self.job.write_state(self.state)
        self._written = time.monotonic()
