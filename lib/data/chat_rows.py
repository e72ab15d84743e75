"""A conversation added to a data set of conversations: as a new version of one, or as the first row of a new one."""

from collections.abc import Sequence

import pandas as pd

from lib.data.cells import as_messages, to_cell
from lib.data.dataset import StoredDataset
from lib.data.store import list_datasets, open_dataset, save, slug_of
from lib.data.table import Table
from lib.errors import Problem, UserError
from lib.settings import get_settings

MESSAGES, TASK = "messages", "chat"


def chat_datasets() -> list[StoredDataset]:
    """The newest version of each stored data set of conversations, the one changed last first."""
    newest: dict[str, StoredDataset] = {}
    for stored in list_datasets():
        known = newest.get(stored.name)
        if stored.usable and (known is None or known.version < stored.version):
            newest[stored.name] = stored
    return [stored for stored in newest.values() if stored.task == TASK and stored.columns]


def add_conversation(messages: Sequence[dict[str, str]], *, name: str, new: bool) -> StoredDataset:
    """Keep the conversation as a row and return the version that has it.

    With `new`, `name` is that of a data set to begin; else the newest version of that one is gone on from, which stays
    as it is. Where a column says the split, the row is for training. Raises UserError when it has no answer, is there
    already, or has no place in the layout of the data set.
    """
    from filelock import FileLock, Timeout

    if not any(message["role"] == "assistant" and message["content"].strip() for message in messages):
        what = "The conversation has no answer, so there is nothing to learn from it."
        raise UserError(Problem(what, "messages", "Add a turn that was answered.", code="no-answers"))
    get_settings().data.mkdir(parents=True, exist_ok=True)
    try:
        # Two tabs that add at once would both go on from the same version, and one row would be lost.
        with FileLock(get_settings().data / ".conversations.lock", timeout=20):
            return _begin(messages, name) if new else _go_on(messages, open_dataset(name))
    except Timeout as error:
        what = "Somebody else is adding to a data set right now."
        raise UserError(Problem(what, name, "Try again in a moment.", code="busy")) from error


def _begin(messages: Sequence[dict[str, str]], name: str) -> StoredDataset:
    name = " ".join(name.split())
    if not name:
        raise UserError(Problem("The data set has no name.", "name", "Give it a name.", code="no-name"))
    if (get_settings().data / slug_of(name)).exists():
        fix = "Choose it from the list, or give another name."
        raise UserError(Problem(f"“{name}” exists already.", "name", fix, code="name-taken"))
    frame = pd.DataFrame({MESSAGES: pd.Series([to_cell(list(messages))], dtype="str")})
    return save(Table(frame, "a chat"), name=name, task=TASK, columns={MESSAGES: MESSAGES})


def _go_on(messages: Sequence[dict[str, str]], stored: StoredDataset) -> StoredDataset:
    frame = stored.read()
    row = _row(messages, stored)
    there = frame[list(row)].fillna("").eq(pd.Series(row)).all(axis=1)
    if column := stored.columns.get(MESSAGES):
        there |= frame[column].map(lambda cell: as_messages(cell) == list(messages))
    if there.any():
        what = f"“{stored.name}” has this conversation already."
        raise UserError(Problem(what, stored.ref, "There is nothing to add.", code="there-already"))
    split = stored.split
    if split is not None and split.column is not None:
        row |= {split.column: "train"}
    more = pd.DataFrame({name: pd.Series([row.get(str(name))], dtype="str") for name in frame.columns})
    table = Table(
        pd.concat([frame, more], ignore_index=True), stored.source or stored.name, format=stored.format
    )
    return save(
        table, name=stored.name, task=stored.task, columns=stored.columns, split=split, parent=stored.ref
    )


def _row(messages: Sequence[dict[str, str]], stored: StoredDataset) -> dict[str, str]:
    """The cells of the conversation in the layout of that data set."""
    columns = stored.columns
    if MESSAGES in columns:
        return {columns[MESSAGES]: to_cell(list(messages))}
    roles = [message["role"] for message in messages]
    if roles != ["user", "assistant"]:
        what = (
            f"“{stored.name}” holds single questions with their answers, and this is a longer conversation."
        )
        fix = "Add this turn alone and without a system prompt, or choose another data set."
        raise UserError(Problem(what, stored.ref, fix, code="layout"))
    return {columns["instruction"]: messages[0]["content"], columns["output"]: messages[1]["content"]}
