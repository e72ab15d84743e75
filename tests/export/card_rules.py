"""What the Hub asks of a card's head, written down independently of the code that writes cards.

After https://huggingface.co/docs/hub/model-cards, …/datasets-cards and …/spaces-config-reference.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml

# The pipelines of huggingface.js that a model of ours can have; text2text-generation went in 2025.
PIPELINES = {
    "text-classification", "token-classification", "question-answering", "fill-mask", "summarization", "translation",
    "text-generation", "image-classification",
}  # fmt: skip
LICENCES = {
    "apache-2.0", "mit", "bsd-3-clause", "cc0-1.0", "cc-by-4.0", "cc-by-sa-4.0", "cc-by-nc-4.0", "cc-by-nc-sa-4.0",
    "cc-by-nc-nd-4.0", "openrail", "bigscience-openrail-m", "gpl-3.0", "lgpl-3.0", "agpl-3.0", "mpl-2.0", "odc-by",
    "odbl", "gemma", "llama2", "llama3", "llama3.1", "llama3.2", "llama3.3", "unknown", "other",
}  # fmt: skip
NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")
SIZES = {"n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M"}


def head_of(card: str) -> dict[str, Any]:
    """The metadata of a card, read as the Hub does."""
    found = re.match(r"^---[\r\n]+([\S\s]*?)[\r\n]+---(\r\n|\n|$)", card)
    assert found, card[:200]
    value = yaml.safe_load(found[1])
    assert isinstance(value, dict)
    return value


def complaints(card: str, kind: str) -> list[str]:
    """Everything the Hub would refuse; none for a good card."""
    try:
        head = head_of(card)
    except (AssertionError, yaml.YAMLError) as error:
        return [f"no metadata: {error}"]
    return list({"model": _model, "dataset": _dataset, "space": _space}[kind](head))


def _common(head: dict[str, Any]) -> Iterator[str]:
    if "license" in head and head["license"] not in LICENCES:
        yield f"license must be one of the list, not {head['license']!r}"
    for language in head.get("language", []):
        if not re.fullmatch(r"[a-z]{2,3}(-.+)?|multilingual|code", language):
            yield f"language {language!r} is no code"
    if not all(isinstance(tag, str) and tag for tag in head.get("tags", [])):
        yield "tags must be texts"


def _model(head: dict[str, Any]) -> Iterator[str]:
    yield from _common(head)
    if head.get("pipeline_tag") not in PIPELINES:
        yield f"pipeline_tag {head.get('pipeline_tag')!r} is none of the Hub's"
    if head.get("library_name") not in ("transformers", "peft"):
        yield "library_name"
    if "base_model" in head and not NAME.fullmatch(head["base_model"]):
        yield f"base_model {head['base_model']!r} is no id of a model"
    if head.get("base_model_relation", "finetune") not in ("finetune", "adapter", "merge", "quantized"):
        yield "base_model_relation"
    if any(not NAME.fullmatch(name) for name in head.get("datasets", [])):
        yield "datasets must be ids"
    emitted = head.get("co2_eq_emissions", {"emissions": 0.0})
    if not isinstance(emitted["emissions"], float | int) or emitted["emissions"] < 0:
        yield "co2_eq_emissions.emissions must be a number"
    for entry in head.get("model-index", []):
        if not isinstance(entry["name"], str) or not entry["name"]:
            yield "model-index needs a name"
        for result in entry["results"]:
            if result["task"]["type"] not in PIPELINES:
                yield "model-index task"
            if not result["dataset"]["name"] or not NAME.fullmatch(result["dataset"]["type"]):
                yield f"model-index dataset {result['dataset']!r}"
            if not result["metrics"] or any(
                not isinstance(one["value"], float | int) for one in result["metrics"]
            ):
                yield "model-index metrics"
    for example in head.get("widget", []):
        if not {"text", "src", "messages"} & set(example):
            yield "widget"


def _dataset(head: dict[str, Any]) -> Iterator[str]:
    yield from _common(head)
    if any(size not in SIZES for size in head.get("size_categories", [])):
        yield "size_categories"
    for config in head.get("configs", []):
        if not all({"split", "path"} <= set(one) for one in config["data_files"]):
            yield "configs"


def _space(head: dict[str, Any]) -> Iterator[str]:
    if head.get("sdk") not in ("gradio", "docker", "static"):
        yield "sdk"
    if not head.get("title") or not re.fullmatch(r"\S{1,3}", head.get("emoji", "🎨")):
        yield "title or emoji"
    for name in ("colorFrom", "colorTo"):
        if head.get(name) not in ("red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"):
            yield name
