"""What is worth knowing of an answer, in words: how fast it came, what was read, why it ends."""

from typing import Any

from lib.ui.numbers import count, significant

SIDES = {"tuned": "after training", "untuned": "before training"}


def speed_words(answer: dict[str, Any]) -> str:
    """Length, speed and wait: "41 tokens · 12 tokens a second · first after 0.30 s"."""
    written, seconds, first = (
        int(answer.get("written", 0)),
        answer.get("seconds", 0.0),
        answer.get("first", 0.0),
    )
    parts = [count(written, "token")]
    # Of writing alone: the first token's time is that of reading.
    if written > 1 and seconds > first:
        parts.append(f"{significant((written - 1) / (seconds - first))} tokens a second")
    if first:
        parts.append(f"first after {significant(first)} s")
    return " · ".join(parts)


def reading_words(answer: dict[str, Any]) -> str:
    """How much of what the model reads was used, and what was left out of it."""
    reading = answer.get("reading") or {}
    if not reading:
        return ""
    used = int(reading["read"]) + int(answer.get("written", 0))
    said = f"{used:,} of {count(int(reading['limit']), 'token')} of context used"
    if dropped := int(reading["dropped"]):
        said += f"; the oldest {count(dropped, 'message')} had no place and were left out"
    if cut := int(reading["cut"]):
        said += f"; the first {count(cut, 'token')} of what was left had no place and were cut"
    return said


def end_words(answer: dict[str, Any]) -> str:
    """Why it ends, where it did not end by itself."""
    match answer.get("finish"):
        case "length":
            return "ends here: that is the longest answer allowed"
        case "stopped" | None:
            return "stopped before its end"
    return ""


def answer_words(answer: dict[str, Any], *, seed: int | None = None) -> str:
    """All of it in a line; `seed` where it was drawn with one."""
    parts = [speed_words(answer), reading_words(answer), end_words(answer)]
    if seed is not None:
        parts.append(f"seed {seed}")
    return " · ".join(part for part in parts if part)


def lacks_place(answer: dict[str, Any]) -> bool:
    """Whether something of the conversation was not read."""
    reading = answer.get("reading") or {}
    return bool(reading.get("dropped") or reading.get("cut"))
