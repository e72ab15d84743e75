"""The parts of a model that methods treat apart: its body, the layers on top that learn whole, its weight matrices."""

from collections.abc import Collection
from typing import Any


def weights_of_body(model: Any) -> set[int]:
    """The ids of the parameters of the body; none where the model has no body apart from itself (T5)."""
    body = getattr(model, model.base_model_prefix, None)
    return set() if body is None or body is model else {id(weight) for weight in body.parameters()}


def learns_whole(model: Any) -> list[str]:
    """The names of the layers that learn whole beside adapters, innermost ones, in the model's order.

    They are what lies outside the body (a classifier, say), and what the base model lacks and begins at random, such as
    BERT's pooler. Not among them is what shares its weights with the body or is as large as the vocabulary, unless the
    base model lacks it: an output layer came with the base model, and would make the adapter as large as that.
    """
    inside, fresh = weights_of_body(model), set(getattr(model, "fresh_modules", ()))
    output, words = model.get_output_embeddings(), getattr(model.config, "vocab_size", None)
    found = []
    for name, module in model.named_modules():
        own = list(module.parameters(recurse=False))
        if not own or any(True for _ in module.children()):
            continue
        is_of_words = module is output or any(words in weight.shape for weight in own)
        is_shared = any(id(weight) in inside for weight in own)
        if name in fresh:
            if not (is_of_words and (is_shared or module is not output)):
                found.append(name)
        elif inside and not is_shared and not is_of_words:
            found.append(name)
    return found


def kept_beside(model: Any, whole: Collection[str]) -> list[str]:
    """The names of the parameters that are not the base model's and do not learn beside adapters, but must be kept.

    `whole` are the layers that learn. The others are fresh ones that no innermost layer holds, such as the bias of
    BERT's guesses, and `rewritten_weights`: position embeddings made to fit another size of pictures.
    """
    fresh = set(getattr(model, "fresh_modules", ())) - set(whole)
    inside = weights_of_body(model)
    shared = {id(weight) for weight in _output_weights(model)} & inside
    found = list(getattr(model, "rewritten_weights", ()))
    for name, module in model.named_modules():
        if name in fresh:
            own = module.named_parameters(recurse=False)
            found += [f"{name}.{part}" for part, weight in own if id(weight) not in shared]
    return found


def matrices(model: Any) -> dict[str, Any]:
    """The weight matrices by name: linear layers, and GPT-2's Conv1D, which is one under another name.

    Without those as large as the vocabulary: the output layer, and MobileBERT's part of it.
    """
    from torch import nn
    from transformers.pytorch_utils import Conv1D

    output, words = model.get_output_embeddings(), getattr(model.config, "vocab_size", None)
    return {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear | Conv1D)
        and module is not output
        and words not in (getattr(module, "in_features", None), getattr(module, "out_features", None))
    }


def _output_weights(model: Any) -> list[Any]:
    output = model.get_output_embeddings()
    return [] if output is None else list(output.parameters())
