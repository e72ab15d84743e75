"""A text written for a text, judged by ROUGE."""

import re
from collections.abc import Callable
from typing import Any

from lib.export.repeating.shared import longest_first


def load(settings: dict[str, Any]) -> tuple[Any, Any]:
    """The tokenizer, and the encoder–decoder with the run's way of writing."""
    import torch
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    base, revision = settings["base"], settings["revision"]
    model = AutoModelForSeq2SeqLM.from_pretrained(base, revision=revision, dtype=torch.float32)
    reader = AutoTokenizer.from_pretrained(base, revision=revision)
    reader.model_input_names = ["input_ids", "attention_mask"]
    for name, value in settings["generation"].items():
        setattr(model.generation_config, name, value)
    return reader, model


def encode(
    reader: Any, rows: list[dict[str, Any]], settings: dict[str, Any], *, learn: bool
) -> tuple[list[dict[str, Any]], list[int]]:
    """Token ids of the prefix and the text, those of the text to write, and lengths of what is read."""
    texts = [settings["prefix"] + row["source"] for row in rows]
    encoded = reader(texts, truncation=True, max_length=settings["max_length"])
    found = [
        {name: encoded[name][row] for name in ("input_ids", "attention_mask")} for row in range(len(rows))
    ]
    if learn:
        targets = [row["target"] for row in rows]
        written = reader(text_target=targets, truncation=True, max_length=settings["max_target_length"])
        for one, ids in zip(found, written["input_ids"], strict=True):
            one["labels"] = ids
    return found, [len(one["input_ids"]) for one in found]


def collator(
    reader: Any, settings: dict[str, Any], *, training: bool
) -> Callable[[list[Any]], dict[str, Any]]:
    """Pads to the longest of the batch, what is to be written with −100."""
    from transformers import DataCollatorForSeq2Seq

    pad = DataCollatorForSeq2Seq(reader, pad_to_multiple_of=8)
    return lambda features: {name: value for name, value in pad(features).items() if value is not None}


def own_loss(model: Any, inputs: dict[str, Any], settings: dict[str, Any], items: Any) -> Any:
    """Cross-entropy over all tokens of a step, or the smoothed mean over those of the batch."""
    from torch.nn.functional import cross_entropy

    outputs = model(**inputs)
    places = inputs["labels"] != -100
    logits, truths = outputs.logits[places].float(), inputs["labels"][places]
    if settings["label_smoothing"]:
        return cross_entropy(logits, truths, label_smoothing=settings["label_smoothing"]), outputs
    summed = cross_entropy(logits, truths, reduction="sum")
    if items is None:
        return summed / max(1, len(truths)), outputs
    return summed / items, outputs, True


def score(model: Any, reader: Any, rows: list[dict[str, Any]], settings: dict[str, Any]) -> dict[str, float]:
    """ROUGE (F1) as the rouge_score package counts it, and the mean length written in tokens."""
    import torch
    from rouge_score.rouge_scorer import RougeScorer

    features, lengths = encode(reader, rows, settings, learn=False)
    collate, device = collator(reader, settings, training=False), next(model.parameters()).device
    special = set(reader.all_special_ids)
    written: list[tuple[str, int]] = [("", 0)] * len(rows)
    model.eval()
    with torch.inference_mode():
        for chosen in longest_first(lengths, 16):
            batch = {
                name: value.to(device) for name, value in collate([features[row] for row in chosen]).items()
            }
            ids = model.generate(**batch).tolist()
            texts = reader.batch_decode(ids, skip_special_tokens=True)
            for row, text, one in zip(chosen, texts, ids, strict=True):
                written[row] = (text.strip(), sum(number not in special for number in one))
    names = ("rouge1", "rouge2", "rougeL", "rougeLsum")
    scorer = RougeScorer(list(names), use_stemmer=settings["stemmer"])
    found = [
        scorer.score(by_line(row["target"]), by_line(text))
        for row, (text, _) in zip(rows, written, strict=True)
    ]
    scores = {name: sum(float(one[name].fmeasure) for one in found) / len(found) for name in names}
    return scores | {"gen_len": sum(length for _, length in written) / len(written)}


def by_line(text: str) -> str:
    """One sentence a line, as rougeLsum wants them."""
    return re.sub(SENTENCE_END, r"\1\2\n", text)


SENTENCE_END = r"([.!?…؟।]+[\"'”’»)\]]*)[ \t]+|([。！？]+[」』”]*)"
