"""Examples that a model's page on the Hub offers to try: neutral sentences, never rows of the data."""

from typing import Any

from lib.tasks.base import Brief, Task
from lib.tasks.outputs import Continuation, MaskedTokens, Number, Spans, Text, TokenLabels

_PICTURES = "https://huggingface.co/datasets/mishig/sample_images/resolve/main"
_PASSAGE = "Ada Lovelace met Charles Babbage in London in 1833, and wrote about his engine ten years later."


def widget_examples(task: Task, brief: Brief, languages: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """The examples for a card's `widget`; none for pairs, which the Hub cannot ask for, and for other languages."""
    if task.model_kind == "image":
        return [
            {"src": f"{_PICTURES}/{name}.jpg", "example_title": name.title()} for name in ("tiger", "teapot")
        ]
    if languages and "en" not in languages:
        return []
    output = task.output(brief.target)
    match output:
        case Spans():
            return [{"text": "Where did Ada Lovelace meet Charles Babbage?", "context": _PASSAGE}]
        case MaskedTokens():
            return [{"text": f"The weather is {output.mask} today."}]
        case TokenLabels():
            return [{"text": _PASSAGE}]
        case Continuation(chat=True):
            return [{"messages": [{"role": "user", "content": "What is a confusion matrix?"}]}]
        case Continuation():
            return [{"text": "Once upon a time"}]
        case Text():
            return [{"text": _PASSAGE}]
        case _ if len(task.inputs(brief.columns)) > 1:
            return []
        case Number():
            return [{"text": "The room was quiet and the staff were kind."}]
        case _:
            return [
                {"text": "The room was quiet and the staff were kind."},
                {"text": "Nobody answered, and the train was late again."},
            ]
