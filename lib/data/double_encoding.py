"""Puts text right that was written as UTF-8, read as Windows or Mac text and written again, where that is certain."""

import re

_UNDEFINED = {0x81, 0x8D, 0x8F, 0x90, 0x9D}


# The byte that each character had, as a careless program reads cp1252.
_WINDOWS = {
    chr(byte) if byte in _UNDEFINED else bytes([byte]).decode("cp1252"): byte for byte in range(0x80, 0x100)
}
_FROM_MAC = {char: bytes([byte]).decode("mac-roman") for char, byte in _WINDOWS.items()}
_HIGH = "".join(_WINDOWS)


def _class(first: int, last: int) -> str:
    """The characters of cp1252 for a range of bytes, as a class of a regular expression."""
    return "[" + re.escape("".join(char for char, byte in _WINDOWS.items() if first <= byte <= last)) + "]"


_TAIL = _class(0x80, 0xBF)
# What UTF-8's sequences of two, three and four bytes look like in cp1252.
_SEQUENCE = re.compile(
    f"{_class(0xC2, 0xDF)}{_TAIL}|{_class(0xE0, 0xEF)}{_TAIL}{{2}}|{_class(0xF0, 0xF4)}{_TAIL}{{3}}"
)
# The same after a detour through a Mac: what the lead bytes C2, C3, E2 and F0 became.
_MAC_HINT = re.compile("‰Û|å[£©®ÊÇÈ¡]|Ì[©¡±¼¶£¨ª«¤]")
_RUN = re.compile(f"[{re.escape(_HIGH)}]+")
# A cell in which none of this is found cannot be garbled in a way that is known here; also for Arrow's expressions.
SUSPECT = f"{_class(0xC2, 0xF4)}{_TAIL}|{_MAC_HINT.pattern}"
_LEADS = re.compile("[ÂÃâð]")
_MOST_ROUNDS = 3


def mended(text: str) -> str:
    """The text with doubly encoded characters put right; the same text when nothing in it is certain to be that.

    Certain means: all characters outside ASCII together are UTF-8 and decode to what people write, or they form a
    sequence that no language writes ("â€™", "ðŸ˜€", "Ã©" after or before a small letter).
    """
    for _ in range(_MOST_ROUNDS):
        better = _whole(text) or _by_the_mac(text) or _pieces(text)
        if not better or better == text:
            return text
        text = better
    return text


def _decoded(text: str) -> str | None:
    """The text decoded as UTF-8 from the bytes that its characters were in cp1252; None where that is impossible."""
    try:
        return bytes(byte if (byte := ord(char)) < 0x80 else _WINDOWS[char] for char in text).decode("utf-8")
    except (KeyError, UnicodeDecodeError):
        return None


def _whole(text: str, depth: int = _MOST_ROUNDS) -> str | None:
    """The text with all that is outside ASCII decoded, if people write that; perhaps only after another round."""
    found = _decoded(text)
    if found is None or found == text:
        return None
    if depth > 1 and (deeper := _whole(found, depth - 1)) is not None:
        return deeper
    return found if _is_written(found, text) else None


def _by_the_mac(text: str) -> str | None:
    """Text that a Mac wrote after it had read UTF-8 as cp1252 ("‰Ûª" for "’"), put right piece by piece."""
    if not _MAC_HINT.search(text):
        return None

    def piece(match: re.Match[str]) -> str:
        run = match.group()
        # What cp1252 does not define, a Mac did not know either and left as it was.
        between = "".join(char if char < "\xa0" else _FROM_MAC[char] for char in run)
        found = _SEQUENCE.sub(_sequence, between)
        # What is still not plain UTF-8 lost bytes on the way, and stays as it is.
        return found if not _SEQUENCE.search(found) and _kept_nothing(found, between) else run

    better = _RUN.sub(piece, text)
    return better if better != text else None


def _kept_nothing(found: str, between: str) -> bool:
    """Whether every character was part of a sequence: none of those in between is left over."""
    return found != between and _SEQUENCE.sub("", between) == ""


def _sequence(match: re.Match[str]) -> str:
    return _decoded(match.group()) or match.group()


def _pieces(text: str) -> str | None:
    """Single sequences that cannot be meant, in a text that holds other characters too."""

    def run(match: re.Match[str]) -> str:
        before, after = text[: match.start()][-1:], text[match.end() :][:1]
        beside = (before.isascii() and before.islower()) or (after.isascii() and after.islower())
        held = match.group()
        whole = _whole(held) or (_decoded(held) if beside else None)
        if whole is not None and (
            all(map(_is_mark, whole)) or (beside and held[0] in "ÃÅ" and whole.isalpha())
        ):
            return whole
        # Where leads are left over, the text was encoded more than twice or lost bytes: a part would be neither.
        if _LEADS.search(_SEQUENCE.sub("", held)) or _LEADS.search(_SEQUENCE.sub(_sequence, held)):
            return held
        return _SEQUENCE.sub(lambda one: mark if _is_mark(mark := _sequence(one)) else one.group(), held)

    return _RUN.sub(run, text)


def _is_mark(char: str) -> bool:
    """Quotation marks, dashes, the euro and the like, and everything beyond the first plane, such as emoji."""
    marks = "\u2010" <= char <= "\u205e" or char in ("€", "™")
    return len(char) == 1 and (marks or "\U0001f000" <= char <= "\U0001ffff")


def _is_written(found: str, text: str) -> bool:
    """Whether what came out is what people write: accents, marks and emoji, or three letters of another script."""
    strange = [char for char in found if char > "\x7f"]
    if any("\x80" <= char <= "\x9f" for char in strange):
        return False
    other = 0
    for char in strange:
        if "\u0370" <= char <= "\u1fff" or "\u3040" <= char <= "\ud7ff":
            other += 1
        elif not (
            char <= "\u017f"
            or _is_mark(char)
            or "\u2100" <= char <= "\u2bff"
            or char in "\ufe0f\u200d\u200b\ufeff"
        ):
            return False
    # "Ä…" and "É»" may be a capital before a mark; accented letters of Western languages come from Â and Ã.
    sure = sum(_is_mark(char) or "\xa0" <= char <= "\xff" or "\u2100" <= char <= "\u2bff" for char in strange)
    lower = any(char.islower() for char in text if char <= "\x7f")
    return other >= 3 or (
        other == 0 and sure > 0 and (lower or len(strange) > 1 or any(map(_is_mark, strange)))
    )
