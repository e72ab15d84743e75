"""Tokens as people read them: the letters of the text, their places, and what is no letter of any text."""

from typing import Any

import pytest

from lib.inference.read_tokens import LATER_BYTE, Token, read_tokens
from tests.models.tiny import tiny_checkpoint

SCHEMES = {"wordpiece": "BERT", "bytes": "RoBERTa", "unigram": "ALBERT"}


@pytest.fixture(scope="module")
def tokenizers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    from transformers import AutoTokenizer

    root = tmp_path_factory.mktemp("tokenizers")
    return {
        scheme: AutoTokenizer.from_pretrained(tiny_checkpoint(name, root / scheme))
        for scheme, name in SCHEMES.items()
    }


TEXTS = [
    "The tea was wonderful, on a\nbright morning.",
    "  café naïve  🙂 twice 🙂",
    "<script>alert('x')</script>",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_letters_of_a_token_are_those_of_the_text_at_its_place(
    scheme: str, text: str, tokenizers: dict[str, Any]
) -> None:
    tokenizer = tokenizers[scheme]
    found = read_tokens(tokenizer, tokenizer(text)["input_ids"], {"text": text})
    placed = [token for token in found if token.start is not None and token.end is not None]
    assert placed and all(token.part == "text" for token in placed)
    shown = 0
    for token in placed:
        # The bytes of one letter have one place; the first of them shows it.
        assert token.text == (text[max(token.start, shown) : token.end] or LATER_BYTE)
        shown = token.end
    ends = [token.end for token in placed]
    assert ends == sorted(ends)
    assert text[placed[0].start : placed[-1].end].strip() == text.strip()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_special_tokens_are_of_no_text(scheme: str, tokenizers: dict[str, Any]) -> None:
    tokenizer = tokenizers[scheme]
    found = read_tokens(
        tokenizer, tokenizer("tea", "train")["input_ids"], {"text": "tea", "text_pair": "train"}
    )
    assert found[0].special and found[-1].special
    assert all(token.part is None for token in found if token.special)
    assert {token.part for token in found if token.start is not None} == {"text", "text_pair"}


def test_of_equal_texts_each_half_of_a_pair_has_its_own_places(tokenizers: dict[str, Any]) -> None:
    tokenizer = tokenizers["wordpiece"]
    found = read_tokens(
        tokenizer, tokenizer("the tea", "the tea")["input_ids"], {"text": "the tea", "text_pair": "the tea"}
    )
    halves = [[t.start for t in found if t.part == part] for part in ("text", "text_pair")]
    assert halves[0] == halves[1] != []


def test_without_a_text_the_pieces_themselves_are_shown(tokenizers: dict[str, Any]) -> None:
    ids = tokenizers["wordpiece"]("wonderful tea", add_special_tokens=False)["input_ids"]
    found = read_tokens(tokenizers["wordpiece"], ids, {})
    assert "".join(token.before + token.text for token in found).strip() == "wonderful tea"
    assert all(token.start is None for token in found)


def test_nothing_gives_no_tokens(tokenizers: dict[str, Any]) -> None:
    assert read_tokens(tokenizers["bytes"], [], {"text": "tea"}) == []
    assert Token("a").to_json()["part"] is None
