"""How many requests a served model answers, and how long the slowest twentieth waits, with 1, 8 and 50 clients."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import numpy as np

from lib.data.examples import load_example
from lib.errors import UserError
from lib.models.sources import find_model
from lib.runs.files import write_json
from lib.runs.folder import RunFolder, create_run
from lib.runs.spec import DataSpec, Spec
from lib.runs.state import State
from lib.settings import get_settings

CLIENTS = (1, 8, 50)
SECONDS = float(os.environ.get("ATELIER_BENCH_SECONDS", "8"))
# With 50 clients a laptop should still answer this many rows a second, and lose no request.
LEAST_GAIN = 1.3
LABELS = ["billing", "delivery", "product", "account"]


def measure() -> bool:
    """Serve MiniLM-L6 with a head of four labels, and SmolLM2-135M-Instruct where it is there, and ask both."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["ATELIER_HOME"] = home
        get_settings.cache_clear()
        try:
            good = _predictions()
            return _chats() and good
        finally:
            del os.environ["ATELIER_HOME"]
            get_settings.cache_clear()


def _predictions() -> bool:
    texts = load_example("support-tickets").frame["text"].tolist()
    with Serving(_label_run()) as url:
        print("clients  rows a second  median ms  p95 ms  failed   (POST /predict, one row each)")
        rates = {}
        for clients in CLIENTS:
            found = _load(url, clients, lambda http, n: _predict(http, [texts[n % len(texts)]]))
            rates[clients] = found.rate
            found.tell(clients)
        many = _load(
            url, 1, lambda http, n: _predict(http, [texts[(n + k) % len(texts)] for k in range(128)])
        )
        print(f"128 rows a request, 1 client: {128 * many.rate:.0f} rows a second")
    gain = rates[50] / rates[1]
    print(f"50 clients get {gain:.2f} times the rows of one (target: {LEAST_GAIN})")
    return gain >= LEAST_GAIN and many.failed == 0


def _chats() -> bool:
    try:
        folder = find_model("starter:smollm2-135m-instruct").folder
    except UserError:
        print("SmolLM2 is not there, so no chat is measured")
        return True
    good = True
    with Serving(_chat_run(folder)) as url:
        print(
            "clients  answers a second  median ms  p95 ms  failed   (32 tokens each, POST /v1/chat/completions)"
        )
        for clients in CLIENTS[:2]:
            found = _load(url, clients, _talk)
            found.tell(clients, f"  {32 * found.rate:.1f} tokens a second")
            good = good and found.failed == 0
    return good


def _predict(http: httpx2.Client, texts: list[str]) -> bool:
    answer = http.post("/predict", json={"rows": [{"text": text} for text in texts]})
    return answer.status_code == 200 and not answer.json()["errors"]


def _talk(http: httpx2.Client, number: int) -> bool:
    messages = [{"role": "user", "content": f"Tell me something about the number {number}."}]
    answer = http.post("/v1/chat/completions", json={"messages": messages, "max_tokens": 32})
    return answer.status_code == 200


class _Load:
    """What came of asking for a while."""

    def __init__(self, waits: list[float], failed: int, seconds: float) -> None:
        self.waits, self.failed, self.rate = np.array(waits), failed, len(waits) / seconds

    def tell(self, clients: int, more: str = "") -> None:
        half, most = 1000 * np.quantile(self.waits, [0.5, 0.95])
        print(
            f"{clients:7d}  {self.rate:13.1f}  {half:9.1f}  {most:6.1f}  {self.failed:6d}{more}", flush=True
        )


def _load(url: str, clients: int, ask: Callable[[httpx2.Client, int], bool]) -> _Load:
    """Every client asks again as soon as it has its answer, for SECONDS."""
    together, failed = threading.Barrier(clients + 1), []
    ends = [0.0]

    def client(number: int) -> list[float]:
        waits = []
        with httpx2.Client(base_url=url, timeout=120) as http:
            ask(http, number)
            together.wait()
            while (begun := time.monotonic()) < ends[0]:
                if not ask(http, number + 50 * len(waits)):
                    failed.append(1)
                waits.append(time.monotonic() - begun)
        return waits

    with ThreadPoolExecutor(clients) as pool:
        ends[0] = time.monotonic() + 1e9
        asked = [pool.submit(client, number) for number in range(clients)]
        together.wait()
        begun = time.monotonic()
        ends[0] = begun + SECONDS
        waits = [wait for one in asked for wait in one.result()]
    return _Load(waits, len(failed), time.monotonic() - begun)


class Serving:
    """`python -m lib serve` in a process of its own."""

    def __init__(self, run: RunFolder) -> None:
        command = [sys.executable, "-m", "lib", "serve", run.id, "--port", "0", "--json"]
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def __enter__(self) -> str:
        assert self._process.stdout is not None
        return str(json.loads(self._process.stdout.readline())["url"])

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(60)


def _finished(task: str, columns: dict[str, str], model: str, brief: dict[str, Any]) -> RunFolder:
    run = create_run(Spec(task=task, data=DataSpec(dataset="bench@1", columns=columns), model=model))
    run.write_state(State(state="succeeded", queued=1.0, started=2.0, finished=3.0))
    run.model_path.mkdir(exist_ok=True)
    write_json(run.model_path / "atelier.json", {"task": task, "columns": columns, **brief})
    write_json(run.path / "brief.json", {"columns": columns, **brief})
    return run


def _label_run() -> RunFolder:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    folder = find_model("starter:minilm-l6").folder
    brief = {"target": {"labels": LABELS}, "max_length": 128, "options": {}}
    run = _finished("text-classification", {"text": "text", "label": "label"}, "starter:minilm-l6", brief)
    torch.manual_seed(0)
    names = dict(enumerate(LABELS))
    model = AutoModelForSequenceClassification.from_pretrained(
        folder, num_labels=4, id2label=names, label2id={label: number for number, label in names.items()}
    )
    model.save_pretrained(run.model_path)
    AutoTokenizer.from_pretrained(folder).save_pretrained(run.model_path)
    return run


def _chat_run(folder: Path) -> RunFolder:
    """The starter itself, as if a run had left it."""
    brief = {"target": {}, "max_length": 512, "options": {"max_new_tokens": 32}}
    run = _finished("chat", {"messages": "messages"}, "starter:smollm2-135m-instruct", brief)
    for path in folder.iterdir():
        (run.model_path / path.name).symlink_to(path)
    return run
