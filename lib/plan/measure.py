"""What a run will cost, measured: a process of its own takes three real steps and reports."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil

from lib.errors import Problem, UserError
from lib.plan.estimate import Estimate, total_steps
from lib.plan.planner import Plan
from lib.runs.devices import list_devices
from lib.runs.launch import ROOT, worker_environment
from lib.runs.options import options_from

# Other work on the machine, longer texts later on, the cache: a measured time is off by less than a formula's.
LOW, HIGH = 0.85, 1.25


def measure_run(plan: Plan) -> Estimate:
    """Load the model, train three steps on the longest batch and three on a usual one, and extrapolate.

    Raises UserError when the steps fail, as when memory runs out: better now than in the run.
    """
    with tempfile.TemporaryDirectory(prefix="atelier-measure-") as work:
        spec, out = Path(work, "spec.json"), Path(work, "measured.json")
        spec.write_text(json.dumps(plan.spec.to_json()), encoding="utf-8")
        device = plan.spec.device or list_devices()[0]
        done = subprocess.run(
            [sys.executable, "-m", "lib.training.measure", str(spec), str(out)],
            cwd=ROOT,
            env=worker_environment(device),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode or not out.is_file():
            last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
            raise UserError(
                Problem(
                    f"Three trial steps failed: {last[:300]}",
                    "options",
                    "Halve the batch size or cut texts shorter, and measure again.",
                    code="measure-failed",
                )
            )
        measured = json.loads(out.read_text(encoding="utf-8"))
    options = options_from(plan.spec.options)
    steps = total_steps(options, plan.rows["train"])
    validations = max(1, round(options.epochs * options.evaluations_per_epoch))
    scored = plan.rows["validation"] * (validations + 1) + plan.rows["test"]
    seconds = (
        measured["start_seconds"]
        + steps * measured["step_seconds"]
        + scored * measured["scoring_seconds_per_row"]
        + validations * measured["save_seconds"]
    )
    return Estimate(
        memory_mb=measured["peak_memory_mb"],
        seconds_low=LOW * seconds,
        seconds_high=HIGH * seconds,
        steps=steps,
        measured=True,
        free_memory_mb=psutil.virtual_memory().available / 1e6,
    )
