"""How likely a model finds each token it is judged on, and what it would rather have written there."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lib.tasks.base import Brief, Features, Task
from lib.tasks.likelihood import LOGITS_AT_ONCE, token_batches
from lib.tasks.predict import model_features, quiet
from lib.tasks.token_loss import IGNORED, labelled, scores_at

# Alternatives kept for each token.
MOST_OTHERS = 5


@dataclass(frozen=True)
class TokenScores:
    """One entry a judged token, ordered by feature and place.

    `feature` and `place` say which; `loss` is −ln p in nats, float64; `entropy` that of all the vocabulary, in nats;
    `rank` how many tokens are likelier, plus one; `others` int64[tokens, 5] and `chances` float64[tokens, 5] are the
    likeliest tokens and their probabilities, best first.
    """

    feature: np.ndarray
    place: np.ndarray
    loss: np.ndarray
    entropy: np.ndarray
    rank: np.ndarray
    others: np.ndarray
    chances: np.ndarray


def token_scores(
    task: Task,
    model: Any,
    processor: Any,
    features: Features,
    brief: Brief,
    *,
    on_features: Callable[[int], Any] | None = None,
) -> TokenScores:
    """Scores of every token with a label, in the model's own precision (the logits themselves in fp32).

    `features` as `task.judged_features` gives them. What a causal model says at a place is about the token after it,
    so its first token has no score. `on_features(done)` is called after each batch and may raise to end the work.
    """
    import torch

    collate = task.collator(processor, brief, training=True)
    device = next(model.parameters()).device
    vocabulary = model.get_input_embeddings().weight.shape[0]
    # Half as many as where only sums are wanted: the probabilities of all words are held beside their logits.
    most = min(8_192, max(256, LOGITS_AT_ONCE // (2 * vocabulary)))
    model.eval()
    parts: list[tuple[np.ndarray, ...]] = []
    done = 0
    asked = np.array(
        [number for number, labels in enumerate(features["labels"]) if _learned(labels)], dtype=np.int64
    )
    lengths = [len(features["input_ids"][number]) + len(features["labels"][number]) for number in asked]
    with torch.inference_mode(), quiet(processor):
        for places in token_batches(lengths, most):
            chosen = asked[places]
            batch = collate([model_features(features, int(number)) for number in chosen])
            on_device = {name: values.to(device) for name, values in batch.items()}
            said, truths = labelled(on_device["labels"], kind=task.model_kind)
            logits = scores_at(model, on_device, said)[1].float()
            rows, columns = said.nonzero(as_tuple=True)
            parts.append(
                (
                    chosen[rows.cpu().numpy()],
                    columns.cpu().numpy() + (task.model_kind == "causal"),
                    *_of(logits, truths),
                )
            )
            done += len(chosen)
            if on_features is not None:
                on_features(done)
    if not parts:
        nothing, others = np.zeros(0), np.zeros((0, MOST_OTHERS))
        return TokenScores(*(nothing,) * 5, others, others)
    columns_found = [np.concatenate(part) for part in zip(*parts, strict=True)]
    order = np.lexsort((columns_found[1], columns_found[0]))
    return TokenScores(*(part[order] for part in columns_found))


def _learned(labels: list[int]) -> bool:
    return any(label != IGNORED for label in labels)


def _of(logits: Any, truths: Any) -> tuple[np.ndarray, ...]:
    """Loss, entropy, rank, the likeliest tokens and their probabilities, from float32[tokens, words]."""
    import torch
    from torch.nn.functional import cross_entropy

    loss = cross_entropy(logits, truths, reduction="none")
    logs = torch.log_softmax(logits, dim=-1)
    # A forbidden word has the logarithm −∞, and 0 · −∞ is not a number.
    entropy = -(logs.exp() * logs.clamp(min=-1e4)).sum(dim=-1)
    rank = (logs > logs.gather(1, truths[:, None])).sum(dim=-1) + 1
    best = logs.topk(min(MOST_OTHERS, logs.shape[-1]), dim=-1)
    found = (loss.double(), entropy.double(), rank, best.indices, best.values.double().exp())
    return tuple(part.cpu().numpy() for part in found)
