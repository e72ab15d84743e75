"""A conversation as the tokens that a model reads before it answers, and what of it had no place."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lib.errors import Problem, UserError
from lib.tasks.base import Brief, Task
from lib.tasks.chat_template import ChatFormat, Messages, fitted
from lib.tasks.manner import Manner

ROLES = ("system", "user", "assistant")
# Longer than any prompt: so that a task cuts nothing before we can say what is cut.
_ENDLESS = 1_000_000_000


@dataclass(frozen=True)
class Prompt:
    """What is read: `ids`, cut to `room` tokens.

    `limit` is the most that prompt and answer may be together, `dropped` how many of the oldest turns were left out,
    `cut` how many tokens at the beginning of what was left. `ends` are the tokens that end an answer.
    """

    ids: list[int]
    limit: int
    room: int
    dropped: int
    cut: int
    ends: tuple[int, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """What is said of it: counts, without the tokens."""
        return {
            "read": len(self.ids),
            "limit": self.limit,
            "room": self.room,
            "dropped": self.dropped,
            "cut": self.cut,
        }


def has_turns(task: Task) -> bool:
    """Whether the task knows who speaks; else each text of the user's is read by itself."""
    return task.slug == "chat"


def check_messages(messages: Sequence[Any]) -> Messages:
    """The turns as they are read. Raises UserError for what is no conversation, or one with nothing to answer."""
    problems = []
    for number, turn in enumerate(messages, 1):
        where = f"turn {number}"
        if not isinstance(turn, dict) or turn.get("role") not in ROLES:
            fix = f"Give each turn one of these roles: {', '.join(ROLES)}."
            problems.append(Problem("A turn has no role that is known.", where, fix, code="role"))
        elif not isinstance(turn.get("content"), str):
            problems.append(Problem("A turn has no text.", where, "Give it a content.", code="content"))
    if not problems and not any(turn["role"] == "user" and turn["content"].strip() for turn in messages):
        problems.append(
            Problem("The conversation has nothing to answer.", "messages", "Say something.", code="no-text")
        )
    if problems:
        raise UserError(*problems)
    return [{"role": turn["role"], "content": turn["content"]} for turn in messages]


def prompt_of(task: Task, processor: Any, brief: Brief, messages: Messages, manner: Manner) -> Prompt:
    """The prompt of a conversation, as `predict` would make it of the same one; turns as `check_messages` gives them.

    The oldest turns are left out while it is too long, then the beginning of the last is cut. Raises UserError when
    the model's chat template refuses the conversation.
    """
    limit = brief.max_length
    room = max(1, limit - max(1, min(manner.max_new_tokens, limit // 2)))
    if has_turns(task):
        chat = ChatFormat.of(processor)
        ids, dropped = fitted(chat, messages, room)
        ends: tuple[int, ...] = (chat.end_id,)
    else:
        said = next(turn["content"] for turn in reversed(messages) if turn["role"] == "user")
        [column] = task.inputs(brief.columns)
        ids = task.encode(processor, {column: [said]}, brief.changed(max_length=_ENDLESS))["input_ids"][0]
        dropped, ends = 0, ()
    kept = list(ids)[-room:]
    return Prompt(kept, limit, room, dropped, len(ids) - len(kept), ends)
