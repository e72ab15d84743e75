"""Which kind of model a configuration describes, and how long its inputs may be."""

from typing import Any

import pytest

from lib.models.families import KINDS, kind_of, longest_input

MODEL_CLASSES = {
    "encoder": "MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES",
    "seq2seq": "MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES",
    "causal": "MODEL_FOR_CAUSAL_LM_MAPPING_NAMES",
    "image": "MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES",
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_name_of_a_kind_has_the_class_of_that_kind_in_transformers(kind: str) -> None:
    from transformers.models.auto import modeling_auto
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

    classes = dict(getattr(modeling_auto, MODEL_CLASSES[kind]))
    assert [name for name in KINDS[kind] if name not in CONFIG_MAPPING_NAMES] == []
    assert [name for name in KINDS[kind] if name not in classes] == []


def test_no_name_is_of_two_kinds() -> None:
    names = [name for kind in KINDS.values() for name in kind]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("model_type", "kind"),
    [("bert", "encoder"), ("deberta-v2", "encoder"), ("modernbert", "encoder"), ("xlm-roberta", "encoder"),
     ("t5", "seq2seq"), ("bart", "seq2seq"), ("marian", "seq2seq"), ("m2m_100", "seq2seq"), ("gpt2", "causal"),
     ("llama", "causal"), ("qwen3", "causal"), ("gemma3_text", "causal"), ("vit", "image"), ("swin", "image"),
     ("dinov2", "image"), ("convnext", "image"), ("something-new", None)],
)  # fmt: skip
def test_the_kind_follows_from_the_model_type(model_type: str, kind: str | None) -> None:
    assert kind_of({"model_type": model_type}) == kind


def test_a_configuration_without_a_model_type_is_of_no_known_kind() -> None:
    assert kind_of({}) is None
    assert kind_of({"model_type": None}) is None


NO_BOUND = 1000000000000000019884624838656
LENGTHS: list[tuple[str, dict[str, Any], dict[str, Any], int]] = [
    ("BERT", {"model_type": "bert", "max_position_embeddings": 512}, {"model_max_length": 512}, 512),
    ("MiniLM whose tokenizer says less", {"model_type": "bert", "max_position_embeddings": 512},
     {"model_max_length": 128}, 128),
    ("DistilBERT", {"model_type": "distilbert", "max_position_embeddings": 512}, {}, 512),
    ("RoBERTa", {"model_type": "roberta", "max_position_embeddings": 514, "pad_token_id": 1}, {}, 512),
    ("RoBERTa that names no padding", {"model_type": "roberta", "max_position_embeddings": 514}, {}, 512),
    ("CamemBERT", {"model_type": "camembert", "max_position_embeddings": 514, "pad_token_id": 1},
     {"model_max_length": NO_BOUND}, 512),
    ("XLM-RoBERTa", {"model_type": "xlm-roberta", "max_position_embeddings": 514, "pad_token_id": 1},
     {"model_max_length": 512}, 512),
    ("MPNet", {"model_type": "mpnet", "max_position_embeddings": 514, "pad_token_id": 1}, {}, 512),
    ("Longformer", {"model_type": "longformer", "max_position_embeddings": 4098, "pad_token_id": 1}, {}, 4096),
    ("DeBERTa-v3", {"model_type": "deberta-v2", "max_position_embeddings": 512, "pad_token_id": 0}, {}, 512),
    ("ModernBERT", {"model_type": "modernbert", "max_position_embeddings": 8192},
     {"model_max_length": 8192}, 8192),
    ("T5", {"model_type": "t5", "n_positions": 512}, {"model_max_length": 512}, 512),
    ("T5 that says nothing", {"model_type": "t5"}, {"model_max_length": NO_BOUND}, 512),
    ("mT5", {"model_type": "mt5", "d_model": 512}, {"model_max_length": 1e30}, 512),
    ("BART", {"model_type": "bart", "max_position_embeddings": 1024}, {"model_max_length": NO_BOUND}, 1024),
    ("LED", {"model_type": "led", "max_encoder_position_embeddings": 16384}, {}, 16384),
    ("Marian", {"model_type": "marian", "max_position_embeddings": 512}, {"model_max_length": 512}, 512),
    ("GPT-2", {"model_type": "gpt2", "n_positions": 1024, "n_ctx": 1024}, {}, 1024),
    ("OPT", {"model_type": "opt", "max_position_embeddings": 2048}, {"model_max_length": NO_BOUND}, 2048),
    ("Llama", {"model_type": "llama", "max_position_embeddings": 131072}, {"model_max_length": 131072}, 131072),
    ("Qwen with a million tokens", {"model_type": "qwen2", "max_position_embeddings": 1010000}, {}, 1010000),
    ("nonsense", {"model_type": "bert", "max_position_embeddings": True}, {"model_max_length": "long"}, 512),
]  # fmt: skip


