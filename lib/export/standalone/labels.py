"""Gives labels or a number to texts, pairs of texts or pictures: `python predict.py "A text"`.

In --file each line is a text, a pair ["one", "other"], or the path of a picture, as JSON.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np

from lib.export.standalone.session import Graph, answer, read_settings, softmax


class Predictor:
    """The model of a folder; call it with inputs."""

    def __init__(self, folder: Path) -> None:
        self.settings = read_settings(folder)
        if self.settings["pictures"]:
            from transformers import AutoImageProcessor

            self.processor = AutoImageProcessor.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False, backend="pil"
            )
        else:
            from transformers import AutoTokenizer

            self.processor = AutoTokenizer.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
        self.graph = Graph(folder / "model.onnx", padding=self.settings["padding"])

    def __call__(self, inputs: list[Any]) -> list[dict[str, Any]]:
        """What the model says of each input."""
        logits = self.graph.run(self.read(inputs))["logits"].reshape(len(inputs), -1)
        return [self.said(row) for row in logits]

    def read(self, inputs: list[Any]) -> dict[str, Any]:
        """What the graph reads for the inputs."""
        if self.settings["pictures"]:
            return dict(self.processor([_picture(path) for path in inputs], return_tensors="np"))
        pairs = [text if isinstance(text, list) else [text] for text in inputs]
        second = [pair[1] for pair in pairs] if len(pairs[0]) > 1 else None
        return dict(
            self.processor(
                [pair[0] for pair in pairs],
                second,
                truncation=True,
                max_length=self.settings["max_length"],
                padding=True,
                return_tensors="np",
            )
        )

    def said(self, logits: np.ndarray) -> dict[str, Any]:
        """One answer from float32[labels] logits."""
        kind, labels = self.settings["kind"], self.settings.get("labels", [])
        if kind == "number":
            return {"number": float(self.settings["mean"] + self.settings["std"] * float(logits[0]))}
        if kind == "many-labels":
            # Thresholds were tuned on probabilities as they are written, in single precision.
            shares = (1 / (1 + np.exp(-logits.astype(np.float64)))).astype(np.float32).astype(np.float64)
            given = shares >= np.asarray(self.settings["thresholds"])
            named = [label for label, here in zip(labels, given, strict=True) if here]
            return {"labels": named, "scores": _scores(labels, shares)}
        shares = softmax(logits)
        best = int(shares.argmax())
        return {
            "label": labels[best],
            "score": round(float(shares[best]), 6),
            "scores": _scores(labels, shares),
        }


def _scores(labels: list[str], shares: np.ndarray) -> dict[str, float]:
    return {label: round(float(share), 6) for label, share in zip(labels, shares, strict=True)}


def _picture(path: str) -> Any:
    """The picture upright and in RGB, transparency on white."""
    from PIL import Image, ImageOps

    with Image.open(path) as opened:
        picture = ImageOps.exif_transpose(opened)
        if picture.has_transparency_data:
            whole = picture.convert("RGBA")
            picture = Image.alpha_composite(Image.new("RGBA", whole.size, "white"), whole)
        return picture.convert("RGB")


if __name__ == "__main__":
    sys.exit(answer(Predictor(Path(__file__).resolve().parent), sys.argv[1:]))
