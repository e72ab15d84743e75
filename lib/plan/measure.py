"""What a run will cost, measured: a process of its own makes the run in miniature, and the rest is multiplied out."""

import contextlib
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from lib.data.store import StoredDataset
from lib.errors import Problem, UserError
from lib.plan.estimate import Estimate, total_steps, validations
from lib.plan.fitting import Run
from lib.plan.planner import Plan
from lib.runs.devices import list_devices
from lib.runs.files import read_json, write_json
from lib.runs.folder import RunFolder
from lib.runs.launch import ROOT, worker_environment
from lib.runs.memory import memory_here
from lib.runs.options import TrainingOptions, options_from
from lib.runs.state import State, process_alive
from lib.settings import get_settings
from lib.tasks.base import Task

# Other work on the machine, longer texts later on, the cache: a measured time is off by less than a formula's.
LOW, HIGH = 0.85, 1.2
# Rows, checkpoints and what the allocator never gives back make a run larger than its miniature: by 4 to 16 % in six
# pairs of `python -m tests.benchmarks costs`, so the middle of these is added.
MEMORY_MORE = 1.1
SECONDS_BETWEEN_LOOKS = 0.3
MOST_KEPT = 30
# What the miniature has of its own, or what only multiplies it.
FREE_OPTIONS = frozenset(
    {
        "preset",
        "epochs",
        "learning_rate",
        "weight_decay",
        "warmup",
        "schedule",
        "max_gradient_norm",
        "evaluations_per_epoch",
        "patience",
        "seed",
    }
)


@dataclass(frozen=True)
class Standing:
    """Where a measurement stands: "none", "running", "done", "failed". `phase` is what it does just now."""

    name: str
    phase: str = ""
    seconds: float = 0.0
    problems: tuple[Problem, ...] = field(default=())


