"""What people typed, made harmless in Markdown: on one line, with nothing that Markdown or HTML would act on."""

import re

_ACTIVE = set("\\`*_{}[]()<>#|~!&$")


def plain(text: str) -> str:
    """A person's text as one line of Markdown that shows exactly its characters."""
    folded = " ".join(str(text).split())
    escaped = "".join(f"\\{sign}" if sign in _ACTIVE else sign for sign in folded)
    # At the beginning of a line these make a list, a quotation or a rule.
    return re.sub(r"^(\d+)([.)])", r"\1\\\2", re.sub(r"^([-+=])", r"\\\1", escaped))


def paragraphs(text: str) -> list[str]:
    """A person's text of several paragraphs (empty lines between them) as lines of Markdown, each harmless."""
    lines: list[str] = []
    for block in re.split(r"\n\s*\n", text.strip()):
        if block.strip():
            lines += [plain(block), ""]
    return lines


def fenced(text: str, language: str) -> list[str]:
    """A block of code as lines of Markdown, its fence longer than any run of backticks inside."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}{language}", text.strip("\n"), fence]
