"""How long the views of the Evaluate page take to work out their numbers, on 50,000 test rows of 20 labels."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MOST_SECONDS = 1.0

MEASURE = """
import sys, time
sys.path.insert(0, "tests/pages")
from fake_finished_runs import finished_run
import numpy as np
from lib.ui.evaluate_data import evaluation
from lib.ui import evaluate_calibration, label_chances, slice_data, threshold_data
draw = np.random.default_rng(0)
words = np.array([f"{one}{two}" for one in ("ka", "lo", "mi", "nu", "pe") for two in "bel dan fir gos hul tim".split()])
texts = [" ".join(draw.choice(words, 12)) for _ in range(5_000)]
run = finished_run(labels=[f"label {n:02d}" for n in range(20)], rows=100_000, texts=texts)
found = evaluation(run, "test")
import scipy.optimize
def timed(name, function):
    begun = time.perf_counter()
    value = function()
    print(f"{name}\\t{time.perf_counter() - begun:.3f}")
    return value
rows = timed("reading the probabilities", lambda: label_chances.row_chances(found))
label_chances.row_chances(found, "validation")
timed("calibration: the temperature", lambda: label_chances.fitted_temperature(found))
timed("calibration: as it is", lambda: evaluate_calibration._side(*found.key, 1.0, rows))
timed("calibration: another temperature", lambda: evaluate_calibration._side(*found.key, 1.3, rows))
timed("thresholds: a label", lambda: threshold_data.one_label(found, rows, "label 03"))
timed("thresholds: coverage", lambda: threshold_data.coverage_of(found))
timed("slices", lambda: slice_data.sliced(found))
"""


def measure() -> bool:
    """Print the seconds of each first look (later ones are remembered); True when all are within the target."""
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            [sys.executable, "-c", MEASURE],
            cwd=ROOT,
            env=os.environ | {"ATELIER_HOME": home, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            check=True,
        )
    slowest = 0.0
    for line in done.stdout.strip().splitlines():
        name, seconds = line.split("\t")
        slowest = max(slowest, float(seconds))
        print(f"{name:<36} {float(seconds):.2f} s (target: {MOST_SECONDS} s)")
    return slowest <= MOST_SECONDS
