"""Scripts are told by the names of letters; digits, marks and emoji belong to none."""

import pytest

from lib.data.scripts import script_mix

TEXTS = [
    ("hello, world 42 😂", {"Latin": (10, 1)}),
    ("привет", {"Cyrillic": (6, 1)}),
    ("日本語のテスト", {"Japanese kana": (4, 1), "Chinese characters": (3, 0)}),
    ("한국어", {"Korean Hangul": (3, 1)}),
    ("سلام", {"Arabic": (4, 1)}),
    ("42 !!", {}),
]


@pytest.mark.parametrize(("text", "expected"), TEXTS, ids=[text for text, _ in TEXTS])
def test_letters_are_counted_by_script(text: str, expected: dict[str, tuple[int, int]]) -> None:
    assert script_mix([text]) == expected


def test_texts_count_for_the_script_of_most_of_their_letters() -> None:
    found = script_mix(["я люблю tea", "coffee", "чай"])
    assert {script: texts for script, (_, texts) in found.items()} == {"Cyrillic": 2, "Latin": 1}
