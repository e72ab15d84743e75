"""How well a model guesses hidden tokens: always the same ones of a text, before training and after it."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from lib.tasks.base import Features, OnRows
from lib.tasks.encoder import padding_collator
from lib.tasks.masking import choose_hidden, fixed_generator, text_blocks
from lib.tasks.predict import quiet
from lib.tasks.token_loss import scores_at

ROWS_PER_CHUNK = 1_024
# A batch's scores are tokens × vocabulary numbers of 4 bytes: 64 million are 256 MB.
MOST_SCORES = 64_000_000
MOST_BLOCKS = 64
# Likeliest tokens kept of each hidden one; more would make the file of a large corpus much larger.
TOLD = 3


def guess_hidden(
    model: Any,
    tokenizer: Any,
    texts: Sequence[str],
    *,
    max_length: int,
    share: float,
    whole_words: bool,
    on_rows: OnRows | None = None,
) -> pd.DataFrame:
    """One row per text, as `MaskedTokens` describes judged rows, without `correct` and `loss`.

    Every hidden token is replaced by the mask (nothing is swapped or left as in training), so that the figures say
    how well the rest of the text tells it.
    """
    import torch

    collate, device = padding_collator(tokenizer), next(model.parameters()).device
    model.eval()
    chunks = []
    with torch.inference_mode(), quiet(tokenizer):
        for start in range(0, len(texts), ROWS_PER_CHUNK):
            part = texts[start : start + ROWS_PER_CHUNK]
            blocks = text_blocks(tokenizer, part, max_length=max_length)
            hidden = [
                choose_hidden(words, share=share, whole_words=whole_words, generator=fixed_generator(ids))
                for words, ids in zip(blocks["words"], blocks["input_ids"], strict=True)
            ]
            guesses: list[list[dict[str, Any]]] = [[] for _ in hidden]
            todo = [number for number, places in enumerate(hidden) if len(places)]
            for chosen in _batches(todo, blocks["length"], vocabulary=int(model.config.vocab_size)):
                inputs = [
                    _masked(blocks, number, hidden[number], tokenizer.mask_token_id) for number in chosen
                ]
                batch = {name: values.to(device) for name, values in collate(inputs).items()}
                width = batch["input_ids"].shape[1]
                masks = torch.zeros(batch["input_ids"].shape, dtype=torch.bool)
                for place, number in enumerate(chosen):
                    shift = width - blocks["length"][number] if tokenizer.padding_side == "left" else 0
                    masks[place, hidden[number] + shift] = True
                logits = scores_at(model, batch, masks.to(device))[1]
                each = torch.log_softmax(logits.float(), dim=-1).split([len(hidden[at]) for at in chosen])
                for number, logs in zip(chosen, each, strict=True):
                    guesses[number] = _guesses(logs, blocks, number, hidden[number])
                if on_rows is not None:
                    on_rows(start + sum(bool(found) for found in guesses) * len(part) // len(guesses))
            chunks.append(_by_row(guesses, blocks, part, tokenizer))
            if on_rows is not None:
                on_rows(start + len(part))
    return pd.concat(chunks, ignore_index=True) if chunks else _by_row([], {}, [], tokenizer)


def token_text(tokenizer: Any, number: int) -> str:
    """A token as a person reads it, without the space before it; pieces within a word keep their ##."""
    return str(tokenizer.decode([number])).strip()


