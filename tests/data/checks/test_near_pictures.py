"""A picture is known again in another size, format and quality; other pictures are not taken for it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from lib.data.near_pictures import near_pictures, picture_marks


def drawn(seed: int, size: int = 160) -> Image.Image:
    """A picture with shapes that no other seed has."""
    random = np.random.default_rng(seed)
    picture = Image.new("RGB", (size, size), tuple(random.integers(150, 255, 3).tolist()))
    draw = ImageDraw.Draw(picture)
    for _ in range(9):
        left, top = random.integers(0, size - 40, 2).tolist()
        wide, high = random.integers(20, 80, 2).tolist()
        colour = tuple(random.integers(0, 200, 3).tolist())
        draw.ellipse((left, top, left + wide, top + high), fill=colour)
    return picture


CHANGES: dict[str, Callable[[Image.Image, Path], Path]] = {}


def change(name: str) -> Callable[[Callable[[Image.Image, Path], Path]], Callable[[Image.Image, Path], Path]]:
    def keep(function: Callable[[Image.Image, Path], Path]) -> Callable[[Image.Image, Path], Path]:
        CHANGES[name] = function
        return function

    return keep


@change("half the size")
def _half(picture: Image.Image, folder: Path) -> Path:
    picture.resize((80, 80)).save(path := folder / "half.png")
    return path


@change("a poor JPEG")
def _poor(picture: Image.Image, folder: Path) -> Path:
    picture.save(path := folder / "poor.jpg", quality=30)
    return path


@change("WebP")
def _webp(picture: Image.Image, folder: Path) -> Path:
    picture.save(path := folder / "other.webp", quality=70)
    return path


@change("brighter")
def _brighter(picture: Image.Image, folder: Path) -> Path:
    picture.point(lambda value: min(255, int(value * 1.1))).save(path := folder / "bright.png")
    return path


@change("grey")
def _grey(picture: Image.Image, folder: Path) -> Path:
    picture.convert("L").save(path := folder / "grey.png")
    return path


def groups_of(*paths: Path | None) -> np.ndarray:
    return near_pictures(*picture_marks(list(paths)))


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_copy_is_known_again(name: str, tmp_path: Path) -> None:
    paths = []
    for seed in range(12):
        drawn(seed).save(path := tmp_path / f"{seed}.png")
        paths.append(path)
    copies = [CHANGES[name](drawn(0), tmp_path)]
    found = groups_of(*paths, *copies)
    assert found[-1] == found[0]
    assert len(set(found.tolist())) == 12


def test_blank_pictures_are_not_copies_of_each_other(tmp_path: Path) -> None:
    Image.new("RGB", (100, 100), "white").save(one := tmp_path / "one.png")
    Image.new("RGB", (100, 100), "grey").save(other := tmp_path / "other.png")
    assert len(set(groups_of(one, other).tolist())) == 2


def test_a_small_thing_on_an_even_ground_is_not_another_small_thing(tmp_path: Path) -> None:
    paths = []
    for number, box in enumerate([(60, 60, 74, 88), (84, 64, 116, 76), (64, 90, 92, 104)]):
        picture = Image.linear_gradient("L").resize((160, 160)).point(lambda value: 140 + value // 4)
        ImageDraw.Draw(picture).rectangle(box, fill=60)
        picture.save(path := tmp_path / f"{number}.png")
        paths.append(path)
    assert len(set(groups_of(*paths).tolist())) == 3


def test_what_cannot_be_opened_is_alone_and_said(tmp_path: Path) -> None:
    (bad := tmp_path / "bad.png").write_bytes(b"no picture")
    hashes, greys = picture_marks([bad, None, tmp_path / "gone.png"])
    assert np.isnan(greys).all()
    assert len(set(near_pictures(hashes, greys).tolist())) == 3


@pytest.mark.slow
def test_copies_of_real_photos_are_found_and_few_others(tmp_path: Path, shared_data: Path) -> None:
    import zipfile

    zipfile.ZipFile(shared_data / "images" / "trash_photos.zip").extractall(tmp_path)
    paths = sorted(tmp_path.rglob("*.jpg"))
    before = groups_of(*paths)
    # 29 pairs, looked at one by one: the same thing photographed twice in all but one.
    assert len(paths) - len(set(before.tolist())) <= 30
    copies = []
    for number, path in enumerate(paths[::25][:100]):
        with Image.open(path) as picture:
            copies.append(tmp_path / f"copy{number}.jpg")
            picture.convert("RGB").resize((96, 72)).save(copies[-1], quality=60)
    found = groups_of(*paths, *copies)
    hits = sum(found[len(paths) + number] == found[25 * number] for number in range(len(copies)))
    assert hits >= 95
