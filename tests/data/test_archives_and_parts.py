"""Tars, compressed files, and several files that are one data set."""

# ruff: noqa: E501 – tables of cases read best with a case a line.

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from lib.data import archive, compressed
from lib.data.parts import split_named
from lib.data.read import read_table, read_tables
from lib.errors import UserError
from lib.settings import get_settings


@pytest.fixture(autouse=True)
def own_home(home: Path) -> Path:
    return home


def picture(number: int = 0) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), (number * 40 % 255, 9, 9)).save(buffer, "PNG")
    return buffer.getvalue()


def tarred(members: dict[str, bytes], mode: str = "w:gz", extra: tuple[tarfile.TarInfo, ...] = ()) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as packed:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            packed.addfile(info, io.BytesIO(content))
        for info in extra:
            packed.addfile(info)
    return buffer.getvalue()


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return buffer.getvalue()


CSV = b"text,label\ngood day,joy\nbad day,anger\n"
TREE = {"train/cat/a.png": picture(), "train/dog/b.png": picture(1), "test/cat/c.png": picture(2)}


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
@pytest.mark.parametrize("at_path", [False, True])
def test_a_tar_of_a_split_tree_is_read(mode: str, at_path: bool, tmp_path: Path, home: Path) -> None:
    raw = tarred(TREE, mode)
    (tmp_path / "pets.tar").write_bytes(raw)
    table = read_table(tmp_path / "pets.tar") if at_path else read_table(raw, "pets.tar.gz")
    rows = [tuple(row) for row in table.frame[["label", "split"]].to_numpy()]
    assert rows == [("cat", "test"), ("cat", "train"), ("dog", "train")]
    assert table.files is not None and len(list(table.files.iterdir())) == 3
    assert not [path for path in (home / "cache" / "unpacked").glob("*")], "what was unpacked goes away"


