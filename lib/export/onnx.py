"""ONNX: the model as a graph that ONNX Runtime runs without torch, with a program that predicts from it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lib.errors import Problem, UserError
from lib.export.base import Export, Made, Step
from lib.export.measured_rows import measured_rows
from lib.export.onnx_folder import fill_folder
from lib.export.place import placed, size_of
from lib.export.receipt import Subject, measure_export
from lib.export.source import Source
from lib.export.subjects import load_original, load_subject
from lib.option import option

# The greatest difference of a logit from torch's on the same rows that a faithful graph in fp32 may show, as a share of
# the largest logit: sums in another order differ in the last of single precision's seven digits, layer after layer.
TOLERANCE = 1e-3
ROWS_CHECKED = 24


@dataclass(frozen=True, kw_only=True)
class OnnxOptions:
    """How the graph is written."""

    precision: str = option(
        "fp32",
        title="Precision",
        help="fp32 answers as the model does. int8 holds the weights in 8 bits: a quarter of the size, often faster on "
        "CPUs, and a few answers change; the receipt counts them.",
        group="ONNX",
        choices=("fp32", "int8"),
    )
    shapes: str = option(
        "dynamic",
        title="Shapes",
        help="dynamic takes any number of texts of any length. static takes one, filled up to the longest: for devices "
        "that must know shapes beforehand; slower for short texts.",
        group="ONNX",
        choices=("dynamic", "static"),
    )


class Onnx(Export):
    """One folder with the graph, the tokenizer and predict.py."""

    name = "onnx"
    title = "ONNX"
    summary = "The model as a graph for ONNX Runtime, with a program that predicts without torch and without Atelier."
    serves = "For servers, phones and browsers, in any language that has ONNX Runtime."
    icon = ":material/account_tree:"
    makes = "folder"
    option_class = OnnxOptions
    measuring = 0.6

    def refused(self, source: Source) -> str | None:
        """Adapters whose base model is gone."""
        if source.base_problems:
            return str(source.base_problems[0])
        return None

    def write(self, source: Source, to: Path, options: Any, step: Step) -> Made:
        """Trace, write, check against torch on test rows, and place the folder."""
        from lib.export.onnx_graphs import failures_told, write_graphs
        from lib.export.onnx_weights import in_eight_bits, share_weights

        is_fixed, is_small = options.shapes == "static", options.precision == "int8"
        if is_fixed and source.task.model_kind in ("causal", "seq2seq"):
            raise UserError(
                Problem(
                    "A model that writes reads one token more at every step, so its graph cannot have a fixed shape.",
                    where="export.shapes",
                    fix="Choose dynamic.",
                    code="onnx-static-writer",
                )
            )
        step("loading the model", 0.0)
        taught = load_original(source)
        with placed(to) as work, failures_told(taught.model):
            work.mkdir(parents=True)
            step("writing the graph", 0.1)
            graphs = write_graphs(
                source.task, taught.model, taught.processor, taught.brief, work, is_fixed=is_fixed
            )
            paths = [work / name for name in graphs]
            if len(paths) > 1:
                share_weights(paths)
            fill_folder(source, taught.model, taught.processor, work, graphs)
            step("checking it against torch", 0.6)
            checked = compare_with_torch(source, taught, work)
            if is_small:
                step("cutting the weights to 8 bits", 0.8)
                for path in paths:
                    in_eight_bits(path)
                if len(paths) > 1:
                    share_weights(paths)
            step("moving it to its place", 1.0)
        facts = {
            "graphs": graphs,
            "precision": options.precision,
            "shapes": options.shapes,
            "checked": checked,
            "notes": _notes(source, taught.model, checked, is_small),
            "use": "from pathlib import Path\n\nfrom predict import Predictor\n\n"
            f"predict = Predictor(Path({str(to)!r}))\n",
        }
        return Made(path=to, bytes=size_of(to), facts=facts)

    def answers(self, made: Made, source: Source, rows: pd.DataFrame) -> pd.DataFrame | None:
        """What the graph says of the rows."""
        from lib.tasks.predict import predict_rows

        assert made.path is not None
        held = load_subject(Subject("onnx", made.path), source)
        return predict_rows(source.task, held.model, held.processor, rows, held.brief)

    def measure(self, made: Made, source: Source, step: Step) -> dict[str, Any]:
        """Size, speed and quality beside the original, each measured in a process of its own."""
        assert made.path is not None
        return measure_export(
            source,
            Subject("onnx", made.path),
            step,
            made_bytes=made.bytes,
            tolerance=1e-3 if made.facts["precision"] == "fp32" else 0.1,
        )


def compare_with_torch(source: Source, taught: Any, folder: Path) -> dict[str, Any]:
    """The greatest difference between the graphs' logits and torch's on test rows of several lengths.

    `rows`, `lengths` (shortest and longest, tokens), `difference`, `largest` (logit). Raises UserError beyond the
    tolerance, so that a graph that answers otherwise never leaves.
    """
    from lib.export.onnx_model import OnnxModel

    rows = _of_several_lengths(measured_rows(source).frame)
    graph = OnnxModel(folder)
    greatest, largest, lengths = 0.0, 0.0, []
    for batch, width in _batches(source, taught, rows):
        lengths.append(width)
        for one, other, read in _both(taught.model, graph, batch):
            greatest = max(greatest, float(np.abs(one - other)[read].max(initial=0)))
            largest = max(largest, float(np.abs(one[read]).max(initial=0)))
    if not greatest <= TOLERANCE * max(1.0, largest):
        raise UserError(
            Problem(
                f"The ONNX graph does not answer as the model does: a score differs by {greatest:.3g} on "
                f"{len(rows)} test rows, where {TOLERANCE * max(1.0, largest):.3g} are allowed.",
                where="onnx",
                fix="Choose another format, such as zip or quantised.",
                code="onnx-differs",
            )
        )
    return {
        "rows": len(rows),
        "lengths": [min(lengths), max(lengths)],
        "difference": greatest,
        "largest": largest,
    }


def _of_several_lengths(frame: pd.DataFrame) -> pd.DataFrame:
    """At most so many rows, from the shortest to the longest."""
    order = frame.astype("str").map(len).sum(axis=1).to_numpy().argsort(kind="stable")
    chosen = np.unique(np.linspace(0, len(order) - 1, min(ROWS_CHECKED, len(order))).round().astype(int))
    return frame.iloc[order[chosen]]


def _batches(source: Source, taught: Any, rows: pd.DataFrame) -> Iterator[tuple[dict[str, Any], int]]:
    """Batches of torch tensors, one, three and more rows at a time, and how many tokens wide they are."""
    from lib.tasks.predict import model_features

    task, brief = source.task, taught.brief
    plain = {str(name): rows[name].tolist() for name in rows}
    features = task.encode(taught.processor, plain, brief)
    collate = task.collator(taught.processor, brief, training=False)
    count, start = len(features["length"]), 0
    for size in (1, 1, 3, count):
        chosen = range(start, min(start + size, count))
        if not chosen:
            return
        batch = collate([model_features(features, number) for number in chosen])
        yield batch, max(int(features["length"][number]) for number in chosen)
        start = chosen[-1] + 1


def _both(model: Any, graph: Any, batch: dict[str, Any]) -> Iterator[tuple[np.ndarray, np.ndarray, Any]]:
    """What torch and the graph say of a batch, and which places of it were read rather than filled up."""
    import torch

    if getattr(model.config, "is_encoder_decoder", False):
        batch = batch | {"labels": batch["input_ids"][:, :8].contiguous()}
    with torch.inference_mode():
        said, other = model(**batch), graph(**batch)
    for name in ("logits", "start_logits", "end_logits"):
        if not hasattr(other, name):
            continue
        one, two = (getattr(answer, name).float().numpy() for answer in (said, other))
        mask = batch.get("attention_mask")
        if mask is not None and one.ndim > 1 and one.shape[:2] == tuple(mask.shape):
            yield one, two, mask.bool().numpy()
        else:
            yield one, two, slice(None)


def _notes(source: Source, model: Any, checked: dict[str, Any], is_small: bool) -> list[str]:
    shortest, longest = checked["lengths"]
    rows = f"{checked['rows']} test rows of {shortest} to {longest} tokens"
    if source.task.model_kind == "image":
        rows = f"{checked['rows']} test pictures"
    held = "In fp32, before its weights were cut to 8 bits, no" if is_small else "No"
    notes = [f"{held} score differs from torch's by more than {checked['difference']:.1g} on {rows}."]
    how = getattr(model, "generation_config", None)
    if source.task.model_kind in ("causal", "seq2seq") and how is not None:
        if (how.num_beams or 1) > 1:
            notes.append(
                f"The model follows {how.num_beams} beams; predict.py always takes the likeliest token."
            )
        if how.do_sample:
            notes.append("The model draws its tokens; predict.py always takes the likeliest.")
    return notes
