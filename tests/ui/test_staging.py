"""A file on its way in is kept on disk and nowhere else."""

import io
import os
import shutil
import time
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from lib.data.store import save
from lib.errors import UserError
from lib.settings import get_settings
from lib.ui.staging import forget, stage, stage_table, staged
from lib.ui.subject import stored_subject

CSV = "text,label\n" + "".join(f"a text number {n},{'yes' if n % 2 else 'no'}\n" for n in range(20))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ATELIER_HOME", str(tmp_path))
    get_settings.cache_clear()
    return tmp_path


def test_the_table_comes_back_as_it_was_read() -> None:
    table = staged(stage(CSV.encode("utf-16"), "notes.csv"))
    assert table.name == "notes.csv"
    assert table.frame.shape == (20, 2)
    assert str(table.frame["text"].dtype) == "str"
    assert table.repairs and isinstance(table.repairs, tuple)


def test_the_same_file_is_kept_once_and_another_name_apart() -> None:
    assert stage(CSV.encode(), "a.csv") == stage(CSV.encode(), "a.csv")
    assert stage(CSV.encode(), "a.csv") != stage(CSV.encode(), "b.csv")


def test_a_file_that_is_no_table_leaves_nothing(home: Path) -> None:
    with pytest.raises(UserError):
        stage(b"", "empty.csv")
    assert not list((home / "cache").rglob("*.parquet"))


@pytest.mark.parametrize("token", ["../../etc", "0123456789abcdef", "", "x" * 400])
def test_a_token_that_leads_nowhere_is_a_sentence(token: str) -> None:
    with pytest.raises(UserError, match="no longer kept"):
        staged(token)


def test_a_path_in_the_name_of_an_upload_is_dropped() -> None:
    assert staged(stage(CSV.encode(), "../../x\\y/evil.csv")).name == "evil.csv"


def test_a_forgotten_upload_is_gone() -> None:
    token = stage(CSV.encode(), "a.csv")
    forget(token)
    with pytest.raises(UserError):
        staged(token)


def test_uploads_that_nobody_saved_go_after_a_week(home: Path) -> None:
    old = stage(CSV.encode(), "old.csv")
    week = time.time() - 8 * 86_400
    os.utime(home / "cache" / "uploads" / old, (week, week))
    stage(CSV.encode(), "new.csv")
    with pytest.raises(UserError):
        staged(old)


def test_a_stored_table_can_be_brought_back_to_change_its_choices() -> None:
    table = staged(stage(CSV.encode(), "a.csv"))
    assert staged(stage_table(table, "sha256:abc")).frame.equals(table.frame)


def zip_of_pictures() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for colour in ("red", "blue"):
            image = io.BytesIO()
            Image.new("RGB", (8, 8), colour).save(image, "PNG")
            packed.writestr(f"{colour}/1.png", image.getvalue())
    return buffer.getvalue()


def test_images_stay_with_the_table_until_it_is_saved(home: Path) -> None:
    token = stage(zip_of_pictures(), "colours.zip")
    shutil.rmtree(home / "cache" / "images")
    stored = save(staged(token), name="colours")
    forget(token)
    assert [stored.image(name).is_file() for name in stored.read()["image"]] == [True, True]


def test_a_stored_table_brought_back_brings_its_images() -> None:
    stored = save(staged(stage(zip_of_pictures(), "colours.zip")), name="colours")
    table = staged(stage_table(stored_subject(stored.ref).table(), stored.fingerprint))
    assert table.files is not None
    assert {path.name for path in table.files.iterdir()} == set(stored.read()["image"])


def test_a_table_of_text_has_no_files() -> None:
    assert staged(stage(CSV.encode(), "a.csv")).files is None
