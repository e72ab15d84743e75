"""Where a model comes from: `starter:`, `hub:`, `folder:`, `run:`, `scratch:` … resolved to a folder here."""

import json
from dataclasses import dataclass
from hashlib import sha256
from math import prod
from pathlib import Path
from typing import Any

from lib.errors import Problem, UserError
from lib.models.families import CAUSAL, kind_of, longest_input
from lib.models.scratch import SCRATCH, SCRATCH_REVISION, Scratch
from lib.models.starters import STARTERS
from lib.settings import get_settings

SAMPLES, SAMPLE_BYTES = 64, 16_384
# The small files that decide what a model reads and writes, beside its weights.
SETTINGS_FILES = (
    "config.json",
    "adapter_config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "tokenizer.model",
    "spiece.model",
    "source.spm",
    "target.spm",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
    "chat_template.jinja",
    "preprocessor_config.json",
    "processor_config.json",
)


@dataclass(frozen=True)
class ModelInfo:
    """A model that lies ready in `folder`, or one that a run will put there.

    From scratch a run will build it, and one of the Hub that is not downloaded yet it will download: `is_downloaded`.

    `ref` is what a spec says; `revision` is a sha256 of the configuration, the tokenizer and samples of the weights,
    so that a changed folder is noticed; of the Hub it is the commit. `size_mb` is the weights on disk; `parameters`
    is None when unknown. `max_length` is in tokens; for an image model it is the tokens that one picture makes.
    """

    ref: str
    title: str
    folder: Path
    licence: str
    origin: str
    size_mb: float
    parameters: int | None
    max_length: int
    revision: str
    config: dict[str, Any]
    is_downloaded: bool = True

    @property
    def kind(self) -> str | None:
        """Encoder, seq2seq, causal or image, as `families` calls them; None when that is not known."""
        return kind_of(self.config)

    @property
    def is_scratch(self) -> bool:
        """Whether it is untrained and not yet built."""
        return self.ref.startswith("scratch:")

    @property
    def has_chat_template(self) -> bool:
        """Whether it says how turns of a chat are written as one text."""
        if self.is_scratch:
            return self.kind == CAUSAL
        if (self.folder / "chat_template.jinja").is_file():
            return True
        return bool(read_json_object(self.folder / "tokenizer_config.json").get("chat_template"))

    def to_json(self) -> dict[str, Any]:
        """What `lib models --json` prints: everything but the whole configuration."""
        return {
            "model": self.ref,
            "title": self.title,
            "kind": self.kind,
            "folder": str(self.folder),
            "licence": self.licence,
            "origin": self.origin,
            "size_mb": round(self.size_mb, 1),
            "parameters": self.parameters,
            "max_length": self.max_length,
            "revision": self.revision,
            "downloaded": self.is_downloaded,
            "architecture": self.config.get("model_type", ""),
        }


def find_model(ref: str) -> ModelInfo:
    """The model behind a reference. Raises UserError saying what is wrong and what there is instead."""
    kind, _, name = ref.partition(":")
    if not name:
        raise _unknown(f"{ref!r} does not say where the model comes from.")
    match kind:
        case "starter":
            for starter in STARTERS:
                if starter.name == name:
                    return describe_folder(
                        starter.folder(),
                        ref=ref,
                        title=starter.title,
                        licence=starter.licence,
                        origin=starter.origin,
                    )
            raise _unknown(f"There is no starter {name!r}.")
        case "hub":
            from lib.models.hub_models import find_hub  # which describes models as this module does

            return find_hub(name)
        case "folder":
            path = Path(name).expanduser().resolve()
            return describe_folder(path, ref=f"folder:{path}", title=path.name, origin=str(path))
        case "scratch":
            for scratch in SCRATCH:
                if scratch.name == name:
                    return _describe_scratch(scratch)
            raise _unknown(f"There is no model {name!r} to build from scratch.")
        case "cut":
            raise UserError(
                Problem(
                    f"{ref!r} is cut from a teacher, so it needs distillation.",
                    where="method",
                    fix="Write method: {name: distill, teacher: run:RUN}.",
                    code="cut-without-teacher",
                )
            )
        case "run":
            folder = get_settings().runs / name / "model"
            if Path(name).name != name or not folder.is_dir():
                raise _unknown(f"There is no finished run {name!r} with a model.")
            return describe_folder(folder, ref=ref, title=f"Run {name}", origin=f"run {name}")
        case _:
            raise _unknown(f"{ref!r}: {kind!r} is not a kind of model source.")


def _unknown(what: str) -> UserError:
    names = [f"starter:{starter.name}" for starter in STARTERS] + [f"scratch:{made.name}" for made in SCRATCH]
    return UserError(
        Problem(
            what,
            where="model",
            fix=f"Write {', '.join(names)}, hub:ORG/NAME, folder:PATH or run:RUN.",
            code="unknown-model",
        )
    )


