"""A row of text as a model reads it: its words, the tokens they are made of, and the same text with words hidden."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lib.errors import Problem, UserError
from lib.inference.attribution.aligned import Aligned, Span
from lib.tasks.words import split_words

PAD, MASK = "PAD", "MASK"


@dataclass(frozen=True)
class Word:
    """A word of a text and the places of its tokens among those that the model reads."""

    span: Span
    places: tuple[int, ...]


class TextInput:
    """One row for the model: `inputs` are tensors of one row on its device.

    `words` in reading order; `specials`: (token, place) of every token that belongs to no word, padding left out.
    """

    signs = "text"

    def __init__(self, model: Any, tokenizer: Any, inputs: dict[str, Any], aligned: Aligned) -> None:
        self.model, self.inputs, self.fields = model, inputs, aligned.fields
        self._tokenizer = tokenizer
        self._embeddings = _embeddings(model)
        self.words = words_of(aligned)
        # What the collator adds stands left or right of the feature's own tokens.
        own = self._own_places()
        self.shift = own[0] if own else 0
        self.words = [
            Word(word.span, tuple(place + self.shift for place in word.places)) for word in self.words
        ]
        taken = {place for word in self.words for place in word.places}
        ids = inputs["input_ids"][0].tolist()
        self.specials = [
            (tokenizer.convert_ids_to_tokens(ids[place]), place) for place in own if place not in taken
        ]
        if not self.words:
            raise UserError(
                Problem(
                    "No word of this text reaches the model, so there is nothing to weigh.",
                    where="text",
                    fix="Choose another row.",
                    code="no-words",
                )
            )

    def _own_places(self) -> list[int]:
        """The places of the tokens that are no padding."""
        if "attention_mask" in self.inputs:
            kept = self.inputs["attention_mask"][0] != 0
        else:  # architectures without attention have no mask either
            kept = self.inputs["input_ids"][0] != self._tokenizer.pad_token_id
        return [int(place) for place in kept.nonzero().flatten()]

    @property
    def count(self) -> int:
        """How many words can be hidden."""
        return len(self.words)

    @property
    def width(self) -> int:
        """Tokens of a row, padding included."""
        return int(self.inputs["input_ids"].shape[1])

    @property
    def hidden_by(self) -> str:
        """What stands where a word is hidden; empty where its tokens are left out of the attention instead."""
        if self._tokenizer.mask_token_id is not None:
            return str(self._tokenizer.mask_token)
        return "" if "attention_mask" in self.inputs else str(self._tokenizer.pad_token)

    def baselines(self) -> list[str]:
        """The named texts without content that integrated gradients may begin at."""
        known = {PAD: self._tokenizer.pad_token_id, MASK: self._tokenizer.mask_token_id}
        return [name for name in (MASK, PAD) if known[name] is not None]

    def hidden(self, sets: Sequence[Sequence[int]]) -> dict[str, Any]:
        """Inputs of one row for each set of word numbers, with these words hidden."""
        inputs = self.repeated(len(sets))
        for row, numbers in enumerate(sets):
            places = [place for number in numbers for place in self.words[number].places]
            if self.hidden_by:
                inputs["input_ids"][row, places] = self._tokenizer.convert_tokens_to_ids(self.hidden_by)
            else:
                inputs["attention_mask"][row, places] = 0
        return inputs

    def repeated(self, rows: int) -> dict[str, Any]:
        """The inputs as so many equal rows."""
        return {name: values.repeat(rows, *[1] * (values.dim() - 1)) for name, values in self.inputs.items()}

    def start(self) -> Any:
        """The embeddings of the tokens, float[1, tokens, width]."""
        return self._embeddings(self.inputs["input_ids"]).detach()

    def start_at(self, baseline: str) -> Any:
        """The embeddings of the same row with every token of a word replaced by the baseline's."""
        ids = self.inputs["input_ids"].clone()
        number = self._tokenizer.mask_token_id if baseline == MASK else self._tokenizer.pad_token_id
        ids[0, [place for word in self.words for place in word.places]] = number
        return self._embeddings(ids).detach()

    def said_from(self, embedded: Any, say: Any) -> Any:
        """`say(inputs)` while the model gets these embeddings, float[rows, tokens, width], in place of its own."""
        used: list[bool] = []

        def swap(module: Any, given: Any, output: Any) -> Any:
            # A decoder may share the table and look its own tokens up later.
            if used or output.shape != embedded.shape:
                return None
            used.append(True)
            return embedded

        hook = self._embeddings.register_forward_hook(swap)
        try:
            return say(self.repeated(len(embedded)))
        finally:
            hook.remove()

    def summed(self, values: Any) -> tuple[np.ndarray, np.ndarray]:
        """Values at each token and dimension, float[1, tokens, width], added up for words and for special tokens."""
        return self.of_places(values[0].sum(dim=-1).double().cpu().numpy())

    def of_places(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values at each token, float[tokens], added up for words and for special tokens."""
        words = np.array([values[list(word.places)].sum() for word in self.words])
        return words, np.array([values[place] for _, place in self.specials])

    def of_last(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As `of_places`, of the tokens of an attention matrix."""
        return self.of_places(values)

    def told(self, words: np.ndarray, specials: np.ndarray) -> dict[str, Any]:
        """The scores with what they belong to, as plain JSON data."""
        return {
            "fields": [{"name": name, "text": text} for name, text in self.fields],
            "words": [
                {**word.span._asdict(), "score": float(score), "tokens": len(word.places)}
                for word, score in zip(self.words, words, strict=True)
            ],
            "specials": [
                {"token": str(token), "score": float(score)}
                for (token, _), score in zip(self.specials, specials, strict=True)
            ],
            "hidden_by": self.hidden_by,
        }


def words_of(aligned: Aligned) -> list[Word]:
    """The words that have tokens, in reading order. A token that reaches over several words counts for its first."""
    places: dict[Span, list[int]] = {}
    texts = [text for _, text in aligned.fields]
    words = [split_words(text) for text in texts]
    for place, span in enumerate(aligned.spans):
        if span is None:
            continue
        held = texts[span.field][span.start : span.end]
        begin = span.start + len(held) - len(held.lstrip())
        word = _word_at(words[span.field], begin)
        # Blanks that are tokens of their own, and line breaks, are words too: nothing that is read is lost.
        places.setdefault(Span(span.field, *(word or (span.start, span.end))), []).append(place)
    return [Word(span, tuple(found)) for span, found in sorted(places.items())]


def _word_at(words: Sequence[tuple[int, int]], begin: int) -> tuple[int, int] | None:
    from bisect import bisect_right

    number = bisect_right(words, (begin, float("inf"))) - 1
    return words[number] if number >= 0 and words[number][1] > begin else None


def _embeddings(model: Any) -> Any:
    """The module that looks up tokens; of an encoder–decoder the encoder's."""
    if getattr(model.config, "is_encoder_decoder", False):
        return model.get_encoder().get_input_embeddings()
    return model.get_input_embeddings()
