"""Whole weights in a plain folder: an adapter added into its base model, so that from_pretrained needs nothing else."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from lib.errors import Problem, UserError
from lib.export.base import Export, Made, Step
from lib.export.papers import write_papers
from lib.export.place import placed, size_of
from lib.export.source import Source
from lib.export.source_card import card_of
from lib.option import option
from lib.runs.files import write_json

# How far a probability may move when weights are rounded: their mantissas have 8 bits in bfloat16, 11 in float16.
TOLERANCE = {"bfloat16": 2e-2, "float16": 2e-3, "float32": 1e-5}


@dataclass(frozen=True)
class MergedOptions:
    """How the weights are held."""

    weights: str = option(
        "bfloat16",
        title="Weights in",
        help="bfloat16 halves the folder and cannot overflow; float16 is finer, for older GPUs; float32 changes "
        "nothing and is the largest.",
        group="weights",
        choices=("bfloat16", "float16", "float32"),
    )


class Merged(Export):
    """A folder saved with save_pretrained, whatever the run's method was."""

    name = "merged"
    title = "Plain folder, merged"
    summary = (
        "Whole weights in 16 bits as save_pretrained writes them; an adapter is added into its base model."
    )
    serves = "For tools that know no adapters, and for serving without peft."
    icon = ":material/merge:"
    makes = "folder"
    option_class = MergedOptions

    def refused(self, source: Source) -> str | None:
        """An adapter cannot be added into a base model that is gone."""
        return str(source.base_problems[0]) if source.base_problems else None

    def write(self, source: Source, to: Path, options: MergedOptions, step: Step) -> Made:
        """Load in fp32 (of QLoRA the base model unquantised), add, round once, save with the papers."""
        from lib.inference.taught import load_taught
        from lib.methods.adapters import merged

        step("loading the model", 0.0)
        taught = load_taught(source.model, name=source.name, device="cpu", as_trained=False)
        step("adding the adapter into the weights" if source.is_adapter else "rounding the weights", 0.4)
        model = merged(taught.model) if source.is_adapter else taught.model
        source.task.finish(model, source.brief)
        keep_writing(model, source.model)
        rounded(model, options.weights)
        with placed(to) as work:
            step("writing the folder", 0.6)
            model.save_pretrained(work)
            taught.processor.save_pretrained(work)
            write_json(work / "atelier.json", {k: v for k, v in source.about.items() if k != "base"})
            snippet = source.task.usage(".", source.brief)
            (work / "README.md").write_text(card_of(source, is_adapter=False), encoding="utf-8")
            step("writing its papers", 0.95)
            write_papers(source, work, snippet=snippet, is_adapter=False)
        notes = [
            f"Weights in {options.weights}; a probability may differ from the run's by about "
            f"{TOLERANCE[options.weights]:g}."
        ]
        if (source.about.get("base") or {}).get("quantisation"):
            notes.append(
                "The run's scores are those of the adapter on its base model in few bits; here it lies on that model "
                "as it was before, so answers differ a little."
            )
        return Made(to, bytes=size_of(to), facts={"weights": options.weights, "use": snippet, "notes": notes})

    def answers(self, made: Made, source: Source, rows: pd.DataFrame) -> pd.DataFrame | None:
        """What the folder, loaded anew, says of the rows."""
        from lib.inference.taught import load_taught
        from lib.tasks.predict import predict_rows

        assert made.path is not None
        taught = load_taught(made.path, name=made.path.name, device="cpu")
        return predict_rows(taught.task, taught.model, taught.processor, rows, taught.brief)


def rounded(model: Any, weights: str) -> None:
    """Put the floating-point weights into that type. Raises UserError when one is too large for it."""
    import torch

    kind: torch.dtype = getattr(torch, weights)
    most = torch.finfo(kind).max
    large = [name for name, weight in model.named_parameters() if weight.detach().abs().max() > most]
    if large:
        raise UserError(
            Problem(
                f"{len(large)} weights are too large for {weights}, such as {large[0]}.",
                where="export.weights",
                fix="Choose bfloat16, which cannot overflow here.",
                code="export-overflow",
            )
        )
    model.to(kind)


def keep_writing(model: Any, folder: Path) -> None:
    """Let a model that writes do so as the run's own folder says: when to stop, how long, whether by chance."""
    if (folder / "generation_config.json").is_file():
        from transformers import GenerationConfig

        model.generation_config = GenerationConfig.from_pretrained(folder)
