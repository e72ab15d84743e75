"""What is measured: the run's own model, or what an export made of it, each ready to be asked in the same way."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from lib.export.source import Source
from lib.inference.taught import Taught, load_taught
from lib.methods.adapters import merged

Kind = Literal["original", "onnx", "folder", "gguf"]


@dataclass(frozen=True)
class Subject:
    """A model and where it lies: the run's ("original"), graphs ("onnx"), a plain model folder, or a GGUF file."""

    kind: Kind
    path: Path


def load_original(source: Source) -> Taught:
    """The run's model as one torch model on the CPU in fp32, an adapter merged into its base model."""
    taught = load_taught(source.model, name=source.name, device="cpu", as_trained=False)
    if not source.is_adapter:
        return taught
    whole = merged(taught.model)
    source.task.settled(whole, taught.processor, taught.brief)
    if (source.model / "generation_config.json").is_file():
        from transformers import GenerationConfig

        # The base model's own says nothing of how the run taught it to end.
        whole.generation_config = GenerationConfig.from_pretrained(source.model, local_files_only=True)
    return Taught(taught.task, taught.brief, taught.processor, whole)


def load_subject(subject: Subject, source: Source, *, threads: int = 0) -> Taught:
    """The model on the CPU, as it is used once it has left; `threads` are ONNX Runtime's, 0 for as many as it likes."""
    task, brief, path = source.task, source.brief, subject.path
    if subject.kind == "original":
        return load_taught(source.model, name=source.name, device="cpu")
    if subject.kind == "onnx":
        from lib.export.onnx_model import OnnxModel

        return Taught(task, brief, task.load_processor(path), OnnxModel(path, threads=threads))
    if subject.kind == "gguf":
        processor = task.load_processor(source.model)
        return Taught(task, brief, processor, _from_gguf(path).eval())
    return Taught(task, brief, task.load_processor(path), task.load_model(path, None).eval())


def _from_gguf(path: Path) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, dtype=torch.float32, local_files_only=True, trust_remote_code=False
    )
