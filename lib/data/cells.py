"""Reads what a cell of text holds when it is structured: a list, the turns of a chat, answers or spans."""

import ast
import io
import json
import re
import tokenize
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, Literal

Items = Literal[
    "", "strings", "tags", "integers", "numbers", "messages", "answers", "spans", "objects", "mixed"
]

# Beyond this a list written in Python's way is not worth the memory that its syntax tree would take.
_PYTHON_CHARACTERS = 200_000
# How tools call the parts of a span.
_STARTS = ("start", "start_offset", "begin", "start_char", "startOffset")
_ENDS = ("end", "end_offset", "stop", "end_char", "endOffset")
_LABELS = ("label", "entity", "tag", "type", "labels", "entity_group", "class", "category")
_TAG = re.compile(r"(O|[BIESLUM]-\S.*)\Z")
_SPEAKERS = {"human": "user", "gpt": "assistant", "bot": "assistant", "model": "assistant"}
_TOOLS = frozenset({"function", "function_call", "function_response", "observation", "tool", "tool_response"})
# Two quoted strings with nothing but space between them: how NumPy prints an array.
_NO_COMMA = re.compile(r"""['"]\s+['"]""")


def to_cell(value: Any) -> str:
    """A list or object as the JSON text that a cell holds; halves of surrogate pairs become U+FFFD."""
    return whole_text(json.dumps(value, ensure_ascii=False))


def whole_text(text: str) -> str:
    """The text with surrogates joined to characters; those left over, which no file can hold, become U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def as_list(cell: str | None) -> list[Any] | None:
    """The list in a cell, written as JSON or as Python would; None when the cell holds none."""
    if not isinstance(cell, str):
        return None
    text = cell.strip()
    if not (text.startswith("[") and text.endswith("]")):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = _python_list(text)
    return value if isinstance(value, list) else None


def _python_list(text: str) -> Any:
    if len(text) > _PYTHON_CHARACTERS:
        return None
    try:
        value = ast.literal_eval(text)
        return None if _NO_COMMA.search(text) and _strings_touch(text) else value
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError, tokenize.TokenError):
        return None


def _strings_touch(text: str) -> bool:
    """Whether two strings follow each other without a comma: Python would glue them together."""
    kinds = [
        token.type
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type not in (tokenize.NL, tokenize.NEWLINE)
    ]
    return any(one == other == tokenize.STRING for one, other in pairwise(kinds))


def _value(cell: str | None) -> Any:
    """What the cell holds as JSON or as a Python list; None when it is plain text or missing."""
    if isinstance(cell, str) and cell.strip().startswith("{"):
        try:
            return json.loads(cell)
        except (ValueError, RecursionError):
            return None
    return as_list(cell)


def as_messages(cell: str | None) -> list[dict[str, str]] | None:
    """The turns of a chat as {"role", "content"}; None when the cell holds no chat.

    Reads {role, content} and ShareGPT's {from, value}. Roles become user, assistant, system or tool; other
    roles are kept in lower case. A turn without content has "".
    """
    turns = as_list(cell)
    if not turns:
        return None
    found = []
    for turn in turns:
        if not isinstance(turn, Mapping):
            return None
        role, content = (turn.get("role"), turn.get("content")) if "role" in turn else (
            turn.get("from"), turn.get("value")
        )  # fmt: skip
        if not isinstance(role, str) or not role.strip():
            return None
        role = role.strip().lower()
        role = "tool" if role in _TOOLS else _SPEAKERS.get(role, role)
        found.append({"role": role, "content": _content(content)})
    return found


def _content(content: Any) -> str:
    """The text of a turn; of content in parts, the texts of those parts that have one."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list) and all(isinstance(part, Mapping) for part in content):
        return "\n".join(part["text"] for part in content if isinstance(part.get("text"), str))
    return to_cell(content)


