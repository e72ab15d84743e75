"""The loss of models that score a vocabulary, which is scored only where there is something to learn."""

from typing import Any

IGNORED = -100


def token_loss(model: Any, batch: dict[str, Any], *, kind: str, items: Any = None) -> tuple[Any, Any]:
    """The cross-entropy of the tokens with a label, and the model's outputs with logits[1, tokens with a label, words].

    Equal to the model's own loss, which scores every position: with `items`, the number of labels of all batches that
    are added up for a step, the sum over it (as transformers' ForCausalLMLoss), else the mean. `kind` is the task's
    kind of model: what a causal model says at a place is about the token after it.
    """
    from torch.nn.functional import cross_entropy

    places, truths = labelled(batch["labels"], kind=kind)
    outputs, logits = scores_at(model, batch, places)
    summed = cross_entropy(logits.float(), truths, reduction="sum")
    return summed / (max(1, len(truths)) if items is None else items), outputs


def labelled(labels: Any, *, kind: str) -> tuple[Any, Any]:
    """Where something is said about a label, bool[rows, width], and those labels in the same order, int64[places]."""
    marks = labels != IGNORED
    if kind != "causal":
        return marks, labels[marks]
    places = marks.new_zeros(marks.shape)
    places[:, :-1] = marks[:, 1:]
    return places, labels[:, 1:][marks[:, 1:]]


def scores_at(model: Any, batch: dict[str, Any], places: Any) -> tuple[Any, Any]:
    """The model's outputs and its logits[places, words] at bool[rows, width] of what it reads or, for seq2seq, writes.

    The last layer, from hidden states to words, is half of a small encoder's work and a fifth of a small causal
    model's. It is given the hidden states of these places alone; whatever the model does with scores afterwards
    (scaling, a bias, soft caps) it does with them as ever. A model that does not use its last layer in this way scores
    everything, and the places are taken from that.
    """
    plain = _unwrapped(model)
    head = plain.get_output_embeddings() if hasattr(plain, "get_output_embeddings") else None
    inputs = {name: values for name, values in batch.items() if name != "labels"}
    if getattr(plain.config, "is_encoder_decoder", False) and "decoder_input_ids" not in inputs:
        made = getattr(plain, "prepare_decoder_input_ids_from_labels", None)
        if made is None:
            outputs = model(**batch)
            return outputs, outputs.logits[places]
        inputs["decoder_input_ids"] = made(labels=batch["labels"])
    # Found before the model computes, so that a GPU need not be waited for in the middle of it.
    rows, columns = places.nonzero(as_tuple=True)

    def gather(_: Any, given: tuple[Any, ...]) -> tuple[Any, ...]:
        hidden = given[0]
        return given if hidden.shape[:-1] != places.shape else (hidden[rows, columns][None], *given[1:])

    hook = head.register_forward_pre_hook(gather) if head is not None else None
    try:
        outputs = model(**inputs)
    finally:
        if hook is not None:
            hook.remove()
    logits = outputs.logits
    return outputs, logits[rows, columns] if logits.shape[:2] == places.shape else logits[0]


def sums_by_row(logits: Any, truths: Any, places: Any) -> Any:
    """Σ −ln p of each row's labels, float64[rows]: from what `scores_at` and `labelled` gave for bool[rows, width]."""
    from torch import float64
    from torch.nn.functional import cross_entropy

    each = cross_entropy(logits.float(), truths, reduction="none")
    sums = each.new_zeros(len(places), dtype=float64)
    return sums.index_add_(0, places.nonzero(as_tuple=True)[0], each.to(float64))


def _unwrapped(model: Any) -> Any:
    """The model itself, without what spreads it over devices."""
    return model.module if hasattr(model, "module") and not hasattr(model, "config") else model
