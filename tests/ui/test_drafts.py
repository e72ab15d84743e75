"""Unfinished choices survive on disk."""

from pathlib import Path

import pytest

from lib.settings import get_settings
from lib.ui.drafts import draft_path, read_draft, write_draft


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ATELIER_HOME", str(tmp_path))
    get_settings.cache_clear()
    return tmp_path


def test_what_was_written_is_read_again() -> None:
    write_draft("train", "tweets@1", {"epochs": 4, "name": "Émotions 😀"})
    assert read_draft("train", "tweets@1") == {"epochs": 4, "name": "Émotions 😀"}


def test_pages_and_subjects_have_drafts_of_their_own() -> None:
    write_draft("train", "a@1", {"x": 1})
    assert read_draft("train", "a@2") == {}
    assert read_draft("data", "a@1") == {}


@pytest.mark.parametrize("content", [b"", b"{", b"[1, 2]", b"\xff\xfe\x00", b"null"])
def test_a_damaged_draft_is_an_empty_one(content: bytes) -> None:
    write_draft("train", "a@1", {"x": 1})
    draft_path("train", "a@1").write_bytes(content)
    assert read_draft("train", "a@1") == {}


@pytest.mark.parametrize("subject", ["../../etc/passwd", "a/b", "", "x" * 500, "naïve 名前@2", "con\x00trol"])
def test_a_subject_never_leads_out_of_the_folder_of_drafts(subject: str, home: Path) -> None:
    write_draft("train", subject, {"x": 1})
    assert draft_path("train", subject).resolve().parent == home / "drafts" / "train"
    assert read_draft("train", subject) == {"x": 1}


def test_nothing_is_left_behind_beside_the_draft(home: Path) -> None:
    write_draft("train", "a@1", {"x": 1})
    write_draft("train", "a@1", {"x": 2})
    assert len(list((home / "drafts" / "train").iterdir())) == 1
