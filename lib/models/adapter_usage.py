"""How an adapter is used outside Atelier: a task's snippet with the lines that put the adapter on its base model."""

import json
import re
from pathlib import Path

from lib.models.adapted import is_adapter

# As `lib.methods.repair` calls its file.
REPAIR = "repair.safetensors"
_PLACE = r"('[^']*'|\"[^\"]*\"|folder)"
_CLASS = r"(?:AutoModelFor\w+|getattr\(transformers, config\.architectures\[0\]\))"
_LOADED = re.compile(_CLASS + r"\.from_pretrained\(" + _PLACE + r"\)")
_PIPELINE = re.compile(r"pipeline\(\"([\w-]+)\", model=" + _PLACE)


def usage_of(folder: Path, snippet: str, *, place: str = ".") -> str:
    """The snippet of a task, which loads whole models, so that it loads the model in the folder if that is an adapter.

    What must be known stands in the folder's atelier.json and adapter_config.json; the snippet calls it `place`.
    """
    if not is_adapter(folder):
        return snippet
    base = json.loads((folder / "atelier.json").read_text(encoding="utf-8"))["base"]
    settings = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    body = _LOADED.sub(r"PeftModel.from_pretrained(base, \1)", snippet)
    body = _PIPELINE.sub(_with_adapter, body)
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
        after.append(f"base.generation_config = GenerationConfig.from_pretrained({place!r})")
    else:
        given += [f"config=AutoConfig.from_pretrained({place!r})", "ignore_mismatched_sizes=True"]
    if held := base["quantisation"]:
        used.append("BitsAndBytesConfig")
        shown = ", ".join(f"{name}={value!r}" for name, value in held.items())
        given.append(f"quantization_config=BitsAndBytesConfig({shown})")
    imports = ["from peft import PeftModel"]
    if (folder / REPAIR).is_file():
        # Beside each matrix lies what rounding it to four bits took.
        imports.append("from safetensors.torch import load_file")
        after += [
            f"repair = load_file({place!r} + '/{REPAIR}')"
            if place != "."
            else f"repair = load_file('{REPAIR}')",
            "for name, layer in base.named_modules():",
            "    if f'{name}.a' in repair:",
            "        a, b = repair[f'{name}.a'], repair[f'{name}.b']",
            "        layer.register_forward_hook(",
            "            lambda _, read, out, a=a, b=b: out + read[0] @ a.to(read[0]).T @ b.to(read[0]).T",
            "        )",
        ]
    listed = "".join(f"    {one},\n" for one in given)
    head = [
        *imports,
        f"from transformers import {', '.join(sorted(used))}",
        "",
        f"base = {base['class']}.from_pretrained(",
        f"{listed})",
        *after,
        "",
    ]
    return "\n".join(head) + "\n" + _without_unused(body)


def _with_adapter(match: re.Match[str]) -> str:
    """A pipeline cannot tell from an adapter how its inputs are read, so it is told."""
    task, place = match.groups()
    reads = "image_processor" if task.startswith("image-") else "tokenizer"
    return f'pipeline("{task}", model=PeftModel.from_pretrained(base, {place}), {reads}={place}'


def _without_unused(body: str) -> str:
    """Without the import of the class that is no longer loaded."""
    return re.sub(r"(?<=import )AutoModelFor\w+, ", "", body)
