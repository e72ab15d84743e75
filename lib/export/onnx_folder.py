"""What lies beside the graphs of an ONNX folder: settings of predict.json, the program, a page that explains them."""

from pathlib import Path
from typing import Any

from lib.export.source import Source
from lib.export.standalone_files import write_program
from lib.option import values_as
from lib.runs.files import write_json
from lib.tasks.causal import rooms
from lib.tasks.outputs import (
    Continuation,
    LabelScores,
    ManyLabels,
    MaskedTokens,
    Number,
    Output,
    Spans,
    Text,
    TokenLabels,
)
from lib.tasks.question_answering import AnswerOptions
from lib.tasks.seq2seq import prefix_of
from lib.tasks.token_classification import TokenOptions

# What predict.py needs; transformers brings the tokenizer or the picture's processor, without torch.
NEEDED = ("onnxruntime", "transformers")


def fill_folder(source: Source, model: Any, processor: Any, folder: Path, graphs: list[str]) -> None:
    """Everything but the graphs: tokenizer or processor, configs, predict.json, predict.py and README.md."""
    output = source.task.output(source.brief.target)
    processor.save_pretrained(folder)
    model.config.save_pretrained(folder)
    if isinstance(output, Text | Continuation):
        model.generation_config.save_pretrained(folder)
    write_json(folder / "predict.json", settings_of(source, processor, graphs))
    write_program(output, folder)
    needed = [*NEEDED, *(["pillow"] if source.task.model_kind == "image" else [])]
    (folder / "requirements.txt").write_text("\n".join(needed) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(_page(source, output, graphs), encoding="utf-8")


def settings_of(source: Source, processor: Any, graphs: list[str]) -> dict[str, Any]:
    """What predict.py must know beside the graphs, as plain JSON data."""
    brief, task = source.brief, source.task
    output = task.output(brief.target)
    options, target = brief.options, brief.target
    padding = getattr(processor, "pad_token_id", None)
    found: dict[str, Any] = {
        "kind": output.kind,
        "graphs": graphs,
        "max_length": brief.max_length,
        "padding": padding or 0,
        "pictures": task.model_kind == "image",
    }
    match output:
        case LabelScores(labels=labels):
            found |= {"labels": list(labels)}
        case ManyLabels(labels=labels):
            found |= {"labels": list(labels), "thresholds": list(output.thresholds)}
        case Number():
            found |= {"mean": target["mean"], "std": target["std"]}
        case TokenLabels():
            chosen = values_as(TokenOptions, options)
            found |= {"tags": list(target["tags"]), "stride": chosen.stride, "scoring": chosen.scoring}
        case Spans():
            asked = values_as(AnswerOptions, options)
            found |= {
                "stride": asked.stride,
                "most_tokens": asked.max_answer_tokens,
                "null_threshold": asked.null_threshold,
                "unanswerable": bool(target["unanswerable"]),
            }
        case Text():
            found |= {"prefix": prefix_of(brief), "chat": False, "prompted": False}
        case Continuation(chat=chat):
            prompted = bool(brief.columns.get("prompt"))
            found |= {"prefix": "", "chat": chat, "prompted": prompted, "max_length": rooms(brief)[0]}
        case MaskedTokens():
            pass
    return found


def _page(source: Source, output: Output, graphs: list[str]) -> str:
    example = {
        LabelScores: '"A text"' if source.task.model_kind != "image" else "picture.jpg",
        Spans: '"A question?" "The text that holds the answer"',
        MaskedTokens: '"A text with a [MASK] in it"',
    }.get(type(output), '"A text"')
    several = "" if len(graphs) == 1 else f" The weights of both lie once in {'weights.data'}."
    return "\n".join(
        [
            f"# {source.slug}, as ONNX",
            "",
            f"{source.task.title}: {source.spec.model}, taught to {source.task.sentence(source.brief.target)}.",
            "",
            "```",
            "pip install -r requirements.txt",
            f"python predict.py {example}",
            "```",
            "",
            f"`{'`, `'.join(graphs)}` {'is the model' if len(graphs) == 1 else 'are the model'}.{several} `predict.py` "
            "needs onnxruntime and the tokenizer or processor of transformers; it needs no torch.",
            "",
        ]
    )
