"""Quantised: a model folder in 8 or 4 bits, read by plain from_pretrained; or 8 bits for CPUs, as ONNX."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from lib.errors import Problem, UserError
from lib.export.base import Export, Made, Step
from lib.export.onnx import Onnx, OnnxOptions
from lib.export.place import placed, size_of
from lib.export.receipt import measure_export
from lib.export.source import Source
from lib.export.subjects import Subject, load_original, load_subject
from lib.methods.qlora import OF_GRIDS, quantisation
from lib.option import option
from lib.runs.files import read_json

CPU = "int8"
BITS = {"8-bit": 8, "4-bit": 4}
# Weights that share a scale in 4 bits, side by side in a row.
BLOCK = 64
# How far a probability may lie from the original's before the receipt says so.
TOLERANCES = {"8-bit": 0.1, "4-bit": 0.3}


@dataclass(frozen=True, kw_only=True)
class QuantisedOptions:
    """How many bits, and for which machine."""

    format: str = option(
        "8-bit",
        title="Format",
        help="8-bit (LLM.int8) and 4-bit (NF4) are read by transformers with bitsandbytes: less memory, not always "
        "more speed. int8 is for CPUs without torch: an ONNX graph, a quarter of the size and usually faster.",
        group="Quantised",
        choices=("8-bit", "4-bit", CPU),
    )


class Quantised(Export):
    """A model folder in few bits."""

    name = "quantised"
    title = "Quantised"
    summary = "The model with its matrices in 8 or 4 bits, for machines with little memory."
    serves = "For people who run the model with transformers on a small graphics card, or (int8) on a CPU."
    icon = ":material/compress:"
    makes = "folder"
    option_class = QuantisedOptions
    measuring = 0.7

    def refused(self, source: Source) -> str | None:
        """Adapters without their base model."""
        if source.base_problems:
            return str(source.base_problems[0])
        return None

    def write(self, source: Source, to: Path, options: Any, step: Step) -> Made:
        """Merge, hold in few bits, place the folder; int8 goes by way of ONNX."""
        if options.format == CPU:
            made = Onnx().write(source, to, OnnxOptions(precision="int8"), step)
            return Made(made.path, made.url, made.bytes, made.facts | {"format": CPU})
        _refuse_grids(source)
        step("loading the model", 0.0)
        taught = load_original(source)
        with placed(to) as work:
            work.mkdir(parents=True)
            step("cutting its weights to few bits", 0.3)
            with tempfile.TemporaryDirectory(dir=work) as whole:
                taught.model.save_pretrained(whole)
                taught.processor.save_pretrained(whole)
                small = _in_few_bits(source, Path(whole), BITS[options.format])
            step("writing the folder", 0.7)
            small.save_pretrained(work)
            taught.processor.save_pretrained(work)
            snippet = source.task.usage(".", source.brief)
            (work / "README.md").write_text(_page(source, options.format, snippet), encoding="utf-8")
            step("moving it to its place", 1.0)
        facts = {
            "format": options.format,
            "notes": ["Reading it needs transformers and bitsandbytes."],
            "use": source.task.usage(str(to), source.brief),
        }
        return Made(path=to, bytes=size_of(to), facts=facts)

    def answers(self, made: Made, source: Source, rows: pd.DataFrame) -> pd.DataFrame | None:
        """What the folder says of the rows."""
        from lib.tasks.predict import predict_rows

        held = load_subject(_subject(made), source)
        return predict_rows(source.task, held.model, held.processor, rows, held.brief)

    def measure(self, made: Made, source: Source, step: Step) -> dict[str, Any]:
        """Size, speed and quality beside the original, each measured in a process of its own."""
        if made.facts["format"] == CPU:
            return Onnx().measure(made, source, step)
        tolerance = TOLERANCES[made.facts["format"]]
        return measure_export(source, _subject(made), step, made_bytes=made.bytes, tolerance=tolerance)


def _subject(made: Made) -> Subject:
    assert made.path is not None
    return Subject("onnx" if made.facts["format"] == CPU else "folder", made.path)


def _refuse_grids(source: Source) -> None:
    config = read_json((source.base or source.model) / "config.json") or {}
    if str(config.get("model_type")) in OF_GRIDS:
        raise _not_fit(
            "This model passes pictures through its layers as grids, which layers of few bits cannot read."
        )


def _in_few_bits(source: Source, whole: Path, bits: int) -> Any:
    """The model of the folder with its linear layers in few bits. Raises UserError when it has none to hold so."""
    from bitsandbytes.nn import Linear4bit, Linear8bitLt
    from transformers import BitsAndBytesConfig

    settings = BitsAndBytesConfig(**quantisation(bits, bf16=False))
    model = source.task.load_model(whole, None, quantization_config=settings, device_map={"": "cpu"})
    if not any(isinstance(module, Linear4bit | Linear8bitLt) for module in model.modules()):
        raise _not_fit("This model has no linear layers whose weights could hold few bits.")
    narrow = [one for one in model.modules() if isinstance(one, Linear4bit) and one.in_features % BLOCK]
    if narrow:
        raise _not_fit(
            f"{len(narrow)} layers read {narrow[0].in_features} numbers, no multiple of the {BLOCK} that share a scale "
            "in 4 bits, and bitsandbytes fails at that on some CPUs."
        )
    return model


def _not_fit(what: str) -> UserError:
    fix = "Choose another format: 8-bit, int8, or ONNX."
    return UserError(Problem(what, "export.format", fix, code="quantised-unfit"))


def _page(source: Source, how: str, snippet: str) -> str:
    return "\n".join(
        [
            f"# {source.slug}, {how}",
            "",
            f"{source.task.title}: {source.spec.model}, taught to {source.task.sentence(source.brief.target)}; its "
            f"linear layers hold {BITS[how]} bits (bitsandbytes).",
            "",
            "```python",
            snippet.strip(),
            "```",
            "",
        ]
    )
