"""The tokens of an input as a person reads them: their letters, where they stand in the text, which are special."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from typing import Any

# What is shown of a token that is a blank alone, and of one that is a later byte of the letter before it.
BLANK, LATER_BYTE = "␣", "·"
# Beyond this no token of the text is looked for; the model has not read so far either.
_MOST_TOKENS = 4_096


@dataclass(frozen=True)
class Token:
    """One token. `before` is what stands between it and the one before; `special` tokens are not of any text.

    `part` names the role whose text it stands in, from character `start` to `end`; None where that is not known,
    as of what the model has written itself.
    """

    text: str
    before: str = ""
    special: bool = False
    part: str | None = None
    start: int | None = None
    end: int | None = None

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


def read_tokens(tokenizer: Any, ids: Sequence[int], texts: Mapping[str, str]) -> list[Token]:
    """The tokens of `ids`; `texts` are what was given, by role, in the order in which the model reads them.

    Places are known with tokenizers that tell them (the fast ones), and where the text's own tokens are found again
    among the ids, whatever stands around them.
    """
    special = set(tokenizer.all_special_ids)
    pieces = tokenizer.convert_ids_to_tokens(list(ids))
    unknown = tokenizer.unk_token_id
    ending = tokenizer.convert_tokens_to_ids("##s")
    # WordPiece marks the pieces that go on, the other kinds those that begin a word.
    marks_endings = ending is not None and ending != unknown
    found = [
        _plain(tokenizer, number, str(piece), special=number in special, marks_endings=marks_endings)
        for number, piece in zip(ids, pieces, strict=True)
    ]
    begin = 0
    for part, text in texts.items():
        places = _places(tokenizer, ids, begin, text)
        last = -1
        for at, (start, end) in sorted(places.items()):
            # A lone blank is said to stand where the word after it does.
            if end <= start or found[at].text == BLANK or (ids[at] in special and ids[at] != unknown):
                continue
            # Some tokenizers count the blank before a word as part of it.
            start += len(text[start:end]) - len(text[start:end].lstrip(" ")) if text[start:end].strip() else 0
            # Bytes of one letter share a place; only the first of them shows it.
            shown = text[max(start, last) : end] or LATER_BYTE
            before = text[last:start] if last >= 0 else found[at].before
            found[at] = Token(shown, before, part=part, start=start, end=end)
            last = end
        if places:
            begin = max(places) + 1
    return found


def _plain(tokenizer: Any, number: int, piece: str, *, special: bool, marks_endings: bool) -> Token:
    """A token by its piece alone."""
    if special:
        return Token(piece, " ", special=True)
    if marks_endings:
        return Token(piece[2:]) if piece.startswith("##") and len(piece) > 2 else Token(piece, " ")
    text = str(tokenizer.decode([number]))
    text = piece if "\ufffd" in text or not text else text
    begins = piece[:1] in ("▁", "Ġ")
    return Token(text.lstrip(" ▁") or BLANK, " " if begins and text.strip(" ▁") else "")


def _places(tokenizer: Any, ids: Sequence[int], begin: int, text: str) -> dict[int, tuple[int, int]]:
    """Where in the text the tokens from `begin` on stand, by their place among the ids."""
    if not getattr(tokenizer, "is_fast", False) or not text:
        return {}
    own = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    offsets = own["offset_mapping"][:_MOST_TOKENS]
    matcher = SequenceMatcher(None, list(ids)[begin:], own["input_ids"][:_MOST_TOKENS], autojunk=False)
    # From the longest run on, so that a word of a template is not taken for one of the text.
    blocks = [block for block in matcher.get_matching_blocks() if block.size]
    return {
        begin + block.a + step: tuple(offsets[block.b + step])
        for block in blocks
        for step in range(block.size)
    }
