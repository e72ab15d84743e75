"""Data sets on disk: versions that appear whole, are found again, and never change."""

import errno
import io
import json
import os
import shutil
import threading
import zipfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from lib.data import store
from lib.data.files import joined_files
from lib.data.read import read_table
from lib.data.split import SplitPlan
from lib.data.store import delete, list_datasets, open_dataset, open_rows, rename, save
from lib.data.table import RejectedLine, Table
from lib.errors import UserError
from lib.settings import get_settings


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ATELIER_HOME", str(tmp_path))
    get_settings.cache_clear()
    yield tmp_path
    get_settings.cache_clear()


def table(extra: str = "", count: int = 30) -> Table:
    lines = [f"message number {n} {extra},{'good' if n % 2 else 'bad'}" for n in range(count)]
    return read_table("\n".join(["text,label", *lines]).encode(), "messages.csv")


def pictures(*colours: str, name: str = "pets.zip") -> Table:
    """A table of one small picture of each colour, in a folder called after it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for colour in colours:
            image = io.BytesIO()
            Image.new("RGB", (8, 8), colour).save(image, "PNG")
            packed.writestr(f"{colour}/1.png", image.getvalue())
    return read_table(buffer.getvalue(), name)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*"))


def test_what_was_saved_is_read_back_exactly() -> None:
    frame = read_table('text,label\n"two\nlines 😀",x\n  NA ,\n'.encode(), "f.csv").frame
    stored = save(Table(frame, "f.csv"), name="My data")
    pd.testing.assert_frame_equal(open_dataset("My data").read(), frame)
    assert (stored.ref, stored.rows, stored.column_names) == ("My data@1", 2, ("text", "label"))


def test_everything_known_about_it_is_kept() -> None:
    read = replace(table(), rejected=(RejectedLine(7, "a,b,c", "Too long."),), repairs=("Something.",))
    plan = SplitPlan(seed=5)
    stored = save(
        read, name="kept", task="text-classification", columns={"text": "text", "label": "label"}, split=plan
    )
    again = open_dataset("kept@1")
    assert again == stored
    assert (again.source, again.repairs, again.rejected, again.task) == (
        "messages.csv",
        ("Something.",),
        1,
        "text-classification",
    )
    assert (again.split, sum(again.counts.values()), again.label_column, again.text_columns) == (
        plan,
        30,
        "label",
        ["text"],
    )
    assert again.profile is not None and again.profile.rows == 30


def test_the_same_rows_and_choices_are_the_same_version() -> None:
    assert save(table(), name="same").ref == save(table(), name="same").ref == "same@1"
    assert len(list_datasets()) == 1


@pytest.mark.parametrize(
    "second",
    [
        {"table": table("more")},
        {"columns": {"text": "text"}},
        {"split": SplitPlan(seed=99)},
        {"task": "text-classification"},
    ],
    ids=["rows", "columns", "split", "task"],
)
def test_other_rows_or_choices_are_the_next_version(second: dict) -> None:
    save(table(), name="data")
    assert save(second.pop("table", table()), name="data", **second).version == 2


def test_the_fingerprint_depends_on_names_values_and_missing_cells_only() -> None:
    frame = pd.DataFrame(
        {"a": pd.array(["x", None, ""], dtype="str"), "b": pd.array(["1", "2", "3"], dtype="str")}
    )
    mark = store.fingerprint(frame)
    assert mark == store.fingerprint(frame.set_axis([5, 6, 7]))
    for other in (
        frame.rename(columns={"a": "c"}),
        frame[["b", "a"]],
        frame.iloc[::-1],
        frame.fillna("x"),
        frame.assign(a=frame["a"].fillna("")),
    ):
        assert store.fingerprint(other) != mark


@pytest.mark.parametrize("ref", ["tweets@2", "tweets@v2", "tweets@V2", " tweets ", "tweets"])
def test_a_version_is_found_by_any_usual_spelling(ref: str) -> None:
    save(table(), name="tweets")
    save(table("more"), name="tweets")
    assert open_dataset(ref).ref == "tweets@2"


@pytest.mark.parametrize("ref", ["nothing", "tweets@9", "", "@", "tweets@0", "../tweets"])
def test_what_is_not_there_is_refused_with_what_is(ref: str) -> None:
    save(table(), name="tweets")
    with pytest.raises(UserError, match="There are: tweets@1"):
        open_dataset(ref)


@pytest.mark.parametrize(
    "name", ["🎈", "a/b\\c", "..", "../../etc/passwd", "n" * 300, "naïve café", "tweets@2", "CON ", ".hidden"]
)
def test_any_name_gives_a_safe_folder_and_is_kept_for_display(name: str, home: Path) -> None:
    stored = save(table(), name=name)
    assert stored.folder.parent.parent == home / "data"
    assert stored.folder.parent.name.replace("-", "").isalnum() and len(stored.folder.parent.name) < 80
    assert open_dataset(name).name == name.strip()
    assert open_dataset(stored.ref) == stored


def test_names_that_look_alike_as_folders_stay_apart() -> None:
    assert len({store.slug_of(name) for name in ("c", "c++", "c#", "ç", "🎈", "🎉")}) == 6


def test_a_name_of_nothing_is_refused() -> None:
    with pytest.raises(UserError, match="no name"):
        save(table(), name=" \n ")


def test_a_role_s_column_must_exist() -> None:
    with pytest.raises(UserError, match="no column “nope”"):
        save(table(), name="data", columns={"text": "nope"})
    assert list_datasets() == []


PAGES = [(0, 10), (19_995, 10), (49_990, 100), (25_000, 0), (90_000, 5), (0, None)]


@pytest.mark.parametrize(("start", "count"), PAGES)
def test_a_page_is_exactly_those_rows(start: int, count: int | None) -> None:
    frame = pd.DataFrame(
        {
            "n": pd.array([str(n) for n in range(50_000)], dtype="str"),
            "m": pd.array(["x"] * 50_000, dtype="str"),
        }
    )
    stored = save(Table(frame, "big.csv"), name="big")
    page = stored.read(columns=["n"], start=start, count=count)
    pd.testing.assert_frame_equal(
        page, frame[["n"]].iloc[start : None if count is None else start + count], check_index_type=False
    )


def test_columns_are_read_in_the_order_asked_for() -> None:
    assert list(save(table(), name="data").read(columns=["label", "text"]).columns) == ["label", "text"]


def test_a_column_that_is_not_stored_is_refused() -> None:
    with pytest.raises(UserError, match="The columns are text, label"):
        save(table(), name="data").read(columns=["nope"])


def test_the_list_shows_the_newest_first() -> None:
    for name in ("first", "second", "third"):
        save(table(name), name=name)
    assert [stored.name for stored in list_datasets()] == ["third", "second", "first"]


def test_the_list_is_empty_before_anything_is_stored() -> None:
    assert list_datasets() == []


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"name": 3}', "\udce9"])
def test_a_damaged_description_is_listed_as_a_problem(content: str) -> None:
    stored = save(table(), name="broken")
    save(table(), name="whole")
    (stored.folder / "info.json").write_text(content, encoding="utf-8", errors="surrogateescape")
    broken = [found for found in list_datasets() if not found.usable]
    assert [found.problems[0].code for found in broken] == ["damaged"]
    with pytest.raises(UserError, match="cannot be read"):
        broken[0].read()
    delete(broken[0].ref)
    assert [found.name for found in list_datasets()] == ["whole"]


def test_a_version_without_its_rows_is_listed_as_a_problem() -> None:
    save(table(), name="broken").rows_path.unlink()
    assert "rows.parquet is missing" in list_datasets()[0].problems[0].what


def test_damaged_rows_are_a_sentence_not_a_crash() -> None:
    stored = save(table(), name="broken")
    stored.rows_path.write_bytes(b"PAR1 nonsense PAR1")
    with pytest.raises(UserError, match="refused while reading"):
        stored.read()


def test_a_full_disk_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(store.pq, "ParquetWriter", full)
    with pytest.raises(UserError, match="No space left on device"):
        save(table(), name="data")
    assert files(home / "data") == []


def test_what_a_dead_saver_left_is_cleaned_up_and_never_listed(home: Path) -> None:
    left = home / "data" / "data" / ".tmp-999999999-abc"
    left.mkdir(parents=True)
    assert list_datasets() == []
    save(table(), name="data")
    assert not left.exists()


def test_savers_at_the_same_time_get_a_version_each() -> None:
    tables = [table(f"number {n}") for n in range(6)]
    threads = [threading.Thread(target=save, args=(one,), kwargs={"name": "busy"}) for one in tables]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stored = list_datasets()
    assert sorted(found.version for found in stored) == [1, 2, 3, 4, 5, 6]
    assert len({found.fingerprint for found in stored}) == 6


def test_savers_of_the_same_rows_share_a_version() -> None:
    refs: list[str] = []
    threads = [threading.Thread(target=lambda: refs.append(save(table(), name="busy").ref)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refs == ["busy@1"] * 6


def test_a_deleted_version_is_gone_and_its_number_is_not_used_again() -> None:
    save(table(), name="data")
    save(table("more"), name="data")
    delete("data@2")
    assert [stored.ref for stored in list_datasets()] == ["data@1"]
    assert save(table("other"), name="data").ref == "data@3"


def test_deleting_a_name_deletes_all_its_versions() -> None:
    save(table(), name="data")
    save(table("more"), name="data")
    delete("data")
    assert list_datasets() == []


def test_renaming_takes_all_versions_along() -> None:
    save(table(), name="old")
    save(table("more"), name="old")
    assert rename("old", "new 🎈").ref == "new 🎈@2"
    assert sorted(stored.ref for stored in list_datasets()) == ["new 🎈@1", "new 🎈@2"]
    assert len(open_dataset("new 🎈@1").read()) == 30
    with pytest.raises(UserError):
        open_dataset("old")


def test_renaming_to_a_name_in_use_is_refused() -> None:
    save(table(), name="one")
    save(table(), name="two")
    with pytest.raises(UserError, match="exists already"):
        rename("one", "two")


def test_many_rejected_lines_are_kept_in_a_file_of_their_own() -> None:
    lines = tuple(RejectedLine(n, "a,b,c", "Too long.") for n in range(150))
    stored = save(replace(table(), rejected=lines), name="data")
    assert (stored.rejected, len(stored.rejected_lines)) == (150, 100)
    assert len(stored.set_aside()) == 150


def test_the_description_is_plain_json() -> None:
    stored = save(table(), name="data")
    value = json.loads((stored.folder / "info.json").read_text(encoding="utf-8"))
    assert value["fingerprint"].startswith("sha256:") and value["version"] == 1


def test_a_run_finds_its_rows_after_the_data_set_was_renamed() -> None:
    stored = save(table("first"), name="old")
    rename("old", "new")
    assert open_rows("old@1", stored.fingerprint).ref == "new@1"
    other = save(table("second"), name="old")
    assert open_rows("old@1", stored.fingerprint).ref == "new@1"
    assert open_rows("old@1", other.fingerprint).ref == "old@1"
    delete("new")
    with pytest.raises(UserError, match="not stored any more"):
        open_rows("old@1", stored.fingerprint)


def test_rows_without_a_text_or_a_label_do_not_count_in_any_split() -> None:
    frame = table().frame.copy()
    frame.loc[:4, "label"] = pd.NA
    columns = {"text": "text", "label": "label"}
    stored = save(Table(frame, "f.csv"), name="gaps", columns=columns, split=SplitPlan())
    assert sum(stored.counts.values()) == len(frame) - 5


def test_images_are_kept_with_the_rows_that_name_them(home: Path) -> None:
    read = pictures("red", "blue")
    stored = save(read, name="pets", columns={"image": "image", "label": "label"})
    assert read.files is not None
    shutil.rmtree(read.files)
    for name, colour in stored.read()[["image", "label"]].to_numpy().tolist():
        with Image.open(open_dataset("pets").image(name)) as image:
            assert image.getpixel((0, 0)) == Image.new("RGB", (1, 1), colour).getpixel((0, 0))


def test_a_table_of_text_has_no_folder_of_images() -> None:
    stored = save(table(), name="texts")
    assert stored.files is None
    assert not stored.files_path.exists()


def test_images_follow_into_another_version_and_take_no_more_space() -> None:
    first = save(pictures("red", "blue"), name="pets")
    again = Table(first.read(), first.name, format=first.format, files=first.files)
    second = save(again, name="pets", columns={"image": "image", "label": "label"})
    name = second.read()["image"][0]
    assert (second.version, second.image(name).samefile(first.image(name))) == (2, True)
    delete("pets@1")
    assert second.image(name).is_file()


def test_images_are_copied_where_the_disk_knows_no_links(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    stored = save(pictures("red", "blue"), name="pets")
    assert all(stored.image(name).stat().st_size for name in stored.read()["image"])


def test_other_images_are_another_fingerprint() -> None:
    one, other = pictures("red", "blue"), pictures("red", "green")
    other = replace(other, frame=other.frame.assign(label=one.frame["label"]))
    assert save(one, name="a").fingerprint != save(other, name="a").fingerprint


@pytest.mark.parametrize(
    "name",
    ["../info.json", "info.json", "..", "", ".", "/etc/passwd", "a/b.png", "a\\b.png", ".hidden", "x" * 300],
)
def test_only_a_plain_name_inside_is_an_image(name: str) -> None:
    stored = save(pictures("red", "blue"), name="pets")
    with pytest.raises(UserError, match="There is no image"):
        stored.image(name)


def test_a_link_among_the_images_is_none() -> None:
    stored = save(pictures("red", "blue"), name="pets")
    (stored.files_path / "link.png").symlink_to(stored.rows_path)
    with pytest.raises(UserError, match="There is no image"):
        stored.image("link.png")


def test_a_version_without_its_images_is_listed_as_a_problem() -> None:
    shutil.rmtree(save(pictures("red", "blue"), name="pets").files_path)
    assert "The images of pets@1 are gone (files is missing)." in list_datasets()[0].problems[0].what


def test_images_that_cannot_be_kept_leave_no_version(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    read = pictures("red", "blue")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(store, "keep_files", full)
    with pytest.raises(UserError, match="No space left on device"):
        save(read, name="pets")
    assert files(home / "data") == []


def test_two_tables_that_become_one_keep_the_images_of_both() -> None:
    one, other = pictures("red", "blue"), pictures("green", "blue", name="test.zip")
    folder = joined_files(one.files, other.files)
    assert folder is not None
    assert {path.name for path in folder.iterdir()} == {*one.frame["image"], *other.frame["image"]}
    assert joined_files(one.files, None) == joined_files(None, one.files) == one.files


def test_what_was_set_aside_and_the_cells_before_they_were_mended_are_kept() -> None:
    raw = "text,label\n" + "".join(f"itâ€™s text {n},x\n=1+1,y,z\n" for n in range(120))
    stored = save(read_table(raw.encode(), "rows.csv"), name="odd")
    assert (stored.rejected, len(stored.rejected_lines), len(stored.all_rejected())) == (120, 100, 120)
    assert stored.set_aside()["text"].tolist() == ["=1+1,y,z"] * 120
    originals = stored.originals()
    assert originals is not None and originals["before"][119] == "itâ€™s text 119"
    assert stored.read()["text"][119] == "it’s text 119"
