"""Windows over a row of word pieces that is longer than a model reads at once; words are never cut in two."""

from collections.abc import Sequence
from typing import NamedTuple


class Window(NamedTuple):
    """The pieces from `start` up to, but not with, `end`; `cut` when its only word is longer than the window."""

    start: int
    end: int
    cut: bool = False


def word_windows(word_of: Sequence[int], *, room: int, stride: int) -> list[Window]:
    """Windows of at most `room` pieces that together show every word whole; neighbours share about `stride` pieces.

    `word_of` says for each piece which word it belongs to (rising). A word of more than `room` pieces gets a window
    of its own and loses its end. The overlap is at most half of the room. Raises ValueError for room below 1.
    """
    if room < 1:
        raise ValueError(f"no room for any piece: {room}")
    stride = max(0, min(stride, room // 2))
    found: list[Window] = []
    start, length = 0, len(word_of)
    while start < length:
        end = min(start + room, length)
        if end < length:
            end = _border_before(word_of, start, end)
        if end == start:
            found.append(Window(start, start + room, cut=True))
            start = _border_from(word_of, start + room)
            continue
        found.append(Window(start, end))
        if end == length:
            break
        # Far enough along for the next word to fit in as well, or the window would show nothing new.
        fits = _border_from(word_of, end + 1) - room
        start = min(_border_from(word_of, max(end - stride, start + 1, fits)), end)
    return found


def best_window(windows: Sequence[Window], first: int, last: int) -> int:
    """The number of the window in which the word of the pieces `first` to `last` has most context on its poorer side.

    Of equals the first counts. Raises ValueError when no window holds the word.
    """
    holding = [
        (number, window) for number, window in enumerate(windows) if window.start <= first < window.end
    ]
    return max(holding, key=lambda item: (min(first - item[1].start, item[1].end - 1 - last), -item[0]))[0]


def _border_before(word_of: Sequence[int], start: int, end: int) -> int:
    """The last place up to `end` where a word begins; `start` when there is none after it."""
    while end > start and word_of[end] == word_of[end - 1]:
        end -= 1
    return end


def _border_from(word_of: Sequence[int], place: int) -> int:
    """The first place from `place` on where a word begins, or the end."""
    while place < len(word_of) and word_of[place] == word_of[place - 1]:
        place += 1
    return place
