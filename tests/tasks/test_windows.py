"""Windows over word pieces: every word whole in one of them, and spoken for where it has most context."""

import numpy as np
import pytest

from lib.tasks.windows import Window, best_window, word_windows


def pieces(*lengths: int) -> list[int]:
    """Which word each piece belongs to, for words of so many pieces."""
    return [word for word, length in enumerate(lengths) for _ in range(length)]


TABLE = [
    ("nothing to read", pieces(), 4, 2, []),
    ("all fits", pieces(1, 2, 1), 4, 2, [Window(0, 4)]),
    ("words of one piece", pieces(*[1] * 7), 4, 2, [Window(0, 4), Window(2, 6), Window(4, 7)]),
    ("without overlap", pieces(*[1] * 7), 4, 0, [Window(0, 4), Window(4, 7)]),
    ("a word is not cut at the end", pieces(1, 1, 1, 3), 4, 0, [Window(0, 3), Window(3, 6)]),
    ("the overlap begins with a whole word", pieces(1, 3, 1, 1), 5, 2, [Window(0, 5), Window(4, 6)]),
    ("a word longer than the window", pieces(1, 6, 1), 4, 2, [Window(0, 1), Window(1, 5, True), Window(7, 8)]),
    ("an overlap with no room for the next word", pieces(1, 1, 1, 1, 4), 4, 2, [Window(0, 4), Window(4, 8)]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("word_of", "room", "stride", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_windows_of(word_of: list[int], room: int, stride: int, expected: list[Window]) -> None:
    assert word_windows(word_of, room=room, stride=stride) == expected


@pytest.mark.parametrize("seed", range(40))
def test_every_word_that_fits_is_whole_in_some_window_and_no_window_is_in_vain(seed: int) -> None:
    random = np.random.default_rng(seed)
    word_of = pieces(*random.integers(1, 9, size=random.integers(1, 60)))
    room, stride = int(random.integers(1, 20)), int(random.integers(0, 12))
    windows = word_windows(word_of, room=room, stride=stride)
    shown = [set(range(window.start, window.end)) for window in windows]
    for word in set(word_of):
        own = {place for place, other in enumerate(word_of) if other == word}
        if len(own) <= room:
            assert any(own <= seen for seen in shown)
        else:
            assert any(window.cut and window.start == min(own) for window in windows)
    assert all(len(seen) <= room for seen in shown)
    for number, seen in enumerate(shown):
        assert seen - set().union(*shown[:number])


def test_a_word_is_spoken_for_where_its_poorer_side_is_richest() -> None:
    windows = [Window(0, 10), Window(5, 15)]
    assert [best_window(windows, place, place) for place in range(15)] == [0] * 8 + [1] * 7


def test_a_window_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="no room"):
        word_windows([0, 1], room=0, stride=0)
