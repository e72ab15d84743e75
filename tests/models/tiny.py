"""Tiny random checkpoints of every architecture that should train, each with a real tokenizer or image processor."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

SENTENCES = (
    "the tea was wonderful on a bright morning and our train was late again",
    "this song is calm, my garden is kind, and the report was rude",
    "her bicycle was broken; we walked home in the rain and talked about dinner",
    "What is the capital of France? Paris is the capital of France.",
    "translate English to German: the house is small, Das Haus ist klein",
    "numbers such as 12, 345 and 2026 are cut into digits or pieces",
    "café, naïve, jalapeño: letters with marks must survive, and so must 🙂",
)
VOCABULARY = 400
IMAGE_SIDE = 32


@dataclass(frozen=True)
class Architecture:
    """What a checkpoint is made of: its kind, its `model_type`, how texts are cut, and its sizes."""

    kind: str
    model_type: str
    scheme: str
    sizes: dict[str, Any]


_SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
_BERT = {**_SMALL, "max_position_embeddings": 128}
_T5 = {"d_model": 32, "d_kv": 16, "d_ff": 64, "num_layers": 2, "num_heads": 2, "decoder_start_token_id": 0}
_BART = {
    "d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 2,
    "decoder_attention_heads": 2, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "max_position_embeddings": 128,
}  # fmt: skip
_LLAMA = {**_SMALL, "num_key_value_heads": 1, "max_position_embeddings": 128}
_VIT = {**_SMALL, "image_size": IMAGE_SIDE, "patch_size": 8}

_MAP: dict[str, Architecture] = {
    "BERT": Architecture("encoder", "bert", "wordpiece", _BERT),
    "DistilBERT": Architecture(
        "encoder", "distilbert", "wordpiece",
        {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 64, "max_position_embeddings": 128}),
    "MobileBERT": Architecture(
        "encoder", "mobilebert", "wordpiece",
        # It has no layer norms to bring small signals up again, so weights begin larger than usual.
        {**_BERT, "embedding_size": 16, "intra_bottleneck_size": 16, "num_feedforward_networks": 2,
         "initializer_range": 0.2}),
    "TinyBERT": Architecture(
        "encoder", "bert", "wordpiece", {**_BERT, "num_hidden_layers": 4, "hidden_size": 24, "intermediate_size": 96}),
    "RoBERTa": Architecture(
        "encoder", "roberta", "bytes", {**_SMALL, "max_position_embeddings": 130, "type_vocab_size": 1}),
    "DeBERTa-v3": Architecture(
        "encoder", "deberta-v2", "unigram",
        {**_BERT, "relative_attention": True, "position_buckets": 16, "norm_rel_ebd": "layer_norm",
         "share_att_key": True, "pos_att_type": ["p2c", "c2p"], "position_biased_input": False,
         "type_vocab_size": 0}),
    "ALBERT": Architecture("encoder", "albert", "unigram", {**_BERT, "embedding_size": 16}),
    "ELECTRA": Architecture("encoder", "electra", "wordpiece", {**_BERT, "embedding_size": 16}),
    "ModernBERT": Architecture(
        "encoder", "modernbert", "bytes", {**_BERT, "num_hidden_layers": 3, "local_attention": 16}),
    "MiniLM": Architecture("encoder", "bert", "wordpiece", {**_BERT, "num_attention_heads": 4}),
    "T5": Architecture("seq2seq", "t5", "unigram", _T5),
    "Flan-T5": Architecture(
        "seq2seq", "t5", "unigram", {**_T5, "feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}),
    "mT5": Architecture(
        "seq2seq", "mt5", "unigram", {**_T5, "feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}),
    "BART": Architecture("seq2seq", "bart", "bytes", _BART),
    "Marian": Architecture("seq2seq", "marian", "unigram", {**_BART, "scale_embedding": True}),
    "GPT-2": Architecture(
        "causal", "gpt2", "bytes", {"n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": 128}),
    "Llama": Architecture("causal", "llama", "bytes", _LLAMA),
    "Qwen": Architecture("causal", "qwen3", "bytes", {**_LLAMA, "head_dim": 16, "tie_word_embeddings": True}),
    "SmolLM": Architecture(
        "causal", "llama", "bytes",
        {**_LLAMA, "hidden_size": 48, "num_attention_heads": 3, "tie_word_embeddings": True}),
    "Gemma": Architecture("causal", "gemma", "bytes", {**_LLAMA, "head_dim": 16}),
    "Mistral": Architecture("causal", "mistral", "bytes", {**_LLAMA, "sliding_window": 64}),
    "ViT": Architecture("image", "vit", "ViTImageProcessor", _VIT),
    # DeiT has two heads; its checkpoints say which.
    "DeiT": Architecture(
        "image", "deit", "DeiTImageProcessor", {**_VIT, "architectures": ["DeiTForImageClassification"]}),
    "DINOv2": Architecture(
        "image", "dinov2", "BitImageProcessor",
        {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "mlp_ratio": 2,
         "image_size": IMAGE_SIDE, "patch_size": 8}),
    "Swin": Architecture(
        "image", "swin", "ViTImageProcessor",
        {"image_size": IMAGE_SIDE, "patch_size": 2, "embed_dim": 16, "depths": [1, 1], "num_heads": [2, 2],
         "window_size": 4}),
    "ConvNeXt": Architecture(
        "image", "convnext", "ConvNextImageProcessor", {"hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 1, 1]}),
    "MobileNetV2": Architecture(
        "image", "mobilenet_v2", "MobileNetV2ImageProcessor",
        {"image_size": IMAGE_SIDE, "depth_multiplier": 0.25, "finegrained_output": False}),
}  # fmt: skip
ARCHITECTURES: dict[str, str] = {name: made.kind for name, made in _MAP.items()}


def tiny_checkpoint(architecture: str, folder: Path) -> Path:
    """Write a random checkpoint of that architecture; AutoTokenizer or AutoImageProcessor loads what reads for it."""
    import torch
    from transformers import (
        AutoConfig,
        AutoModelForCausalLM,
        AutoModelForImageClassification,
        AutoModelForMaskedLM,
        AutoModelForSeq2SeqLM,
    )

    made = _MAP[architecture]
    config = dict(made.sizes)
    if made.kind == "image":
        folder.mkdir(parents=True, exist_ok=True)
        settings = json.dumps(_image_settings(made.scheme), indent=2)
        (folder / "preprocessor_config.json").write_text(settings, encoding="utf-8")
        auto: Any = AutoModelForImageClassification
    else:
        tokenizer = _SCHEMES[made.scheme](made.kind)
        tokenizer.save_pretrained(folder)
        config["vocab_size"] = len(tokenizer)
        for name in ("pad", "bos", "eos", "cls", "sep"):
            if (number := getattr(tokenizer, f"{name}_token_id")) is not None:
                config[f"{name}_token_id"] = number
        if made.model_type == "marian":
            config["decoder_start_token_id"] = tokenizer.pad_token_id
        if made.model_type == "bart":
            config |= {
                "decoder_start_token_id": tokenizer.eos_token_id,
                "forced_eos_token_id": tokenizer.eos_token_id,
            }
        auto = {
            "encoder": AutoModelForMaskedLM, "seq2seq": AutoModelForSeq2SeqLM, "causal": AutoModelForCausalLM,
        }[made.kind]  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = auto.from_config(AutoConfig.for_model(made.model_type, **config))
    model.save_pretrained(folder)
    return folder


def _image_settings(processor: str) -> dict[str, Any]:
    square = {"height": IMAGE_SIDE, "width": IMAGE_SIDE}
    # Some resize the shorter edge and cut out the middle, others squeeze the whole picture into a square.
    cropping = processor in ("BitImageProcessor", "DeiTImageProcessor", "MobileNetV2ImageProcessor")
    shorter = {"shortest_edge": IMAGE_SIDE}
    return {
        "image_processor_type": processor,
        "do_resize": True,
        "size": shorter if cropping or processor == "ConvNextImageProcessor" else square,
        **({"do_center_crop": True, "crop_size": square} if cropping else {}),
        "do_normalize": True,
        "image_mean": [0.485, 0.456, 0.406],
        "image_std": [0.229, 0.224, 0.225],
    }


@lru_cache
def _wordpiece(kind: str) -> Any:
    from tokenizers import Tokenizer, models, trainers
    from transformers import BertTokenizer

    frame = BertTokenizer().backend_tokenizer
    learner = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    learner.normalizer, learner.pre_tokenizer = frame.normalizer, frame.pre_tokenizer
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    learner.train_from_iterator(
        SENTENCES,
        trainers.WordPieceTrainer(vocab_size=VOCABULARY, special_tokens=special, show_progress=False),
    )
    return BertTokenizer(vocab=learner.get_vocab(), model_max_length=128)


@lru_cache
def _bytes(kind: str) -> Any:
    """Byte-level pieces: <s> and </s> around a text for encoders and BART, as RoBERTa has them, nothing for others."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=special,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(SENTENCES, trainer)
    names = {"bos_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    if kind != "causal":
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<s> $A </s>",
            pair="<s> $A </s> </s> $B </s>",
            special_tokens=[("<s>", 0), ("</s>", 2)],
        )
        names |= {"cls_token": "<s>", "sep_token": "</s>", "mask_token": "<mask>"}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=128, **names)


@lru_cache
def _unigram(kind: str) -> Any:
    """Pieces that keep their spaces: [CLS] and [SEP] around for encoders, </s> behind and sentinels for seq2seq."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    encoder = kind == "encoder"
    special = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"] if encoder else ["<pad>", "</s>", "<unk>"]
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    unknown = "[UNK]" if encoder else "<unk>"
    trainer = trainers.UnigramTrainer(
        vocab_size=VOCABULARY, special_tokens=special, unk_token=unknown, show_progress=False
    )
    tokenizer.train_from_iterator(SENTENCES, trainer)
    if encoder:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS]:0 $A:0 [SEP]:0",
            pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
            special_tokens=[("[CLS]", 1), ("[SEP]", 2)],
        )
        names: dict[str, Any] = {
            "cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "mask_token": "[MASK]",
        }  # fmt: skip
    else:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)]
        )
        sentinels = [f"<extra_id_{number}>" for number in reversed(range(20))]
        names = {"pad_token": "<pad>", "eos_token": "</s>", "extra_special_tokens": sentinels}
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token=unknown, model_max_length=128, **names
    )


_SCHEMES: dict[str, Callable[[str], Any]] = {"wordpiece": _wordpiece, "bytes": _bytes, "unigram": _unigram}
