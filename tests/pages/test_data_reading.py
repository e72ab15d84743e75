"""The Data page with real and odd files: what was recognised is shown, can be changed, and nothing is lost."""

import io
from pathlib import Path

import openpyxl
import pytest
from streamlit.testing.v1 import AppTest

from lib.data.store import list_datasets
from lib.settings import get_settings

ROOT = Path(__file__).resolve().parents[2]
NASTY = [
    ("spam.csv", 5_572), ("genius_hip_hop_lyrics.csv", 377), ("realDonaldTrump.csv", 3_232), ("StarWars.csv", 1_187),
    ("cabinet-turnover.csv", 379), ("marvel-wikia-data.csv", 16_376), ("drugsComTrain.tsv", 600),
    ("name_gender_147k.csv", 147_269),
]  # fmt: skip


@pytest.fixture(autouse=True)
def own_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("lib.runs.queue.start_queue", lambda: None)
    monkeypatch.chdir(ROOT)
    return home


def data_page(**params: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "Home.py"), default_timeout=120).run()
    app.switch_page(str(ROOT / "pages/1_Data.py"))
    for name, value in params.items():
        app.query_params[name] = value
    return app.run()


def bring(*files: tuple[str, bytes]) -> AppTest:
    app = data_page()
    app.file_uploader[0].set_value([(name, raw, "application/octet-stream") for name, raw in files])
    return app.run()


def captions(app: AppTest) -> str:
    return "\n".join(str(part.value) for part in app.caption).replace("\\", "")


def button(app: AppTest, label: str):  # type: ignore[no-untyped-def]
    return next(found for found in app.button if found.label == label)


def box(app: AppTest, label: str):  # type: ignore[no-untyped-def]
    return next(found for found in app.selectbox if found.label == label)


def fault(home: Path) -> str:
    log = home / "app.log"
    return log.read_text() if log.exists() else ""


@pytest.mark.parametrize(("name", "rows"), NASTY, ids=[name for name, _ in NASTY])
def test_every_nasty_file_is_brought_in_whole(
    name: str, rows: int, shared_data: Path, own_home: Path
) -> None:
    from lib.ui.staging import staged

    app = bring((name, (shared_data / "nasty" / name).read_bytes()))
    assert not app.exception and fault(own_home) == ""
    table = staged(app.query_params["upload"])
    assert (len(table.frame), table.rejected) == (rows, ())
    assert button(app, "Save the data set")


TWO_CLICKS = [
    ("images/trash_photos.zip", "image-classification", {"image": "image", "label": "label"}, 2_527),
    ("ner/wnut17_test.conll", "token-classification", {"tokens": "tokens", "tags": "tags"}, 1_287),
    ("ner/wnut17_train.jsonl", "token-classification", {"tokens": "tokens", "tags": "ner_tags"}, 3_394),
    ("questions/xquad_en.csv", "question-answering",
     {"question": "question", "context": "context", "answers": "answer", "answer_start": "answer_start"}, 1_190),
    ("chat/alpaca_en_demo.jsonl", "chat", None, 999),
]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "task", "columns", "rows"), TWO_CLICKS, ids=[case[0] for case in TWO_CLICKS]
)
def test_a_file_and_save_are_all_it_takes(
    file: str, task: str, columns: dict[str, str] | None, rows: int, shared_data: Path, own_home: Path
) -> None:
    app = bring((Path(file).name, (shared_data / file).read_bytes()))
    assert not app.error, [part.value for part in app.error]
    button(app, "Save the data set").click()
    app.run()
    assert fault(own_home) == ""
    (stored,) = list_datasets()
    assert (stored.task, stored.rows) == (task, rows)
    assert columns is None or stored.columns == columns


ODD = "text;label\ncafé au lait;x\nthé vert;y\n".encode("cp1252") + b"one;two;three;four\n" + b"eau;x\n" * 8


