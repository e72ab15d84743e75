"""The sizes of a model that decide what it costs, read from its configuration under the names of its family."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lib.models.sources import ModelInfo

# What the families call the same thing.
_HIDDEN = ("hidden_size", "d_model", "n_embd", "dim", "embed_dim", "word_embed_proj_dim")
_LAYERS = ("num_hidden_layers", "num_layers", "n_layer", "n_layers", "encoder_layers")
_DECODER_LAYERS = ("num_decoder_layers", "decoder_layers")
_INNER = ("intermediate_size", "d_ff", "encoder_ffn_dim", "n_inner", "hidden_dim", "ffn_dim")
_HEADS = ("num_attention_heads", "num_heads", "n_head", "n_heads", "encoder_attention_heads")
_DROPOUT = ("attention_probs_dropout_prob", "attention_dropout", "attn_pdrop", "dropout_rate")


@dataclass(frozen=True)
class Shape:
    """Widths and counts of a transformer. `layers` are the encoder's (or the only ones), `decoder_layers` those of a
    sequence-to-sequence model; `vocabulary` is 0 without one; `tables` are the parameters of its embeddings.

    `gated`: three matrices instead of two between the attentions. `keeps_attention`: a training step keeps a table of
    attention for every head, as dropout on it or a bias in it needs.
    """

    parameters: int
    hidden: int
    layers: int
    decoder_layers: int
    inner: int
    heads: int
    key_values: float
    vocabulary: int
    tables: int
    gated: bool
    keeps_attention: bool
    writes: bool

    @property
    def in_layers(self) -> int:
        """Parameters of the weight matrices in the layers: all that is no table."""
        return max(1, self.parameters - self.tables)

    @property
    def matrix_sizes(self) -> float:
        """Σ (inputs + outputs) of every weight matrix: what an adapter of rank one adds."""
        attention = self.hidden * (2 * 2 + 2 * (1 + self.key_values))
        between = (3 if self.gated else 2) * (self.hidden + self.inner)
        return (self.layers + self.decoder_layers) * (attention + between) + self.decoder_layers * attention


def shape_of(model: ModelInfo) -> Shape:
    """The sizes of a model, as far as its configuration tells; what it does not tell is as in BERT."""
    config = model.config
    hidden = int(_first(config, _HIDDEN, 768))
    layers, decoder = int(_first(config, _LAYERS, 12)), 0
    if model.kind == "seq2seq":
        decoder = int(_first(config, _DECODER_LAYERS, layers))
    heads = int(_first(config, _HEADS, max(1, hidden // 64)))
    inner = int(_first(config, _INNER, hidden * int(config.get("mlp_ratio", 4))))
    vocabulary = 0 if model.kind == "image" else int(config.get("vocab_size", 30_000))
    parameters = model.parameters or 100_000_000
    family = str(config.get("model_type", ""))
    tied = bool(config.get("tie_word_embeddings", family not in ("t5", "mt5", "umt5")))
    copies = 1 if tied or model.kind in ("encoder", "image") else 2
    tables = min(copies * vocabulary * hidden, int(0.9 * parameters))
    gated = "gated" in str(config.get("feed_forward_proj", "")) or (
        model.kind == "causal" and str(config.get("hidden_act", "")) in ("silu", "swish", "gelu_pytorch_tanh")
    )
    return Shape(
        parameters=parameters,
        hidden=hidden,
        layers=layers,
        decoder_layers=decoder,
        inner=inner,
        heads=heads,
        key_values=int(config.get("num_key_value_heads") or heads) / heads,
        vocabulary=vocabulary,
        tables=tables,
        gated=gated,
        keeps_attention="t5" in family or float(_first(config, _DROPOUT, _usual_dropout(family))) > 0,
        writes=model.kind in ("causal", "seq2seq"),
    )


def _usual_dropout(family: str) -> float:
    """The dropout on attention of a family whose configuration leaves it out, because it is the class's default."""
    return 0.1 if family in ("bert", "roberta", "distilbert", "electra", "albert", "mpnet", "gpt2") else 0.0


def _first(config: Mapping[str, Any], names: tuple[str, ...], otherwise: float) -> float:
    for name in names:
        if isinstance(value := config.get(name), int | float) and not isinstance(value, bool):
            return value
    return otherwise
