"""Marks spans in texts, such as names: `python predict.py "A text with names in it"`.

In --file each line is a text or a list of words, as JSON; places count characters of the text (of words joined by
blanks).
"""

import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from lib.export.standalone.session import Graph, answer, read_settings, softmax
from lib.tasks.tags import entities_of
from lib.tasks.windows import Window, best_window, word_windows
from lib.tasks.words import split_words


class Predictor:
    """The model of a folder; call it with texts."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoTokenizer

        self.settings = read_settings(folder)
        self.tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        self.graph = Graph(folder / "model.onnx", padding=self.settings["padding"])

    def __call__(self, inputs: list[Any]) -> list[dict[str, Any]]:
        """The spans of each text."""
        return [self.marked(text) for text in inputs]

    def marked(self, given: Any) -> dict[str, Any]:
        """The spans of one text or list of words."""
        text, places = _words(given)
        scores = self.scores([text[start:end] for start, end in places])
        tags = [self.settings["tags"][int(row.argmax())] if row.any() else "O" for row in scores]
        spans = []
        for entity in entities_of(tags, mode=self.settings["scoring"]):
            start, end = places[entity.start][0], places[entity.end - 1][1]
            sure = float(np.mean(scores[entity.start : entity.end].max(axis=1)))
            spans.append(
                {
                    "start": start,
                    "end": end,
                    "label": entity.label,
                    "text": text[start:end],
                    "score": round(sure, 6),
                }
            )
        return {"text": text, "spans": spans}

    def scores(self, words: list[str]) -> np.ndarray:
        """The probability of every tag for every word, float64[words, tags]: each where it has most context."""
        found = np.zeros((len(words), len(self.settings["tags"])))
        whole = self.tokenizer(words or [""], is_split_into_words=True, truncation=False, verbose=False)
        word_of = whole.word_ids(0)
        known = [place for place, word in enumerate(word_of) if word is not None]
        if not known:
            return found
        head, tail = known[0], len(word_of) - 1 - known[-1]
        pieces = word_of[head : len(word_of) - tail]
        room = max(1, self.settings["max_length"] - head - tail)
        windows = word_windows(pieces, room=room, stride=self.settings["stride"])
        logits = [self.read(whole, window, head, tail) for window in windows]
        firsts = [place for place in range(len(pieces)) if place == 0 or pieces[place] != pieces[place - 1]]
        for first, after in pairwise([*firsts, len(pieces)]):
            number = best_window(windows, first, after - 1)
            found[pieces[first]] = softmax(logits[number][head + first - windows[number].start])
        return found

    def read(self, whole: Any, window: Window, head: int, tail: int) -> np.ndarray:
        """The logits of one window with the special tokens around it: float32[tokens, tags]."""
        batch = {}
        for name, ids in whole.items():
            part = ids[head + window.start : head + window.end]
            batch[name] = np.array([[*ids[:head], *part, *ids[len(ids) - tail :]]])
        logits: np.ndarray = self.graph.run(batch)["logits"][0]
        return logits


def _words(given: Any) -> tuple[str, list[tuple[int, int]]]:
    """The text and the characters of each word."""
    if isinstance(given, str):
        return given, split_words(given)
    text, places = " ".join(given), []
    start = 0
    for word in given:
        places.append((start, start + len(word)))
        start += len(word) + 1
    return text, places


if __name__ == "__main__":
    sys.exit(answer(Predictor(Path(__file__).resolve().parent), sys.argv[1:]))
