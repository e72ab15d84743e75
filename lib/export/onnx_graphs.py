"""From a torch model to ONNX graphs, by transformers' own exporter: one graph, or a first and a next step."""

import contextlib
import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lib.errors import Problem, UserError
from lib.tasks.base import Brief, Task

# Weights beyond this lie in a file of their own: protobuf holds 2 GB at most.
MOST_INSIDE = 1_500_000_000
# What the exporter, torch and onnxscript raise when an architecture cannot be written down as a graph.
FAILURES = (RuntimeError, ValueError, TypeError, AttributeError, KeyError, IndexError, AssertionError)
# And ONNX Runtime, when it cannot open or run what was written.
REFUSALS = (
    "Fail",
    "InvalidArgument",
    "InvalidGraph",
    "InvalidProtobuf",
    "NotImplemented",
    "RuntimeException",
)
_TEXTS = ["A short text.", "A text with some more words than the one before it has."]


@dataclass(frozen=True)
class Shape:
    """Which inputs the graph takes: any number of rows of any length, or (`fixed`) one row of so many tokens."""

    fixed: int | None = None


def write_graphs(
    task: Task, model: Any, processor: Any, brief: Brief, folder: Path, *, is_fixed: bool
) -> list[str]:
    """Write the model's graphs into the folder and return their file names.

    "model.onnx"; of an encoder–decoder "start.onnx" (all of it, with a first piece of what is written) and "next.onnx"
    (a piece more, from the keys and values so far). Raises one of FAILURES when the exporter cannot do it.
    """
    model = model.eval().float()
    decoder = model.get_decoder() if task.model_kind in ("causal", "seq2seq") else model
    for part in (model, decoder):
        # Trainers turn it off, and an encoder and a decoder may have a config of their own each.
        if hasattr(part.config, "use_cache"):
            part.config.use_cache = task.model_kind in ("causal", "seq2seq")
    with _quiet():
        parts = _parts(task, model, processor, brief, is_fixed)
        for name, inputs in parts.items():
            _write(model, inputs, folder / name, task=task, is_fixed=is_fixed)
    return list(parts)


def fixed_width(brief: Brief) -> int:
    """How many tokens a graph of fixed shape reads: the longest text, rounded up as batches are."""
    return -(-brief.max_length // 8) * 8


def _parts(task: Task, model: Any, processor: Any, brief: Brief, is_fixed: bool) -> dict[str, dict[str, Any]]:
    """Inputs to trace each graph with, by the graph's file name."""
    if task.model_kind == "image":
        return {"model.onnx": {"pixel_values": _pictures(processor, 1 if is_fixed else 2)}}
    if is_fixed:
        read = processor(_TEXTS[:1], padding="max_length", max_length=fixed_width(brief), return_tensors="pt")
        return {"model.onnx": dict(read)}
    read = dict(processor(_TEXTS, padding=True, return_tensors="pt"))
    if task.model_kind == "causal":
        return {"model.onnx": _going_on(model, read)}
    if task.model_kind == "seq2seq":
        return _both_steps(model, read)
    return {"model.onnx": read}


def _pictures(processor: Any, count: int) -> Any:
    from PIL import Image

    noise = np.random.default_rng(0).integers(0, 255, (count, 64, 64, 3), dtype=np.uint8)
    return processor([Image.fromarray(one) for one in noise], return_tensors="pt")["pixel_values"]


def _going_on(model: Any, read: dict[str, Any]) -> dict[str, Any]:
    """Two tokens after some: traced so, one graph both reads a prompt (after nothing) and writes on."""
    from transformers import GenerationConfig
    from transformers.exporters.utils import decompose_prefill_decode

    kept = {name: read[name] for name in ("input_ids", "attention_mask")}
    how = GenerationConfig(do_sample=False, use_cache=True, pad_token_id=model.generation_config.pad_token_id)
    parts = decompose_prefill_decode(model, kept, generation_config=how, multi_token_decode=True)
    inputs: dict[str, Any] = parts["decode"][1]
    return inputs


def _both_steps(model: Any, read: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """A first piece of three tokens and a next one of two, so that no length is taken for a fixed one."""
    import torch
    from transformers.modeling_outputs import BaseModelOutput

    source = {name: read[name] for name in ("input_ids", "attention_mask")}
    source["attention_mask"][0, -1] = 0
    begun = source["input_ids"][:, :3].clone()
    start = {**source, "decoder_input_ids": begun, "use_cache": True}
    with torch.no_grad():
        said = model(**start)
    following = {
        "attention_mask": source["attention_mask"],
        "decoder_input_ids": begun[:, :2],
        "encoder_outputs": BaseModelOutput(last_hidden_state=said.encoder_last_hidden_state),
        "past_key_values": said.past_key_values,
        "use_cache": True,
    }
    return {"start.onnx": start, "next.onnx": following}


def _write(model: Any, inputs: dict[str, Any], path: Path, *, task: Task, is_fixed: bool) -> None:
    import onnx_ir
    from torch.export import Dim
    from transformers.exporters import OnnxConfig, OnnxExporter

    shapes = None
    if not is_fixed and task.model_kind in ("encoder", "image"):
        # Pictures have one size: only their number may vary.
        axes = (0,) if task.model_kind == "image" else (0, 1)
        shapes = {name: {axis: Dim.AUTO for axis in axes} for name in inputs}
    settings = OnnxConfig(dynamic=not is_fixed, dynamic_shapes=shapes)
    program, _ = OnnxExporter().export_program(model, inputs, settings)
    weights = sum(
        value.const_value.nbytes
        for value in program.graph.initializers.values()
        if value.const_value is not None
    )
    outside = f"{path.name}.data" if weights > MOST_INSIDE else None
    onnx_ir.save(program, str(path), external_data=outside)


@contextlib.contextmanager
def failures_told(model: Any) -> Iterator[None]:
    """What goes wrong inside as a UserError with the reason: the architecture cannot leave in this format."""
    from onnxruntime.capi import onnxruntime_pybind11_state as runtime

    refusals = tuple(getattr(runtime, name) for name in REFUSALS)
    try:
        yield
    except UserError:
        raise
    except (*FAILURES, *refusals) as error:
        root: BaseException = error
        while root.__cause__ is not None:
            root = root.__cause__
        why = (str(root).strip().splitlines() or [type(root).__name__])[0][:300]
        kind = getattr(model.config, "model_type", type(model).__name__)
        raise UserError(
            Problem(
                f"transformers' exporter cannot write this architecture ({kind}) as an ONNX graph: {why}",
                where="onnx",
                fix="Choose another format, such as zip or quantised.",
                code="onnx-not-exported",
            )
        ) from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporter's remarks on versions, shapes and operators that nobody can act on."""
    names = ("transformers.exporters", "torch.export", "torch.onnx", "torch._export", "onnxscript", "onnx_ir")
    levels = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
