"""Folders and limits, read once from the environment."""

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from lib.errors import Problem, UserError


@dataclass(frozen=True)
class Settings:
    """Where Atelier keeps things and how much it accepts.

    `max_cell_characters` bounds one cell, `max_columns` and `max_rows` a table, `max_upload_mb` a file
    taken through the browser, `max_unpacked_mb` what an archive of images may hold. `host_idle_seconds` is
    how long the model host stays up unused. Below `data_roots` the Data page may read a path that somebody types.
    """

    home: Path
    models: Path | None
    max_upload_mb: int = 500
    max_unpacked_mb: int = 10_000
    max_rows: int = 5_000_000
    max_columns: int = 1_000
    max_cell_characters: int = 1_000_000
    host_idle_seconds: int = 900
    data_roots: tuple[Path, ...] = ()

    @property
    def data(self) -> Path:
        """The folder of stored data sets."""
        return self.home / "data"

    @property
    def runs(self) -> Path:
        """The folder of runs."""
        return self.home / "runs"

    @property
    def cache(self) -> Path:
        """The folder of what can be made again: tokenised data, converted starters."""
        return self.home / "cache"

    @property
    def drafts(self) -> Path:
        """The folder of unfinished choices on the pages."""
        return self.home / "drafts"


def _whole_number(name: str, default: int) -> int:
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    if not text.isdigit() or int(text) == 0:
        problem = Problem(
            f"The environment variable {name} is {text!r}, which is not a positive whole number.",
            where=name,
            fix=f"Unset it to use {default}, or give a number.",
        )
        raise UserError(problem)
    return int(text)


def _folders(name: str) -> tuple[Path, ...]:
    """The folders in a variable, separated as in PATH."""
    parts = os.environ.get(name, "").split(os.pathsep)
    return tuple(Path(part).expanduser().resolve() for part in parts if part.strip())


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process. Raises UserError when a variable cannot be understood."""
    home = Path(os.environ.get("ATELIER_HOME") or Path.home() / ".atelier").expanduser().resolve()
    models = os.environ.get("ATELIER_MODELS")
    return Settings(
        home=home,
        models=Path(models).expanduser().resolve() if models else None,
        max_upload_mb=_whole_number("ATELIER_MAX_UPLOAD_MB", 500),
        max_unpacked_mb=_whole_number("ATELIER_MAX_UNPACKED_MB", 10_000),
        max_rows=_whole_number("ATELIER_MAX_ROWS", 5_000_000),
        host_idle_seconds=_whole_number("ATELIER_HOST_IDLE_SECONDS", 900),
        data_roots=_folders("ATELIER_DATA_ROOTS") or (Path.home().resolve(),),
    )