def _batches(blocks: list[int], lengths: list[int], *, vocabulary: int) -> Iterator[list[int]]:
    """The blocks, longest first, in batches whose scores fit into memory."""
    waiting = sorted(blocks, key=lambda number: -lengths[number])
    while waiting:
        size = max(1, min(MOST_BLOCKS, MOST_SCORES // (lengths[waiting[0]] * vocabulary)))
        yield waiting[:size]
        waiting = waiting[size:]


def _masked(blocks: Features, number: int, places: np.ndarray, mask: int) -> dict[str, Any]:
    ids = np.asarray(blocks["input_ids"][number], dtype=np.int64)
    ids[places] = mask
    names = ("attention_mask", "token_type_ids")
    return {"input_ids": ids.tolist()} | {name: blocks[name][number] for name in names if name in blocks}


def _guesses(logs: Any, blocks: Features, number: int, places: np.ndarray) -> list[dict[str, Any]]:
    """What the model thinks of each hidden token of a block, from the logarithms float[hidden, vocabulary]."""
    import torch

    truths = [blocks["input_ids"][number][place] for place in places]
    best, guessed = (values.cpu().numpy() for values in logs.max(dim=-1))
    truth = logs.gather(1, torch.tensor(truths, device=logs.device)[:, None])
    gold = truth[:, 0].cpu().numpy()
    # Tokens as likely as the true one stand behind it: the rank says how many are likelier.
    ranks = 1 + (logs > truth).sum(dim=-1).cpu().numpy()
    top = logs.topk(min(TOLD, logs.shape[-1]), dim=-1)
    told, chances = top.indices.cpu().tolist(), top.values.exp().cpu().tolist()
    offsets = blocks["_offsets"][number]
    return [
        {
            "span": offsets[place],
            "truth": truth,
            "guess": int(guessed[index]),
            "loss": -float(gold[index]),
            "score": float(np.exp(best[index])),
            "rank": int(ranks[index]),
            "top": list(zip(told[index], chances[index], strict=True)),
        }
        for index, (place, truth) in enumerate(zip(places, truths, strict=True))
    ]


def _by_row(
    guesses: list[list[dict[str, Any]]], blocks: Features, texts: Sequence[str], tokenizer: Any
) -> pd.DataFrame:
    rows: list[list[dict[str, Any]]] = [[] for _ in texts]
    longest = [0] * len(texts)
    for found, row, length in zip(guesses, blocks.get("row", ()), blocks.get("length", ()), strict=True):
        rows[row] += found
        longest[row] = max(longest[row], length)
    return pd.DataFrame(
        {
            "gold": pd.Series([_joined(tokenizer, row, "truth") for row in rows], dtype="str"),
            "predicted": pd.Series([_joined(tokenizer, row, "guess") for row in rows], dtype="str"),
            "nll": np.array([sum(item["loss"] for item in row) for row in rows], dtype=np.float64),
            "tokens_judged": np.array([len(row) for row in rows], dtype=np.int64),
            "hits": np.array(
                [sum(item["truth"] == item["guess"] for item in row) for row in rows], dtype=np.int64
            ),
            "hidden": pd.Series([_in_text(tokenizer, row, text) for row, text in zip(rows, texts, strict=True)],
                                dtype="str"),
            "tokens": np.array(longest, dtype=np.int64),
            "truncated": np.zeros(len(texts), dtype=bool),
        }
    )  # fmt: skip


def _joined(tokenizer: Any, row: list[dict[str, Any]], name: str) -> str:
    return " ".join(token_text(tokenizer, item[name]) for item in row)


def _in_text(tokenizer: Any, row: list[dict[str, Any]], text: str) -> str:
    """The hidden tokens as JSON, with the characters of the text that each of them stood for."""
    found = []
    for item in row:
        start, end = item["span"]
        # Byte-level pieces count the space before them as their own.
        start += len(text[start:end]) - len(text[start:end].lstrip())
        if not token_text(tokenizer, item["truth"]):
            # The mark of a word's beginning alone: some tokenizers say that it covers the first letter.
            end = start
        found.append(
            {
                "start": start,
                "end": end,
                "token": token_text(tokenizer, item["truth"]),
                "guess": token_text(tokenizer, item["guess"]),
                "score": round(item["score"], 4),
                "loss": round(item["loss"], 4),
                "rank": item["rank"],
                "top": [[token_text(tokenizer, number), round(chance, 4)] for number, chance in item["top"]],
            }
        )
    return json.dumps(found, ensure_ascii=False)
