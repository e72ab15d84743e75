"""Starting a worker: a process of its own that outlives the app."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil

from lib.errors import Problem
from lib.runs.folder import RunFolder
from lib.runs.lent import take_lent
from lib.settings import get_settings

ROOT = Path(__file__).resolve().parents[2]
# A worker writes its own state as its first act; if it has not after this long, it never will.
SECONDS_TO_APPEAR = 30.0
# What torchrun tells the processes of a run on several devices; the next run, which one of them starts, is not theirs.
TORCHRUN = ("RANK", "WORLD_SIZE", "LOCAL_", "GROUP_", "ROLE_", "MASTER_", "TORCHELASTIC_", "TORCH_NCCL_")


def launch(run: RunFolder, device: str) -> bool:
    """Start the worker of a queued run and wait until it has signed in; False when it did not.

    The caller holds the queue's lock, so between the start and the sign-in nobody else writes the state.
    """
    queued = run.state()
    with run.log_path.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "lib.training.worker", str(run.path)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=worker_environment(device, token=take_lent(run)),
            start_new_session=True,
        )
    deadline = time.monotonic() + SECONDS_TO_APPEAR
    while time.monotonic() < deadline and process.poll() is None:
        if run.state().pid == process.pid:
            return True
        time.sleep(0.02)
    if process.poll() is not None and run.state().pid == process.pid:
        return True  # it signed in and ended before we looked: it has written its own state
    process.kill()
    process.wait()
    problem = Problem(
        f"The worker did not start (exit code {process.returncode}).",
        where=run.id,
        fix="Read the run's log, then resume the run.",
        code="worker-did-not-start",
    )
    run.write_state(queued.changed(state="failed", finished=time.time(), problems=[problem.to_json()]))
    return False


def worker_environment(device: str, *, token: str | None = None) -> dict[str, str]:
    """The worker's environment: its device, its threads, no telemetry, and the Hub token lent to its run alone."""
    devices = device.split(",")
    cores = psutil.cpu_count(logical=False) or 1
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else cores
    environment = {name: value for name, value in os.environ.items() if not name.startswith(TORCHRUN)}
    # More threads than real cores make a step several times slower, so torch's own guess is not used.
    environment["OMP_NUM_THREADS"] = str(max(1, min(cores, available) // len(devices)))
    numbers = [name.removeprefix("cuda:") for name in devices if name.startswith("cuda:")]
    environment["CUDA_VISIBLE_DEVICES"] = ",".join(numbers)
    environment["ATELIER_DEVICE"] = device
    environment["ATELIER_HOME"] = str(get_settings().home)
    environment |= {
        "TOKENIZERS_PARALLELISM": "true",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "PYTHONUNBUFFERED": "1",
    }
    environment.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    environment.pop("ATELIER_VISIT_TOKEN", None)
    if token:
        environment["ATELIER_VISIT_TOKEN"] = token
    return environment
