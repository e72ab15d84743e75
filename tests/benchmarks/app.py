"""How quickly the app is there, and how quickly a page answers with 100 runs and 150,000 rows in the store."""

import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("Home.py", *sorted(f"pages/{path.name}" for path in (ROOT / "pages").glob("*.py")))
MOST_SECONDS_TO_HOME, MOST_SECONDS_A_PAGE = 5.0, 0.5

FILL = """
import sys
import numpy as np
import pandas as pd
from lib.data.split import SplitPlan
from lib.data.store import save
from lib.data.table import Table
from lib.runs.folder import create_run
from lib.runs.files import write_json
from lib.runs.spec import DataSpec, Spec
from lib.runs.state import State
words = np.array("the a cat dog runs over green hills and sleeps under old trees while it rains".split())
draw = np.random.default_rng(0)
texts = [" ".join(draw.choice(words, 12)) + f" {n}" for n in range(150_000)]
frame = pd.DataFrame({"text": pd.Series(texts, dtype="str"), "label": pd.Series(draw.choice(list("abcd"), 150_000), dtype="str")})
columns = {"text": "text", "label": "label"}
stored = save(Table(frame=frame, name="large.csv"), name="large", task="text-classification", columns=columns, split=SplitPlan())
scores = {"macro_f1": 0.7, "accuracy": 0.8}
for number in range(100):
    spec = Spec(task="text-classification", data=DataSpec(dataset=stored.ref, columns=columns), model="starter:minilm-l6",
                name=f"run {number}", options={"epochs": 4.0})
    run = create_run(spec)
    lines = "".join('{"step": %d, "epoch": 1.0, "split": "train", "name": "loss", "value": %f, "time": 1.0}\\n'
                    % (s, 1 / (s + 1)) for s in range(400))
    run.metrics_path.write_text(lines)
    write_json(run.path / "result.json", {"run": run.id, "state": "succeeded", "task": spec.task, "model": spec.model,
               "method": "full", "rows": {"train": 100, "validation": 10, "test": 10},
               "scores": {"test": scores, "validation": scores}, "intervals": {"test": {"macro_f1": [0.6, 0.8]}},
               "baselines": {}, "seconds": {"total": 10.0, "training": 8.0}, "examples_per_second": 1.0,
               "peak_memory_mb": 1, "parameters": {"total": 1, "trainable": 1}, "problems": []})
    run.write_state(State(state="succeeded", queued=1.0, started=1.0, finished=2.0))
print(run.id)
print(stored.ref)
"""

ASK = """
import sys, time
from streamlit.testing.v1 import AppTest
page, run, data = sys.argv[1:4]
times = []
app = AppTest.from_file(page, default_timeout=60)
app.query_params["run"], app.query_params["data"] = run, data
app.run()
assert not app.exception, app.exception
for _ in range(5):
    begun = time.perf_counter()
    app.run()
    times.append(time.perf_counter() - begun)
print(" ".join(f"{seconds:.4f}" for seconds in times))
"""


def measure() -> bool:
    """Print seconds to a usable Home and per page; True when both targets are met."""
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {"ATELIER_HOME": home, "PYTHONPATH": str(ROOT)}
        first = _seconds_to_home(environment)
        print(f"to a usable Home: {first:.1f} s (target: {MOST_SECONDS_TO_HOME} s)")
        run, data = _python(FILL, environment).split("\n")[:2]
        slowest = 0.0
        for page in PAGES:
            times = [float(word) for word in _python(ASK, environment, str(ROOT / page), run, data).split()]
            slowest = max(slowest, statistics.median(times))
            print(f"{page:<24} {statistics.median(times):.3f} s a rerun (target: {MOST_SECONDS_A_PAGE} s)")
    return first <= MOST_SECONDS_TO_HOME and slowest <= MOST_SECONDS_A_PAGE


def _python(code: str, environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def _seconds_to_home(environment: dict[str, str]) -> float:
    """From `make run` to the first page that a real browser shows; the browser is up before the clock starts."""
    port = "8599"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        begun = time.monotonic()
        server = subprocess.Popen(
            ["make", "run", f"PORT={port}"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            while time.monotonic() - begun < 60:
                try:
                    page.goto(f"http://127.0.0.1:{port}")
                    break
                except PlaywrightError:
                    time.sleep(0.05)
            page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
            return time.monotonic() - begun
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait()
            browser.close()
