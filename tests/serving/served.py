"""A real server on loopback in a thread of the test's own process, so that torch is imported once."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import uvicorn

from lib.runs.files import write_json
from lib.runs.folder import RunFolder, create_run
from lib.runs.spec import DataSpec, Spec
from lib.runs.state import State
from lib.serving.app import make_app
from lib.serving.limits import Limits
from lib.serving.model import ServedModel
from lib.serving.server import listen_on

LABELS = ["cross", "happy", "late"]


@dataclass(frozen=True)
class Server:
    """Where it listens, the application, and a client for it."""

    url: str
    app: Any
    client: httpx2.Client


@contextlib.contextmanager
def serving(run: RunFolder, *, key: str = "", limits: Limits | None = None) -> Iterator[Server]:
    app = make_app(ServedModel(run), key=key, limits=limits)
    with listen_on("127.0.0.1", 0) as listening:
        server = uvicorn.Server(
            uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=5)
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            deadline = time.monotonic() + 30
            while not server.started:
                assert time.monotonic() < deadline and thread.is_alive()
                time.sleep(0.02)
            url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            with httpx2.Client(base_url=url, timeout=60) as client:
                yield Server(url, app, client)
        finally:
            server.should_exit = True
            thread.join(30)
        assert not thread.is_alive()


def label_run(encoder: Path, *, name: str = "moods") -> RunFolder:
    """A finished classifier: untrained, but with labels and a head loud enough to show differences."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    columns = {"text": "words", "label": "label"}
    data = DataSpec(dataset="moods@1", columns=columns)
    run = create_run(Spec(task="text-classification", data=data, model=f"folder:{encoder}", name=name))
    run.write_state(State(state="succeeded", queued=1.0, started=2.0, finished=3.0))
    torch.manual_seed(1)
    names = dict(enumerate(LABELS))
    made = AutoModelForSequenceClassification.from_pretrained(
        encoder, num_labels=3, id2label=names, label2id={label: n for n, label in names.items()}
    )
    torch.nn.init.normal_(made.classifier.weight, std=3.0)
    made.save_pretrained(run.model_path)
    AutoTokenizer.from_pretrained(encoder).save_pretrained(run.model_path)
    brief = {"columns": columns, "target": {"labels": LABELS}, "max_length": 32, "options": {}}
    (run.model_path / "atelier.json").write_text(json.dumps({"task": "text-classification", **brief}))
    write_json(run.path / "brief.json", brief)
    result = {
        "run": run.id, "state": "succeeded", "task": "text-classification", "rows": {"test": 40},
        "scores": {"test": {"macro_f1": 0.5}}, "intervals": {"test": {"macro_f1": [0.4, float("nan")]}},
    }  # fmt: skip
    write_json(run.path / "result.json", result)
    return run
