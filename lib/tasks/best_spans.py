"""From start and end logits to answers: the best spans over all windows of a context, and how sure they are."""

from typing import Any

import numpy as np
import pandas as pd

# Spans kept of each window and of each question, as in the scripts for SQuAD.
MOST_SPANS = 20
# Pairs of tokens looked at together: 4 million numbers of 4 bytes are 16 MB.
_PAIRS_AT_ONCE = 4_000_000
_NOWHERE = -np.inf


def candidate_spans(
    raw: list[np.ndarray], features: dict[str, list[Any]], contexts: list[str], *, most_tokens: int
) -> pd.DataFrame:
    """The best spans of every row: `row`, `start`, `end` (characters), `score` (start + end logit), best first.

    `raw` holds float32[2, tokens] of each feature. A span lies in the context, does not end before it starts and
    has at most `most_tokens` tokens; of equal spans in overlapping windows the better score counts. At most 20 a row.
    """
    rows = np.asarray(features["row"], dtype=np.int64)
    counts = np.asarray(features["_count"], dtype=np.int64)
    found = []
    together = max(1, _PAIRS_AT_ONCE // max(1, int(counts.max(initial=0)) * most_tokens))
    for at in range(0, len(raw), together):
        chosen = range(at, min(at + together, len(raw)))
        width = int(counts[at : at + len(chosen)].max(initial=0))
        if not width:
            continue
        logits = np.full((2, len(chosen), width), _NOWHERE, dtype=np.float32)
        places = np.zeros((2, len(chosen), width), dtype=np.int64)
        for place, number in enumerate(chosen):
            first, begin, count = (features[name][number] for name in ("_first", "_from", "_count"))
            logits[:, place, :count] = raw[number][:, first : first + count]
            places[0, place, :count] = features["_starts"][number][begin : begin + count]
            places[1, place, :count] = features["_ends"][number][begin : begin + count]
        line, start, end, score = _best_pairs(logits[0], logits[1], most_tokens)
        found.append((rows[at + line], places[0, line, start], places[1, line, end], score))
    columns = [np.concatenate(part) for part in zip(*found, strict=True)] if found else [np.zeros(0)] * 4
    table = pd.DataFrame(dict(zip(("row", "start", "end", "score"), columns, strict=True)))
    table = table.astype({"row": "int64", "start": "int64", "end": "int64", "score": "float64"})
    table = table.sort_values(["row", "score"], ascending=[True, False], kind="stable")
    table = _without_white_space(table, contexts).drop_duplicates(["row", "start", "end"])
    return table[table.groupby("row").cumcount() < MOST_SPANS].reset_index(drop=True)


def _best_pairs(
    start: np.ndarray, end: np.ndarray, most_tokens: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The best (window, start, end, score) of float[windows, tokens] logits; −∞ where there is no token."""
    most = min(most_tokens, start.shape[1])
    padded = np.pad(end, ((0, 0), (0, most - 1)), constant_values=_NOWHERE)
    # [windows, start, tokens more than one]: every pair that is allowed, and no other.
    pairs = start[:, :, None] + np.lib.stride_tricks.sliding_window_view(padded, most, axis=1)
    flat = pairs.reshape(len(start), -1)
    kept = min(MOST_SPANS, flat.shape[1])
    best = np.argpartition(-flat, kept - 1, axis=1)[:, :kept]
    score = np.take_along_axis(flat, best, axis=1)
    line = np.broadcast_to(np.arange(len(start))[:, None], best.shape)
    real = np.isfinite(score)
    first, more = np.divmod(best, most)
    return line[real], first[real], (first + more)[real], score[real]


def _without_white_space(table: pd.DataFrame, contexts: list[str]) -> pd.DataFrame:
    """Spans without the white space that some tokens begin with; spans of nothing else are left out."""
    starts, ends = table["start"].to_numpy(copy=True), table["end"].to_numpy(copy=True)
    for number, (row, start, end) in enumerate(
        zip(table["row"].tolist(), starts.tolist(), ends.tolist(), strict=True)
    ):
        text = contexts[row][start:end]
        starts[number] += len(text) - len(text.lstrip())
        ends[number] -= len(text) - len(text.rstrip())
    table = table.assign(start=starts, end=ends)
    return table[table["start"] < table["end"]]


def null_scores(raw: list[np.ndarray], features: dict[str, list[Any]], rows: int) -> np.ndarray:
    """How well "no answer" fits each row: float64[rows], the least start + end logit of the first token of a window."""
    scores = np.full(rows, np.inf)
    said = np.array([float(logits[0, 0]) + float(logits[1, 0]) for logits in raw])
    np.minimum.at(scores, np.asarray(features["row"], dtype=np.int64), said)
    return scores


def choose_answers(
    spans: pd.DataFrame, nulls: np.ndarray | None, contexts: list[str], *, threshold: float
) -> pd.DataFrame:
    """The answer of each context, as `Spans` describes it, from `candidate_spans` and `null_scores`.

    With `nulls`, "" is the answer where its score is above that of the best span by more than `threshold`.
    `confidence` is the softmax of the answer's score over the spans kept and, with `nulls`, no answer; `margin` its
    distance to the best other.
    """
    rows = len(contexts)
    where, scores = spans["row"].to_numpy(), spans["score"].to_numpy()
    best = np.full(rows, -1)
    places, firsts = np.unique(where, return_index=True)
    best[places] = firsts
    best_score = np.where(best >= 0, scores[best] if len(scores) else 0.0, _NOWHERE)
    null = nulls if nulls is not None else np.full(rows, _NOWHERE)
    empty = (best < 0) | (null - best_score > threshold)
    top = np.maximum(best_score, null)
    top = np.where(np.isfinite(top), top, 0.0)
    powers, nothing = np.exp(scores - top[where]), np.exp(null - top)
    total = nothing + np.bincount(where, weights=powers, minlength=rows)
    chosen = np.where(empty, nothing, np.exp(best_score - top))
    second = np.zeros(rows)
    others = np.ones(len(spans), dtype=bool)
    others[best[~empty]] = False
    np.maximum.at(second, where[others], powers[others])
    second = np.where(empty, second, np.maximum(second, nothing))
    starts = np.where(empty, 0, spans["start"].to_numpy()[best] if len(spans) else 0)
    ends = np.where(empty, 0, spans["end"].to_numpy()[best] if len(spans) else 0)
    total = np.where(total > 0, total, 1.0)
    texts = [context[start:end] for context, start, end in zip(contexts, starts, ends, strict=True)]
    return pd.DataFrame(
        {
            "predicted": pd.Series(texts, dtype="str"),
            "confidence": chosen / total,
            "start": starts.astype(np.int64),
            "end": ends.astype(np.int64),
            "margin": (chosen - second) / total,
            "text": pd.Series(contexts, dtype="str"),
        }
    )


def place_losses(
    raw: list[np.ndarray], features: dict[str, list[Any]], wanted: list[tuple[int, int] | None]
) -> np.ndarray:
    """−ln p of the true start and end of each row, averaged: float64[rows], natural logarithm.

    `wanted` holds for each feature the places (in it) of the first and last token of the answer: (0, 0) for none,
    None when the window says nothing of the row's loss. Averaged over the windows that say something; NaN without.
    """
    rows = np.asarray(features["row"], dtype=np.int64)
    count = int(rows.max(initial=-1)) + 1
    sums, windows = np.zeros(count), np.zeros(count)
    for row, logits, length, places in zip(rows, raw, features["length"], wanted, strict=True):
        if places is None:
            continue
        read = np.asarray(logits[:, :length], dtype=np.float64)
        top = read.max(axis=1)
        logs = np.log(np.exp(read - top[:, None]).sum(axis=1)) + top
        sums[row] += float((logs - [read[0, places[0]], read[1, places[1]]]).mean())
        windows[row] += 1
    return np.divide(sums, windows, out=np.full(count, np.nan), where=windows > 0)