def as_answers(text_cell: str | None, start_cell: str | None = None) -> list[dict[str, Any]]:
    """The answers to a question as {"text": str, "start": int | None}; none when the cell is empty.

    Reads a list of {text, start} or {text, answer_start}, {"text": […], "answer_start": […]}, a list of
    texts, and plain text. `start_cell` gives the starts (a number or a list) where the answers have none.
    """
    if not isinstance(text_cell, str) or not text_cell.strip():
        return []
    value = _value(text_cell)
    if isinstance(value, Mapping) and "text" in value:
        texts, starts = value["text"], value.get("answer_start", value.get("start"))
        texts, starts = (texts, starts) if isinstance(texts, list) else ([texts], [starts])
        return _paired(texts, starts if isinstance(starts, list) else [])
    if isinstance(value, list) and all(isinstance(item, Mapping) and "text" in item for item in value):
        return _paired(
            [item["text"] for item in value], [item.get("start", item.get("answer_start")) for item in value]
        )
    starts = as_list(start_cell)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return _paired(value, starts or [start_cell])
    return _paired([text_cell], starts or [start_cell])


def _paired(texts: list[Any], starts: list[Any]) -> list[dict[str, Any]]:
    padded = [*starts, *[None] * len(texts)]
    return [
        {"text": text, "start": _whole(start)}
        for text, start in zip(texts, padded, strict=False)
        if isinstance(text, str) and text.strip()
    ]


def _whole(value: Any) -> int | None:
    """The number of characters that a value means, if it means one: not negative, no fraction."""
    if isinstance(value, str):
        match = re.fullmatch(r"\s*(\d{1,15})(\.0*)?\s*", value)
        return int(match[1]) if match else None
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0 or value != value // 1:
        return None
    return int(value)


def as_spans(cell: str | None) -> list[dict[str, Any]] | None:
    """The spans in a cell as {"start": int, "end": int, "label": str}; None when it holds no list of spans.

    Reads objects with start, end and label, as tools spell them (start_offset, begin, entity_group, labels …), and
    lists [start, end, label]. An item that is no span makes the whole cell none, so that no span is lost unseen.
    """
    items = as_list(cell)
    if items is None:
        return None
    found = []
    for item in items:
        if isinstance(item, Mapping):
            start, end = (next((item[key] for key in keys if key in item), None) for keys in (_STARTS, _ENDS))
            label = next((item[key] for key in _LABELS if key in item), None)
        elif isinstance(item, list | tuple) and len(item) == 3:
            start, end, label = item
        else:
            return None
        if isinstance(label, list) and len(label) == 1:  # as Label Studio writes it
            label = label[0]
        if isinstance(label, int) and not isinstance(label, bool):  # the number of a label in the tool
            label = str(label)
        first, last = _whole(start), _whole(end)
        if first is None or last is None or not isinstance(label, str) or not label.strip():
            return None
        found.append({"start": first, "end": last, "label": label})
    return found


def is_tag(text: str) -> bool:
    """Whether a text is a tag of the BIO family: O, or B-, I-, E-, S-, L-, U- or M- and a name."""
    return _TAG.match(text) is not None


def items_of(lists: Iterable[list[Any]]) -> Items:
    """What the items of the lists are, of all lists together; "" when all of them are empty."""
    items = [item for one in lists for item in one]
    if not items:
        return ""
    if all(isinstance(item, str) for item in items):
        return "tags" if all(map(is_tag, items)) else "strings"
    if all(isinstance(item, int) and not isinstance(item, bool) for item in items):
        return "integers"
    if all(isinstance(item, int | float) and not isinstance(item, bool) for item in items):
        return "numbers"
    if all(isinstance(item, Mapping) for item in items):
        if all({"role", "content"} <= item.keys() or {"from", "value"} <= item.keys() for item in items):
            return "messages"
        if all(
            ({"start", "end"} <= item.keys() and not {"text", "answer_start"} & item.keys())
            or _labelled(item)
            for item in items
        ):
            return "spans"
        if all("text" in item and ("start" in item or "answer_start" in item) for item in items):
            return "answers"
        return "objects"
    if all(isinstance(item, list | tuple) and len(item) == 3 and isinstance(item[2], str) for item in items):
        return "spans"
    return "mixed"


def _labelled(item: Mapping[str, Any]) -> bool:
    """Whether an object with a text is a span all the same: it has a start, an end and a label."""
    return all(any(key in item for key in keys) for keys in (_STARTS, _ENDS, _LABELS))
