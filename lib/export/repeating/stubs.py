"""What the pieces below expect of the program they were taken from (Atelier, Apache-2.0)."""

from typing import Any


class UserError(Exception):
    """Something the person can put right."""


def Problem(what: str, *rest: Any, **more: Any) -> str:
    """What is wrong, as a sentence."""
    return what
