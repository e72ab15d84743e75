"""Which kind of model a configuration describes, and how long its inputs may be; told without torch."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

ENCODER, SEQ2SEQ, CAUSAL, IMAGE = "encoder", "seq2seq", "causal", "image"


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# What `model_type` in a config.json may say. BERT's name stands for TinyBERT, MiniLM and most others of its shape too.
KINDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        ENCODER: _names(
            "albert bert big_bird camembert canine convbert data2vec-text deberta deberta-v2 distilbert electra ernie "
            "esm eurobert flaubert fnet funnel gte ibert layoutlm longformer luke megatron-bert mobilebert "
            "modernbert mpnet mra nomic_bert nystromformer rembert roberta roberta-prelayernorm roc_bert roformer "
            "squeezebert xlm xlm-roberta xlm-roberta-xl xlnet xmod yoso"
        ),
        SEQ2SEQ: _names(
            "bart bigbird_pegasus blenderbot blenderbot-small fsmt led longt5 m2m_100 marian mbart mt5 mvp nllb-moe "
            "pegasus pegasus_x plbart prophetnet switch_transformers t5 t5gemma umt5"
        ),
        CAUSAL: _names(
            "biogpt bloom codegen cohere cohere2 ctrl deepseek_v3 exaone4 falcon falcon_mamba gemma gemma2 gemma3_text "
            "gemma4_text glm glm4 gpt2 gpt_bigcode gpt_neo gpt_neox gpt_oss gptj granite helium llama mamba mamba2 "
            "ministral mistral mixtral modernbert-decoder mpt nemotron olmo olmo2 olmo3 olmoe openai-gpt opt "
            "persimmon phi phi3 qwen2 qwen2_moe qwen3 qwen3_moe recurrent_gemma rwkv seed_oss smollm3 stablelm "
            "starcoder2 xglm zamba2"
        ),
        IMAGE: _names(
            "beit bit convnext convnextv2 cvt data2vec-vision deit dinat dinov2 dinov2_with_registers efficientnet "
            "focalnet hiera ijepa levit mobilenet_v1 mobilenet_v2 mobilevit mobilevitv2 poolformer pvt pvt_v2 regnet "
            "resnet segformer swiftformer swin swinv2 vit vit_msn"
        ),
    }
)
_KIND_OF = {name: kind for kind, names in KINDS.items() for name in names}

# Their positions are counted from the one after the padding token's number, so the table holds some that no text uses.
_AFTER_PADDING = _names(
    "camembert data2vec-text esm ibert longformer luke mpnet roberta roberta-prelayernorm xlm-roberta "
    "xlm-roberta-xl xmod"
)
# Those that cannot forget what their layers computed and compute it again: `supports_gradient_checkpointing` in
# transformers 5.23.
NO_CHECKPOINTING = _names(
    "albert bit convnext convnextv2 ctrl cvt dinat efficientnet flaubert fsmt funnel ibert levit mobilenet_v1 "
    "mobilenet_v2 mpnet poolformer pvt regnet resnet squeezebert xlm xlnet"
)
# The keys of a configuration that bound a text. T5 has no table of positions; its configuration says what it was
# trained on.
_BOUNDS = (
    "max_position_embeddings",
    "n_positions",
    "max_encoder_position_embeddings",
    "max_source_positions",
    "max_seq_len",
)
# A tokenizer without a bound says 10^30.
_NO_BOUND = 100_000_000
# Image models that cut a picture in patches and put one token before them.
_PATCHED = _names("beit data2vec-vision deit dinov2 vit vit_msn")
DEFAULT_LENGTH, DEFAULT_IMAGE_TOKENS = 512, 197


def kind_of(config: Mapping[str, Any]) -> str | None:
    """One of the four kinds above; None for a `model_type` that is not known here, which may still be tried."""
    return _KIND_OF.get(str(config.get("model_type", "")))


def longest_input(
    config: Mapping[str, Any], *, tokenizer: Mapping[str, Any], images: Mapping[str, Any] | None = None
) -> int:
    """How many tokens a model reads at most, from its config.json and tokenizer_config.json.

    For image models, whose length is not a choice, it is the tokens that one picture makes; `images` is what
    preprocessor_config.json says, as a model often reads other sizes than it was built for.
    """
    if kind_of(config) == IMAGE:
        return _image_tokens(config, images or {})
    bounds = [number for key in _BOUNDS if (number := _bound(config.get(key))) is not None]
    if str(config.get("model_type")) in _AFTER_PADDING:
        padding = config.get("pad_token_id")
        first = (padding if isinstance(padding, int) else 1) + 1
        bounds = [number - first for number in bounds if number > first]
    said = _bound(tokenizer.get("model_max_length"))
    return min([*bounds, *([said] if said is not None else [])], default=DEFAULT_LENGTH)


def _bound(value: Any) -> int | None:
    known = isinstance(value, int) and not isinstance(value, bool) and 0 < value < _NO_BOUND
    return value if known else None


def _image_tokens(config: Mapping[str, Any], images: Mapping[str, Any]) -> int:
    if str(config.get("model_type")) not in _PATCHED:
        return DEFAULT_IMAGE_TOKENS
    cropped = images.get("crop_size") if images.get("do_center_crop") else None
    size = _side(cropped) or _side(images.get("size")) or _side(config.get("image_size"))
    patch = _side(config.get("patch_size"))
    if not size or not patch or patch > size:
        return DEFAULT_IMAGE_TOKENS
    return (size // patch) ** 2 + 1


def _side(value: Any) -> int | None:
    """The side of a picture or patch in pixels, however it is written: 224, [224, 224], {"height": 224 …}."""
    if isinstance(value, Mapping):
        value = value.get("height", value.get("shortest_edge"))
    elif isinstance(value, list | tuple) and value:
        value = value[0]
    return _bound(value)
