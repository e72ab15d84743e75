"""What a teacher says of every training feature: asked once, kept on disk, handed out batch by batch."""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from datasets import Dataset

from lib.methods.soft_losses import BY_PLACE, BY_ROW, BY_WORD, KEPT_TOKENS, student_logits
from lib.tasks.outputs import Continuation, Spans
from lib.tasks.predict import BOOKKEEPING, read_rows
from lib.training.rows import forget_oldest
from lib.training.teacher import Teacher

# Tokens of a batch, padding included: a vocabulary of 50,000 makes 400 MB of logits of so many.
TOKENS_AT_ONCE = 2_048
FEATURES_AT_ONCE = 64

# Told how many features are done; may raise to end the work.
OnFeatures = Callable[[int], Any]


@dataclass(frozen=True)
class Answers:
    """Arrays on disk: `values`[answers, choices], `tokens`[answers, choices] where these are of a vocabulary.

    The answers of feature n are rows `offsets[n]` to `offsets[n + 1]`.
    """

    kind: str
    offsets: np.ndarray
    values: np.ndarray
    tokens: np.ndarray | None

    def batch(self, numbers: Sequence[int], *, width: int) -> dict[str, torch.Tensor]:
        """The answers of these features in the order of `student_logits`; `width` is the batch's length in tokens."""
        parts = [slice(int(self.offsets[number]), int(self.offsets[number + 1])) for number in numbers]
        if self.kind == Spans.kind:
            logits = np.full((2 * len(numbers), width), -np.inf, dtype=np.float32)
            for row, part in enumerate(parts):
                said = self.values[part].T
                logits[row, : said.shape[1]], logits[len(numbers) + row, : said.shape[1]] = said
            return {"values": torch.from_numpy(logits)}
        found = {"values": torch.from_numpy(np.concatenate([self.values[part] for part in parts]))}
        if self.tokens is not None:
            found["tokens"] = torch.from_numpy(np.concatenate([self.tokens[part] for part in parts]))
        return found


def kept_answers(
    folder: Path,
    teacher: Teacher,
    features: Dataset,
    frame: pd.DataFrame,
    collate: Callable[[list[dict[str, Any]]], dict[str, Any]],
    *,
    bf16: bool,
    on_features: OnFeatures,
) -> Answers:
    """The answers in that folder, asked now unless an earlier run or session has.

    By row the teacher reads the rows of `frame` with its own processor; else the student's `features`, one for one.
    """
    kind = teacher.task.shape.kind
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=".asking-", dir=folder.parent))
        try:
            if kind in BY_ROW:
                _ask_rows(work, teacher, frame, on_features)
            else:
                _ask_features(work, teacher, features, collate, bf16=bf16, on_features=on_features)
            if not folder.is_dir():
                work.rename(folder)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        forget_oldest(folder.parent)
    folder.touch()
    tokens = folder / "tokens.npy"
    answers = Answers(
        kind,
        np.load(folder / "offsets.npy"),
        np.load(folder / "values.npy", mmap_mode="r"),
        np.load(tokens, mmap_mode="r") if tokens.is_file() else None,
    )
    if len(answers.offsets) != len(features) + 1:
        raise ValueError(f"{len(answers.offsets) - 1} answers for {len(features)} features")
    return answers


def _ask_rows(work: Path, teacher: Teacher, frame: pd.DataFrame, on_features: OnFeatures) -> None:
    chunks = [
        np.stack([np.asarray(said, dtype=np.float32).reshape(-1) for said in raw])
        for raw, *_ in read_rows(
            teacher.task, teacher.model, teacher.processor, frame, teacher.brief, on_rows=on_features
        )
    ]
    values = np.concatenate(chunks)
    np.save(work / "values.npy", values)
    np.save(work / "offsets.npy", np.arange(len(values) + 1, dtype=np.int64))


def _ask_features(
    work: Path,
    teacher: Teacher,
    features: Dataset,
    collate: Callable[[list[dict[str, Any]]], dict[str, Any]],
    *,
    bf16: bool,
    on_features: OnFeatures,
) -> None:
    kind = teacher.task.shape.kind
    lengths = np.asarray(features["length"][:], dtype=np.int64)
    counts = _counts(kind, features, lengths)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    np.save(work / "offsets.npy", offsets)
    values: Any = None
    tokens: Any = None
    device = next(teacher.model.parameters()).device
    rows = features.remove_columns([name for name in BOOKKEEPING if name in features.column_names])
    done = 0
    for numbers in _batches(lengths):
        batch = {name: part.to(device) for name, part in collate([rows[int(n)] for n in numbers]).items()}
        with torch.inference_mode(), torch.autocast(device.type, dtype=torch.bfloat16, enabled=bf16):
            logits = student_logits(kind, teacher.model(**batch), batch)
        if kind in BY_WORD:
            kept = logits.log_softmax(dim=-1).topk(min(KEPT_TOKENS, logits.shape[-1]), dim=-1)
            if values is None:
                shape = (int(offsets[-1]), kept.values.shape[-1])
                values = _file(work / "values.npy", shape, np.float16)
                tokens = _file(work / "tokens.npy", shape, np.int32)
            _spread(values, kept.values.cpu().numpy(), numbers, offsets)
            _spread(tokens, kept.indices.cpu().numpy(), numbers, offsets)
        else:
            said = logits.cpu().numpy()
            if kind == Spans.kind:
                said = np.concatenate(
                    [np.stack([said[row], said[len(numbers) + row]], axis=1)[: counts[number]]
                     for row, number in enumerate(numbers)]
                )  # fmt: skip
            if values is None:
                values = _file(work / "values.npy", (int(offsets[-1]), said.shape[-1]), np.float32)
            _spread(values, said, numbers, offsets)
        done += len(numbers)
        on_features(done)
    for array in (values, tokens):
        if array is not None:
            array.flush()


def _counts(kind: str, features: Dataset, lengths: np.ndarray) -> np.ndarray:
    """How many answers each feature has."""
    if kind == Spans.kind:
        return lengths
    first = 1 if kind == Continuation.kind else 0
    assert kind in BY_PLACE | BY_WORD
    return np.array(
        [int(np.count_nonzero(np.asarray(row["labels"])[first:] != -100)) for row in features], dtype=np.int64
    )


def _file(path: Path, shape: tuple[int, int], kind: Any) -> Any:
    return np.lib.format.open_memmap(path, mode="w+", dtype=kind, shape=shape)


def _spread(array: Any, found: np.ndarray, numbers: np.ndarray, offsets: np.ndarray) -> None:
    """Put the answers of a batch, one feature after the other, where they belong."""
    at = 0
    for number in numbers:
        start, end = int(offsets[number]), int(offsets[number + 1])
        array[start:end] = found[at : at + end - start]
        at += end - start


def _batches(lengths: np.ndarray) -> list[np.ndarray]:
    """Numbers of features of similar length, the longest first."""
    order = np.argsort(-lengths, kind="stable")
    found, start = [], 0
    while start < len(order):
        size = max(1, min(FEATURES_AT_ONCE, TOKENS_AT_ONCE // max(1, int(lengths[order[start]]))))
        found.append(order[start : start + size])
        start += size
    return found
