"""Ranks of hidden tokens, and what was thought of them before training."""

import json

from lib.analysis.bins import binned
from lib.analysis.hidden_ranks import RANK_ENDS, RANK_NAMES, before_and_after, token_ranks


def hidden(*tokens: tuple[int, str, int]) -> str:
    return json.dumps(
        [
            {
                "start": start,
                "end": start + 1,
                "token": token,
                "loss": 0.5,
                "rank": rank,
                "top": [[token, 0.9]],
            }
            for start, token, rank in tokens
        ]
    )


def test_every_hidden_token_has_a_line_and_a_range() -> None:
    table = token_ranks([hidden((0, "a", 1), (4, "b", 5)), "[]", hidden((0, "c", 100), (2, "d", 30_000))])
    assert table["place"].tolist() == [0, 0, 2, 2]
    counts = binned(table["rank"], RANK_ENDS)["rows"]
    assert dict(zip(RANK_NAMES, counts, strict=True)) == {
        "1st": 1, "2nd": 0, "3rd": 0, "4–5": 1, "6–10": 0, "11–100": 1, "101+": 1,
    }  # fmt: skip


def test_runs_without_ranks_give_none() -> None:
    assert token_ranks([json.dumps([{"start": 0, "end": 1, "token": "a", "loss": 1.0}])]).empty


def test_before_and_after_are_put_side_by_side_in_the_order_of_the_text() -> None:
    table = before_and_after(hidden((4, "b", 1), (0, "a", 2)), hidden((0, "a", 9), (4, "b", 8)))
    assert table["token"].tolist() == ["a", "b"]
    assert table["rank"].tolist() == [2, 1] and table["rank_before"].tolist() == [9, 8]


def test_other_tokens_before_are_no_before() -> None:
    for before in (None, "[]", hidden((0, "x", 9))):
        assert before_and_after(hidden((0, "a", 2)), before)["rank_before"].isna().all()
