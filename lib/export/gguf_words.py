"""A byte-level BPE tokenizer as GGUF holds it: tokens with their kinds, merges, and how texts are cut before them."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

# How llama.cpp calls the ways in which texts are cut before pieces are merged, by the regular expression that cuts.
_BEFORE = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
_AFTER = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_BY_PATTERN = {
    _BEFORE + r"\p{N}{1,3}" + _AFTER: "llama-bpe",
    _BEFORE + r"\p{N}" + _AFTER: "qwen2",
}


def pre_tokenizer(state: dict[str, Any]) -> str | None:
    """llama.cpp's name for how a tokenizer (the JSON of tokenizer.json) cuts texts; None where it has none."""
    if state.get("model", {}).get("type") != "BPE" or state["model"].get("byte_fallback"):
        return None
    if (state.get("normalizer") or {}).get("type") not in (None, "NFC"):
        return None
    steps = state.get("pre_tokenizer") or {}
    parts = steps.get("pretokenizers", [steps])
    kinds = [part.get("type") for part in parts]
    if kinds[-1:] != ["ByteLevel"] or parts[-1].get("add_prefix_space"):
        return None
    if kinds == ["ByteLevel"]:
        return "gpt-2" if parts[0].get("use_regex", True) else None
    if kinds == ["Digits", "ByteLevel"] and parts[0].get("individual_digits"):
        return "smollm" if parts[1].get("use_regex", True) else None
    if kinds == ["Split", "ByteLevel"]:
        return _BY_PATTERN.get(str(parts[0]["pattern"].get("Regex")))
    return None


def cut_of(folder: Path) -> str | None:
    """`pre_tokenizer` of the tokenizer.json of a folder; None where there is none."""
    path = folder / "tokenizer.json"
    return _cut(str(path), path.stat().st_mtime_ns) if path.is_file() else None


@lru_cache(maxsize=32)
def _cut(path: str, stamp: int) -> str | None:
    # Megabytes of words lie in the file, and pages ask at every look.
    return pre_tokenizer(json.loads(Path(path).read_text(encoding="utf-8")))


def add_tokenizer(writer: Any, tokenizer: Any, folder: Path, *, size: int, cut: str) -> None:
    """Write the tokenizer that lies in the folder, filled up with unused tokens to `size`, cutting as `cut` names.

    Special tokens (control) are never made of texts; other added ones are. The chat template goes along.
    """
    import gguf

    names = {number: token for token, number in tokenizer.get_vocab().items()}
    added = tokenizer.added_tokens_decoder
    tokens, kinds = [], []
    for number in range(size):
        kind = gguf.TokenType.NORMAL if number in names else gguf.TokenType.UNUSED
        if number in added:
            kind = gguf.TokenType.CONTROL if added[number].special else gguf.TokenType.USER_DEFINED
        tokens.append(names.get(number, f"[PAD{number}]"))
        kinds.append(kind)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(cut)
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    # Nothing is put before a text unless the tokenizer does so too.
    begins = [tokenizer.bos_token_id] == tokenizer("a")["input_ids"][
        :1
    ] and tokenizer.bos_token_id is not None
    special = gguf.SpecialVocab(folder, load_merges=True, n_vocab=size)
    special.add_special_token["bos"] = begins
    special.add_to_gguf(writer, quiet=True)
