"""Conversations with a run's model, kept in its folder: what was said, by whom, and how it was written."""

import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from filelock import FileLock

from lib.errors import Problem, UserError
from lib.runs.files import read_json, write_json
from lib.runs.folder import RunFolder

MOST_LISTED = 50
_ID = re.compile(r"[a-z0-9]{12}\Z")
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass
class Turn:
    """Something said. `role` is user or assistant.

    Of the assistant: `answers` are what each model wrote (see `lib.inference.chat.Answer`), `sides` which model wrote
    each ("tuned" or "untuned"), `seed` what they drew with, and `chosen` the one that the conversation goes on from,
    None while nobody has chosen. `vote` is what a blind vote said; `blind` that there is one to cast.
    """

    role: str
    content: str = ""
    answers: list[dict[str, Any]] = field(default_factory=list)
    sides: list[str] = field(default_factory=list)
    chosen: int | None = None
    seed: int = 0
    blind: bool = False
    vote: str | None = None

    @property
    def text(self) -> str:
        """What counts as said: of the assistant the chosen answer, "" while none is chosen."""
        if self.role == "user":
            return self.content
        return str(self.answers[self.chosen].get("text", "")) if self.chosen is not None else ""

    @property
    def waits_for_vote(self) -> bool:
        """Whether two answers stand here and nobody has chosen."""
        return self.role == "assistant" and self.blind and self.chosen is None

    @staticmethod
    def from_json(value: Any) -> "Turn":
        """The turn as it was written. Raises TypeError, KeyError or ValueError when it is none."""
        turn = Turn(**value)
        if turn.role not in ("user", "assistant") or len(turn.answers) != len(turn.sides):
            raise ValueError("no turn")
        if turn.chosen is not None:
            turn.answers[turn.chosen]["text"]
        return turn


@dataclass
class Chat:
    """A conversation: the system's words, how answers are to be written (changes to the run's way), and the turns.

    `revision` counts the times it was kept, so that two tabs cannot overwrite each other. Times are Unix seconds.
    """

    id: str
    system: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    turns: list[Turn] = field(default_factory=list)
    created: float = 0.0
    updated: float = 0.0
    revision: int = 0

    @property
    def title(self) -> str:
        """What was said first."""
        return next((turn.content for turn in self.turns if turn.role == "user"), "")

    def messages(self, turns: int | None = None) -> list[dict[str, str]]:
        """The first so many turns as {"role", "content"}, the system's words before them where there are any."""
        head = [{"role": "system", "content": self.system}] if self.system.strip() else []
        said = [turn for turn in self.turns[:turns] if turn.role == "user" or turn.chosen is not None]
        return [*head, *({"role": turn.role, "content": turn.text} for turn in said)]

    def forked(self) -> "Chat":
        """The same conversation under another id, to be kept as it is."""
        return replace(self, id=new_id(), revision=0)


def new_id() -> str:
    """An id that nobody guesses."""
    return "".join(secrets.choice(_LETTERS) for _ in range(12))


@dataclass(frozen=True)
class Headline:
    """A conversation in a list: its id, what was said first, and when it was used last (Unix seconds)."""

    id: str
    title: str
    updated: float


class Chats:
    """The conversations with one run's model: `chats/<id>.json` in its folder."""

    def __init__(self, run: RunFolder) -> None:
        self.folder = run.path / "chats"

    def __iter__(self) -> Iterator[Chat]:
        """Those kept, the one used last first; damaged files are passed over."""
        files = sorted(self.folder.glob("*.json"), key=_changed, reverse=True)
        found = (self.find(path.stem) for path in files[:MOST_LISTED])
        return iter([chat for chat in found if chat is not None])

    def headlines(self) -> list[Headline]:
        """Those in which something was said, the one used last first; quick, as only changed files are read anew."""
        files = sorted(self.folder.glob("*.json"), key=_changed, reverse=True)[:MOST_LISTED]
        found = [_headline(path, _changed(path)) for path in files]
        return [one for one in found if one is not None]

    def find(self, identity: str) -> Chat | None:
        """The conversation of that id; None when there is none, or it cannot be read."""
        if not _ID.match(identity):
            return None
        value = read_json(self._path(identity))
        try:
            turns = [Turn.from_json(turn) for turn in value["turns"]]
            return Chat(**{**value, "turns": turns, "id": identity})
        except (TypeError, KeyError, ValueError, IndexError):
            return None

    def keep(self, chat: Chat) -> None:
        """Write it down and count up its revision. Raises UserError when another tab has, or it cannot be written."""
        path = self._path(chat.id)
        now = time.time()
        kept = replace(chat, revision=chat.revision + 1, updated=now, created=chat.created or now)
        try:
            self.folder.mkdir(exist_ok=True)
            with FileLock(self.folder / f".{chat.id}.lock", timeout=20):
                there = read_json(path)
                if isinstance(there, dict) and there.get("revision") != chat.revision:
                    raise UserError(_moved_on())
                write_json(path, asdict(kept))
        except (OSError, TimeoutError) as error:
            what = f"The conversation could not be written down: {error}."
            raise UserError(
                Problem(what, str(path), "Free some space, then try again.", code="cannot-write")
            ) from error
        chat.revision, chat.updated, chat.created = kept.revision, kept.updated, kept.created

    def forget(self, identity: str) -> None:
        """Delete it; nothing happens when it is gone already."""
        if _ID.match(identity):
            self._path(identity).unlink(missing_ok=True)
            (self.folder / f".{identity}.lock").unlink(missing_ok=True)

    def _path(self, identity: str) -> Path:
        return self.folder / f"{identity}.json"


@lru_cache(maxsize=1_000)
def _headline(path: Path, changed: float) -> Headline | None:
    """The headline of a file as it was at that time; None for one that cannot be read, or is empty."""
    value = read_json(path)
    try:
        title = next(turn["content"] for turn in value["turns"] if turn["role"] == "user")
        return Headline(path.stem, str(title), float(value["updated"])) if _ID.match(path.stem) else None
    except (TypeError, KeyError, ValueError, StopIteration):
        return None


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # deleted in another tab
        return 0.0


def _moved_on() -> Problem:
    return Problem(
        "This conversation went on in another tab in the meantime.",
        fix="It is shown here as it is now; what you just asked for was not done.",
        code="chat-moved-on",
    )
