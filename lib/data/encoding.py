"""Finds out how a file's bytes spell text, and turns them into lines without ever failing."""

import codecs
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from lib.data.codepage import guess_latin, guess_page

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: it starts with the same two bytes
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BLOCK = 1 << 22


def _windows_western() -> dict[int, str]:
    table = {}
    for byte in range(0x80, 0xA0):
        try:
            table[byte] = bytes([byte]).decode("cp1252")
        except UnicodeDecodeError:  # 81 8D 8F 90 9D mean nothing in cp1252: kept as control characters
            continue
    return table


_CP1252 = _windows_western()
_CP1252_UNDEFINED = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_NON_ASCII = re.compile(rb"[\x80-\xff]")


@dataclass(frozen=True)
class Encoding:
    """How bytes spell text: the codec, the length of the byte-order mark, and what did not fit.

    `odd_lines` counts lines that the codec cannot decode; `lines` decodes them one by one as cp1252 (in
    UTF-16 and UTF-32, what cannot be decoded becomes U+FFFD). `garbled_lines` counts lines whose
    characters look as if they had been decoded wrongly before they came to us, out of `accented_lines`
    looked at. `western` is False when so many bytes are not ASCII that a Western codec is a poor guess.
    `guessed` says that the code page was told by its letters, `said` that a person named it.
    """

    name: str
    bom: int = 0
    odd_lines: int = 0
    garbled_lines: int = 0
    accented_lines: int = 0
    western: bool = True
    guessed: bool = False
    said: bool = False


def _decodes(raw: bytes, codec: str, start: int) -> bool:
    """Whether all of the bytes decode, found out block by block to spare memory."""
    decoder = codecs.getincrementaldecoder(codec)()
    view = memoryview(raw)
    try:
        for begin in range(start, len(raw), _BLOCK):
            decoder.decode(view[begin : begin + _BLOCK], final=begin + _BLOCK >= len(raw))
    except UnicodeDecodeError:
        return False
    return True