def list_models() -> list[ModelInfo]:
    """The models at hand: starters, the folders in ATELIER_MODELS, the Hub's in the cache, last those from scratch."""
    from lib.models.hub_models import list_cached  # which describes models as this module does

    found = [find_model(f"starter:{starter.name}") for starter in STARTERS if starter.is_installed()]
    models = get_settings().models
    if models is not None and models.is_dir():
        for path in sorted(models.iterdir()):
            if (path / "config.json").is_file() and any(path.glob("*.safetensors")):
                found.append(find_model(f"folder:{path}"))
    return [*found, *list_cached(), *(_describe_scratch(scratch) for scratch in SCRATCH)]


def _describe_scratch(scratch: Scratch) -> ModelInfo:
    return ModelInfo(
        ref=f"scratch:{scratch.name}",
        title=scratch.title,
        folder=get_settings().cache / "scratch" / scratch.name,
        licence="your own",
        origin="built and trained from nothing",
        size_mb=scratch.parameters * 4 / 1e6,
        parameters=scratch.parameters,
        max_length=longest_input(scratch.full_config(), tokenizer={}),
        revision=SCRATCH_REVISION,
        config=scratch.full_config(),
    )


def describe_folder(
    folder: Path, *, ref: str, title: str, origin: str, licence: str = "not stated"
) -> ModelInfo:
    """Read what a model folder says of itself, without torch. Raises UserError when it is not a model."""
    problems = []
    config: dict[str, Any] = {}
    if not folder.is_dir():
        problems.append(f"The folder {folder} does not exist.")
    elif not (folder / "config.json").is_file():
        problems.append(f"The folder {folder} has no config.json, so it is not a transformers model.")
    elif not (weights := sorted(folder.glob("*.safetensors"))):
        problems.append(f"The folder {folder} has no .safetensors weights; pickled weights are never loaded.")
    else:
        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            headers = [_safetensors_header(path) for path in weights]
        except (ValueError, OSError, UnicodeDecodeError) as error:
            problems.append(f"The model in {folder} cannot be read: {error}")
    if problems:
        fix = "Point to a folder saved with save_pretrained."
        raise UserError(*(Problem(what, where="model", fix=fix, code="not-a-model") for what in problems))
    return ModelInfo(
        ref=ref,
        title=title,
        folder=folder,
        licence=licence,
        origin=origin,
        size_mb=sum(path.stat().st_size for path in weights) / 1e6,
        parameters=_base_parameters(folder) or sum(_parameters(header) for header, _ in headers),
        max_length=longest_in(folder, config),
        revision="sha256:" + _fingerprint(folder, [digest for _, digest in headers]),
        config=config,
    )


def _base_parameters(folder: Path) -> int | None:
    """Of an adapter, the parameters of the base model: those of the adapter say nothing about its size."""
    base = read_json_object(folder / "atelier.json").get("base")
    return base.get("parameters") if isinstance(base, dict) else None


def longest_in(folder: Path, config: dict[str, Any]) -> int:
    """How many tokens a model reads at most, from its configuration and the settings beside it."""
    tokenizer = read_json_object(folder / "tokenizer_config.json")
    return longest_input(config, tokenizer=tokenizer, images=_image_settings(folder))


def read_json_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file; an empty one where there is none."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _image_settings(folder: Path) -> dict[str, Any]:
    """How pictures are prepared, from the file of an image processor or, inside it, that of a whole processor."""
    if found := read_json_object(folder / "preprocessor_config.json"):
        return found
    nested = read_json_object(folder / "processor_config.json").get("image_processor")
    return nested if isinstance(nested, dict) else {}


def _safetensors_header(path: Path) -> tuple[dict[str, Any], str]:
    """The table of tensors at the start of the file, and a sha256 of it, the file's size and samples of the rest.

    Samples, not all the bytes: hashing gigabytes before each start would take longer than loading them, and training
    changes weights everywhere.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 0 < length < 100_000_000:
            raise ValueError(f"{path.name} is not a safetensors file")
        raw = file.read(length)
        digest = sha256(raw + str(size).encode())
        for number in range(SAMPLES):
            file.seek(8 + length + (size - 8 - length) * number // SAMPLES)
            digest.update(file.read(SAMPLE_BYTES))
    header = json.loads(raw)
    header.pop("__metadata__", None)
    return header, digest.hexdigest()


def _parameters(header: dict[str, Any]) -> int:
    return sum(prod(tensor["shape"]) for tensor in header.values())


def tensor_sizes(folder: Path) -> dict[str, int]:
    """How many numbers each weight in a folder's safetensors holds, by the weight's name."""
    headers = [_safetensors_header(path)[0] for path in sorted(folder.glob("*.safetensors"))]
    return {name: prod(tensor["shape"]) for header in headers for name, tensor in header.items()}


def _fingerprint(folder: Path, digests: list[str]) -> str:
    parts = [*digests]
    for name in SETTINGS_FILES:
        if (path := folder / name).is_file():
            parts.append(f"{name} {sha256(path.read_bytes()).hexdigest()}")
    return sha256("\n".join(parts).encode()).hexdigest()[:16]