@pytest.mark.parametrize(
    ("config", "tokenizer", "expected"), [row[1:] for row in LENGTHS], ids=[row[0] for row in LENGTHS]
)
def test_the_longest_text_is_what_the_model_and_its_tokenizer_allow(
    config: dict[str, Any], tokenizer: dict[str, Any], expected: int
) -> None:
    assert longest_input(config, tokenizer=tokenizer) == expected


VIT = {"model_type": "vit", "image_size": 224, "patch_size": 16}
IMAGES: list[tuple[str, dict[str, Any], dict[str, Any], int]] = [
    ("ViT", VIT, {"size": {"height": 224, "width": 224}}, 14 * 14 + 1),
    ("ViT without settings", VIT, {}, 197),
    ("ViT with a size as a number", VIT, {"size": 384}, 24 * 24 + 1),
    ("DINOv2 built for 518 pixels, reading 224", {"model_type": "dinov2", "image_size": 518, "patch_size": 14},
     {"size": {"shortest_edge": 256}, "do_center_crop": True, "crop_size": {"height": 224, "width": 224}}, 257),
    ("a crop that is not made", VIT, {"size": {"shortest_edge": 160}, "crop_size": {"height": 64}}, 101),
    ("sides as a list", {"model_type": "beit", "image_size": [96, 96], "patch_size": [8, 8]}, {}, 145),
    ("Swin, whose tokens shrink", {"model_type": "swin", "image_size": 224, "patch_size": 4}, {}, 197),
    ("ConvNeXt, which has none", {"model_type": "convnext", "patch_size": 4}, {}, 197),
    ("nonsense", {"model_type": "vit", "image_size": 8, "patch_size": 16}, {}, 197),
]  # fmt: skip


@pytest.mark.parametrize(
    ("config", "images", "expected"), [row[1:] for row in IMAGES], ids=[row[0] for row in IMAGES]
)
def test_an_image_model_has_the_tokens_of_one_picture(
    config: dict[str, Any], images: dict[str, Any], expected: int
) -> None:
    assert longest_input(config, tokenizer={"model_max_length": 77}, images=images) == expected


@pytest.mark.parametrize("architecture", ["roberta", "mpnet", "camembert", "bert", "bart", "gpt2"])
def test_a_model_reads_as_many_tokens_as_is_said_and_not_one_more(architecture: str) -> None:
    import torch
    from transformers import AutoConfig, AutoModel

    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "vocab_size": 50,
             "max_position_embeddings": 20}  # fmt: skip
    config = AutoConfig.for_model(architecture, **sizes)
    model = AutoModel.from_config(config).eval()
    longest = longest_input(config.to_dict(), tokenizer={})

    def read(count: int) -> None:
        with torch.no_grad():
            model(input_ids=torch.full((1, count), 7))

    read(longest)
    with pytest.raises((IndexError, RuntimeError)):
        read(longest + 1)
