"""A conversation as a file to keep: a line of JSON that can be learned from, or Markdown to read."""

import json
from collections.abc import Sequence

_SPEAKERS = {"system": "System", "user": "User", "assistant": "Assistant"}


def as_jsonl(messages: Sequence[dict[str, str]]) -> str:
    """One line {"messages": [{"role", "content"}, …]}, as chat data sets have them."""
    return json.dumps({"messages": list(messages)}, ensure_ascii=False) + "\n"


def as_markdown(messages: Sequence[dict[str, str]], model: str) -> str:
    """The turns under the names of their speakers.

    What was said is quoted and kept as it was written: it is for reading, and nothing in it becomes a heading of ours.
    """
    parts = [f"# A conversation with {' '.join(model.split())}"]
    for message in messages:
        lines = message["content"].splitlines() or [""]
        quoted = "\n".join(f"> {line}".rstrip() for line in lines)
        parts.append(f"**{_SPEAKERS.get(message['role'], message['role'])}**\n\n{quoted}")
    return "\n\n".join(parts) + "\n"
