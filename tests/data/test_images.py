"""What `read_table` makes of zips and folders of images, above all of hostile ones."""

import io
import stat
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from lib.data import archive, images
from lib.data.read import read_table
from lib.data.table import Table
from lib.errors import UserError
from lib.settings import get_settings


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ATELIER_HOME", str(tmp_path / "home"))
    get_settings.cache_clear()
    yield tmp_path / "home"
    get_settings.cache_clear()


def picture(number: int = 0, kind: str = "PNG", mode: str = "RGB", size: int = 16) -> bytes:
    pixels = np.random.default_rng(number).integers(0, 255, (size, size, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(buffer, kind)
    return buffer.getvalue()


def zipped(members: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", how) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return buffer.getvalue()


def read(*paths: str, **more: bytes) -> Table:
    """The table of a zip with a different picture at each of the paths."""
    return read_table(zipped({path: picture(number) for number, path in enumerate(paths)} | more), "p.zip")


def unpacked(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "cache").rglob("*") if path.is_file())


def as_rows(table: Table, *columns: str) -> list[tuple[str | None, ...]]:
    frame = table.frame[list(columns)]
    return [tuple(None if pd.isna(cell) else cell for cell in row) for row in frame.to_numpy()]


TREES = [
    ("class folders", ["cat/a.png", "dog/b.png"], [("cat", None), ("dog", None)]),
    ("a folder round them", ["pets/cat/a.png", "pets/dog/b.png"], [("cat", None), ("dog", None)]),
    ("two folders round them", ["x/y/cat/a.png", "x/y/dog/b.png"], [("cat", None), ("dog", None)]),
    ("folders within a class", ["cat/one/a.png", "cat/two/b.png", "dog/c.png"],
     [("cat", None), ("cat", None), ("dog", None)]),
    ("emoji and spaces", ["😀/a.png", "big cats/b.png"], [("big cats", None), ("😀", None)]),
    ("an accent in two code points", ["cafe\u0301/a.png", "tea/b.png"], [("café", None), ("tea", None)]),
    ("a tree split already", ["train/cat/a.png", "train/dog/b.png", "val/cat/c.png", "test/dog/d.png"],
     [("dog", "test"), ("cat", "train"), ("dog", "train"), ("cat", "validation")]),
    ("other words for splits", ["d/Train/cat/a.png", "d/Train/dog/b.png", "d/valid/cat/c.png", "d/dev/dog/d.png"],
     [("cat", "train"), ("dog", "train"), ("dog", "validation"), ("cat", "validation")]),
    ("a test part without labels", ["train/cat/a.png", "train/dog/b.png", "test/c.png"],
     [(None, "test"), ("cat", "train"), ("dog", "train")]),
    ("classes named as splits", ["test/a.png", "exam/b.png"], [("exam", None), ("test", None)]),
    ("one image without a folder", ["cat/a.png", "dog/b.png", "cover.png"],
     [("cat", None), (None, None), ("dog", None)]),
]  # fmt: skip


@pytest.mark.parametrize(("paths", "expected"), [case[1:] for case in TREES], ids=[case[0] for case in TREES])
def test_the_folders_give_label_and_split(paths: list[str], expected: list[tuple[str | None, ...]]) -> None:
    frame = read(*paths).frame
    split = "split" in frame
    columns = ["label", "split"] if split else ["label"]
    rows = [tuple(None if pd.isna(cell) else cell for cell in row) for row in frame[columns].to_numpy()]
    assert [row if split else (*row, None) for row in rows] == expected


def test_backslashes_and_names_in_utf_8_without_its_mark_are_understood() -> None:
    raw = zipped({"c__t\\a.png": picture(), "dog\\b.png": picture(1)})
    raw = raw.replace(b"c__t", "cât".encode())
    assert read_table(raw, "p.zip").frame["label"].tolist() == ["cât", "dog"]


def test_an_image_is_kept_under_the_hash_of_its_bytes(home: Path) -> None:
    table = read_table(
        zipped({"cat/a.png": picture(), "dog/same.png": picture(), "dog/b.JPEG": picture(1, "JPEG")}), "p.zip"
    )
    names = table.frame["image"].tolist()
    assert names[0] == names[2] and names[1].endswith(".jpg")
    assert table.files is not None and table.files.parent == home / "cache" / "images"
    assert {path.name: path.read_bytes() for path in table.files.iterdir()} == {
        names[0]: picture(),
        names[1]: picture(1, "JPEG"),
    }
    assert table.format == {"format": "images", "images": 2}


KINDS = [
    ("PNG", ["RGB", "RGBA", "L", "LA", "P", "1", "I;16"]),
    ("JPEG", ["RGB", "L", "CMYK"]),
    ("WEBP", ["RGB", "RGBA"]),
    ("GIF", ["P", "L", "1"]),
    ("BMP", ["RGB", "L", "P"]),
    ("TIFF", ["RGB", "RGBA", "L", "CMYK", "1"]),
]


@pytest.mark.parametrize(("kind", "mode"), [(kind, mode) for kind, modes in KINDS for mode in modes])
def test_every_usual_kind_of_image_is_read(kind: str, mode: str) -> None:
    table = read_table(
        zipped({f"cat/a.{kind.lower()}": picture(3, kind, mode), "dog/b.png": picture()}), "p.zip"
    )
    assert (len(table.frame), table.rejected) == (2, ())


def test_housekeeping_files_are_ignored_and_others_counted() -> None:
    table = read_table(
        zipped(
            {
                "p/cat/a.png": picture(),
                "p/dog/b.png": picture(1),
                "__MACOSX/p/cat/._a.png": b"x",
                "p/.DS_Store": b"x",
                "p/cat/Thumbs.db": b"x",
                "p/readme.md": b"x",
                "p/cat/notes.txt": b"x",
                "p/cat/": b"",
            }
        ),
        "p.zip",
    )
    assert table.repairs == (
        "Read as 2 images in 2 class folders.",
        "2 files that are not images were left out.",
    )
    assert table.rejected == ()


def png_of_size(width: int, height: int) -> bytes:
    raw = bytearray(picture())
    raw[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    import zlib

    raw[29:33] = zlib.crc32(raw[12:29]).to_bytes(4, "big")
    return bytes(raw)


BAD = [
    ("no image at all", "cat/x.png", b"hello", "no image of a known format"),
    ("nothing", "cat/x.png", b"", "no image of a known format"),
    ("a page under an image's name", "cat/x.jpg", b"<html></html>", "no image of a known format"),
    ("a JPEG broken off", "cat/x.jpg", picture(1, "JPEG", size=200)[:3_000], "damaged or not complete"),
    ("a PNG broken off", "cat/x.png", picture(1)[:-20], "damaged or not complete"),
    (
        "a PNG with a wrong byte",
        "cat/x.png",
        picture(1)[:60] + b"\xff\xfe" + picture(1)[62:],
        "damaged or not complete",
    ),
    ("121 million pixels", "cat/x.png", png_of_size(11_000, 11_000), "11,000 × 11,000 pixels"),
    ("400 million pixels", "cat/x.png", png_of_size(20_000, 20_000), "100,000,000 pixels"),
    ("a bomb", "cat/x.png", bytes(5_000_000), "made to fill a disk"),
    ("a way out", "../cat/x.png", picture(1), "leads out of the archive"),
    ("another way out", "cat\\..\\..\\x.png", picture(1), "leads out of the archive"),
    ("an absolute name", "/etc/x.png", picture(1), "leads out of the archive"),
    ("a Windows drive", "C:/x.png", picture(1), "leads out of the archive"),
]


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(
    ("name", "content", "reason"), [case[1:] for case in BAD], ids=[case[0] for case in BAD]
)
def test_a_bad_file_is_set_aside_with_its_name_and_the_others_are_read(
    home: Path, name: str, content: bytes, reason: str
) -> None:
    table = read_table(
        zipped({"cat/good.png": picture(), name: content, "dog/good.png": picture(2)}), "p.zip"
    )
    assert sorted(as_rows(table, "label")) == [("cat",), ("dog",)]
    assert [(line.line, line.text, reason in line.reason) for line in table.rejected] == [
        (2, name.replace("\\", "/"), True)
    ], table.rejected
    assert len(unpacked(home)) == 2
    assert [problem.code for problem in table.problems] == ["rejected-lines"]


def test_a_link_in_a_zip_is_not_followed(home: Path) -> None:
    buffer = io.BytesIO(zipped({"cat/a.png": picture(), "dog/b.png": picture(1)}))
    with zipfile.ZipFile(buffer, "a") as packed:
        link = zipfile.ZipInfo("cat/link.png")
        link.create_system = 3
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        packed.writestr(link, "/etc/passwd")
    table = read_table(buffer.getvalue(), "p.zip")
    assert (len(table.frame), table.rejected[0].reason) == (2, "It is a link, and links are not followed.")
    assert len(unpacked(home)) == 2


def test_a_file_that_says_it_is_smaller_than_it_is_does_not_get_through() -> None:
    content = picture(1, "BMP", size=64)
    raw = zipped({"cat/x.bmp": content, "dog/b.png": picture()})
    lied = raw.replace(len(content).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    assert lied != raw
    table = read_table(lied, "p.zip")
    assert [line.text for line in table.rejected] == ["cat/x.bmp"]


def test_a_file_locked_with_a_password_is_set_aside() -> None:
    raw = bytearray(zipped({"cat/x.png": picture(1), "dog/b.png": picture()}))
    at = raw.index(b"PK\x01\x02")
    raw[at + 8] |= 1
    assert read_table(bytes(raw), "p.zip").rejected[0].reason == "It is locked with a password."


REFUSED = [
    ("an empty zip", zipped({}), "empty", "holds no files"),
    ("nothing but housekeeping", zipped({"__MACOSX/a.png": b"x"}), "empty", "holds no files"),
    ("documents", zipped({"a.doc": b"x"}), "not-a-table", "neither images nor a table"),
    ("different tables", zipped({"a.csv": b"t\nx\n", "b.csv": b"u\nx\n"}), "not-a-table", "2 tables"),
    ("no good image", zipped({"cat/x.png": b"hello"}), "no-images", "None of the 1 image"),
    ("a zip broken off", zipped({"cat/a.png": picture()})[:-40], "broken-zip", "damaged or not complete"),
    (
        "a table that is a bomb",
        zipped({"a.csv": b"text\n" + b"a\n" * 2_000_000}),
        "not-a-table",
        "fill a disk",
    ),
    ("an OpenDocument file", zipped({"META-INF/manifest.xml": b"x"}), "not-a-table", "OpenDocument"),
]


@pytest.mark.parametrize(
    ("raw", "code", "says"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_a_zip_without_anything_usable_is_refused_and_leaves_nothing(
    home: Path, raw: bytes, code: str, says: str
) -> None:
    with pytest.raises(UserError) as refusal:
        read_table(raw, "p.zip")
    problem = refusal.value.problems[0]
    assert (problem.code, says in problem.what, bool(problem.fix)) == (code, True, True), problem
    assert unpacked(home) == []


def test_more_bytes_than_accepted_are_refused_while_they_come(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = replace(get_settings(), max_unpacked_mb=1)
    monkeypatch.setattr(archive, "get_settings", lambda: small)
    members = {f"cat/{n}.bmp": picture(n, "BMP", size=400) for n in range(4)}
    with pytest.raises(UserError, match="more than 1 MB when unpacked"):
        read_table(zipped(members), "p.zip")
    assert unpacked(home) == []
    assert list((home / "cache" / "images").iterdir()) == []


def test_more_entries_than_accepted_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_ENTRIES", 3)
    with pytest.raises(UserError, match="more than 3 files"):
        read("a/1.png", "a/2.png", "b/3.png", "b/4.png")


TABLES = [
    ("file names", "file_name,label\na.png,cat\nb.png,dog\n", "file_name"),
    ("paths", "path,label\nimgs/a.png,cat\nimgs/b.png,dog\n", "path"),
    ("paths from elsewhere up", "label,image\ncat,./imgs/a.png\ndog,./imgs/b.png\n", "image"),
    (
        "paths on another machine",
        "path,label\n/home/ann/x/imgs/a.png,cat\n/home/ann/x/imgs/b.png,dog\n",
        "path",
    ),
    ("names without their ending", "id,label\na,cat\nb,dog\n", "id"),
    ("another case and Windows' paths", "image,label\nimgs\\A.PNG,cat\nimgs\\B.png,dog\n", "image"),
]


@pytest.mark.parametrize(("text", "column"), [case[1:] for case in TABLES], ids=[case[0] for case in TABLES])
def test_a_table_beside_the_images_names_them(text: str, column: str) -> None:
    table = read("imgs/a.png", "imgs/b.png", "imgs/c.png", **{"labels.csv": text.encode()})
    assert table.files is not None
    assert [
        ((table.files / name).read_bytes(), label) for name, label in as_rows(table, column, "label")
    ] == [(picture(0), "cat"), (picture(1), "dog")]
    assert "1 image that “labels.csv” does not name was left out." in table.repairs


def test_rows_whose_image_is_missing_or_broken_are_set_aside() -> None:
    text = b"image,label\na.png,cat\nx.png,dog\nb.png,dog\n,dog\nc.png,cat\n"
    members = {"a.png": picture(), "b.png": b"hello", "c.png": picture(1), "labels.csv": text}
    table = read_table(zipped(members), "p.zip")
    assert table.frame["label"].tolist() == ["cat", "cat"]
    assert [(line.line, line.reason) for line in table.rejected] == [
        (2, "Its image is not in the archive."),
        (3, "Its image is in the archive but cannot be read."),
        (4, "It names no image."),
    ]


def test_class_folders_speak_before_a_table() -> None:
    table = read("cat/a.png", "dog/b.png", **{"list.csv": b"file,width\na.png,16\nb.png,16\n"})
    assert list(table.frame.columns) == ["image", "label"]
    assert "1 file that is not an image was left out." in table.repairs


def test_images_in_no_folder_have_no_label_and_a_warning() -> None:
    table = read("photos/a.png", "photos/b.png")
    assert list(table.frame.columns) == ["image"]
    assert [problem.code for problem in table.problems] == ["no-labels"]


INSIDE = [
    ("a CSV", "data/rows.csv", b"text,label\na,x\nb,y\n", "delimited"),
    ("JSON Lines", "rows.jsonl", b'{"text": "a"}\n{"text": "b"}\n', "json-lines"),
    ("CoNLL", "rows.conll", b"John\tB-PER\n\nHi\tO\n", "conll"),
    ("a text file", "rows.txt", b"text\tlabel\na\tx\nb\ty\n", "delimited"),
]


@pytest.mark.parametrize(
    ("member", "content", "form"), [case[1:] for case in INSIDE], ids=[case[0] for case in INSIDE]
)
def test_a_zip_that_holds_one_table_is_that_table(member: str, content: bytes, form: str) -> None:
    table = read_table(zipped({member: content, "readme.md": b"x"}), "p.zip")
    assert (len(table.frame), table.format["format"], table.files) == (2, form, None)
    assert table.repairs[0] == f"“{member}” was read from “p.zip”."


def test_a_folder_is_read_like_a_zip_without_following_links(tmp_path: Path) -> None:
    for number, name in enumerate(("cat/a.png", "dog/b.png")):
        path = tmp_path / "pets" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(picture(number))
    (tmp_path / "pets" / "dog" / "out.png").symlink_to(tmp_path / "pets" / "cat" / "a.png")
    (tmp_path / "pets" / "elsewhere").symlink_to(tmp_path, target_is_directory=True)
    table = read_table(tmp_path / "pets")
    assert (table.name, as_rows(table, "label")) == ("pets", [("cat",), ("dog",)])
    assert sorted(line.text for line in table.rejected) == ["dog/out.png", "elsewhere"]
    assert table.files is not None and len(list(table.files.iterdir())) == 2


def test_a_path_to_a_zip_gives_the_same_as_its_bytes(tmp_path: Path) -> None:
    raw = zipped({"cat/a.png": picture(), "dog/b.png": picture(1)})
    (tmp_path / "p.zip").write_bytes(raw)
    one, other = read_table(tmp_path / "p.zip"), read_table(raw, "p.zip")
    assert one.frame.equals(other.frame)
    assert one.files == other.files


def test_what_was_removed_from_the_unpacked_images_is_put_back() -> None:
    first = read("cat/a.png", "dog/b.png")
    assert first.files is not None
    (first.files / first.frame["image"][0]).unlink()
    again = read("cat/a.png", "dog/b.png")
    assert again.files is not None and len(list(again.files.iterdir())) == 2


def test_images_unpacked_long_ago_are_removed_when_others_come() -> None:
    import os

    old = read("cat/a.png", "dog/b.png").files
    assert old is not None
    week = time.time() - 8 * 86_400
    os.utime(old, (week, week))
    new = read("cat/c.png", "dog/d.png", "dog/e.png").files
    assert new is not None and new.is_dir() and not old.exists()


def test_a_full_disk_is_a_sentence_and_leaves_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(images, "publish_folder", full)
    with pytest.raises(UserError, match="No space left on device"):
        read("cat/a.png", "dog/b.png")
    assert unpacked(home) == []


def test_real_photos_are_read_in_full_in_seconds(shared_data: Path) -> None:
    started = time.perf_counter()
    table = read_table(shared_data / "images" / "trash_photos.zip")
    assert time.perf_counter() - started < 20  # about 2 s on two idle cores
    assert (len(table.frame), table.rejected) == (2_527, ())
    assert table.frame["label"].value_counts().to_dict() == {
        "paper": 594, "glass": 501, "plastic": 482, "metal": 410, "cardboard": 403, "trash": 137,
    }  # fmt: skip
