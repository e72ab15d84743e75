"""Conversations added to data sets: in the layout that is there, for training, nothing lost and nothing twice."""

import json
import threading
from pathlib import Path

import pandas as pd
import pytest

from lib.data.chat_rows import add_conversation, chat_datasets
from lib.data.split import SplitPlan
from lib.data.store import StoredDataset, open_dataset, save
from lib.data.table import Table
from lib.errors import UserError

TALK = [{"role": "user", "content": "the tea? 🙂"}, {"role": "assistant", "content": "was <b>late</b>"}]
LONG = [{"role": "system", "content": "Be kind."}, *TALK]


def stored(
    frame: dict[str, list[str | None]], columns: dict[str, str], split: SplitPlan | None = None
) -> StoredDataset:
    table = Table(pd.DataFrame(frame, dtype="str"), "a file")
    return save(table, name="talks", task="chat", columns=columns, split=split)


def test_a_new_data_set_begins_with_the_conversation(home: Path) -> None:
    made = add_conversation(LONG, name=" good  answers ", new=True)
    assert (made.name, made.version, made.task, made.columns) == (
        "good answers",
        1,
        "chat",
        {"messages": "messages"},
    )
    assert json.loads(made.read()["messages"][0]) == LONG
    assert [found.ref for found in chat_datasets()] == ["good answers@1"]
    with pytest.raises(UserError) as caught:
        add_conversation(TALK, name="good answers", new=True)
    assert caught.value.problems[0].code == "name-taken"


def test_the_next_version_has_one_row_more_and_the_old_one_stays(home: Path) -> None:
    old = stored(
        {"chat": [json.dumps(LONG)], "part": ["test"], "note": [None]},
        {"messages": "chat"},
        SplitPlan(column="part"),
    )
    made = add_conversation(TALK, name="talks", new=False)
    assert (made.version, made.parent, made.rows, old.read().shape) == (2, old.ref, 2, (1, 3))
    row = made.read().iloc[1]
    assert json.loads(row["chat"]) == TALK and row["part"] == "train" and pd.isna(row["note"])
    assert made.read().iloc[0].equals(old.read().iloc[0])


def test_instructions_take_single_questions_and_refuse_what_they_cannot_hold(home: Path) -> None:
    columns = {"instruction": "ask", "input": "given", "output": "say"}
    stored({"ask": ["a"], "given": ["b"], "say": ["c"]}, columns, SplitPlan())
    row = add_conversation(TALK, name="talks", new=False).read().iloc[1]
    assert (row["ask"], row["say"]) == ("the tea? 🙂", "was <b>late</b>") and pd.isna(row["given"])
    with pytest.raises(UserError) as caught:
        add_conversation(LONG, name="talks", new=False)
    assert caught.value.problems[0].code == "layout"


@pytest.mark.parametrize("name", ["talks", "nothing of that name"])
def test_what_is_there_already_and_what_has_no_answer_are_refused(home: Path, name: str) -> None:
    sharegpt = [{"from": "human", "value": TALK[0]["content"]}, {"from": "gpt", "value": TALK[1]["content"]}]
    stored({"chat": [json.dumps(sharegpt)]}, {"messages": "chat"})
    for messages, expected in ((TALK, {"there-already", "no-dataset"}), (TALK[:1], {"no-answers"})):
        with pytest.raises(UserError) as caught:
            add_conversation(messages, name=name, new=False)
        assert caught.value.problems[0].code in expected
    assert open_dataset("talks").version == 1


def test_tabs_that_add_at_once_lose_no_row(home: Path) -> None:
    add_conversation(TALK, name="talks", new=True)
    others = [[{"role": "user", "content": str(number)}, TALK[1]] for number in range(6)]
    threads = [
        threading.Thread(target=add_conversation, args=(one,), kwargs={"name": "talks", "new": False})
        for one in others
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert open_dataset("talks").rows == 7 == open_dataset("talks").version
