"""Changes of pictures: each really changes the picture and leaves it an RGB picture."""

import numpy as np
import pytest
from PIL import Image

from lib.tasks.picture_changes import PICTURE_CHANGES


def picture() -> Image.Image:
    """Uneven from left to right and in colour, so that every change shows."""
    values = np.random.default_rng(0).integers(40, 200, size=(60, 90, 3), dtype=np.uint8)
    values[:, :45, 0] //= 4
    return Image.fromarray(values)


@pytest.mark.parametrize("change", PICTURE_CHANGES, ids=lambda change: change.name)
def test_a_change_is_seen_and_the_same_each_time(change) -> None:
    before = picture()
    after = change.apply(before, np.random.default_rng(1))
    assert after.mode == "RGB"
    assert after.size != before.size or not np.array_equal(np.asarray(after), np.asarray(before))
    again = change.apply(before, np.random.default_rng(1))
    assert np.array_equal(np.asarray(after), np.asarray(again))


BY_NAME = {change.name: change for change in PICTURE_CHANGES}


@pytest.mark.parametrize(("name", "factor"), [("dark", 0.5), ("bright", 1.6)])
def test_brightness_changes_by_what_is_said(name: str, factor: float) -> None:
    grey = Image.new("RGB", (8, 8), (100, 100, 100))
    assert np.asarray(BY_NAME[name].apply(grey, np.random.default_rng(0))).mean() == pytest.approx(
        100 * factor, abs=1
    )


def test_a_mirrored_picture_mirrored_again_is_the_picture() -> None:
    mirror = BY_NAME["mirror"]
    twice = mirror.apply(mirror.apply(picture(), np.random.default_rng(0)), np.random.default_rng(0))
    assert np.array_equal(np.asarray(twice), np.asarray(picture()))
