"""How a person says that a file is to be read, where what was recognised is not what they meant."""

import codecs
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from lib.errors import Problem, UserError

# What people call a delimiter that cannot be typed or seen.
DELIMITER_NAMES = {
    "tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "bar": "|", "space": " ", "colon": ":",
    "\\x01": "\x01", "\\x1f": "\x1f", "^a": "\x01",
}  # fmt: skip
MOST_DELIMITER_CHARACTERS = 8
# Python's codecs that no text file is written in.
_NO_FILES = frozenset(
    ["idna", "punycode", "undefined", "utf-7", "unicode_escape", "unicode-escape", "raw_unicode_escape",
     "raw-unicode-escape", "charmap", "mbcs", "oem"]
)  # fmt: skip


@dataclass(frozen=True)
class ReadAs:
    """What is to be taken as said; what is None is recognised.

    `header` is the number of the line (in a spreadsheet: of the row) that names the columns, from 1; 0 means that
    none does. `repair` allows text that was encoded twice to be put right.
    """

    delimiter: str | None = None
    encoding: str | None = None
    header: int | None = None
    sheet: str | None = None
    repair: bool = True

    @property
    def plain(self) -> bool:
        """Whether everything is left to be recognised."""
        return self == ReadAs()

    def checked(self) -> "ReadAs":
        """The same with plain values. Raises UserError with everything that means nothing."""
        problems = []
        delimiter = self.delimiter
        if delimiter is not None:
            delimiter = DELIMITER_NAMES.get(delimiter.strip().casefold() or delimiter, delimiter)
            if not delimiter or len(delimiter) > MOST_DELIMITER_CHARACTERS or set(delimiter) & set('"\r\n\0'):
                fix = (
                    f"Give 1 to {MOST_DELIMITER_CHARACTERS} characters without quotes, such as , or ; or tab."
                )
                what = f"{self.delimiter!r} cannot separate fields."
                problems.append(Problem(what, "delimiter", fix, code="bad-delimiter"))
        encoding = self.encoding
        if encoding is not None and (encoding := _codec(encoding)) is None:
            what = f"There is no text encoding called {self.encoding!r}."
            fix = "Give one such as utf-8, cp1252, utf-16, cp1251 or gb18030."
            problems.append(Problem(what, "encoding", fix, code="bad-encoding"))
        if self.header is not None and self.header < 0:
            problems.append(
                Problem(
                    "The header's line is counted from 1.",
                    "header",
                    "Give its number, or 0 for none.",
                    code="bad-header",
                )
            )
        if problems:
            raise UserError(*problems)
        return replace(self, delimiter=delimiter, encoding=encoding, sheet=self.sheet or None)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON data, without what is left to be recognised."""
        return {key: value for key, value in asdict(self).items() if value is not None and value is not True}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "ReadAs":
        """What `to_json` wrote."""
        return cls(
            **{
                key: value[key]
                for key in ("delimiter", "encoding", "header", "sheet", "repair")
                if key in value
            }
        )


def _codec(name: str) -> str | None:
    """Python's name of a text encoding; None for what is none (codecs such as rot13 and zlib are not)."""
    try:
        found = codecs.lookup(name.strip())
    except (LookupError, ValueError, TypeError):
        return None
    if not getattr(found, "_is_text_encoding", True) or found.name in _NO_FILES:
        return None
    return {"utf-8-sig": "utf-8", "utf_8_sig": "utf-8"}.get(found.name, found.name)
