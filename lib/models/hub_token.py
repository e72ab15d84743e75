"""The token that opens gated and private models: held in memory, shown to nobody, written nowhere."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from lib.errors import Problem, UserError

# How a token that was typed for one visit reaches the process that downloads.
VISIT_VARIABLE = "ATELIER_VISIT_TOKEN"
TOKENS_PAGE = "/settings/tokens"


@dataclass(frozen=True)
class Token:
    """An access token of the Hub. Its value is in no repr, so that no log or error message can hold it."""

    value: str = field(repr=False)

    @property
    def header(self) -> dict[str, str]:
        """The header that carries it."""
        return {"Authorization": f"Bearer {self.value}"}


def as_token(text: str) -> Token:
    """What a person typed or a variable holds, as a token. Raises UserError when it cannot be one."""
    value = text.strip()
    if not value or not value.isascii() or not value.isprintable() or " " in value:
        raise UserError(
            Problem(
                "What was given as a token is not one.",
                "token",
                "A token is one word that begins with hf_; copy it whole.",
                code="hub-token",
            )
        )
    return Token(value)


def find_token() -> Token | None:
    """The token of this process: the visit's, that of HF_TOKEN, or that of a login with `hf auth login`."""
    for name in (VISIT_VARIABLE, "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        if text := os.environ.get(name, "").strip():
            return as_token(text)
    if os.environ.get("HF_HUB_DISABLE_IMPLICIT_TOKEN", "").upper() in ("1", "ON", "YES", "TRUE"):
        return None
    try:
        text = token_file().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return as_token(text) if text else None


def token_file() -> Path:
    """Where a login keeps its token; it is only ever read here."""
    return Path(os.path.expandvars(os.environ.get("HF_TOKEN_PATH") or hub_home() / "token")).expanduser()


def hub_home() -> Path:
    """HF_HOME, as every tool of the Hub understands it."""
    named = os.environ.get("HF_HOME")
    if named:
        return Path(os.path.expandvars(named)).expanduser()
    caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(os.path.expandvars(caches)).expanduser() / "huggingface"
