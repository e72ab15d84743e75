"""Sentences: where a document is cut, and which pairs are made of its sentences."""

import pandas as pd
import pytest

from lib.tasks.sentence_pairs import NEXT, NOT_NEXT, sentence_pairs
from lib.tasks.sentences import split_sentences

DOCUMENTS = [
    ("two plain sentences", "It rained. We stayed in.", ["It rained.", "We stayed in."]),
    ("line breaks end a sentence", "First line\nsecond line\n\n", ["First line", "second line"]),
    ("a JSON list is taken as it is", '["One. Two.", " Three "]', ["One. Two.", "Three"]),
    ("titles end nothing", "Dr. Gray met Mrs. Li. They spoke.", ["Dr. Gray met Mrs. Li.", "They spoke."]),
    ("nor do initials", "J. R. Smith wrote it. It sold.", ["J. R. Smith wrote it.", "It sold."]),
    ("nor do decimals", "It cost 3.50 euros. Too much!", ["It cost 3.50 euros.", "Too much!"]),
    ("nor a mark before a small letter", "Wait… what? he asked. No.", ["Wait… what? he asked.", "No."]),
    ("quotes close after the mark", "“Come in.” She did.", ["“Come in.”", "She did."]),
    ("Chinese needs no space", "下雨了。我们回家！好吗？", ["下雨了。", "我们回家！", "好吗？"]),
    ("a text without an end", "no full stop", ["no full stop"]),
    ("nothing", "  \n ", []),
]


@pytest.mark.parametrize(
    ("document", "expected"), [row[1:] for row in DOCUMENTS], ids=[r[0] for r in DOCUMENTS]
)
def test_a_document_is_cut_into_its_sentences(document: str, expected: list[str]) -> None:
    assert split_sentences(document) == expected


def documents(count: int = 12, sentences: int = 5) -> list[list[str]]:
    return [[f"Sentence {at} of {number}." for at in range(sentences)] for number in range(count)]


def test_true_pairs_are_all_the_sentences_in_a_row() -> None:
    texts = documents()
    true = sentence_pairs(texts, seed=1).query("label == @NEXT")
    expected = [(one[at], one[at + 1]) for one in texts for at in range(4)]
    assert list(zip(true["first"], true["second"], strict=True)) == expected


def test_every_true_pair_has_a_false_twin_whose_second_sentence_is_from_another_document() -> None:
    texts = documents()
    pairs = sentence_pairs(texts, seed=1)
    assert pairs["label"].value_counts().to_dict() == {NEXT: 48, NOT_NEXT: 48}
    home = {sentence: number for number, one in enumerate(texts) for sentence in one}
    false = pairs.query("label == @NOT_NEXT")
    assert (false["second"].map(home) != false["document"]).all()
    assert (false["first"].map(home) == false["document"]).all()


def test_no_sentence_alone_tells_the_label() -> None:
    pairs = sentence_pairs(documents(), seed=4)
    for column in ("first", "second"):
        counts = pd.crosstab(pairs[column], pairs["label"])
        assert (counts[NEXT] == counts[NOT_NEXT]).all()


def test_an_equal_text_never_stands_for_a_sentence_from_elsewhere() -> None:
    chorus = [["Hello there.", f"Verse {n}.", "Tra la LA.", f"Bridge {n}.", "Tra  la la."] for n in range(20)]
    pairs = sentence_pairs(chorus, seed=2)
    for number, one in enumerate(chorus):
        inside = {" ".join(sentence.casefold().split()) for sentence in one}
        false = pairs["second"][(pairs["label"] == NOT_NEXT) & (pairs["document"] == number)]
        assert len(false) and not inside & {" ".join(text.casefold().split()) for text in false}


@pytest.mark.parametrize("texts", [documents(1), [["Only one."]] * 9, []], ids=["one", "single", "none"])
def test_where_no_false_pair_can_be_made_there_is_no_true_one_either(texts: list[list[str]]) -> None:
    pairs = sentence_pairs(texts, seed=1)
    assert len(pairs) == 0
    assert list(pairs.columns) == ["first", "second", "label", "document"]


def test_pairs_depend_on_the_seed_and_on_nothing_else() -> None:
    texts = documents()
    once, again, other = (sentence_pairs(texts, seed=seed) for seed in (7, 7, 8))
    pd.testing.assert_frame_equal(once, again)
    assert not once.equals(other)
