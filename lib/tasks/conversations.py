"""Conversations as lists of turns: what was asked, what was answered, and what is wrong with them."""

from typing import Any

import pandas as pd

from lib.data.cells import as_messages
from lib.errors import Problem
from lib.tasks.chat_template import Messages

ASSISTANT = "assistant"


def asked_of(messages: Messages) -> Messages:
    """The conversation without the answers at its end, so that it is the assistant's turn."""
    end = len(messages)
    while end > 1 and messages[end - 1]["role"] == ASSISTANT:
        end -= 1
    return messages[:end]


def conversation(cell: Any) -> Messages:
    """The turns in a cell; of a cell that is no list, one turn of the user's."""
    return as_messages(cell) or [{"role": "user", "content": str(cell)}]


def from_instruction(instruction: str, given: Any, output: str) -> Messages:
    """One user's turn and its answer; an input stands below the instruction, a line between them."""
    text = f"{instruction}\n\n{given}" if isinstance(given, str) and given.strip() else instruction
    return [{"role": "user", "content": text}, {"role": ASSISTANT, "content": output}]


def is_answered(messages: Messages) -> bool:
    """Whether an answer that says something comes after something else."""
    return any(message["role"] == ASSISTANT and message["content"].strip() for message in messages[1:])


def last_answer(cell: str) -> str:
    """What the assistant says last, "" where it says nothing."""
    answers = [message["content"] for message in conversation(cell) if message["role"] == ASSISTANT]
    return answers[-1] if answers else ""


def last_words(cell: str) -> str:
    """What the assistant last answers to."""
    return asked_of(conversation(cell))[-1]["content"]


def check_conversations(cells: "pd.Series[str]", column: str) -> list[Problem]:
    """Cells that are no conversation, conversations without an answer, and speakers that are not known."""
    where = f'column "{column}"'
    chats = [as_messages(cell) for cell in cells]
    unread = sum(chat is None for chat in chats)
    if unread == len(chats):
        return [
            Problem(
                "No cell holds a conversation.",
                where,
                'Bring lists of turns: [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}].',
                code="messages-all-missing",
            )
        ]
    problems = []
    if unread:
        problems.append(
            Problem(
                f"{unread:,} of {len(chats):,} rows hold no conversation; they are left out.",
                where,
                "Write them as lists of turns with role and content, or go on without them.",
                "warning",
                "messages-unread",
            )
        )
    silent = sum(chat is not None and not is_answered(chat) for chat in chats)
    if silent == len(chats) - unread:
        problems.append(
            Problem(
                "In no conversation does the assistant answer, so there is nothing to learn.",
                where,
                'Give the turns to learn the role "assistant".',
                code="no-answers",
            )
        )
    elif silent:
        problems.append(
            Problem(
                f"In {silent:,} of {len(chats):,} conversations the assistant does not answer; they are left out.",
                where,
                "Add the answers, or go on without them.",
                "warning",
                "answers-missing",
            )
        )
    known = {"system", "user", ASSISTANT, "tool"}
    if odd := sorted({message["role"] for chat in chats for message in chat or []} - known):
        named = ", ".join(f'"{role}"' for role in odd[:3])
        problems.append(
            Problem(
                f"Some turns have a role that most models do not know: {named}.",
                where,
                "Call the speakers user, assistant and system.",
                "warning",
                "roles-unknown",
            )
        )
    return problems
