"""How an adapter is used outside Atelier: a task's snippet with the lines that put the adapter on its base model."""

import json
import re
from pathlib import Path

from lib.models.adapted import is_adapter

_CLASS = r"(?:AutoModelFor\w+|getattr\(transformers, config\.architectures\[0\]\))"
_LOADED = re.compile(_CLASS + r"\.from_pretrained\(([^()]*)\)")
_PIPELINE = re.compile(r"pipeline\(\"([\w-]+)\", model=('[^']*'|\"[^\"]*\")")


def usage_of(folder: Path, snippet: str) -> str:
    """The snippet of a task, which loads whole models, so that it loads the model in the folder if that is an adapter.

    What it needs to know stands in the folder's atelier.json and adapter_config.json.
    """
    if not is_adapter(folder):
        return snippet
    base = json.loads((folder / "atelier.json").read_text(encoding="utf-8"))["base"]
    settings = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    body, whole = _LOADED.subn(r"PeftModel.from_pretrained(base, \1)", snippet)
    body, _ = _PIPELINE.subn(_with_adapter, body)
    found = re.search(r"^folder = (.*)$", body, flags=re.MULTILINE) if whole else None
    place = found.group(1) if found else re.search(r"from_pretrained\(base, ([^()]*)\)", body).group(1)  # type: ignore[union-attr]
    used = ["AutoConfig", base["class"]]
    given = [repr(settings["base_model_name_or_path"])]
    if settings.get("revision"):
        given.append(f"revision={settings['revision']!r}")
    given.append('dtype="float32"')
    after = []
    if base["writes"]:
        used[0] = "GenerationConfig"
        if base["tokens"]:
            after.append(f"base.resize_token_embeddings({base['tokens']})")
        after.append(f"base.generation_config = GenerationConfig.from_pretrained({place})")
    else:
        given += [f"config=AutoConfig.from_pretrained({place})", "ignore_mismatched_sizes=True"]
    if held := base["quantisation"]:
        used.append("BitsAndBytesConfig")
        shown = ", ".join(f"{name}={value!r}" for name, value in held.items())
        given.append(f"quantization_config=BitsAndBytesConfig({shown})")
        given.append('device_map="auto"')
    listed = "".join(f"    {one},\n" for one in given)
    head = [
        "from peft import PeftModel",
        f"from transformers import {', '.join(sorted(used))}",
        "",
        f"base = {base['class']}.from_pretrained(",
        f"{listed})",
        *after,
        "",
    ]
    return "\n".join(head) + "\n" + _without_unused(body)


def _with_adapter(match: re.Match[str]) -> str:
    task, place = match.groups()
    reads = "image_processor" if task.startswith("image-") else "tokenizer"
    return f'pipeline("{task}", model=PeftModel.from_pretrained(base, {place}), {reads}={place}'


def _without_unused(body: str) -> str:
    """Without the import of the class that is no longer loaded."""
    return re.sub(r"(?<=import )AutoModelFor\w+, ", "", body)
