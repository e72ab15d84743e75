"""Writes with ONNX graphs: always the likeliest next token, by the rules of generation_config.json."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lib.export.standalone.session import Graph

_NEVER = -np.inf


class Writer:
    """A model that writes: one graph that reads and goes on, or a first and a next step of an encoder and decoder."""

    def __init__(self, folder: Path, *, padding: int, threads: int = 0) -> None:
        self.padding = padding
        self.is_seq2seq = (folder / "start.onnx").is_file()
        name = "start.onnx" if self.is_seq2seq else "model.onnx"
        self.start = Graph(folder / name, threads=threads)
        self.next = Graph(folder / "next.onnx", threads=threads) if self.is_seq2seq else self.start

    def write(self, read: Sequence[Sequence[int]], how: Mapping[str, Any]) -> list[list[int]]:
        """The new tokens for each row of token ids, up to the end mark and without it.

        `how` is a generation_config: ends, longest and shortest text, penalties. Beams and drawing are passed over.
        """
        rows, width = len(read), max(len(ids) for ids in read)
        # What is read lies on the left for a decoder alone: what is written follows on it.
        ids = np.full((rows, width), self.padding, dtype=np.int64)
        mask = np.zeros((rows, width), dtype=np.int64)
        for row, values in enumerate(read):
            place = slice(0, len(values)) if self.is_seq2seq else slice(width - len(values), width)
            ids[row, place], mask[row, place] = values, 1
        return self._seq2seq(ids, mask, how) if self.is_seq2seq else self._causal(ids, mask, read, how)

    def _causal(
        self, ids: np.ndarray, mask: np.ndarray, read: Sequence[Sequence[int]], how: Mapping[str, Any]
    ) -> list[list[int]]:
        text = _Text(len(ids), how, before=read)
        state = {
            "input_ids": ids,
            "attention_mask": mask,
            "position_ids": positions(mask),
            **self.nothing(len(ids)),
        }
        while True:
            said = self.start.run(state)
            tokens = text.add(said["logits"][:, -1])
            if text.is_done:
                return text.written
            mask = np.concatenate([mask, np.ones_like(mask[:, :1])], axis=1)
            state = {
                "input_ids": tokens[:, None],
                "attention_mask": mask,
                "position_ids": positions(mask)[:, -1:],
                **_past(said),
            }

    def _seq2seq(self, ids: np.ndarray, mask: np.ndarray, how: Mapping[str, Any]) -> list[list[int]]:
        start = np.full((len(ids), 1), _first(how), dtype=np.int64)
        text = _Text(len(ids), how, before=start.tolist())
        said = self.start.run({"input_ids": ids, "attention_mask": mask, "decoder_input_ids": start})
        state: dict[str, np.ndarray] = {"attention_mask": mask, **_past(said)}
        if "encoder_last_hidden_state" in said:
            state["encoder_outputs.last_hidden_state"] = said["encoder_last_hidden_state"]
        while True:
            tokens = text.add(said["logits"][:, -1])
            if text.is_done:
                return text.written
            said = self.next.run({**state, "decoder_input_ids": tokens[:, None]})
            state |= _past(said)

    def nothing(self, rows: int) -> dict[str, np.ndarray]:
        """The keys and values of no tokens, to begin with."""
        found = {}
        for name, spec in self.start.inputs.items():
            if name.startswith("input.past_key_values."):
                shape = [rows, int(spec.shape[1]), 0, int(spec.shape[3])]
                found[name] = np.zeros(shape, dtype=np.float32)
        return found


def positions(mask: np.ndarray) -> np.ndarray:
    """The place of each token, int64[rows, width], padding on the left not counted."""
    return np.maximum(mask.cumsum(axis=1) - 1, 0)


def _past(said: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Keys and values as the next step calls them."""
    return {
        f"input.{name.removeprefix('output.')}": values
        for name, values in said.items()
        if name.removeprefix("output.").startswith("past_key_values.")
    }


def _first(how: Mapping[str, Any]) -> int:
    found = how.get("decoder_start_token_id")
    return int(how["bos_token_id"] if found is None else found)


def _numbers(value: Any) -> list[int]:
    return [] if value is None else [int(one) for one in value] if isinstance(value, list) else [int(value)]


class _Text:
    """What is written for each row, and which tokens may follow."""

    def __init__(self, rows: int, how: Mapping[str, Any], *, before: Sequence[Sequence[int]]) -> None:
        self.how = how
        self.ends = _numbers(how.get("eos_token_id"))
        self.before = [list(ids) for ids in before]
        self.written: list[list[int]] = [[] for _ in range(rows)]
        self.ended = np.zeros(rows, dtype=bool)
        self.steps = 0
        self.most = int(how.get("max_new_tokens") or how.get("max_length") or 20)

    @property
    def is_done(self) -> bool:
        """Whether every text has come to its end."""
        return bool(self.ended.all()) or self.steps >= self.most

    def add(self, logits: np.ndarray) -> np.ndarray:
        """The next token of each row, int64[rows], from float32[rows, vocabulary]."""
        scores = logits.astype(np.float64)
        for row, line in enumerate(scores):
            if not self.ended[row]:
                self._ruled(row, line)
        tokens = self._forced(scores.argmax(axis=1))
        for row, token in enumerate(tokens.tolist()):
            if self.ended[row]:
                continue
            if token in self.ends:
                self.ended[row] = True
            else:
                self.written[row].append(token)
        self.steps += 1
        return tokens

    def _ruled(self, row: int, scores: np.ndarray) -> None:
        """Applies penalties and bans to the scores of one row, in place."""
        so_far = self.before[row] + self.written[row]
        penalty = self.how.get("repetition_penalty") or 1.0
        if penalty != 1.0:
            seen = np.unique(so_far)
            scores[seen] = np.where(scores[seen] < 0, scores[seen] * penalty, scores[seen] / penalty)
        if size := int(self.how.get("no_repeat_ngram_size") or 0):
            last = so_far[len(so_far) - size + 1 :]
            for at in range(len(so_far) - size + 1):
                if so_far[at : at + size - 1] == last:
                    scores[so_far[at + size - 1]] = _NEVER
        bad = [words[0] for words in self.how.get("bad_words_ids") or [] if len(words) == 1]
        for token in [*bad, *_numbers(self.how.get("suppress_tokens"))]:
            scores[token] = _NEVER
        if self.steps < int(self.how.get("min_new_tokens") or 0):
            scores[self.ends] = _NEVER

    def _forced(self, tokens: np.ndarray) -> np.ndarray:
        """The tokens with those that must stand first or last."""
        first, last = self.how.get("forced_bos_token_id"), _numbers(self.how.get("forced_eos_token_id"))
        if self.steps == 0 and first is not None:
            return np.full_like(tokens, first)
        if self.steps == self.most - 1 and last:
            return np.full_like(tokens, last[0])
        return tokens
