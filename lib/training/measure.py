"""Three real training steps, timed: `python -m lib.training.measure SPEC.json OUT.json`."""

import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch

from lib.methods import find_method
from lib.models.adapted import is_adapter
from lib.models.sources import find_model
from lib.option import values_as
from lib.runs.files import read_json, write_json
from lib.runs.options import options_from
from lib.runs.spec import Spec
from lib.tasks import find_task
from lib.tasks.base import Brief
from lib.tasks.predict import model_features
from lib.tasks.token_loss import token_loss
from lib.training.base_model import merged_base
from lib.training.download import downloaded
from lib.training.progress import peak_memory_mb
from lib.training.rows import load_rows
from lib.training.scratch import made_from_scratch
from lib.training.trainer import uses_bf16

STEPS = 3
ROWS_LOOKED_AT = 2_000


def measure(spec: Spec, *, device: str) -> dict[str, float]:
    """Seconds per step, per scored row and per checkpoint, seconds to get ready, and peak memory in MB."""
    task, options = find_task(spec.task), options_from(spec.options)
    found = load_rows(spec, task)
    frame = found.frames["train"]
    target = task.describe_target(frame, found.columns)
    brief = Brief(found.columns, target, options.max_length, vars(values_as(task.option_class, spec.options)))
    info, made = downloaded(find_model(spec.model)), tempfile.TemporaryDirectory()
    source = info.folder
    if info.is_scratch:
        source = made_from_scratch(spec.model, task, found, Path(made.name, "model"), seed=options.seed)
    processor = task.load_processor(source)
    method = find_method(spec.method["name"])
    how = {key: value for key, value in spec.method.items() if key != "name"}
    if is_adapter(source):
        source = merged_base(source, Path(made.name, "base"))
    model = task.load_model(source, target, **method.load_settings(how, device=device))
    brief = task.settled(model, processor, brief)
    model = method.prepare(model, how).to(device)
    sample = frame.sample(min(len(frame), ROWS_LOOKED_AT), random_state=0)
    rows = {str(name): sample[name].tolist() for name in sample}
    encoded = task.encode_training(processor, rows, brief)
    lengths = np.asarray(encoded["length"])
    collate = task.collator(processor, brief, training=True)
    bf16 = uses_bf16(options.precision, device=device)

    def draw(row: Any) -> dict[str, int]:
        return {"draw": int(row)} if task.draws else {}

    def batch_of(chosen: Any) -> dict[str, Any]:
        rows = [model_features(encoded, row) | draw(row) for row in chosen]
        return {name: values.to(device) for name, values in collate(rows).items()}

    by_length = np.argsort(-lengths, kind="stable")
    size = min(options.batch_size, len(by_length))
    # Batches hold rows of similar length, so the mean over evenly spread batches is the mean step.
    starts = np.linspace(0, len(by_length) - size, num=STEPS + 2).astype(int)[1:-1]
    longest = batch_of(by_length[:size])
    usual: list[dict[str, Any]] = []
    # Pictures are decoded when their batch is made, so that belongs to the step.
    making = timed(lambda: usual.extend(batch_of(by_length[at : at + size]) for at in starts)) / len(starts)
    optimizer = torch.optim.AdamW(
        (weight for weight in model.parameters() if weight.requires_grad),
        lr=options.learning_rate,
        fused=True,
    )

    def step(batch: dict[str, Any]) -> None:
        for _ in range(options.gradient_accumulation):
            with torch.autocast(device.split(":")[0], dtype=torch.bfloat16) if bf16 else nullcontext():
                own = task.loss(model, batch, brief)
                if own is None and task.learns_tokens:
                    own = token_loss(model, batch, kind=task.model_kind)
                loss = model(**batch).loss if own is None else own[0]
            loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), options.max_gradient_norm)
        optimizer.step()
        optimizer.zero_grad()

    # Ready counts from the start of the process: imports and loading are part of every run.
    ready = time.time() - psutil.Process().create_time()
    model.train()
    for _ in range(STEPS):
        step(longest)
    step_seconds = making * options.gradient_accumulation
    step_seconds += timed(lambda: deque(map(step, usual), maxlen=0)) / len(usual)
    model.eval()
    with torch.inference_mode():
        scoring = making / size + timed(lambda: [model(**batch) for batch in usual]) / (len(usual) * size)
    with tempfile.TemporaryDirectory() as folder:

        def save() -> None:
            model.save_pretrained(folder)
            torch.save(optimizer.state_dict(), Path(folder, "optimizer.pt"))

        saving = timed(save)
    made.cleanup()
    peak = peak_memory_mb()
    if device.startswith("cuda"):
        peak = torch.cuda.max_memory_allocated() / 1e6
    return {
        "start_seconds": ready,
        "step_seconds": step_seconds,
        "scoring_seconds_per_row": scoring,
        "save_seconds": saving,
        "peak_memory_mb": peak,
    }


def timed(work: Callable[[], Any]) -> float:
    """Seconds that the work takes, waiting for the device to be done."""
    begun = time.perf_counter()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - begun


if __name__ == "__main__":
    from os import environ

    wish = Spec.from_json(read_json(Path(sys.argv[1])))
    write_json(Path(sys.argv[2]), measure(wish, device=environ.get("ATELIER_DEVICE", "cpu")))
