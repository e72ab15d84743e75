import pytest

from lib.ui.told_apart import told_apart


@pytest.mark.parametrize(
    ("titles", "expected"),
    [
        ({"a": "x", "b": "y"}, ["x", "y"]),
        ({"a": "x", "b": "x", "c": "x"}, ["x", "x (2)", "x (3)"]),
        ({"a": "x (2)", "b": "x", "c": "x"}, ["x (2)", "x", "x (3)"]),
        ({}, []),
    ],
)
def test_choices_with_the_same_title_are_numbered(titles: dict[str, str], expected: list[str]) -> None:
    assert list(told_apart(titles, titles.__getitem__).values()) == expected
