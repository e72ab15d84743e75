"""A run on several devices: one process each, which of them this is, and what they must agree on.

Process 0 writes everything that others read; the rest only compute their share of every batch.
"""

import contextlib
import os
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from lib.runs.folder import RunFolder
from lib.training.progress import Progress

# The others wait for process 0 while it encodes, scores and downloads; a dead one is noticed by its parent.
PATIENCE = timedelta(days=30)
SECONDS_BETWEEN_LOOKS = 1.0

_control: Any = None


def rank() -> int:
    """Which of the run's processes this is; 0 for a run on one device."""
    return int(os.environ.get("RANK", "0")) if is_one_of_several() else 0


def ranks() -> int:
    """How many processes the run has."""
    return int(os.environ.get("WORLD_SIZE", "1")) if is_one_of_several() else 1


def is_one_of_several() -> bool:
    """Whether this process was started by torchrun, one for each device."""
    return "TORCHELASTIC_RUN_ID" in os.environ


def become_launcher(run: RunFolder, processes: int) -> None:
    """Turn this process into torchrun, which starts the worker once for every device; never returns.

    The process keeps its number and its start time, so the run's state stays true: it lives as long as torchrun does.
    """
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    os.execv(sys.executable, [*command, "-m", "lib.training.worker", str(run.path)])


def torch_device(devices: str) -> str:
    """What torch calls the device of this process: only the run's own devices are visible to it."""
    return f"cuda:{rank()}" if devices.startswith("cuda") else "cpu"


def join(devices: str) -> None:
    """Find the other processes, if there are any; from here on this process ends when its launcher does."""
    global _control
    if not is_one_of_several():
        return
    import torch

    _end_with_parent()
    on_gpu = devices.startswith("cuda")
    if on_gpu:
        torch.cuda.set_device(rank())
    torch.distributed.init_process_group("nccl" if on_gpu else "gloo", timeout=PATIENCE)
    # What is agreed on are a few bytes on the CPU: asking a GPU would wait for all of its work.
    _control = torch.distributed.new_group(backend="gloo", timeout=PATIENCE)


def agreed(value: Any) -> Any:
    """What process 0 says, in every process; all must ask together."""
    if _control is None:
        return value
    import torch

    said = [value]
    torch.distributed.broadcast_object_list(said, src=0, group=_control)
    return said[0]


def wait_for_all() -> None:
    """Go on only when every process is here."""
    if _control is not None:
        import torch

        torch.distributed.barrier(group=_control)


@contextlib.contextmanager
def first_process_first() -> Iterator[None]:
    """Process 0 does the block alone, then the others, who find what it has made (downloads, encoded rows)."""
    if rank() > 0:
        wait_for_all()
    yield
    if rank() == 0:
        wait_for_all()


class Onlooker(Progress):
    """The progress of a process that is not the first: it writes nothing, unless it fails."""

    def _write(self) -> None:
        return None

    def phase(self, words: str) -> None:
        """Nothing: process 0 says the same in the log they share."""

    def add_metrics(self, values: Mapping[str, float], *, split: str, step: int, epoch: float) -> None:
        """Nothing: process 0 writes the same."""

    def forget_metrics_after(self, step: int) -> None:
        """Nothing: process 0 does."""

    def end(self, outcome: str, *, problems: list[dict[str, Any]] | None = None) -> None:
        """A failure is told, for process 0 will only see that this one is gone."""
        if outcome == "failed":
            ended = self.run.state().changed(state="failed", finished=time.time(), problems=problems or [])
            self.run.write_state(ended)


def _end_with_parent() -> None:
    """Without this, killing the launcher would leave its processes training for nobody."""
    parent = os.getppid()

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(SECONDS_BETWEEN_LOOKS)
        os._exit(1)

    threading.Thread(target=look, name="atelier-parent", daemon=True).start()


def devices_of(named: str) -> list[str]:
    """The devices in a name such as "cuda:0,cuda:1"."""
    return [device for device in named.split(",") if device]


def progress_of(path: Path, devices: str) -> Progress:
    """The pen of this process."""
    kind = Progress if rank() == 0 else Onlooker
    return kind(RunFolder(path), device=devices)
