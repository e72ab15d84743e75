"""An ONNX folder that can be asked like a torch model, so that tasks encode, predict and judge with it as ever."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from lib.export.standalone.session import Graph, read_settings
from lib.export.standalone.writer import Writer, positions

IGNORED = -100


class OnnxModel:
    """The graphs of a folder, run by ONNX Runtime with the very files that are shipped beside them."""

    def __init__(self, folder: Path, *, threads: int = 0) -> None:
        import torch
        from transformers import AutoConfig, GenerationConfig

        settings = read_settings(folder)
        self.config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        self.training = False
        self.is_writer = settings["kind"] in ("text", "continuation")
        if self.is_writer:
            self.generation_config = GenerationConfig.from_pretrained(folder, local_files_only=True)
            self.writer = Writer(folder, padding=settings["padding"], threads=threads)
            self.graph = self.writer.start
        else:
            self.graph = Graph(folder / "model.onnx", padding=settings["padding"], threads=threads)
        self._device = torch.zeros(1)

    def parameters(self) -> Iterator[Any]:
        """One tensor, for its device."""
        yield self._device

    def eval(self) -> "OnnxModel":
        """Nothing: a graph does not learn."""
        return self

    def train(self, mode: bool = True) -> "OnnxModel":
        """Nothing: a graph does not learn."""
        return self

    def get_input_embeddings(self) -> Any:
        """Only the size of the table of words is known: weight[words, nothing]."""
        words = int(self.config.get_text_config().vocab_size)
        return SimpleNamespace(weight=np.zeros((words, 0)), num_embeddings=words)

    def __call__(self, **batch: Any) -> Any:
        """What the model says of a batch of torch tensors: an object with `logits` or `start_logits`, `end_logits`."""
        import torch

        values = {name: part.detach().cpu().numpy() for name, part in batch.items() if name != "labels"}
        if self.is_writer and not self.writer.is_seq2seq:
            values["position_ids"] = positions(values["attention_mask"])
            values |= self.writer.nothing(len(values["input_ids"]))
        elif self.is_writer and "decoder_input_ids" not in values:
            values["decoder_input_ids"] = self._shifted(batch["labels"].cpu().numpy())
        said = self.graph.run(values)
        return SimpleNamespace(
            **{name: torch.from_numpy(part) for name, part in said.items() if name.endswith("logits")}
        )

    def generate(self, *, input_ids: Any, attention_mask: Any, **_: Any) -> Any:
        """What is written, as torch tokens with padding: after what was read, or after the start mark."""
        import torch

        read = [
            ids[mask == 1].tolist()
            for ids, mask in zip(input_ids.numpy(), attention_mask.numpy(), strict=True)
        ]
        how = self.generation_config.to_dict()
        written = self.writer.write(read, how)
        end = how.get("eos_token_id")
        fill = how.get("pad_token_id") if end is None else end[0] if isinstance(end, list) else end
        most = max(len(ids) for ids in written) + 1
        tail = torch.tensor([[*ids, *[fill] * (most - len(ids))] for ids in written])
        return tail if self.writer.is_seq2seq else torch.cat([input_ids, tail], dim=1)

    def _shifted(self, labels: np.ndarray) -> np.ndarray:
        """What a decoder reads to say the labels: the start mark and all but the last of them."""
        padding = self.config.pad_token_id
        moved = np.roll(labels, 1, axis=1)
        if self.config.model_type == "mbart":  # the language stands last, and comes first
            known = np.where(labels == IGNORED, padding, labels)
            last = (known != padding).sum(axis=1) - 1
            moved[:, 0] = known[np.arange(len(known)), last]
        else:
            first = getattr(self.config, "decoder_start_token_id", None)
            moved[:, 0] = self.generation_config.decoder_start_token_id if first is None else first
        shifted: np.ndarray = np.where(moved == IGNORED, padding, moved)
        return shifted
