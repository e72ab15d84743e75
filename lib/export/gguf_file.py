"""Writes a model of the Llama family as one GGUF file: sizes, tokenizer, and every tensor under GGUF's name for it.

Sizes, names and the order of rotated halves follow llama.cpp's convert_hf_to_gguf.py.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from lib.export.gguf_words import add_tokenizer, cut_of

# transformers' kinds of models that GGUF calls llama; what is rotated together lies side by side in all of them.
FAMILY = ("llama", "mistral")
# llama.cpp's numbers for what most tensors are.
FILE_TYPES = {"f16": 1, "q8_0": 7}


def reasons_against(config: dict[str, Any]) -> str | None:
    """Why a model of this config.json cannot be written, as a sentence; None when it can."""
    kind = str(config.get("model_type"))
    if kind not in FAMILY:
        return f"GGUF files are written of Llama and Mistral models; this one is of the kind {kind}."
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    scaling = rope.get("rope_type") or rope.get("type") or "default"
    if scaling != "default":
        return f"The model stretches its positions ({scaling}), which Atelier does not write into GGUF files."
    window, longest = config.get("sliding_window"), config.get("max_position_embeddings", 0)
    if window and config.get("use_sliding_window", True) and window < longest:
        return "The model attends in a sliding window, which GGUF's Llama does not know."
    if config.get("hidden_act", "silu") != "silu":
        return f"The model's layers use {config['hidden_act']}, where GGUF's Llama knows silu alone."
    return None


def write_gguf(model: Any, tokenizer: Any, path: Path, *, precision: str, name: str) -> None:
    """Write the whole torch model and its tokenizer; `precision` ("f16", "q8_0") is of matrices, the rest is in fp32.

    A matrix whose rows are no multiple of 32 long cannot be cut into blocks of q8_0 and is written in f16.
    """
    import gguf

    config = model.config
    kind = gguf.MODEL_ARCH.LLAMA
    writer = gguf.GGUFWriter(path, gguf.MODEL_ARCH_NAMES[kind])
    try:
        writer.add_name(name)
        writer.add_file_type(FILE_TYPES[precision])
        if precision == "q8_0":
            writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
        _add_sizes(writer, config)
        with TemporaryDirectory() as folder:
            tokenizer.save_pretrained(folder)
            size = model.get_input_embeddings().weight.shape[0]
            cut = str(cut_of(Path(folder)))
            add_tokenizer(writer, tokenizer, Path(folder), size=size, cut=cut)
        names = gguf.get_tensor_name_map(kind, config.num_hidden_layers)
        for own, values in _tensors(model):
            found = names.get_name(own, try_suffixes=(".weight", ".bias"))
            if found is None:
                raise ValueError(f"GGUF has no name for the tensor {own}")
            data, how = _packed(values, precision)
            writer.add_tensor(found, data, raw_dtype=how)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    finally:
        writer.close()


def _add_sizes(writer: Any, config: Any) -> None:
    heads = config.num_attention_heads
    width = getattr(config, "head_dim", None) or config.hidden_size // heads
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(width)
    writer.add_value_length(width)
    writer.add_rope_dimension_count(width)
    writer.add_rope_freq_base(float(config.rope_parameters["rope_theta"]))
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)


def _tensors(model: Any) -> Any:
    """Every tensor by its name, once, queries and keys with their rotated halves where GGUF expects them."""
    config = model.config
    tied = config.tie_word_embeddings
    for name, tensor in model.state_dict().items():
        if tied and name == "lm_head.weight":  # llama.cpp takes the embeddings where there is none
            continue
        values = tensor.detach().float().numpy()
        if ".q_proj." in name:
            values = interleaved(values, config.num_attention_heads)
        elif ".k_proj." in name:
            values = interleaved(values, config.num_key_value_heads)
        yield name, values


def interleaved(values: np.ndarray, heads: int) -> np.ndarray:
    """The rows of each head with its two halves taken in turn: transformers rotates row i with row i + half."""
    half = values.shape[0] // heads // 2
    return values.reshape(heads, 2, half, *values.shape[1:]).swapaxes(1, 2).reshape(values.shape)


def _packed(values: np.ndarray, precision: str) -> tuple[np.ndarray, Any]:
    import gguf
    from gguf.quants import quantize

    types = gguf.GGMLQuantizationType
    if values.ndim == 1:
        return values.astype(np.float32), types.F32
    if precision == "q8_0" and values.shape[-1] % 32 == 0:
        return quantize(values, types.Q8_0), types.Q8_0
    return values.astype(np.float16), types.F16
