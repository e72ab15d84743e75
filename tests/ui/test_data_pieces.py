"""Tokens as boxes: the cut ones struck through, tags at the first token of a word, and nothing of the text as HTML."""

from lib.models.sources import find_model
from lib.ui.data_pieces import _line


def test_what_the_limit_cuts_is_struck_through() -> None:
    shown = _line("one two three four", None, find_model("starter:minilm-l6"), 4)
    assert shown.count('class="atelier-piece"') == 2
    assert shown.count('class="atelier-piece cut"') == 2
    assert shown.count('class="atelier-piece special"') == 2


def test_a_tag_stands_at_the_first_token_of_its_word() -> None:
    shown = _line('["Zoe", "unbelievably"]', '["B-PER", "O"]', find_model("starter:minilm-l6"), 64)
    assert shown.count("<b>B-PER</b>") == 1 and shown.count("<b>O</b>") == 1


def test_text_is_never_markup() -> None:
    shown = _line("<script>alert(1)</script>", None, find_model("starter:minilm-l6"), 64)
    assert "<script" not in shown and "&lt;" in shown
