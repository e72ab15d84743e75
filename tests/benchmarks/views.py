"""How long the views of the Evaluate page take to work out their numbers, on 50,000 test rows of 20 labels."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from lib.inference.ask import stop_host
from lib.settings import get_settings

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


MOST_ATTENTION_SECONDS = 3.0

# A model of BERT-base's shape whose words are one token each, and rows of 254 words: 256 tokens with the special ones.
MAKE_LARGE = """
import json, sys
sys.path.insert(0, "tests/pages")
from fake_finished_runs import finished_run
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, BertConfig
from lib.models.sources import find_model
words = "tea train song garden report bicycle kind calm late broken".split()
texts = [" ".join(words[(place * step) % 10] for place in range(254)) for step in (1, 3, 7, 9)]
run = finished_run(rows=40, texts=texts)
tokenizer = AutoTokenizer.from_pretrained(find_model("starter:minilm-l6").folder)
torch.manual_seed(0)
config = BertConfig(vocab_size=len(tokenizer), num_labels=3)
AutoModelForSequenceClassification.from_config(config).save_pretrained(run.model_path)
tokenizer.save_pretrained(run.model_path)
about = json.loads((run.model_path / "atelier.json").read_text())
about["max_length"], about["target"]["counts"] = 256, {}
(run.model_path / "atelier.json").write_text(json.dumps(about))
print(run.id)
"""


def measure_attention() -> bool:
    """Print how long another row's attention takes to be on screen, model warm; True when within the target."""
    from playwright.sync_api import sync_playwright

    from tests.browser.conftest import CHROMIUM, settle, start_app, stop_app

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        environment = os.environ | {"ATELIER_HOME": str(home), "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", MAKE_LARGE],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        run, app = done.stdout.split()[-1], start_app(home)
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
                )
                page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
                page.set_default_timeout(120_000)
                sizes: list[int] = []
                page.on(
                    "websocket",
                    lambda socket: socket.on("framereceived", lambda data: sizes.append(len(data))),
                )
                page.goto(f"{app.url}/Explain?run={run}&split=test&row=20")
                page.get_by_text("who reads from whom").first.wait_for()
                settle(page)
                seconds = []
                rows = page.locator(".st-key-explain-example button").filter(has_text="row")
                others = [title for title in rows.all_inner_texts() if not title.endswith("row 21")]
                for title in others[:3]:
                    page.wait_for_timeout(1_000)
                    before, begun = page.url, time.monotonic()
                    rows.filter(has_text=title).first.click()
                    page.wait_for_function("before => location.href !== before", arg=before)
                    settle(page)
                    page.get_by_text("who reads from whom").first.wait_for()
                    seconds.append(time.monotonic() - begun)
                nodes = page.evaluate("document.querySelectorAll('*').length")
                browser.close()
        finally:
            stop_app(app)
            os.environ["ATELIER_HOME"] = str(home)
            get_settings.cache_clear()
            stop_host()
    best = min(seconds)
    said = ", ".join(f"{value:.2f}" for value in seconds)
    print(f"attention of 12 × 12 heads at 256 tokens: {said} s (target: {MOST_ATTENTION_SECONDS} s)")
    print(f"largest message {max(sizes) / 1e6:.2f} MB, {nodes:,} nodes")
    return best <= MOST_ATTENTION_SECONDS
