"""Cutting texts into words: what belongs together, in several scripts, with exact places."""

from itertools import pairwise

import pytest

from lib.tasks.words import split_words

TABLE = [
    ("plain words", "Ann lives in Rome.", ["Ann", "lives", "in", "Rome", "."]),
    ("signs stand alone", "(e.g. $5,000!)", ["(", "e", ".", "g", ".", "$", "5", ",", "000", "!", ")"]),
    ("underscores and digits belong to words", "user_1 x2", ["user_1", "x2"]),
    ("white space of all kinds", " a\t\nb\u00a0c\u3000d ", ["a", "b", "c", "d"]),
    ("letters with marks", "café nai\u0308ve", ["café", "nai\u0308ve"]),
    ("vowel signs", "हिन्दी में", ["हिन्दी", "में"]),
    ("scripts without spaces", "私は東京", ["私", "は", "東", "京"]),
    ("scripts side by side", "in東京2020年", ["in", "東", "京", "2020", "年"]),
    ("pictures", "go 👍🏽 now", ["go", "👍", "🏽", "now"]),
    ("nothing", "", []),
]


@pytest.mark.parametrize(("text", "words"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_words_of(text: str, words: list[str]) -> None:
    assert [text[start:end] for start, end in split_words(text)] == words


def test_places_rise_without_overlap_and_miss_only_white_space() -> None:
    text = "".join(chr(sign) for sign in range(1, 0x3100)) + "🙂 \u200d x"
    places = split_words(text)
    assert all(end <= start for (_, end), (start, _) in pairwise(places))
    covered = {place for start, end in places for place in range(start, end)}
    assert all(text[place].isspace() for place in set(range(len(text))) - covered)
