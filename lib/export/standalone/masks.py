"""Fills the masks of texts: `python predict.py "The [MASK] of France is Paris."`.

In --file each line is a text, as JSON.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np

from lib.export.standalone.session import Graph, answer, read_settings, softmax

CANDIDATES = 10
MARK = "[MASK]"


class Predictor:
    """The model of a folder; call it with texts."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoTokenizer

        self.settings = read_settings(folder)
        self.tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        self.graph = Graph(folder / "model.onnx", padding=self.settings["padding"])

    def __call__(self, inputs: list[Any]) -> list[dict[str, Any]]:
        """The likeliest tokens for each mask of each text, best first."""
        texts = [text.replace(MARK, self.tokenizer.mask_token) for text in inputs]
        read = self.tokenizer(
            texts, truncation=True, max_length=self.settings["max_length"], padding=True, return_tensors="np"
        )
        logits = self.graph.run(dict(read))["logits"]
        found = []
        for ids, said in zip(read["input_ids"], logits, strict=True):
            masks = []
            for place in np.flatnonzero(ids == self.tokenizer.mask_token_id):
                shares = softmax(said[place])
                best = np.argsort(-shares, kind="stable")[:CANDIDATES]
                masks.append(
                    [
                        {
                            "token": str(self.tokenizer.decode([int(token)])).strip(),
                            "score": round(float(shares[token]), 6),
                        }
                        for token in best
                    ]
                )
            found.append({"masks": masks})
        return found


if __name__ == "__main__":
    sys.exit(answer(Predictor(Path(__file__).resolve().parent), sys.argv[1:]))
