"""Opens an ONNX graph and runs it: numpy arrays in, numpy arrays out. Lies beside every model exported to ONNX."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

# Read at once when many inputs are given.
BATCH = 32
_TYPES = {
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(bool)": np.bool_,
}


class Graph:
    """One graph of an ONNX model.

    A graph of fixed shape reads one row of `width` tokens (or one picture) at a time: rows are padded on the right
    with `padding` and what is said of the padding is dropped, so that it answers like one of any shape.
    """

    def __init__(self, path: Path, *, padding: int = 0, threads: int = 0) -> None:
        import onnxruntime

        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])
        self.inputs = {spec.name: spec for spec in self.session.get_inputs()}
        self.outputs = [spec.name for spec in self.session.get_outputs()]
        self.padding = padding
        first = next(iter(self.inputs.values())).shape
        self.width = first[1] if isinstance(first[0], int) and len(first) == 2 else None
        self.is_fixed = isinstance(first[0], int)

    def run(self, values: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """The graph's outputs by name; of `values` it takes what it reads. Raises KeyError for what is missing."""
        read: dict[str, np.ndarray] = {
            name: np.asarray(values[name], dtype=_TYPES[spec.type]) for name, spec in self.inputs.items()
        }
        if not self.is_fixed:
            return self._once(read)
        rows = len(next(iter(read.values())))
        said = [self._one({name: part[row : row + 1] for name, part in read.items()}) for row in range(rows)]
        return {name: np.concatenate([one[name] for one in said]) for name in self.outputs}

    def _once(self, read: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return dict(zip(self.outputs, self.session.run(None, dict(read)), strict=True))

    def _one(self, read: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        if self.width is None:
            return self._once(read)
        width = next(iter(read.values())).shape[1]
        if width > self.width:
            raise ValueError(f"{width} tokens are more than the {self.width} that this model reads.")
        room = ((0, 0), (0, self.width - width))
        padded = {
            name: np.pad(part, room, constant_values=self.padding if name == "input_ids" else 0)
            for name, part in read.items()
        }
        said = self._once(padded)
        return {
            name: part[:, :width] if part.ndim > 1 and part.shape[1] == self.width else part
            for name, part in said.items()
        }


def read_settings(folder: Path) -> dict[str, Any]:
    """What predict.json says of the model: its kind of answer, its labels, how long a text may be."""
    settings: dict[str, Any] = json.loads((folder / "predict.json").read_text(encoding="utf-8"))
    return settings


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities float64 along the last axis."""
    powers = np.exp(logits.astype(np.float64) - logits.max(axis=-1, keepdims=True))
    shares: np.ndarray = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def answer(predict: Callable[[list[Any]], list[dict[str, Any]]], arguments: Sequence[str]) -> int:
    """The command line: inputs as words of the command, or `--file FILE.jsonl` with one JSON value a line.

    Writes one JSON object a line.
    """
    if not arguments or arguments[0] in ("-h", "--help"):
        sys.stderr.write("python predict.py INPUT …\npython predict.py --file INPUTS.jsonl\n")
        return 2
    if arguments[0] == "--file":
        lines = Path(arguments[1]).read_text(encoding="utf-8").splitlines()
        inputs = [json.loads(line) for line in lines if line.strip()]
    else:
        inputs = list(arguments)
    for start in range(0, len(inputs), BATCH):
        for said in predict(inputs[start : start + BATCH]):
            sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
    return 0
