"""Every setting of a run, as its training script reads them from run.json."""

from dataclasses import dataclass
from typing import Any

from lib.errors import Problem, UserError
from lib.export.source import Source
from lib.inference.untuned import untuned_folder
from lib.option import values_as
from lib.plan.run_rows import Rows
from lib.runs.options import options_from
from lib.runs.spec import Spec
from lib.tasks.label_loss import LabelOptions, balanced_weights
from lib.tasks.seq2seq import Seq2SeqOptions, generation_settings


@dataclass(frozen=True)
class Kind:
    """The parts that a task's script is made of, below lib, and what it needs beside transformers."""

    parts: tuple[str, ...]
    packages: tuple[str, ...]


_SHARED, _REPEAT = "export/repeating/shared", "export/repeating/repeat"
KINDS = {
    "text-classification": Kind((_SHARED, "export/repeating/labels", _REPEAT), ("scikit-learn",)),
    "token-classification": Kind((_SHARED, "export/repeating/words", _REPEAT), ("scikit-learn",)),
    "image-classification": Kind(
        (
            _SHARED,
            "export/repeating/stubs",
            "tasks/images",
            "tasks/augmenting",
            "export/repeating/pictures",
            _REPEAT,
        ),
        ("scikit-learn",),
    ),
    "summarization": Kind((_SHARED, "export/repeating/writing", _REPEAT), ("rouge-score", "scikit-learn")),
}


def is_on_hub(spec: Spec) -> bool:
    """Whether the base model can be had by its name."""
    return spec.model.startswith("hub:")


def run_settings(source: Source, rows: Rows, *, base: str | None) -> dict[str, Any]:
    """Plain JSON data. `base` is the folder of the base model beside the script; None for its name on the Hub."""
    spec, brief, task = source.spec, source.brief, source.task
    options = options_from(spec.options)
    most, frame = task.most_validated, rows.frames["validation"]
    sampled = (
        frame.reset_index(drop=True).sample(most, random_state=options.seed)
        if most and len(frame) > most
        else None
    )
    names = (
        "seed", "epochs", "batch_size", "gradient_accumulation", "learning_rate", "weight_decay", "warmup", "schedule",
        "max_gradient_norm", "gradient_checkpointing", "evaluations_per_epoch", "patience",
    )  # fmt: skip
    return {
        "task": task.slug,
        "base": base or spec.model.removeprefix("hub:").partition("@")[0],
        "is_on_hub": base is None,
        "revision": spec.revision if base is None else None,
        **{name: getattr(options, name) for name in names},
        "device": spec.device or "cpu",
        "precision": source.result.get("precision", "fp32"),
        "main_score": task.main_score.name,
        "higher_is_better": task.main_score.higher_is_better,
        "max_length": brief.max_length,
        "validated": None if sampled is None else sorted(int(place) for place in sampled.index),
        "draws": task.draws,
        **_of_the_task(source, rows),
        "expected": source.result.get("scores", {}),
    }


def _of_the_task(source: Source, rows: Rows) -> dict[str, Any]:
    brief = source.brief
    if source.spec.task == "summarization":
        options = values_as(Seq2SeqOptions, brief.options)
        if brief.target.get("words") != "latin":
            raise UserError(
                Problem(
                    "The texts are written in letters that the rouge_score package does not know by itself.",
                    where="script",
                    fix="Take the zip file with its spec instead.",
                    code="export-refused",
                )
            )
        return {
            "prefix": options.prefix,
            "max_target_length": options.max_target_length,
            "label_smoothing": options.label_smoothing,
            "generation": generation_settings(options),
            "stemmer": brief.target["stemmer"],
        }
    chosen = values_as(LabelOptions, brief.options)
    labels = tuple(brief.target["tags" if source.spec.task == "token-classification" else "labels"])
    balanced = chosen.class_weights == "balanced"
    weights = balanced_weights(labels, brief.target["counts"]) if balanced else [1.0] * len(labels)
    found: dict[str, Any] = {"labels": list(labels), "loss": vars(chosen), "weights": weights}
    if source.spec.task == "token-classification":
        _check_windows(source, rows)
        found["scoring"] = brief.options.get("scoring", "conlleval")
    if source.spec.task == "image-classification":
        found |= {name: brief.options[name] for name in ("image_size", "augmentation", "mirror")}
    return found


def _check_windows(source: Source, rows: Rows) -> None:
    """Raises UserError when a text is longer than the model reads: such are read in windows, which a script has not."""
    folder = untuned_folder(source.run) or source.model
    processor = source.task.load_processor(folder)
    for frame in rows.frames.values():
        read = {str(name): frame[name].tolist() for name in frame}
        features = source.task.encode(processor, read, source.brief)
        if len(set(features["row"])) < len(features["row"]) or any(features["truncated"]):
            raise UserError(
                Problem(
                    f"Some texts are longer than {source.brief.max_length} tokens and are read in windows, which the "
                    "plain script does not do.",
                    where="script",
                    fix="Take the zip file with its spec instead.",
                    code="export-refused",
                )
            )
