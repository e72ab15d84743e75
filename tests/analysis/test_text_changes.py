"""Changes of texts: what each does, and what it promises to leave alone."""

import numpy as np
import pytest

from lib.analysis.text_changes import TEXT_CHANGES, changed_texts

BY_NAME = {change.name: change for change in TEXT_CHANGES}


def changed(name: str, text: str) -> str:
    return changed_texts(BY_NAME[name], [text])[0]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("capitals", "Tea, please", "TEA, PLEASE"),
        ("capitals", "heißer Tee 🍵", "HEIßER TEE 🍵"),
        ("small", "The TEA is Hot", "the tea is hot"),
        ("small", "İstanbul", "İstanbul"),
        ("marks", "Well... is it “good”? I don't think so!", "Well is it good I don't think so"),
        ("marks", "@anna #tea :)", "@anna #tea"),
        ("accents", "café à la crème", "cafe a la creme"),
        ("negation", "The tea is good and was hot", "The tea is not good and was hot"),
        ("negation", "It is not good", "It is not good"),
        ("negation", "I can't say", "I can't say"),
        ("negation", "", ""),
    ],
)
def test_a_change_does_what_its_words_say(name: str, text: str, expected: str) -> None:
    assert changed(name, text) == expected


def test_a_typing_mistake_swaps_two_neighbours_and_leaves_the_first_letter() -> None:
    text = "wonderful"
    found = changed("typos", text)
    differ = [place for place in range(len(text)) if text[place] != found[place]]
    assert len(differ) == 2 and differ[1] == differ[0] + 1 and differ[0] > 0
    assert sorted(found) == sorted(text)


@pytest.mark.parametrize(("words", "expected"), [(4, 1), (20, 2), (40, 4)])
def test_one_word_in_ten_is_mistyped(words: int, expected: int) -> None:
    before = [f"some{chr(97 + n % 26)}thing" for n in range(words)]
    after = changed("typos", " ".join(before)).split()
    assert sum(one != other for one, other in zip(before, after, strict=True)) == expected


@pytest.mark.parametrize("change", TEXT_CHANGES, ids=lambda change: change.name)
def test_leaving_a_text_out_changes_no_other_and_the_same_seed_gives_the_same(change) -> None:
    texts = ["Is this wonderful garden yours?", "Café is closed, they were late", "aaaa"]
    assert changed_texts(change, texts) == changed_texts(change, texts)
    assert changed_texts(change, texts)[:2] == changed_texts(change, texts[:2])


@pytest.mark.parametrize(
    "change", [change for change in TEXT_CHANGES if change.keeps_length], ids=lambda change: change.name
)
@pytest.mark.parametrize(
    "text", ["", "ß ﬁ ŉ İ ẞ", "🍵👩‍👩‍👧 tea", "a\u0301 noe\u0308l", "\ud7ff\x00 line\nbreak", "ΌΔΟΣ ǅungla ᾳ"]
)
def test_places_in_the_text_stay_where_that_is_promised(change, text: str) -> None:
    assert len(change.apply(text, np.random.default_rng(0))) == len(text)