class Measurement:
    """One measurement in a folder of its own: whoever looks there sees how far it is, after a reload too."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def _run(self) -> RunFolder:
        return RunFolder(self.folder / "run")

    @property
    def _out(self) -> Path:
        return self.folder / "measured.json"

    def start(self, plan: Plan) -> int:
        """Start the process; what was there before is measured anew. Returns its number."""
        run = self._run
        run.path.mkdir(parents=True, exist_ok=True)
        for path in (self._out, run.path / "result.json"):
            path.unlink(missing_ok=True)
        once = {"epochs": 1.0, "evaluations_per_epoch": 1, "patience": 0}
        spec = plan.spec.changed(options={**plan.spec.options, **once})
        write_json(run.path / "spec.json", spec.to_json())
        device = plan.spec.device or list_devices()[0]
        now = time.time()
        with run.log_path.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "lib.training.measure", str(run.path), str(self._out)],
                cwd=ROOT,
                env=worker_environment(device),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        # Until it signs in itself, seconds later, so that nobody starts it twice.
        run.write_state(State("running", phase="starting", pid=process.pid, process_started=now, started=now))
        return process.pid

    def standing(self) -> Standing:
        """Where it stands now."""
        value = read_json(self._run.path / "state.json")
        if not isinstance(value, dict):
            return Standing("none")
        if self._out.is_file():
            return Standing("done")
        state = State.from_json(value)
        if state.state == "running" and process_alive(state.pid, state.process_started):
            return Standing("running", state.phase, time.time() - (state.started or time.time()))
        seen = self._run.state()
        if seen.state == "stopped":
            return Standing("none")
        said = tuple(Problem(**problem) for problem in seen.problems)
        return Standing("failed", problems=said or (self._unexplained(),))

    def _unexplained(self) -> Problem:
        last = (self._run.read_log().strip().splitlines() or ["it ended without a word"])[-1]
        return Problem(
            f"The measurement failed: {last[:300]}",
            "options",
            "Measure again, or start the run with less: a smaller batch, shorter texts.",
            code="measure-failed",
        )

    def end(self) -> None:
        """End the process, if it still works."""
        state = self._run.state()
        if state.state == "running" and state.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(state.pid, signal.SIGKILL)

    def cancel(self) -> None:
        """End the process and forget the measurement; nothing happens when there is none."""
        self.end()
        self._run.write_state(State("stopped"))

    def measured(self) -> dict[str, Any] | None:
        """What was measured, part by part; None before it is done."""
        value = read_json(self._out)
        return value if isinstance(value, dict) else None


def measurement_key(*parts: Any, options: Mapping[str, Any]) -> str:
    """A name for what a measurement depends on; options that only multiply it are left out."""
    bound = {name: value for name, value in options.items() if name not in FREE_OPTIONS}
    return sha256(json.dumps([*parts, bound], sort_keys=True).encode()).hexdigest()[:24]


def measure_run(plan: Plan, *, tell: Callable[[str], Any] = lambda phase: None) -> Estimate:
    """Make the run in miniature and multiply out; `tell(phase)` is told what it does just now.

    Raises UserError when it fails, as when memory runs out: better now than in the run.
    """
    with tempfile.TemporaryDirectory(prefix="atelier-measure-") as work:
        measurement = Measurement(Path(work))
        measurement.start(plan)
        try:
            while (standing := measurement.standing()).name == "running":
                tell(standing.phase)
                time.sleep(SECONDS_BETWEEN_LOOKS)
        finally:  # nothing when it has ended by itself
            measurement.end()
        found = measurement.measured()
        if found is None:
            raise UserError(*standing.problems)
    return extrapolated(found, plan.task, options_from(plan.spec.options))


def extrapolated(measured: Mapping[str, Any], task: Task, options: TrainingOptions) -> Estimate:
    """The whole run from what `lib.training.measure` found of its parts."""
    spent, seen, calls = measured["spent"], measured["rows"], measured["calls"]
    rows = measured["all_rows"]
    features = round(rows["train"] * measured["features_per_row"])
    steps = total_steps(options, features)
    checks = validations(options, features)
    validated = min(rows["validation"], task.most_validated or math.inf)
    each = {name: spent[name] / max(1, seen[name]) for name in spent if name in seen}
    per_validation = each.get("validating", 0.0) * measured["padding"] * validated
    sampled = spent.get("samples", 0.0) / max(1, calls.get("samples", 1))
    scored = [rows["validation"], rows["test"], *([rows["test"]] if task.scores_untuned else [])]
    if task.most_written is None:
        scoring = each["scoring"] * measured["padding"] * sum(scored)
    else:
        judging = each["validating"]
        writing = max(0.0, spent["scoring"] - judging * seen["scoring"]) / seen["scoring"]
        scoring = sum(judging * count + writing * min(count, task.most_written) for count in scored)
    seconds = (
        measured["rest_seconds"]
        + each["encoding"] * rows["train"]
        + steps * measured["step_seconds"]
        + checks * (per_validation + sampled + measured["save_seconds"])
        + sampled
        + scoring
        + each.get("baselines", 0.0) * (rows["train"] + rows["test"])
    )
    return Estimate(
        memory_mb=MEMORY_MORE * measured["peak_memory_mb"],
        seconds_low=LOW * seconds,
        seconds_high=HIGH * seconds,
        steps=steps,
        measured=True,
        free_memory_mb=memory_here().free_mb,
    )


def measurement_of(stored: StoredDataset, run: Run) -> Measurement:
    """The measurement of a run on a stored data set, made or not: another choice that costs has another one."""
    split = stored.split.to_json() if stored.split else None
    key = measurement_key(
        run.task.slug,
        stored.fingerprint,
        sorted(stored.columns.items()),
        split,
        [run.model.ref, run.model.revision],
        dict(run.method),
        options=run.values,
    )
    return Measurement(get_settings().cache / "measured" / key)


def forget_old_measurements() -> None:
    """Keep the newest few on disk."""
    root = get_settings().cache / "measured"
    kept = sorted(root.glob("*"), key=lambda path: path.stat().st_mtime) if root.is_dir() else []
    for path in kept[:-MOST_KEPT]:
        if Measurement(path).standing().name != "running":
            shutil.rmtree(path, ignore_errors=True)
