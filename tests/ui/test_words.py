"""User text shows as it is, whatever it contains."""

import pytest
from markdown_it import MarkdownIt

from lib.ui.words import TERMS, escape_markdown, shorten

NASTY = [
    "<script>alert(1)</script>", "**bold** _it_ `code`", "[link](http://x.y)", ":red[text] :material/home:", "$x^2$",
    "# no heading", "1. no list", "- no list", "> quote", "a | b", "\\*", "![i](http://x/y.png)", "AT&amp;T",
    "http://example.com", "a@b.org", "~~gone~~", ":smile:", "== mark ==",
]  # fmt: skip


@pytest.mark.parametrize("text", NASTY)
def test_escaped_text_is_shown_letter_by_letter(text: str) -> None:
    tokens = MarkdownIt("commonmark", {"html": True}).parse(escape_markdown(text))
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    assert {child.type for child in tokens[1].children or []} <= {"text", "text_special"}
    assert "".join(child.content for child in tokens[1].children or []) == text


def test_a_line_break_cannot_end_a_sentence_of_ours() -> None:
    assert "\n" not in escape_markdown("one\n\n# two\r\nthree")


def test_a_long_text_is_cut_with_an_ellipsis() -> None:
    assert shorten("a" * 100, 10) == "a" * 9 + "…"
    assert shorten("short", 10) == "short"


def test_every_term_is_explained_in_at_most_two_short_sentences() -> None:
    assert all(len(text) < 260 and text.endswith(".") for text in TERMS.values())
