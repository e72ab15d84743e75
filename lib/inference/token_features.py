"""Which tokens are scored: what should have come, what the model writes, or a text as it stands."""

from typing import Any, Literal

import pandas as pd

from lib.tasks.base import Brief, Features, OnRows, Task
from lib.tasks.likelihood import plain_rows
from lib.tasks.predict import model_features, predict_rows, quiet
from lib.tasks.text_generation import text_ids
from lib.tasks.token_windows import add_windows, no_features

Of = Literal["truth", "written", "plain"]


def scored_features(
    task: Task,
    model: Any,
    processor: Any,
    rows: pd.DataFrame,
    brief: Brief,
    *,
    of: Of,
    on_rows: OnRows | None = None,
) -> Features:
    """Features with labels, where `row` says which of the rows each belongs to.

    "truth": the row's own answer, in exactly the places that its loss is about. "written": what the model writes, by
    the run's settings. "plain": the cells of the first column as texts by themselves, without template or end mark.
    """
    if of == "plain":
        return _plain(processor, [str(text) for text in rows.iloc[:, 0]], brief.max_length)
    if of == "written":
        if task.model_kind == "seq2seq":
            return _generated(task, model, processor, rows, brief, on_rows)
        written = predict_rows(task, model, processor, rows, brief, on_rows=on_rows)
        rows = task.with_answers(rows, written, brief)
    with quiet(processor):
        features = task.judged_features(processor, plain_rows(rows), brief)
    return {"row": list(range(len(rows)))} | features


def _plain(tokenizer: Any, texts: list[str], max_length: int) -> Features:
    found = no_features()
    for row, text in enumerate(texts):
        add_windows(found, row, text_ids(tokenizer, text), max_length)
    return found


def _generated(
    task: Task, model: Any, processor: Any, rows: pd.DataFrame, brief: Brief, on_rows: OnRows | None
) -> Features:
    """Sources with the very tokens that the model writes for them, from after its start mark to its end mark."""
    import torch

    with quiet(processor):
        features = task.encode(processor, plain_rows(rows), brief)
    collate = task.collator(processor, brief, training=False)
    device = next(model.parameters()).device
    model.eval()
    labels: list[list[int]] = []
    with torch.inference_mode():
        for start in range(0, len(rows), task.prediction_batch):
            numbers = range(start, min(start + task.prediction_batch, len(rows)))
            batch = collate([model_features(features, number) for number in numbers])
            on_device = {name: values.to(device) for name, values in batch.items()}
            found = model.generate(
                input_ids=on_device["input_ids"], attention_mask=on_device["attention_mask"]
            ).tolist()
            labels += [_to_end(ids[1:], model.generation_config) for ids in found]
            if on_rows is not None:
                on_rows(numbers.stop)
    return {"row": list(range(len(rows)))} | features | {"labels": labels}


def _to_end(ids: list[int], config: Any) -> list[int]:
    ends = config.eos_token_id if isinstance(config.eos_token_id, list) else [config.eos_token_id]
    place = next((at for at, token in enumerate(ids) if token in ends), None)
    if place is not None:
        return ids[: place + 1]
    while ids and ids[-1] == config.pad_token_id:
        ids = ids[:-1]
    return ids
