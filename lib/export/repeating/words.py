"""A tag for every word of a text, in IOB2."""

import json
from collections.abc import Callable
from typing import Any

from lib.export.repeating.shared import ask, label_loss, named_labels


def load(settings: dict[str, Any]) -> tuple[Any, Any]:
    """The tokenizer, ready for texts that come as words, and the encoder with a fresh head over words."""
    import torch
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    base, revision = settings["base"], settings["revision"]
    reader = AutoTokenizer.from_pretrained(base, revision=revision)
    before = json.loads(reader.backend_tokenizer.to_str()).get("pre_tokenizer") or {}
    if before.get("type") == "ByteLevel":
        # Byte-level tokenizers know a word by the space before it.
        from tokenizers import pre_tokenizers

        reader.backend_tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(
            add_prefix_space=True, use_regex=before.get("use_regex", True)
        )
        reader.add_prefix_space = True
        reader.init_kwargs["add_prefix_space"] = True
    model = AutoModelForTokenClassification.from_pretrained(
        base, revision=revision, dtype=torch.float32, **named_labels(settings["labels"])
    )
    return reader, model


def first_pieces(word_ids: list[int | None]) -> dict[int, int]:
    """Where the first piece of each word stands."""
    found: dict[int, int] = {}
    for place, word in enumerate(word_ids):
        if word is not None:
            found.setdefault(word, place)
    return found


def encode(
    reader: Any, rows: list[dict[str, Any]], settings: dict[str, Any], *, learn: bool
) -> tuple[list[dict[str, Any]], list[int]]:
    """Word pieces, the number of each word's tag at its first piece, and lengths in tokens."""
    encoded = reader([row["words"] or [""] for row in rows], is_split_into_words=True, truncation=False)
    number = {tag: place for place, tag in enumerate(settings["labels"])}
    found = [{name: encoded[name][row] for name in encoded} for row in range(len(rows))]
    if learn:
        for place, (one, row) in enumerate(zip(found, rows, strict=True)):
            one["labels"] = [-100] * len(one["input_ids"])
            for word, piece in first_pieces(encoded.word_ids(place)).items():
                if word < len(row["tags"]):
                    one["labels"][piece] = number.get(row["tags"][word], -100)
    return found, [len(one["input_ids"]) for one in found]


def collator(
    reader: Any, settings: dict[str, Any], *, training: bool
) -> Callable[[list[Any]], dict[str, Any]]:
    """Pads to the longest text of the batch, labels with −100."""
    from transformers import DataCollatorForTokenClassification

    return DataCollatorForTokenClassification(reader, pad_to_multiple_of=8)


def own_loss(model: Any, inputs: dict[str, Any], settings: dict[str, Any], items: Any) -> Any:
    """The run's own loss, or None for the model's."""
    return label_loss(model, inputs, settings)


def entities(tags: list[str], mode: str) -> set[tuple[int, int, str]]:
    """Spans (first word, word after the last, label); in conlleval mode an I- without its B- begins one too."""
    found, start, label = set(), None, ""
    for place, tag in enumerate([*tags, "O"]):
        goes_on = tag.startswith("I-") and start is not None and tag[2:] == label
        if start is not None and not goes_on:
            found.add((start, place, label))
            start = None
        if tag.startswith("B-") or (tag.startswith("I-") and not goes_on and mode == "conlleval"):
            start, label = place, tag[2:]
    return found


def score(model: Any, reader: Any, rows: list[dict[str, Any]], settings: dict[str, Any]) -> dict[str, float]:
    """Strict entity scores (micro averages) and the share of words with the right tag."""
    features, lengths = encode(reader, rows, settings, learn=False)
    logits = ask(model, features, lengths, collator(reader, settings, training=False), size=64)
    encoded = reader([row["words"] or [""] for row in rows], is_split_into_words=True, truncation=False)
    right = given = true = words = words_right = 0
    for place, row in enumerate(rows):
        tags = ["O"] * len(row["words"])
        for word, piece in first_pieces(encoded.word_ids(place)).items():
            if word < len(tags):
                tags[word] = settings["labels"][int(logits[place][piece].argmax())]
        gold, said = entities(row["tags"], "conlleval"), entities(tags, settings["scoring"])
        right, given, true = right + len(gold & said), given + len(said), true + len(gold)
        words += len(tags)
        words_right += sum(one == other for one, other in zip(tags, row["tags"], strict=True))
    precision, recall = right / max(1, given), right / max(1, true)
    return {
        "entity_f1": 2 * right / max(1, given + true),
        "entity_precision": precision,
        "entity_recall": recall,
        "token_accuracy": words_right / max(1, words),
    }