def entry(name: str, kind: bytes, to: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, to
    return info


def test_links_devices_and_names_that_lead_out_of_a_tar_are_set_aside() -> None:
    raw = tarred(
        {**TREE, "../evil.png": picture(3), "/abs/evil.png": picture(3), "cat/..\\..\\evil.png": picture(3)},
        extra=(
            entry("cat/link.png", tarfile.SYMTYPE, "/etc/passwd"),
            entry("cat/hard.png", tarfile.LNKTYPE, "train/cat/a.png"),
            entry("cat/pipe.png", tarfile.FIFOTYPE),
            entry("cat/disk.png", tarfile.BLKTYPE),
        ),
    )
    table = read_table(raw, "pets.tar.gz")
    assert len(table.frame) == 3
    assert sorted(line.text for line in table.rejected) == sorted(
        ["../evil.png", "/abs/evil.png", "cat/../../evil.png", "cat/link.png", "cat/hard.png", "cat/pipe.png",
         "cat/disk.png"]
    )  # fmt: skip


def test_names_that_hide_what_they_are_are_shown_without_tricks() -> None:
    table = read_table(tarred({"ca\u202et/a.png": picture(), "do\x07g/b.png": picture(1)}), "pets.tgz")
    assert sorted(table.frame["label"]) == ["ca\ufffdt", "do\ufffdg"]


@pytest.mark.parametrize(
    ("pack", "name"),
    [(gzip.compress, "rows.csv.gz"), (bz2.compress, "rows.csv.bz2"), (lzma.compress, "rows.csv.xz")],
)
def test_a_single_compressed_file_is_read(pack: object, name: str) -> None:
    table = read_table(pack(CSV), name)  # type: ignore[operator]
    assert (table.frame["label"].tolist(), table.name) == (["joy", "anger"], name)


BAD = [
    ("a gzip within a gzip", gzip.compress(gzip.compress(CSV)), "rows.gz", "not-a-table"),
    ("a zip within a gzip", gzip.compress(zipped({"a.csv": CSV})), "rows.gz", "not-a-table"),
    ("a gzip cut short", gzip.compress(CSV * 500)[:-20], "rows.csv.gz", "broken-archive"),
    ("an xz cut short", lzma.compress(CSV * 500)[:-20], "rows.csv.xz", "broken-archive"),
    ("a gzip bomb", gzip.compress(b"a" * 60_000_000), "rows.csv.gz", "archive-too-large"),
    ("a bzip2 bomb", bz2.compress(b"a" * 60_000_000), "rows.csv.bz2", "archive-too-large"),
    ("a tar cut short", tarred(TREE, "w")[:700], "pets.tar", "broken-archive"),
    ("a tar of noise", b"\x00" * 257 + b"ustar" + b"\xff" * 600, "pets.tar", "broken-archive"),
    ("a tar of nothing", tarred({}), "pets.tar.gz", "empty"),
    ("a tar within a tar", tarred({"rows.csv": tarred({"rows.csv": CSV}, "w")}), "pets.tar.gz", "not-a-table"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "name", "code"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_a_bad_archive_is_refused_and_leaves_nothing(raw: bytes, name: str, code: str, home: Path) -> None:
    with pytest.raises(UserError) as refusal:
        read_table(raw, name)
    assert refusal.value.problems[0].code == code
    assert [path for path in home.rglob("*") if path.is_file()] == []


def test_bytes_and_entries_of_a_tar_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    small = replace(get_settings(), max_unpacked_mb=1)
    for module in (archive, compressed):
        monkeypatch.setattr(module, "get_settings", lambda: small)
    with pytest.raises(UserError, match="more than 1 MB"):
        read_table(tarred({f"cat/{n}.png": picture() * 6_000 for n in range(4)}, "w"), "pets.tar")
    monkeypatch.undo()
    monkeypatch.setattr(archive, "MAX_ENTRIES", 2)
    with pytest.raises(UserError, match="more than 2 files"):
        read_table(tarred(TREE, "w"), "pets.tar")


@pytest.mark.parametrize(
    ("name", "split"),
    [("wnut17_train.conll", "train"), ("dev.csv", "validation"), ("data/test/rows.csv", "test"), ("my-valid-set.csv",
     "validation"), ("train-00000-of-00002.parquet", "train"), ("rows.csv", None), ("train_test.csv", None),
     ("contest.csv", None)],
)  # fmt: skip
def test_a_name_tells_its_split(name: str, split: str | None) -> None:
    assert split_named(name) == split


def test_files_called_as_splits_become_one_table() -> None:
    table = read_tables([(CSV, "moods_test.csv"), (CSV.replace(b"day", b"night"), "moods_train.csv")])
    assert table.frame["split"].tolist() == ["train", "train", "test", "test"]
    assert table.name == "moods.csv"
    assert "moods_train.csv as train (2 rows)" in table.repairs[0]


def test_pieces_of_one_table_are_put_below_each_other() -> None:
    table = read_tables([(CSV, "part-1.csv"), (CSV, "part-2.csv")])
    assert (list(table.frame.columns), len(table.frame)) == (["text", "label"], 4)


@pytest.mark.parametrize(
    ("second", "name", "code"),
    [
        (b"text\nx y\n", "test.csv", "columns-differ"),
        (CSV, "rows.csv", "split-names"),
        (b"", "test.csv", "empty"),
    ],
)
def test_files_that_do_not_belong_together_are_refused(second: bytes, name: str, code: str) -> None:
    with pytest.raises(UserError) as refusal:
        read_tables([(CSV, "train.csv"), (second, name)])
    assert refusal.value.problems[0].code == code


def test_what_was_set_aside_and_mended_names_its_file() -> None:
    table = read_tables(
        [
            ("text,label\nitâ€™s,x\nb,y,z\n".encode(), "train.csv"),
            ("text,label\na,x\nitâ€™s,y\n".encode(), "test.csv"),
        ]
    )
    assert [line.reason.split(":")[0] for line in table.rejected] == ["train.csv"]
    assert table.originals is not None and table.originals["row"].tolist() == [1, 3]
    assert table.frame["text"].tolist() == ["it’s", "a", "it’s"]


@pytest.mark.parametrize("packed", ["zip", "tar", "folder"])
def test_an_archive_or_folder_of_splits_is_one_table(packed: str, tmp_path: Path) -> None:
    members = {"data/train.csv": CSV, "data/test.csv": CSV, "README.md": b"words"}
    if packed == "folder":
        for name, content in members.items():
            path = tmp_path / "moods" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        table = read_table(tmp_path / "moods")
    else:
        table = read_table(zipped(members) if packed == "zip" else tarred(members), f"moods.{packed}")
    assert table.frame["split"].value_counts().to_dict() == {"train": 2, "test": 2}


def test_images_beside_json_lines_that_name_them() -> None:
    about = b'{"file_name": "a.png", "label": "cat"}\n{"file_name": "b.png", "label": "dog"}\n{"file_name": "c.png", "label": "?"}\n'
    table = read_table(
        tarred({"a.png": picture(), "b.png": picture(1), "metadata.jsonl": about}), "pets.tar.gz"
    )
    assert table.frame["label"].tolist() == ["cat", "dog"]
    assert [line.text for line in table.rejected] == ["c.png"]
    assert pd.api.types.is_string_dtype(table.frame["file_name"])
