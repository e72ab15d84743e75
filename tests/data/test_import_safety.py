"""A failed import leaves the store as it was, a full disk is a sentence, and two people do not collide."""

import gzip
import io
import json
import multiprocessing
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lib.data.read import read_table
from lib.data.roots import allowed_path
from lib.data.store import list_datasets, open_dataset, save
from lib.errors import UserError
from lib.settings import get_settings

ROOT = Path(__file__).resolve().parents[2]


def csv(rows: int, word: str = "text") -> bytes:
    return b"text,label\n" + "".join(f"{word} number {n},{'ab'[n % 2]}\n" for n in range(rows)).encode()


def photos(count: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for number in range(count):
            pixels = np.random.default_rng(number).integers(0, 255, (60, 60, 3), dtype=np.uint8)
            photo = io.BytesIO()
            Image.fromarray(pixels).save(photo, "PNG")
            packed.writestr(f"{('cat', 'dog')[number % 2]}/{number}.png", photo.getvalue())
    return buffer.getvalue()


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# Runs in a process of its own, in which no file may grow beyond some bytes: the disk is full as far as it can tell.
FULL_DISK = """
import json, resource, sys
from pathlib import Path
from lib.data.read import read_table
from lib.data.store import save
from lib.errors import UserError
from lib.ui.staging import stage
file, limit, do = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
raw = file.read_bytes()
table = read_table(raw, file.name) if do == "save" else None
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
try:
    if do == "read": read_table(raw, file.name)
    elif do == "stage": stage(raw, file.name)
    else: save(table, name="moods")
    print(json.dumps("done"))
except UserError as error:
    print(json.dumps([error.problems[0].code, error.problems[0].what, error.problems[0].fix]))
"""


@pytest.mark.parametrize(
    ("name", "make", "do", "limit"),
    [("rows.csv", lambda: csv(30_000), "save", 20_000), ("rows.csv", lambda: csv(30_000), "stage", 20_000),
     ("pets.zip", lambda: photos(6), "read", 2_000),
     ("rows.csv.gz", lambda: gzip.compress(csv(30_000)), "read", 20_000)],
    ids=["saving", "keeping an upload", "unpacking images", "unpacking a table"],
)  # fmt: skip
def test_a_full_disk_is_a_sentence_and_the_store_stays_as_it_was(
    name: str, make: object, do: str, limit: int, home: Path, tmp_path: Path
) -> None:
    save(read_table(csv(20, "kept"), "kept.csv"), name="moods")
    before = tree(home)
    (tmp_path / name).write_bytes(make())  # type: ignore[operator]
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path / name), str(limit), do],
        cwd=ROOT, env={**os.environ, "ATELIER_HOME": str(home)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    code, what, fix = json.loads(done.stdout.splitlines()[-1])
    assert code in ("disk", "cannot-write") and "File too large" in what and fix
    assert tree(home) == before
    assert open_dataset("moods").read()["text"][0] == "kept number 0"


def test_a_file_that_is_refused_leaves_nothing(home: Path) -> None:
    save(read_table(csv(20), "kept.csv"), name="moods")
    before = tree(home)
    for raw in (b"", b"\x00" * 99, b"PK\x03\x04broken", b"PAR1broken", b"\x1f\x8bbroken", b'[{"a": ]'):
        with pytest.raises(UserError):
            read_table(raw, "rows.csv")
    assert tree(home) == before


def _import(home: str, word: str, barrier: object, refs: object) -> None:
    os.environ["ATELIER_HOME"] = home
    get_settings.cache_clear()
    barrier.wait()  # type: ignore[attr-defined]
    for number in range(4):
        table = read_table(csv(50 + number, word), "rows.csv")
        refs.put((save(table, name="moods").ref, word, number))  # type: ignore[attr-defined]


def test_people_who_import_at_once_do_not_collide(home: Path) -> None:
    """Four processes save under one name: two of them the same rows, two of them rows of their own."""
    context = multiprocessing.get_context("spawn")
    barrier, refs = context.Barrier(4), context.Queue()
    words = ["same", "same", "mine", "yours"]
    people = [context.Process(target=_import, args=(str(home), word, barrier, refs)) for word in words]
    for person in people:
        person.start()
    got = [refs.get(timeout=100) for _ in range(16)]
    for person in people:
        person.join(30)
        assert person.exitcode == 0
    for ref, word, number in got:
        stored = open_dataset(ref)
        assert (stored.usable, stored.rows, stored.read()["text"][0]) == (
            True,
            50 + number,
            f"{word} number 0",
        )
    assert len({ref for ref, word, _ in got if word == "same"}) == 4, "the same rows are one version"
    assert len(list_datasets()) == 12
    assert [path for path in home.rglob(".tmp*")] == []


@pytest.fixture
def roots(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that may be read, with a few traps in it."""
    folder = tmp_path / "shared"
    (folder / "sub").mkdir(parents=True)
    (folder / "rows.csv").write_bytes(csv(5))
    (folder / ".secret").write_text("hidden")
    (tmp_path / "outside.csv").write_bytes(csv(5))
    (folder / "out.csv").symlink_to(tmp_path / "outside.csv")
    (folder / "up").symlink_to(tmp_path, target_is_directory=True)
    (folder / "in.csv").symlink_to(folder / "rows.csv")
    os.mkfifo(folder / "pipe.csv")
    monkeypatch.setenv("ATELIER_DATA_ROOTS", str(folder))
    get_settings.cache_clear()
    return folder


@pytest.mark.parametrize(
    "path", ["rows.csv", "./sub/../rows.csv", "in.csv", "{}/rows.csv", '"rows.csv"', "sub", "{}"]
)
def test_a_path_below_a_root_is_allowed(path: str, roots: Path) -> None:
    assert allowed_path(path.format(roots)).exists()


@pytest.mark.parametrize(
    ("path", "code"),
    [("out.csv", "path-outside"), ("up/outside.csv", "path-outside"), ("../outside.csv", "path-outside"),
     ("/etc/passwd", "path-outside"), ("{}/../outside.csv", "path-outside"), ("/proc/self/environ", "path-outside"),
     (".secret", "path-hidden"), ("pipe.csv", "no-file"), ("nothing.csv", "no-file"), ("", "no-file"),
     ("rows.csv\x00", "no-file"), ("~nobody-like-this/x", "no-file")],
)  # fmt: skip
def test_a_path_that_leads_out_or_nowhere_is_refused(path: str, code: str, roots: Path) -> None:
    with pytest.raises(UserError) as refusal:
        allowed_path(path.format(roots))
    assert refusal.value.problems[0].code == code


def test_the_home_folder_is_the_root_unless_others_are_named(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ATELIER_DATA_ROOTS", raising=False)
    get_settings.cache_clear()
    assert get_settings().data_roots == (Path.home().resolve(),)
