import random
import re

import pytest

from lib.tasks.answers import answer_f1, exact_match, normalised


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Norman conquest", "norman conquest"),
        ("  a  cat,\tan owl; the  end. ", "cat owl end"),
        ("U.S.A.", "usa"),
        ("theatre and anthem", "theatre and anthem"),
        ("the", ""),
        ("don't", "dont"),
        ("Größe – 10 %", "größe – 10"),
        ("", ""),
    ],
)
def test_case_punctuation_articles_and_blanks_do_not_count(text, expected):
    assert normalised(text) == expected


@pytest.mark.parametrize(
    ("prediction", "golds", "exact", "f1"),
    [
        ("Denver Broncos", ["Denver Broncos", "The Denver Broncos"], 1.0, 1.0),
        ("the denver broncos!", ["Denver Broncos"], 1.0, 1.0),
        # 1 shared word: precision 1/1, recall 1/2.
        ("Broncos", ["Denver Broncos"], 0.0, 2 / 3),
        # The best gold counts, not the first.
        ("Broncos", ["Carolina Panthers", "Broncos of Denver", "Denver Broncos"], 0.0, 2 / 3),
        # A word counts as often as it occurs on both sides: 1 shared of 3 and 2.
        ("new new york", ["new jersey"], 0.0, 2 / 5),
        ("Broncos Denver", ["Denver Broncos"], 0.0, 1.0),
        ("Panthers", ["Denver"], 0.0, 0.0),
        ("", ["Denver"], 0.0, 0.0),
        # Not to be answered.
        ("", [], 1.0, 1.0),
        ("Denver", [], 0.0, 0.0),
        ("", [""], 1.0, 1.0),
        ("Denver", [""], 0.0, 0.0),
        # An article alone is no answer on either side.
        ("the", [], 1.0, 1.0),
        ("", ["the", "Denver"], 0.0, 0.0),
    ],
)
def test_answers_are_judged_as_by_squad(prediction, golds, exact, f1):
    assert exact_match(prediction, golds) == exact
    assert answer_f1(prediction, golds) == pytest.approx(f1)


def long_way_f1(prediction: str, gold: str) -> float:
    """Precision and recall by crossing out words one at a time."""
    words = [
        [
            word
            for word in re.split(r"\s+", re.sub(r"[^\w\s]|_", "", text.lower()))
            if word not in ("", "a", "an", "the")
        ]
        for text in (prediction, gold)
    ]
    left, shared = list(words[1]), 0
    for word in words[0]:
        if word in left:
            left.remove(word)
            shared += 1
    if not words[0] or not words[1]:
        return float(words[0] == words[1])
    precision, recall = shared / len(words[0]), shared / len(words[1])
    return 2 * precision * recall / (precision + recall) if shared else 0.0


def test_f1_equals_crossing_out_words():
    draw = random.Random(0)
    words = ["The", "a", "cat", "Cat,", "dog", "an", "(dog)", "1900", "."]
    for _ in range(500):
        prediction, gold = (" ".join(draw.choices(words, k=draw.randint(0, 6))) for _ in range(2))
        assert answer_f1(prediction, [gold]) == pytest.approx(long_way_f1(prediction, gold))
        assert (exact_match(prediction, [gold]) == 1) <= (answer_f1(prediction, [gold]) == 1)
