"""Votes on disk: append only, whole lines even from two tabs at once, and nothing lost to a killed process."""

import threading

import pytest

from lib.runs.ballots import Ballots
from lib.runs.folder import RunFolder


@pytest.fixture
def ballots(tmp_path) -> Ballots:
    return Ballots(RunFolder(tmp_path))


def cast(ballots: Ballots, number: int = 1, **parts: str) -> None:
    ballots.cast(
        **(
            {"row": number, "pair": f"p{number}", "verdict": "tuned", "left": "tuned", "author": "Ada"}
            | parts
        )
    )


def test_votes_survive_and_none_replaces_another(ballots: Ballots) -> None:
    cast(ballots, author="  Ada \n Lovelace ")
    cast(ballots, verdict="both bad")
    found = ballots.votes()
    assert [(vote["author"], vote["verdict"]) for vote in found] == [
        ("Ada Lovelace", "tuned"),
        ("Ada", "both bad"),
    ]
    assert found[0]["time"] <= found[1]["time"]


def test_two_tabs_at_once_lose_no_vote(ballots: Ballots) -> None:
    def many(name: str) -> None:
        for number in range(40):
            cast(Ballots(RunFolder(ballots.votes_path.parent)), number, author=name)

    threads = [threading.Thread(target=many, args=(name,)) for name in ("Ada", "Bob")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ballots.votes()) == 80


def test_half_a_line_spoils_neither_itself_nor_the_next(ballots: Ballots) -> None:
    cast(ballots)
    with ballots.votes_path.open("a") as file:
        file.write('{"row": 2, "verd')
    cast(ballots, 3)
    assert [vote["row"] for vote in ballots.votes()] == [1, 3]


def test_without_a_name_a_vote_is_anonymous_and_another_verdict_is_refused(ballots: Ballots) -> None:
    cast(ballots, author=" ")
    assert ballots.votes()[0]["author"] == "anonymous"
    with pytest.raises(ValueError, match="no verdict"):
        cast(ballots, verdict="left")


def test_answers_with_line_separators_and_emoji_come_back_as_they_were(ballots: Ballots) -> None:
    pair = {"row": 4, "input": "a\u2028b\n🙂", "tuned": "x\x85y", "untuned": ""}
    ballots.add_answers([pair])
    assert ballots.answers() == [pair]
