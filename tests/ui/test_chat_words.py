"""What is said of an answer: its speed without the reading, what was left out, why it ends; and its text, escaped."""

from typing import Any

import pytest

from lib.tasks.manner import Manner
from lib.ui.chat_settings import manner_words
from lib.ui.chat_text import MOST_SHOWN, said_html, tokens_frame
from lib.ui.chat_words import answer_words, lacks_place

READ = {"read": 120, "limit": 512, "room": 312, "dropped": 0, "cut": 0}


@pytest.mark.parametrize(
    ("answer", "seed", "expected"),
    [
        ({"written": 21, "seconds": 2.5, "first": 0.5, "finish": "stop", "reading": READ}, None,
         "21 tokens · 10 tokens a second · first after 0.50 s · 141 of 512 tokens of context used"),
        ({"written": 1, "seconds": 0.5, "first": 0.5, "finish": "length", "reading": {}}, 7,
         "1 token · first after 0.50 s · ends here: that is the longest answer allowed · seed 7"),
        ({"written": 0, "finish": None}, None, "0 tokens · stopped before its end"),
    ],
)  # fmt: skip
def test_an_answer_in_words(answer: dict[str, Any], seed: int | None, expected: str) -> None:
    assert answer_words(answer, seed=seed) == expected


def test_what_had_no_place_is_said() -> None:
    answer = {"written": 2, "finish": "stop", "reading": READ | {"dropped": 4, "cut": 1}}
    assert "the oldest 4 messages had no place and were left out" in answer_words(answer)
    assert "the first 1 token of what was left had no place and were cut" in answer_words(answer)
    assert lacks_place(answer) and not lacks_place({"reading": READ}) and not lacks_place({})


def test_how_it_writes_in_a_few_words() -> None:
    assert manner_words(Manner(top_p=0.5)) == "the likeliest token each time"
    assert manner_words(Manner(temperature=0.75, top_p=0.9)) == "temperature 0.75, top-p 0.9"


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "&amp;", '"><img src=x onerror=alert(1)>'])
def test_text_stays_text(text: str) -> None:
    assert "<script" not in said_html(text) and "<img" not in said_html(text)


def test_long_and_empty_answers_are_bounded_and_said() -> None:
    assert len(said_html("a" * 100_000)) < MOST_SHOWN + 200
    assert "ended at once" in said_html(" ") and "ended at once" not in said_html("", writing=True)
    assert tokens_frame({}).empty
