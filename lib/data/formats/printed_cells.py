"""Turns lists and objects that a program printed into cells (NumPy arrays, Python dictionaries) into JSON."""

import ast
import json
import re
from typing import Any

from lib.data.cells import to_cell

# A syntax tree takes some hundred bytes a character.
_MOST_CHARACTERS = 100_000
_STRINGS = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")
_NUMBERS = re.compile(r"\[\s*(?:-?\d+(?:\.\d*)?(?:e[-+]?\d+)?\s*)*\]", re.IGNORECASE)


def as_json_cell(text: str) -> str | None:
    """The JSON of a printed array or dictionary; None for what is JSON or a Python list already, or anything else.

    Arrays that NumPy cut short ("…") are nothing: their middle is lost.
    """
    bare = text.strip()
    if (
        len(bare) > _MOST_CHARACTERS
        or bare[:1] not in ("[", "{", "a")
        or ("..." in bare and _cut_short(bare))
    ):
        return None
    if bare.startswith("["):
        return _printed_array(bare)
    if bare.startswith("{"):
        try:
            json.loads(bare)
            return None
        except (ValueError, RecursionError):
            pass
    elif not bare.startswith("array("):
        return None
    try:
        return to_cell(_plain(ast.parse(bare, mode="eval").body))
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return None


def _cut_short(text: str) -> bool:
    return "..." in _STRINGS.sub("", text)


def _printed_array(text: str) -> str | None:
    """["a" "b"] and [1 2 3] without commas; None when there are commas between the items."""
    if _NUMBERS.fullmatch(text):
        items = text[1:-1].split()
        if len(items) < 2:
            return None
        whole = all(re.fullmatch(r"-?\d+", item) for item in items)
        return to_cell([int(item) if whole else float(item) for item in items])
    between = _STRINGS.sub("", text[1:-1])
    found = _STRINGS.findall(text[1:-1])
    if not text.endswith("]") or between.strip() or len(found) < 2:
        return None
    try:
        return to_cell([ast.literal_eval(item) for item in found])
    except (ValueError, SyntaxError):
        return None


def _plain(node: ast.expr) -> Any:
    """The value of a syntax tree of constants, lists, dictionaries and array(…). Raises ValueError for others."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str | int | float | bool | None):
        return node.value
    if isinstance(node, ast.List | ast.Tuple):
        return [_plain(item) for item in node.elts]
    if isinstance(node, ast.Dict) and None not in node.keys:
        return {
            str(_plain(key)): _plain(value) for key, value in zip(node.keys, node.values, strict=True) if key
        }
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _plain(node.operand)
        if isinstance(value, int | float):
            return -value
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "array"
        and node.args
    ):
        return _plain(node.args[0])
    raise ValueError("not plain")
