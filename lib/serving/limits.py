"""How much one request may ask for, so that nobody fills the memory or keeps everybody else waiting."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Limits:
    """`rows` a request, `characters` a text, `messages` a conversation, `body_bytes` a request in all.

    `waiting` rows and conversations may queue for the model; more are asked to come back later. `rows_at_once` and
    `chats_at_once` are what the model reads together. `picture_bytes` bounds one picture.
    """

    rows: int = 256
    characters: int = 20_000
    messages: int = 200
    body_bytes: int = 8_000_000
    picture_bytes: int = 4_000_000
    waiting: int = 4_096
    rows_at_once: int = 256
    chats_at_once: int = 8

    def to_json(self) -> dict[str, int]:
        """The limits as plain JSON data."""
        return asdict(self)
