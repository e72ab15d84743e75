"""How likely a language model finds texts: −ln p of tokens, perplexity, and which tokens are looked at."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lib.data.cells import to_cell
from lib.errors import Problem, UserError
from lib.tasks.base import Score
from lib.tasks.brief import Brief
from lib.tasks.causal import causal_collator
from lib.tasks.token_loss import labelled, scores_at, sums_by_row

if TYPE_CHECKING:
    from lib.tasks.base import Features, OnRows

# Logits held at once when judging: 49,152 tokens of a vocabulary × 1,000 positions in fp32 are 200 MB.
LOGITS_AT_ONCE = 50_000_000
# A perplexity above e^700 is no number any more.
MOST_LOSS = 700.0

CAUSAL_SCORES = (
    Score(
        "perplexity",
        "Perplexity",
        "Among how many equally likely tokens the model hesitates on average; 1 would be certainty.",
        higher_is_better=False,
    ),
    Score(
        "loss",
        "Loss per token",
        "The mean of −ln p over the tokens judged; the logarithm of the perplexity.",
        higher_is_better=False,
    ),
)


def judge_features(
    model: Any, tokenizer: Any, features: "Features", rows: int, *, on_rows: "OnRows | None" = None
) -> pd.DataFrame:
    """`nll` (Σ −ln p, natural logarithm, of the tokens with a label) and `tokens_judged` for each of `rows` rows.

    `features["row"]` says which row a feature belongs to. The first token of a feature has nothing before it, so it
    is never judged. Computed in the model's own precision, a few thousand positions at a time.
    """
    import torch

    collate = causal_collator(tokenizer, training=True)
    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    places = np.asarray(features["row"], dtype=np.int64)
    waiting = np.bincount(places, minlength=rows)
    sums, counts = np.zeros(rows), np.zeros(rows, dtype=np.int64)
    vocabulary = model.get_input_embeddings().weight.shape[0]
    most = min(16_384, max(512, LOGITS_AT_ONCE // vocabulary))
    with torch.inference_mode():
        for chosen in token_batches([len(ids) for ids in features["input_ids"]], most):
            batch = collate(
                [{"input_ids": features["input_ids"][at], "labels": features["labels"][at]} for at in chosen]
            )
            on_device = {name: values.to(device) for name, values in batch.items()}
            said, truths = labelled(on_device["labels"], kind="causal")
            found = sums_by_row(scores_at(model, on_device, said)[1], truths, said)
            np.add.at(sums, places[chosen], found.cpu().numpy())
            np.add.at(counts, places[chosen], said.sum(dim=1).cpu().numpy())
            np.subtract.at(waiting, places[chosen], 1)
            if on_rows is not None:
                on_rows(int((waiting <= 0).sum()))
    model.train(was_training)
    return pd.DataFrame({"nll": sums, "tokens_judged": counts})


def token_batches(lengths: Sequence[int], most: int) -> Iterator[np.ndarray]:
    """Numbers of features in batches of similar length that hold at most `most` tokens with their padding."""
    order = np.argsort(-np.asarray(lengths, dtype=np.int64), kind="stable")
    start = 0
    while start < len(order):
        size = max(1, most // max(1, -(-lengths[order[start]] // 8) * 8))
        yield order[start : start + size]
        start += size


def judged_frame(
    tokenizer: Any, features: "Features", found: pd.DataFrame, written: Sequence[str]
) -> pd.DataFrame:
    """The judged rows without their truth: beside `found`, `learned` (see `pieces`), what was written, and lengths.

    `written` is for the first rows; the others' `predicted` is missing.
    """
    frame = found.copy()
    predicted: list[str | None] = [*written, *[None] * (len(frame) - len(written))]
    frame.insert(0, "predicted", pd.Series(predicted, dtype="str"))
    frame["loss"] = frame["nll"] / frame["tokens_judged"].where(frame["tokens_judged"] > 0)
    cut = np.zeros(len(frame), dtype=bool)
    np.logical_or.at(cut, np.asarray(features["row"], dtype=np.int64), features["truncated"])
    wholes = _wholes(features, len(frame))
    frame["learned"] = pd.Series([to_cell(pieces(tokenizer, *whole)) for whole in wholes], dtype="str")
    return frame.assign(tokens=[len(ids) for ids, _ in wholes], truncated=cut)


def _wholes(features: "Features", rows: int) -> list[tuple[list[int], list[int]]]:
    """Each row's tokens and labels put together again from its features."""
    found: list[tuple[list[int], list[int]]] = [([], []) for _ in range(rows)]
    for row, ids, labels, new in zip(
        *(features[name] for name in ("row", "input_ids", "labels", "_new")), strict=True
    ):
        found[row][0].extend(ids[new:])
        found[row][1].extend(labels[new:])
    return found


def with_truth(predictions: pd.DataFrame, truth: "pd.Series[str]") -> pd.DataFrame:
    """The predictions with `gold` and `correct`, which is always False: a continuation is not right or wrong."""
    judged = predictions.reset_index(drop=True)
    judged.insert(0, "gold", pd.Series(list(truth), dtype="str"))
    return judged.assign(correct=False)


def pieces(tokenizer: Any, ids: Sequence[int], labels: Sequence[int]) -> list[dict[str, Any]]:
    """A text in runs of {"text", "trained"}: which of its tokens the loss looks at.

    The first token is never `trained`, whatever its label: nothing comes before it that could foretell it.
    """
    marks = [False, *(label != -100 for label in labels[1:])]
    found: list[dict[str, Any]] = []
    start = 0
    while start < len(ids):
        stop = start
        while stop < len(ids) and marks[stop] == marks[start]:
            stop += 1
        found.append({"text": tokenizer.decode(list(ids[start:stop])), "trained": marks[start]})
        start = stop
    return found


def shown(tokenizer: Any, features: "Features") -> list[dict[str, Any]]:
    """What is learned from the features of one row, as `pieces` says it."""
    return pieces(tokenizer, *_wholes(features, 1)[0])


def learned_only(features: "Features") -> tuple["Features", int]:
    """The features that hold a token to learn, and how many do not."""
    kept = [at for at, labels in enumerate(features["labels"]) if any(label != -100 for label in labels[1:])]
    dropped = len(features["labels"]) - len(kept)
    return {name: [values[at] for at in kept] for name, values in features.items()}, dropped


def plain_rows(rows: pd.DataFrame) -> dict[str, list[Any]]:
    """The rows as lists by column."""
    return {str(name): rows[name].tolist() for name in rows}


def few_rows(rows: int) -> Problem:
    """The warning that so few rows tell little."""
    return Problem(
        f"There are only {rows} rows to learn from; a test set of a tenth would tell almost nothing.",
        fix="Bring at least a few hundred rows.",
        severity="warning",
        code="few-rows",
    )


def perplexity_scores(judged: pd.DataFrame, brief: Brief) -> dict[str, float]:
    """Perplexity and loss over all judged tokens. Raises UserError when there is none."""
    tokens = int(judged["tokens_judged"].sum())
    if not tokens:
        raise UserError(
            Problem(
                f"No token of the {len(judged):,} rows can be judged: none has an answer among its first "
                f"{brief.max_length:,} tokens.",
                where="options.max_length",
                fix="Raise the longest text, or shorten what stands before the answers.",
                code="nothing-to-judge",
            )
        )
    loss = float(judged["nll"].sum()) / tokens
    return {"perplexity": float(np.exp(min(loss, MOST_LOSS))), "loss": loss}
