"""A file on its way in is kept on disk and nowhere else."""

import os
import time
from pathlib import Path

import pytest

from lib.errors import UserError
from lib.settings import get_settings
from lib.ui.staging import forget, stage, stage_table, staged

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
