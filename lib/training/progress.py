"""What a worker tells while it works: the state file and the metrics file; it is their only writer."""

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from types import FrameType
from typing import Any

import psutil

from lib.runs.files import write_atomic
from lib.runs.folder import RunFolder
from lib.runs.memory import memory_here, memory_kills

# Readers poll every second or two; writing the state more often would only cost.
SECONDS_BETWEEN_WRITES = 0.5


class Progress:
    """The worker's pen. `state` is what was last told; `stop_wanted` is asked after every step."""

    def __init__(self, run: RunFolder, *, device: str) -> None:
        self.run = run
        self.state = run.state().changed(device=device)
        self._written = 0.0
        self._terminated = False
        # Said before every phase, as while a search tries options.
        self.heading = ""

    def sign_in(self) -> None:
        """Say which process this is. From here on this process alone writes the state."""
        process = psutil.Process()
        now = time.time()
        self.state = self.state.changed(
            state="running",
            phase="starting",
            pid=process.pid,
            process_started=process.create_time(),
            memory_total_mb=memory_here().total_mb,
            memory_kills=memory_kills(),
            started=now,
            finished=None,
            problems=[],
        )
        self._write()
        self.heed_termination()

    def heed_termination(self) -> None:
        """Terminating a worker politely is a stop: it keeps its checkpoint and what it has learned."""
        signal.signal(signal.SIGTERM, self._terminate)

    def _terminate(self, signum: int, frame: FrameType | None) -> None:
        self._terminated = True

    @property
    def stop_wanted(self) -> bool:
        """Whether someone asked this run to stop."""
        return self._terminated or self.run.stop_path.exists()

    def phase(self, words: str) -> None:
        """Say what is being done now."""
        sys.stderr.write(f"{time.strftime('%H:%M:%S')} {words}\n")
        self.tell(phase=words, now=True)

    def tell(self, *, now: bool = False, **parts: Any) -> None:
        """Change parts of the state; it is written at most twice a second, or at once."""
        if self.heading and parts.get("phase"):
            parts["phase"] = f"{self.heading}: {parts['phase']}"
        self.state = self.state.changed(**parts)
        if now or time.monotonic() - self._written > SECONDS_BETWEEN_WRITES:
            self._write()

    def _write(self) -> None:
        self.state = self.state.changed(updated=time.time(), memory_mb=peak_memory_mb())
        self.run.write_state(self.state)
        self._written = time.monotonic()

    def end(self, outcome: str, *, problems: list[dict[str, Any]] | None = None) -> None:
        """Say how it ended: succeeded, stopped or failed."""
        self.tell(
            now=True, state=outcome, phase="", finished=time.time(), eta_seconds=None, problems=problems or []
        )
        with contextlib.suppress(OSError):
            self.run.stop_path.unlink()

    def add_metrics(self, values: Mapping[str, float], *, split: str, step: int, epoch: float) -> None:
        """Append one line per value to metrics.jsonl, in one write."""
        now = round(time.time(), 3)
        lines = [
            json.dumps(
                {
                    "step": step,
                    "epoch": round(epoch, 4),
                    "split": split,
                    "name": name,
                    "value": value,
                    "time": now,
                }
            )
            for name, value in values.items()
        ]
        with self.run.metrics_path.open("a", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in lines))

    def forget_metrics_after(self, step: int) -> None:
        """Drop metrics of steps after the checkpoint that is resumed, so that none is there twice."""
        kept = [record for record in self.run.read_metrics() if record["step"] <= step]
        write_atomic(self.run.metrics_path, "".join(json.dumps(record) + "\n" for record in kept))


def peak_memory_mb() -> float:
    """The most resident memory this process has had, in MB (10^6 bytes)."""
    if sys.platform == "win32":
        return float(psutil.Process(os.getpid()).memory_info().peak_wset) / 1e6
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6