def _wide_codec(raw: bytes) -> str | None:
    """The UTF-16 flavour of bytes without a mark: mostly-ASCII text has a NUL in every other place."""
    head = raw[: 1 << 16]
    half = max(len(head) // 2, 1)
    even, odd = head[0::2].count(0) / half, head[1::2].count(0) / half
    if odd > 0.4 and even < 0.1:
        return "utf-16-le"
    if even > 0.4 and odd < 0.1:
        return "utf-16-be"
    return None


def _plausibility(text: str) -> float:
    """How much the non-ASCII characters of a text look like accents and punctuation in their place."""
    score = 0.0
    for match in re.finditer(r"[^\x00-\x7f]", text):
        char, at = match.group(), match.start()
        before, after = text[at - 1 : at], text[at + 1 : at + 2]
        inside = before.isalpha() or after.isalpha()
        if char.islower():
            score += 1.0 if inside else 0.0
        elif char.isupper():
            score += -1.0 if before.islower() else 0.3
        elif char in "’‘“”–—…«»€£§°© ":
            score += 1.0
        else:
            score -= 1.0
    return score


def _decode_loosely(line: bytes) -> str:
    return line.decode("latin-1").translate(_CP1252)


def _decode_line(line: bytes, codec: str) -> str:
    try:
        return line.decode(codec)
    except UnicodeDecodeError:
        return _decode_loosely(line)


# UTF-8 once read as cp1252 and saved again; and the same saved by a Mac, as old spreadsheets did.
_TWICE = re.compile(r"Ã[\u0080-\u00bf]|Â[\u0080-\u00bf]|â€[\u0080-\u00bf™œ˜“”žŸ¦¢]|ðŸ")
_TWICE_MAC = re.compile(rb"\xe5[\x80-\xff]|\x89\xdb[\x80-\xff]|\xcc[\x80-\xff]")


def _count_garbled(raw: bytes, codec: str) -> tuple[int, int]:
    """(garbled, accented) among the lines with bytes outside ASCII, at most 20,000 of them."""
    garbled = accented = 0
    for line in io.BytesIO(raw):
        if line.isascii():
            continue
        accented += 1
        if _TWICE.search(_decode_line(line, codec)):
            garbled += 1
        elif codec == "cp1252" and _TWICE_MAC.search(line):
            garbled += bool(_TWICE.search(line.decode("mac-roman")))
        if accented >= 20_000:
            break
    return garbled, accented


def _recognise_bytewise(raw: bytes) -> Encoding:
    """Tell apart UTF-8 with damaged lines, cp1252 and Mac Roman, for bytes that are not all UTF-8."""
    valid = invalid = undefined = letters = high = 0
    sample: list[bytes] = []
    for line in io.BytesIO(raw):
        if line.isascii():
            continue
        try:
            line.decode("utf-8")
            valid += 1
            continue
        except UnicodeDecodeError:
            invalid += 1
        undefined += bool(_CP1252_UNDEFINED.search(line))
        if len(sample) < 500:
            sample.append(line)
            high += len(_NON_ASCII.findall(line))
            letters += sum(byte < 0x80 and chr(byte).isalpha() for byte in line)
    if valid > invalid:
        garbled, accented = _count_garbled(raw, "utf-8")
        return Encoding("utf-8", odd_lines=invalid, garbled_lines=garbled, accented_lines=accented)
    probe = b"".join(sample)
    western = _plausibility(_decode_loosely(probe)) - len(_CP1252_UNDEFINED.findall(probe))
    mac = _plausibility(probe.decode("mac-roman"))
    garbled, accented = _count_garbled(raw, "cp1252")
    # Mac Roman is rare today: it has to explain the bytes well and clearly better.
    if mac > max(western, 0) + 0.5 * high and garbled < accented / 4:
        return Encoding("mac-roman", accented_lines=accented)
    western_text = high <= 0.4 * (letters + high)
    page = guess_latin(_decode_loosely(probe)) if western_text else guess_page(sample)
    if page and (not western_text or garbled < accented / 4):
        odd = sum(not _decodes(line, page, 0) for line in sample)
        return Encoding(page, odd_lines=odd, accented_lines=accented, guessed=True)
    return Encoding(
        "cp1252",
        odd_lines=undefined,
        garbled_lines=garbled,
        accented_lines=accented,
        western=western_text,
    )


def recognise(raw: bytes, said: str | None = None) -> Encoding:
    """The encoding of the bytes: as was `said`, by mark, by strict UTF-8, by NULs, or by plausibility."""
    if said is not None:
        return _as_said(raw, said)
    for mark, codec in _BOMS:
        if raw.startswith(mark):
            if _decodes(raw, codec, len(mark)):
                return Encoding(codec, bom=len(mark))
            if codec == "utf-8":
                found = _recognise_bytewise(raw[len(mark) :])
                return Encoding("utf-8", bom=len(mark), odd_lines=max(found.odd_lines, 1))
            damaged = raw[len(mark) :].decode(codec, errors="replace")
            odd = sum("\ufffd" in line for line in damaged.split("\n"))
            return Encoding(codec, bom=len(mark), odd_lines=odd)
    if raw.isascii() and b"\0" not in raw:
        return Encoding("utf-8")
    if (wide := _wide_codec(raw)) and _decodes(raw, wide, 0):
        return Encoding(wide)
    if _decodes(raw, "utf-8", 0):
        garbled, accented = _count_garbled(raw, "utf-8")
        return Encoding("utf-8", garbled_lines=garbled, accented_lines=accented)
    return _recognise_bytewise(raw)


def _as_said(raw: bytes, name: str) -> Encoding:
    """The encoding that a person named, with the lines that it cannot decode."""
    marks = {"utf-8": ("utf-8",), "utf-16": ("utf-16-le", "utf-16-be"), "utf-32": ("utf-32-le", "utf-32-be")}
    bom = 0
    for mark, codec in _BOMS:
        if raw.startswith(mark) and (codec == name or codec in marks.get(name, ())):
            name, bom = codec, len(mark)
            break
    name = {"utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(
        name, name
    )  # without a mark, as Windows writes it
    odd = 0
    if not _decodes(raw, name, bom):
        odd = sum("\ufffd" in line for line in raw[bom:].decode(name, errors="replace").split("\n")) or 1
    return Encoding(name, bom=bom, odd_lines=odd, said=True)


def line_end(raw: bytes, encoding: Encoding) -> str:
    """What ends a line, as `newline` of Python's text files: a line feed, or "" for carriage returns too.

    With line feeds in the file, a bare carriage return is part of a cell far more often than a line's end.
    """
    head = raw[: 1 << 22]
    if encoding.name.startswith(("utf-16", "utf-32")):
        head = head.replace(b"\0", b"")
    feeds = head.count(b"\n")
    bare = head.count(b"\r") - head.count(b"\r\n")
    return "" if bare > 2 * feeds else "\n"


def lines(raw: bytes, encoding: Encoding) -> Iterator[str]:
    """The physical lines of the file, each with its line end, decoded as found by `recognise`."""
    newline = line_end(raw, encoding)
    stream = io.BytesIO(raw)
    stream.seek(encoding.bom)
    bytewise = encoding.odd_lines and not encoding.said and encoding.name in ("utf-8", "cp1252")
    if not bytewise:
        yield from io.TextIOWrapper(stream, encoding=encoding.name, errors="replace", newline=newline)
        return
    for line in stream:
        text = _decode_line(line, encoding.name)
        if newline == "" and "\r" in text:
            yield from io.StringIO(text, newline="")
        else:
            yield text


def head_lines(raw: bytes, size: int = 1 << 16) -> list[str]:
    """The whole lines among the first `size` bytes, decoded well enough to tell what kind of file it is."""
    head = raw[:size]
    found = list(lines(head, recognise(head)))
    return found[:-1] if len(head) < len(raw) and len(found) > 1 else found
