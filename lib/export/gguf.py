"""GGUF: one file that llama.cpp, Ollama and LM Studio run, of models of the Llama family that write."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lib.errors import Problem, UserError
from lib.export.base import Export, Made, Step
from lib.export.gguf_file import reasons_against, write_gguf
from lib.export.gguf_words import cut_of
from lib.export.measured_rows import measured_rows
from lib.export.place import placed
from lib.export.receipt import measure_export
from lib.export.source import Source
from lib.export.subjects import Subject, load_original, load_subject
from lib.option import option
from lib.runs.files import read_json

ROWS_CHECKED = 8
# The least share of places at which the file, read back, must take the same token as the model.
LEAST_ALIKE = {"f16": 0.99, "q8_0": 0.9}
# A loss per token may differ by so much: half precision has three digits, eight bits in blocks two.
TOLERANCES = {"f16": 0.01, "q8_0": 0.05}


@dataclass(frozen=True, kw_only=True)
class GgufOptions:
    """How the weights are held."""

    precision: str = option(
        "q8_0",
        title="Precision",
        help="q8_0 holds matrices in 8 bits and loses next to nothing; f16 in 16 bits, twice as large. Smaller ones "
        "(Q4_K) are made of an f16 file with llama.cpp's own llama-quantize.",
        group="GGUF",
        choices=("q8_0", "f16"),
    )


class Gguf(Export):
    """One file with the weights, the tokenizer and the chat template."""

    name = "gguf"
    title = "GGUF"
    summary = "One file for llama.cpp, Ollama or LM Studio, with the tokenizer and the chat template in it."
    serves = "For models of the Llama family that write, on laptops and phones."
    icon = ":material/memory:"
    makes = "file"
    suffix = ".gguf"
    option_class = GgufOptions
    measuring = 0.7

    def refused(self, source: Source) -> str | None:
        """Models that do not write, are of another family, or lost their base model."""
        if source.task.model_kind != "causal":
            return "GGUF is for models that write on, such as a chat model; choose ONNX or quantised for this one."
        if source.base_problems:
            return str(source.base_problems[0])
        where = source.base or source.model
        why = reasons_against(read_json(where / "config.json") or {})
        if why is None and cut_of(source.model) is None:
            why = "llama.cpp has no name for how the model's tokenizer cuts texts, and would read them otherwise."
        return None if why is None else f"{why} Choose quantised or zip."

    def write(self, source: Source, to: Path, options: Any, step: Step) -> Made:
        """Merge, write the file, read it back, compare, and place it."""
        step("loading the model", 0.0)
        taught = load_original(source)
        with placed(to) as work:
            step("writing the file", 0.2)
            work.parent.mkdir(parents=True, exist_ok=True)
            write_gguf(taught.model, taught.processor, work, precision=options.precision, name=source.name)
            step("reading it back", 0.6)
            checked = _read_back(source, taught, work, LEAST_ALIKE[options.precision])
            step("moving it to its place", 1.0)
        note = (
            f"Read back by transformers, the file takes the same token as the model at {checked['alike']:,} of "
            f"{checked['places']:,} places of {checked['rows']} test rows. The receipt's speed is that of "
            "transformers, which widens the weights again; llama.cpp was not run here."
        )
        facts = {
            "precision": options.precision,
            "checked": checked,
            "notes": [note],
            "use": f"# in a terminal\nllama-cli -m {to.name}\n",
        }
        return Made(path=to, bytes=to.stat().st_size, facts=facts)

    def answers(self, made: Made, source: Source, rows: pd.DataFrame) -> pd.DataFrame | None:
        """What transformers writes with the file."""
        from lib.tasks.predict import predict_rows

        assert made.path is not None
        held = load_subject(Subject("gguf", made.path), source)
        return predict_rows(source.task, held.model, held.processor, rows, held.brief)

    def measure(self, made: Made, source: Source, step: Step) -> dict[str, Any]:
        """Size, speed and loss beside the original, as transformers reads the file."""
        assert made.path is not None
        tolerance = TOLERANCES[made.facts["precision"]]
        return measure_export(
            source, Subject("gguf", made.path), step, made_bytes=made.bytes, tolerance=tolerance
        )


def _read_back(source: Source, taught: Any, path: Path, least: float) -> dict[str, Any]:
    """Places of test rows at which the file and the model take the same token: {"alike", "places", "rows"}.

    Raises UserError when they part too often.
    """
    import torch

    rows = measured_rows(source).frame.head(ROWS_CHECKED)
    plain = {str(name): rows[name].tolist() for name in rows}
    features = source.task.judged_features(taught.processor, plain, taught.brief)
    other = load_subject(Subject("gguf", path), source).model
    alike = places = 0
    with torch.inference_mode():
        for ids in features["input_ids"]:
            read = torch.tensor([ids])
            one, two = (
                model(input_ids=read).logits[0].argmax(dim=-1).numpy()
                for model in (taught.model.eval(), other)
            )
            alike, places = alike + int(np.sum(one == two)), places + len(one)
    if alike < least * places:
        raise UserError(
            Problem(
                f"The GGUF file does not say what the model says: the same token at {alike:,} of {places:,} places.",
                where="gguf",
                fix="Choose f16, or another format such as quantised or zip.",
                code="gguf-differs",
            )
        )
    return {"alike": alike, "places": places, "rows": len(rows)}
