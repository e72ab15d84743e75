"""Which packages use a model, in the versions installed here, with everything that these need in turn."""

import platform
from importlib import metadata

from lib.export.source import Source

PREDICTING = ("torch", "transformers", "safetensors")


def packages_for(source: Source) -> tuple[str, ...]:
    """The packages that the model's own snippet imports."""
    more = []
    if source.is_adapter:
        more.append("peft")
        if (source.about.get("base") or {}).get("quantisation"):
            more += ["bitsandbytes", "accelerate"]
    if source.task.model_kind == "image":
        more.append("pillow")
        if _version("torchvision"):
            more.append("torchvision")
    if _version("sentencepiece") and any(source.model.glob("*.spm")):
        more.append("sentencepiece")
    return (*PREDICTING, *more)


def requirements(names: tuple[str, ...]) -> str:
    """The packages alone, pinned, as a requirements.txt."""
    return "".join(f"{name}=={_version(name)}\n" for name in names if _version(name))


def lock(names: tuple[str, ...]) -> str:
    """The packages and all that they need, pinned, as pip freeze would list them; what Python it was is a comment."""
    found: dict[str, str] = {}
    waiting = list(names)
    while waiting:
        name = _plain(waiting.pop())
        if name in found or not (version := _version(name)):
            continue
        found[name] = version
        waiting += _needed_by(name)
    about = f"# Python {platform.python_version()} on {platform.system()} {platform.machine()}\n"
    return about + "".join(f"{name}=={found[name]}\n" for name in sorted(found))


def _needed_by(name: str) -> list[str]:
    from packaging.requirements import Requirement

    needed = [Requirement(text) for text in metadata.requires(name) or []]
    return [one.name for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})]


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _plain(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")
