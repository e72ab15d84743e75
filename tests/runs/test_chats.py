"""Conversations on disk: kept whole, never overwritten by another tab, damaged ones passed over, files to keep."""

import json
from pathlib import Path

import pytest

from lib.errors import UserError
from lib.runs.chats import Chat, Chats, Turn, new_id
from lib.runs.folder import RunFolder
from lib.runs.transcripts import as_jsonl, as_markdown


@pytest.fixture
def chats(tmp_path: Path) -> Chats:
    (tmp_path / "run").mkdir()
    return Chats(RunFolder(tmp_path / "run"))


def talk() -> Chat:
    answer = {"text": "Late <b>🙂</b>", "tokens": [["Late", 0.5, 1, []]], "finish": "stop"}
    return Chat(
        new_id(),
        system="Be kind.",
        settings={"temperature": 0.5},
        turns=[
            Turn("user", "The tea?"),
            Turn("assistant", answers=[answer], sides=["tuned"], chosen=0),
            Turn("user", "And then?"),
            Turn("assistant", answers=[{"text": "a"}, {"text": "b"}], sides=["untuned", "tuned"], blind=True),
        ],
    )


def test_a_conversation_comes_back_as_it_was(chats: Chats) -> None:
    chat = talk()
    chats.keep(chat)
    assert chats.find(chat.id) == chat
    assert chat.revision == 1 and chat.created > 0
    assert [found.id for found in chats] == [chat.id]


def test_an_answer_that_waits_for_a_vote_is_not_said_yet(chats: Chats) -> None:
    chat = talk()
    assert chat.turns[3].waits_for_vote
    assert [message["content"] for message in chat.messages()] == [
        "Be kind.",
        "The tea?",
        "Late <b>🙂</b>",
        "And then?",
    ]
    chat.turns[3].chosen = 1
    assert chat.messages()[-1] == {"role": "assistant", "content": "b"}
    assert len(chat.messages(1)) == 2


def test_the_tab_that_comes_second_is_told_and_changes_nothing(chats: Chats) -> None:
    chat = talk()
    chats.keep(chat)
    one, other = chats.find(chat.id), chats.find(chat.id)
    assert one is not None and other is not None
    one.system = "first"
    chats.keep(one)
    other.system = "second"
    with pytest.raises(UserError) as caught:
        chats.keep(other)
    assert caught.value.problems[0].code == "chat-moved-on"
    found = chats.find(chat.id)
    assert found is not None and found.system == "first"


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "ABCDEFGHIJKL", "a" * 13, "nothing-here"])
def test_what_is_no_id_finds_nothing(chats: Chats, name: str) -> None:
    assert chats.find(name) is None
    chats.forget(name)


@pytest.mark.parametrize(
    "damage",
    ["", "[]", "{}", '{"turns": 3}', '{"turns": [{"role": "robot"}]}',
     '{"turns": [{"role": "assistant", "answers": [{"text": "a"}], "sides": []}]}',
     '{"turns": [{"role": "assistant", "answers": [{"text": "a"}], "sides": ["tuned"], "chosen": 4}]}'],
)  # fmt: skip
def test_a_damaged_file_is_passed_over(chats: Chats, damage: str) -> None:
    good, bad = talk(), new_id()
    chats.keep(good)
    (chats.folder / f"{bad}.json").write_text(damage)
    assert chats.find(bad) is None
    assert [found.id for found in chats] == [good.id]
    assert [(line.id, line.title) for line in chats.headlines()] == [(good.id, "The tea?")]


def test_a_headline_follows_its_conversation(chats: Chats) -> None:
    chat = talk()
    chats.keep(chat)
    assert [line.title for line in chats.headlines()] == ["The tea?"]
    chat.turns[0].content = "Something else"
    chats.keep(chat)
    assert [(line.title, line.updated) for line in chats.headlines()] == [("Something else", chat.updated)]


def test_a_fork_stays_as_it_is_while_the_other_goes_on(chats: Chats) -> None:
    chat = talk()
    chats.keep(chat)
    fork = chat.forked()
    chats.keep(fork)
    del chat.turns[1:]
    chats.keep(chat)
    kept = chats.find(fork.id)
    assert kept is not None and len(kept.turns) == 4 and fork.id != chat.id
    chats.forget(chat.id)
    assert [found.id for found in chats] == [fork.id]


def test_a_transcript_can_be_learned_from_and_read() -> None:
    messages = talk().messages(2)
    assert json.loads(as_jsonl(messages)) == {"messages": messages}
    assert as_jsonl(messages).count("\n") == 1
    assert as_markdown([{"role": "user", "content": "# no heading\nsecond"}], "a\nmodel") == (
        "# A conversation with a model\n\n**User**\n\n> # no heading\n> second\n"
    )
