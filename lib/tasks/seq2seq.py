"""Reading a text and writing another: what the tasks of encoder–decoder models share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lib.errors import Problem, UserError
from lib.option import option, values_as
from lib.tasks.brief import Brief
from lib.tasks.elsewhere import Elsewhere, Known, fitting
from lib.tasks.encoder import batch_of_texts
from lib.tasks.loading import load_pretrained
from lib.tasks.predict import model_features, quiet
from lib.tasks.token_loss import labelled, scores_at, sums_by_row

WANTED_SEQ2SEQ = "a model that turns texts into texts (T5, BART, Marian …)"
AUTO = "auto"
# Taught many tasks at once, told apart by the first words of the text. mT5 and its like were not.
TOLD_BY_PREFIX = frozenset({"t5", "longt5", "switch_transformers"})
# Encoded at once when the references are scored, so that memory does not grow with the rows.
ROWS_PER_CHUNK = 2_048


@dataclass(frozen=True, kw_only=True)
class Seq2SeqOptions:
    """How a text is written, and what the model is told before it reads. Saved with the model."""

    prefix: str = option(
        AUTO,
        title="Words before every text",
        help="Tells T5 models what to do. auto takes what the model knows, such as “summarize:”; empty is none.",
        group="Writing",
    )
    max_target_length: int = option(
        128,
        title="Longest text written, in tokens",
        help="Writing stops here, and longer texts are cut here to learn from. 128 tokens are about 95 English words.",
        group="Writing",
        low=2,
        high=4096,
    )
    min_new_tokens: int = option(
        0,
        title="Shortest text written, in tokens",
        help="Writing goes on at least so far. Raise it when the texts end too early; too high makes them ramble.",
        group="Writing",
        low=0,
        high=1024,
    )
    num_beams: int = option(
        1,
        title="Beams",
        help="How many beginnings are followed at once. 1 is fastest; 4 is often a little better and takes far longer.",
        group="Writing",
        low=1,
        high=16,
    )
    length_penalty: float = option(
        1.0,
        title="Preference for length",
        help="Only with several beams: above 1 prefers longer texts, below 1 shorter ones.",
        group="Writing",
        low=-5.0,
        high=5.0,
    )
    no_repeat_ngram_size: int = option(
        0,
        title="Never repeat so many words",
        help="3 forbids writing the same three tokens twice, which stops loops; 0 forbids nothing.",
        group="Writing",
        low=0,
        high=20,
    )
    label_smoothing: float = option(
        0.0,
        title="Label smoothing",
        help="Asks for a little less certainty about each next token. 0.1 is usual for translation.",
        group="Robustness",
        low=0.0,
        high=0.5,
    )


def load_writer(folder: Path, **settings: Any) -> Any:
    """The encoder–decoder of a model folder, in fp32; `settings` are passed on to from_pretrained."""
    return load_pretrained(folder, auto_class="AutoModelForSeq2SeqLM", wanted=WANTED_SEQ2SEQ, **settings)


def settle(model: Any, processor: Any, brief: Brief, *, slug: str, usual: str = "") -> Brief:
    """The brief with its prefix fixed; how the model reads and writes goes into its own configs, to be saved with it.

    The prefix "auto" is what the model's config names for the task, else `usual` for models that are told by prefix.
    """
    options = values_as(Seq2SeqOptions, brief.options)
    prefix = options.prefix
    if prefix == AUTO:
        known = (getattr(model.config, "task_specific_params", None) or {}).get(slug, {}).get("prefix")
        prefix = known if known is not None else usual if is_told_by_prefix(model) else ""
    prefix = f"{prefix.strip()} " if prefix.strip() else ""
    model.config.task_specific_params = {slug: {"prefix": prefix, "max_source_length": brief.max_length}}
    # Generation would be given the rest too, and not every model wants it.
    processor.model_input_names = ["input_ids", "attention_mask"]
    for name, value in generation_settings(options).items():
        setattr(model.generation_config, name, value)
    return brief.changed(options={**brief.options, "prefix": prefix})


def known_writer(model: Elsewhere, slug: str, kind: type, *, always: bool = False) -> Known | None:
    """What an encoder–decoder taught elsewhere can do of a task: as its configs say it writes and is told.

    None where they do not name the task, unless `always`. Marian models translate whatever they say.
    """
    if model.kind != "seq2seq" or not model.has_head("ForConditionalGeneration", "MTModel"):
        return None
    prefix = model.prefix_for(slug)
    if prefix is None and slug == "translation" and model.config.get("model_type") == "marian":
        prefix = ""
    if prefix is None and not always:
        return None
    said = {**model.config, **model.writing}
    options = {
        "prefix": prefix or "",
        "max_target_length": said.get("max_new_tokens") or said.get("max_length"),
        "min_new_tokens": said.get("min_new_tokens") or said.get("min_length"),
        "num_beams": said.get("num_beams"),
        "length_penalty": said.get("length_penalty"),
        "no_repeat_ngram_size": said.get("no_repeat_ngram_size"),
    }
    return Known({"mean_words": 0.0}, fitting(options, kind), names_task=prefix is not None)


def is_told_by_prefix(model: Any) -> bool:
    """Whether the model was taught to tell tasks apart by the first words of the text."""
    return str(model.config.model_type) in TOLD_BY_PREFIX


def generation_settings(options: Seq2SeqOptions) -> dict[str, Any]:
    """The settings of a GenerationConfig; what is None is as if it had never been said.

    What the checkpoint says of its own tokens (start, end, forced language, forbidden words) is not among them.
    """
    several = options.num_beams > 1
    return {
        "max_new_tokens": options.max_target_length,
        "max_length": None,
        "min_new_tokens": options.min_new_tokens or None,
        "min_length": None,
        "num_beams": options.num_beams,
        "no_repeat_ngram_size": options.no_repeat_ngram_size or None,
        "do_sample": False,
        "temperature": None,
        "top_k": None,
        "top_p": None,
        "use_cache": True,
        # With one beam these mean nothing, and a configuration that names them cannot be saved.
        "length_penalty": options.length_penalty if several else None,
        "early_stopping": several,
    }


def speak(model: Any, processor: Any, *, source: str, target: str) -> None:
    """Set the languages of a model that is told them by a code (mBART, M2M-100, NLLB); others need no telling.

    Raises UserError for a language that the tokenizer has no code for.
    """
    if not hasattr(processor, "src_lang"):
        return
    problems = []
    for name, said in (("source_language", source), ("target_language", target)):
        if not said:
            continue
        code = next((code for code in (said, f"__{said}__") if code in processor.get_vocab()), None)
        if code is None:
            problems.append(_unknown_language(said, f"options.{name}", processor))
        elif name == "source_language":
            processor.src_lang = said
        else:
            processor.tgt_lang = said
            model.generation_config.forced_bos_token_id = processor.convert_tokens_to_ids(code)
    if problems:
        raise UserError(*problems)


def _unknown_language(said: str, where: str, processor: Any) -> Problem:
    codes = [token.strip("_") for token in processor.all_special_tokens if "_" in token]
    named = (
        f"Choose one of: {', '.join(codes[:12])} …" if codes else "Use the code that the model's page names."
    )
    return Problem(f"The model has no code for the language {said!r}.", where, named, code="unknown-language")


def encode_sources(processor: Any, texts: Sequence[str], brief: Brief) -> dict[str, list[Any]]:
    """Token ids of the prefix and the text, cut at `brief.max_length`."""
    prefix = prefix_of(brief)
    encoded = batch_of_texts(processor, [prefix + text for text in texts], None, max_length=brief.max_length)
    kept = ("input_ids", "attention_mask", "length", "truncated")
    return {name: encoded[name] for name in kept}


def prefix_of(brief: Brief) -> str:
    """The prefix with the blank after it; none where it was not settled."""
    prefix = values_as(Seq2SeqOptions, brief.options).prefix
    return "" if prefix == AUTO else prefix


def encode_references(processor: Any, texts: Sequence[str], brief: Brief) -> dict[str, list[Any]]:
    """Token ids to learn, cut at the longest text that is written; `target_truncated` says which were cut."""
    most = values_as(Seq2SeqOptions, brief.options).max_target_length
    whole = processor(text_target=list(texts), truncation=False, verbose=False)["input_ids"]
    cut = processor(text_target=list(texts), truncation=True, max_length=most)["input_ids"]
    return {"labels": cut, "target_truncated": [len(ids) > most for ids in whole]}


def seq2seq_collator(processor: Any) -> Callable[[list[dict[str, Any]]], dict[str, Any]]:
    """Pads sources to the longest of the batch and references with −100, to multiples of 8 tokens.

    Models make the decoder's input from the references themselves; without references there is none to make.
    """
    from transformers import DataCollatorForSeq2Seq

    with_references = DataCollatorForSeq2Seq(processor, pad_to_multiple_of=8)

    def collate(features: list[dict[str, Any]]) -> dict[str, Any]:
        batch = with_references(features)
        return {name: values for name, values in batch.items() if values is not None}

    return collate


def smoothed_loss(model: Any, batch: dict[str, Any], brief: Brief) -> Any:
    """Cross-entropy with label smoothing and the outputs; None without smoothing, when the model's own serves."""
    smoothing = values_as(Seq2SeqOptions, brief.options).label_smoothing
    if not smoothing:
        return None
    from torch.nn.functional import cross_entropy

    places, truths = labelled(batch["labels"], kind="seq2seq")
    outputs, logits = scores_at(model, batch, places)
    return cross_entropy(logits.float(), truths, label_smoothing=smoothing), outputs