def test_what_was_recognised_is_shown_and_what_was_set_aside_can_be_had() -> None:
    from lib.ui.recognised import format_words
    from lib.ui.staging import staged

    app = bring(("rows.csv", ODD))
    table = staged(app.query_params["upload"])
    assert format_words(table.format) == "semicolons, CP1252, names in line 1"
    assert [found.label for found in app.expander if "set aside" in found.label] == ["1 line was set aside"]
    assert any(found.label == "All of them (CSV)" for found in app.get("download_button"))


def test_another_delimiter_is_read_at_once() -> None:
    from lib.ui.staging import staged

    app = bring(("rows.csv", b"a:b,text\n1:2,good day\n3:4,bad day\n5:6,so so\n"))
    first = app.query_params["upload"]
    box(app, "Between fields").set_value(":")
    app.run()
    token = app.query_params["upload"]
    assert token != first
    assert list(staged(token).frame.columns) == ["a", "b,text"]
    box(app, "Which line names the columns").set_value("No line does")
    app.run()
    frame = staged(app.query_params["upload"]).frame
    assert (list(frame.columns), len(frame)) == (["column_1", "column_2"], 4)
    box(app, "Encoding").set_value("utf-16")
    app.run()
    assert app.error and app.query_params["upload"], "what cannot be read so leaves what there was"


def test_another_sheet_is_read_at_once() -> None:
    from lib.ui.staging import staged

    book = openpyxl.Workbook()
    for row in (["text", "label"], ["good day", "joy"], ["bad day", "anger"]):
        book.active.append(row)
    other = book.create_sheet("More")
    for row in (["phrase", "kind"], ["hello you", "greeting"]):
        other.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    app = bring(("rows.xlsx", buffer.getvalue()))
    box(app, "Sheet").set_value("More")
    app.run()
    assert list(staged(app.query_params["upload"]).frame.columns) == ["phrase", "kind"]


def test_mended_cells_can_be_had_and_left_as_they_were() -> None:
    from lib.ui.staging import staged

    raw = "text,label\n" + "".join(f"itâ€™s text {n},{'xy'[n % 2]}\n" for n in range(10))
    app = bring(("rows.csv", raw.encode()))
    assert "put right in 10 cells" in captions(app)
    assert any(found.label == "All originals (CSV)" for found in app.get("download_button"))
    next(found for found in app.toggle if found.label.startswith("Put right")).set_value(False)
    app.run()
    assert staged(app.query_params["upload"]).frame["text"][0] == "itâ€™s text 0"


def test_files_of_a_split_come_together_and_are_divided_by_it() -> None:
    rows = [f"message number {n} about {n % 3},{('red', 'green', 'blue')[n % 3]}" for n in range(60)]
    parts = {"train": rows[:40], "dev": rows[40:50], "test": rows[50:]}
    app = bring(
        *((f"moods_{name}.csv", "\n".join(["text,label", *part]).encode()) for name, part in parts.items())
    )
    button(app, "Save the data set").click()
    app.run()
    assert list_datasets()[0].counts == {"train": 40, "validation": 10, "test": 10}


def test_a_path_of_this_machine_is_read_and_others_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lib.ui.staging import staged

    folder = tmp_path / "shared"
    folder.mkdir()
    (folder / "rows.csv").write_bytes(b"text,label\ngood day,joy\nbad day,anger\n")
    monkeypatch.setenv("ATELIER_DATA_ROOTS", str(folder))
    for module in ("entrance", "bring_path"):  # tests have no address
        monkeypatch.setattr(f"lib.ui.{module}.may_read_paths", lambda: True)
    get_settings.cache_clear()
    app = data_page()
    field = next(found for found in app.text_input if found.label.startswith("Path"))
    field.set_value("/etc/passwd")
    app.run()
    button(app, "Read it").click()
    app.run()
    assert "outside the folders" in app.error[0].value
    next(found for found in app.text_input if found.label.startswith("Path")).set_value("rows.csv")
    app.run()
    button(app, "Read it").click()
    app.run()
    assert len(staged(app.query_params["upload"]).frame) == 2


def test_paths_are_not_offered_when_others_can_reach_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    import streamlit as st

    monkeypatch.setattr(st, "get_option", lambda name: "0.0.0.0" if name == "server.address" else None)
    from lib.ui.bring_path import may_read_paths

    assert not may_read_paths()
