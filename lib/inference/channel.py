"""How the app and the model host talk: JSON lines over a socket that only this user can open."""

import json
import os
import socket
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from lib.errors import Problem, UserError
from lib.settings import get_settings

# A request or answer is small: rows travel as Parquet files beside it.
MOST_BYTES = 10_000_000
# What the host runs. Views and charts may change under it without a restart.
HOST_PARTS = (
    "errors.py",
    "option.py",
    "settings.py",
    "data",
    "tasks",
    "methods",
    "models",
    "runs",
    "inference",
)


class Reading(Protocol):
    """What messages are read from."""

    def readline(self, size: int = ..., /) -> bytes:
        """At most `size` bytes of the next line."""


class Writing(Protocol):
    """What messages are written to."""

    def write(self, data: bytes, /) -> Any:
        """Take the bytes."""

    def flush(self) -> Any:
        """Send what was taken."""


def socket_path() -> Path:
    """Where the host of this ATELIER_HOME listens, in a folder that is this user's alone.

    Not inside ATELIER_HOME: a socket's path may be 107 bytes long at most, and homes can be longer. Raises UserError
    when somebody else owns the folder.
    """
    user = os.getuid() if hasattr(os, "getuid") else 0
    digest = sha256(str(get_settings().home).encode()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"atelier-{user}-{digest}"
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if hasattr(os, "getuid") and (status.st_uid != user or status.st_mode & 0o077):
        raise UserError(
            Problem(
                f"The folder {folder} belongs to somebody else or is open to others.",
                fix="Remove it, or set TMPDIR to a folder of your own.",
                code="socket-folder",
            )
        )
    return folder / "host.sock"


def code_version() -> str:
    """Changes whenever code of the host does, so that the app never talks to a host of yesterday's code."""
    root = Path(__file__).resolve().parents[1]
    files = [
        path
        for part in HOST_PARTS
        for path in ([root / part] if part.endswith(".py") else sorted((root / part).rglob("*.py")))
    ]
    parts = [f"{path}:{path.stat().st_mtime_ns}" for path in files if path.is_file()]
    return sha256("\n".join(parts).encode()).hexdigest()[:16]


def connect(*, timeout: float | None = None) -> socket.socket:
    """A connection to the host. Raises OSError when none listens."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(timeout)
    try:
        connection.connect(str(socket_path()))
    except OSError:
        connection.close()
        raise
    return connection


def send(stream: Writing, message: dict[str, Any]) -> None:
    """Write one message."""
    stream.write(json.dumps(message).encode() + b"\n")
    stream.flush()


def receive(stream: Reading) -> dict[str, Any] | None:
    """Read one message; None at the end. Raises ValueError when it is not one."""
    line = stream.readline(MOST_BYTES)
    if not line:
        return None
    message = json.loads(line)
    if not isinstance(message, dict):
        raise ValueError("a message is a JSON object")
    return message