def write(model: Any, batch: dict[str, Any], processor: Any) -> list[tuple[str, int]]:
    """What the model writes for each text of a batch, as its generation config says, and how many tokens that is.

    Tokens for start, end and padding are not counted.
    """
    written = model.generate(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).tolist()
    special = set(processor.all_special_ids)
    texts = processor.batch_decode(written, skip_special_tokens=True)
    return [
        (text.strip(), sum(number not in special for number in ids))
        for text, ids in zip(texts, written, strict=True)
    ]


def as_frame(raw: Sequence[tuple[str, int]]) -> pd.DataFrame:
    """`predicted` and `gen_len`, from what `write` gave."""
    return pd.DataFrame(
        {
            "predicted": pd.Series([text for text, _ in raw], dtype="str"),
            "gen_len": pd.Series([length for _, length in raw], dtype="int64"),
        }
    )


def reference_losses(
    model: Any, processor: Any, sources: Sequence[str], references: Sequence[str], brief: Brief, *, batch: int
) -> np.ndarray:
    """The mean −ln p of each reference's tokens, given the source and the reference so far: float64[rows].

    References are cut as in training; `batch` rows are read at once.
    """
    import torch

    collate = seq2seq_collator(processor)
    device = next(model.parameters()).device
    model.eval()
    found = np.zeros(len(sources))
    with torch.inference_mode(), quiet(processor):
        for start in range(0, len(sources), ROWS_PER_CHUNK):
            part = slice(start, start + ROWS_PER_CHUNK)
            features: dict[str, list[Any]] = encode_sources(processor, sources[part], brief)
            features["labels"] = encode_references(processor, references[part], brief)["labels"]
            by_length = np.argsort([-length for length in features["length"]], kind="stable")
            for at in range(0, len(by_length), batch):
                chosen = by_length[at : at + batch]
                padded = collate([model_features(features, row) for row in chosen])
                inputs = {name: values.to(device) for name, values in padded.items()}
                found[start + chosen] = _mean_losses(model, inputs)
    return found


def _mean_losses(model: Any, batch: dict[str, Any]) -> np.ndarray:
    """The mean −ln p of the tokens of each row's reference: float64[rows], 0 where there is none."""
    places, truths = labelled(batch["labels"], kind="seq2seq")
    sums = sums_by_row(scores_at(model, batch, places)[1], truths, places)
    means: np.ndarray = (sums / places.sum(dim=1).clamp(min=1)).cpu().numpy()
    return means


def usage_of(model: str, brief: Brief) -> str:
    """A snippet that writes with the saved model; the folder's generation config carries the settings."""
    prefix = prefix_of(brief)
    before = f"{prefix!r} + text" if prefix else "text"
    return (
        "from transformers import AutoModelForSeq2SeqLM, AutoTokenizer\n\n"
        f"tokenizer = AutoTokenizer.from_pretrained({model!r})\n"
        f"model = AutoModelForSeq2SeqLM.from_pretrained({model!r})\n"
        'text = "A text"\n'
        f'read = tokenizer({before}, truncation=True, max_length={brief.max_length}, return_tensors="pt")\n'
        "written = model.generate(read.input_ids, attention_mask=read.attention_mask)\n"
        "print(tokenizer.decode(written[0], skip_special_tokens=True))\n"
    )
