"""Hiding tokens: how many, which together, what stands in their place, and that no text is lost."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from transformers import AutoTokenizer

from lib.models.sources import find_model
from lib.tasks.masking import (
    IGNORED,
    MASK,
    NO_WORD,
    choose_hidden,
    fixed_generator,
    masking_collator,
    replaced,
    text_blocks,
    with_marks,
)
from tests.models.tiny import tiny_checkpoint

TEXT = "unbelievable weathervanes: the tea was wonderful on a bright morning, and our train was late again"


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=seed))


@pytest.fixture(scope="module", params=["BERT", "RoBERTa", "DeBERTa-v3", "ModernBERT"])
def tokenizer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One of each way to cut words: ##pieces, bytes, and pieces that keep their space."""
    return AutoTokenizer.from_pretrained(tiny_checkpoint(request.param, tmp_path_factory.mktemp("t") / "m"))


def test_the_share_of_hidden_tokens_is_the_one_asked_for() -> None:
    for share in (0.05, 0.15, 0.4):
        places = choose_hidden(list(range(1_000)), share=share, whole_words=False, generator=generator())
        assert len(places) == 1_000 * share
        assert len(set(places.tolist())) == len(places)


def test_over_texts_every_place_is_hidden_equally_often() -> None:
    counts = np.zeros(20)
    for seed in range(4_000):
        counts[choose_hidden(list(range(20)), share=0.15, whole_words=True, generator=generator(seed))] += 1
    assert np.allclose(counts / 4_000, 0.15, atol=4 * (0.15 * 0.85 / 4_000) ** 0.5)


@pytest.mark.parametrize("words", [[0], [NO_WORD, 0, NO_WORD], [0, 0], [NO_WORD, 0, 0, 0, 1, NO_WORD]])
def test_at_least_one_token_is_hidden_but_never_all_of_several(words: list[int]) -> None:
    places = choose_hidden(words, share=0.05, whole_words=True, generator=generator())
    there = sum(word != NO_WORD for word in words)
    assert 1 <= len(places) <= max(1, there - 1)
    assert all(words[place] != NO_WORD for place in places)


def test_nothing_is_hidden_where_there_are_only_special_tokens() -> None:
    assert len(choose_hidden([NO_WORD, NO_WORD], share=0.5, whole_words=True, generator=generator())) == 0


def test_all_pieces_of_a_word_are_hidden_together(tokenizer: Any) -> None:
    blocks = text_blocks(tokenizer, [TEXT], max_length=128)
    [words], [ids] = blocks["words"], blocks["input_ids"]
    assert len(set(words)) < len(words) - 2  # some word has several pieces
    for seed in range(200):
        hidden = set(choose_hidden(words, share=0.15, whole_words=True, generator=generator(seed)).tolist())
        for word in {words[place] for place in hidden}:
            assert {place for place, other in enumerate(words) if other == word} <= hidden
        assert not hidden & {place for place, token in enumerate(ids) if token in tokenizer.all_special_ids}


def test_a_long_text_becomes_blocks_that_hold_all_of_it(tokenizer: Any) -> None:
    text = " ".join([TEXT] * 5)
    whole = tokenizer(text, add_special_tokens=False)["input_ids"]
    blocks = text_blocks(tokenizer, ["short", text], max_length=16)
    special = set(tokenizer.all_special_ids)
    long = [ids for ids, row in zip(blocks["input_ids"], blocks["row"], strict=True) if row == 1]
    assert [token for ids in long for token in ids if token not in special] == whole
    assert max(blocks["length"]) <= 16 and not any(blocks["truncated"])
    assert blocks["row"] == [0, *[1] * len(long)]


def test_what_stands_in_the_place_of_10000_hidden_tokens_is_80_10_10() -> None:
    ids, vocabulary = np.full(10_000, 7), np.arange(1_000, 2_000)
    changed = replaced(ids, np.arange(10_000), mask=3, vocabulary=vocabulary, generator=generator(5))
    shares = [(changed == 3).mean(), (changed >= 1_000).mean(), (changed == 7).mean()]
    assert shares == pytest.approx([0.8, 0.1, 0.1], abs=4 * (0.8 * 0.2 / 10_000) ** 0.5)
    swapped = changed[changed >= 1_000]
    assert len(set(swapped.tolist())) > 500  # drawn from all of the vocabulary


def test_a_batch_has_labels_where_something_is_hidden_and_nowhere_else(tokenizer: Any) -> None:
    texts = [TEXT, "late again", "the rain"]
    blocks = text_blocks(tokenizer, texts, max_length=128)
    names = [name for name in blocks if name not in ("row", "length", "truncated", "_offsets")]
    features = [{name: blocks[name][row] for name in names} | {"draw": row} for row in range(3)]
    batch = masking_collator(tokenizer, share=0.15, whole_words=True)(features)
    assert not {"draw", "words"} & set(batch)
    for row, ids in enumerate(blocks["input_ids"]):
        labels = batch["labels"][row].tolist()
        hidden = [place for place, label in enumerate(labels) if label != IGNORED]
        assert hidden and [labels[place] for place in hidden] == [ids[place] for place in hidden]
        kept = [place for place in range(len(ids)) if place not in hidden]
        assert batch["input_ids"][row, kept].tolist() == [ids[place] for place in kept]


def test_a_draw_alone_decides_what_is_hidden(tokenizer: Any) -> None:
    blocks = text_blocks(tokenizer, [TEXT], max_length=128)
    feature = {"input_ids": blocks["input_ids"][0], "words": blocks["words"][0]}
    collate = masking_collator(tokenizer, share=0.15, whole_words=True)
    inputs = [collate([feature | {"draw": draw}])["input_ids"].tolist() for draw in (1, 1, 2, 3, 4)]
    assert inputs[0] == inputs[1]
    assert any(other != inputs[0] for other in inputs[2:])


def test_hidden_for_scoring_depends_on_the_tokens_only() -> None:
    once, again, other = (fixed_generator(ids).random(3).tolist() for ids in ([5, 6], [5, 6], [6, 5]))
    assert once == again != other


@pytest.mark.parametrize("written", ["[MASK]", "<mask>", "[mask]"])
def test_a_mask_may_be_written_either_way(written: str) -> None:
    assert with_marks(f"the {written} is late", "<mask>") == "the <mask> is late"
    assert with_marks(f"{written}{written}", MASK) == "[MASK][MASK]"


def test_the_words_of_the_starter_are_those_of_its_tokenizer() -> None:
    folder: Path = find_model("starter:minilm-l6").folder
    tokenizer = AutoTokenizer.from_pretrained(folder)
    [words] = text_blocks(tokenizer, ["unbelievably late"], max_length=16)["words"]
    pieces = tokenizer.convert_ids_to_tokens(tokenizer("unbelievably late")["input_ids"])
    assert [piece.startswith("##") for piece in pieces[1:-1]] == [
        one == other for one, other in zip(words[1:-1], words[:-2], strict=True)
    ]
