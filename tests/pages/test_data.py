"""The Data page: from a file to a stored data set, and a sentence for every bad file."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from lib.data.store import list_datasets
from lib.settings import get_settings

ROOT = Path(__file__).resolve().parents[2]
ROWS = [(f"message number {n} about topic {n % 3}", ("red", "green", "blue")[n % 3]) for n in range(60)]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ATELIER_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("lib.runs.queue.start_queue", lambda: None)
    monkeypatch.chdir(ROOT)
    get_settings.cache_clear()
    return tmp_path / "home"


def csv(rows: list[tuple[str, ...]] = ROWS, header: str = "text,label") -> bytes:
    return "\n".join([header, *(",".join(row) for row in rows)]).encode()


def data_page(**params: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "Home.py"), default_timeout=90).run()
    app.switch_page(str(ROOT / "pages/1_Data.py"))
    for name, value in params.items():
        app.query_params[name] = value
    return app.run()


def bring(raw: bytes, name: str = "notes.csv") -> AppTest:
    app = data_page()
    app.file_uploader[0].upload(name, raw, "text/csv")
    return app.run()


def button(app: AppTest, label: str):  # type: ignore[no-untyped-def]
    return next(found for found in app.button if found.label == label)


def said(app: AppTest) -> str:
    return "\n".join(str(part.value) for part in [*app.error, *app.warning])


def faults(home: Path) -> str:
    log = home / "app.log"
    return log.read_text() if log.exists() else ""


def test_a_file_becomes_a_stored_data_set(home: Path) -> None:
    app = bring(csv())
    assert not app.error
    button(app, "Save the data set").click()
    app.run()
    assert faults(home) == ""
    (stored,) = list_datasets()
    assert (stored.name, stored.rows, stored.task) == ("notes", 60, "text-classification")
    assert stored.columns == {"text": "text", "label": "label"}
    assert app.query_params["data"] == stored.ref
    assert "upload" not in app.query_params
    assert button(app, "Train a model on this")


def test_the_upload_does_not_stay_in_the_uploader(home: Path) -> None:
    app = bring(csv())
    button(app, "Another file").click()
    app.run()
    assert not app.file_uploader[0].value
    assert list((home / "cache" / "uploads").iterdir())


def test_an_upload_survives_a_reload_with_its_choices() -> None:
    app = bring(csv())
    app.text_input[0].set_value("my notes")
    app.run()
    again = data_page(upload=app.query_params["upload"])
    assert again.text_input[0].value == "my notes"


def test_a_recognised_split_column_is_used_and_can_be_refused(home: Path) -> None:
    parts = ["train"] * 40 + ["val"] * 10 + ["test"] * 10
    app = bring(csv([(*row, part) for row, part in zip(ROWS, parts, strict=True)], "text,label,split"))
    button(app, "Save the data set").click()
    app.run()
    stored = list_datasets()[0]
    assert stored.split is not None and stored.split.column == "split"
    assert stored.counts == {"train": 40, "validation": 10, "test": 10}


def test_columns_can_be_corrected() -> None:
    rows = [
        (text, label, f"another text, number {n}".replace(",", "")) for n, (text, label) in enumerate(ROWS)
    ]
    app = bring(csv(rows, "text,label,other"))
    box = next(box for box in app.selectbox if box.label == "Text")
    box.set_value("other")
    app.run()
    button(app, "Save the data set").click()
    app.run()
    assert list_datasets()[0].columns["text"] == "other"


def test_changing_the_choices_of_a_stored_data_set_makes_another_version() -> None:
    app = bring(csv())
    button(app, "Save the data set").click()
    app.run()
    button(app, "Change columns or split").click()
    app.run()
    assert app.text_input[0].value == "notes"
    next(slider for slider in app.slider if slider.label.startswith("Test")).set_value(30)
    app.run()
    button(app, "Save the data set").click()
    app.run()
    assert [stored.version for stored in list_datasets()] == [2, 1]
    assert list_datasets()[0].counts["test"] == 18


BAD: dict[str, tuple[bytes, str]] = {
    "an empty file": (b"", "empty"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "PNG image"),
    "zeros": (b"\x00" * 5000, "NUL bytes"),
    "one label": (csv([(text, "red") for text, _ in ROWS]), "same label"),
    "every row its own label": (csv([(text, f"label-{n}") for n, (text, _) in enumerate(ROWS)]), "label"),
    "a text column of numbers": (
        csv([(str(n), label) for n, (_, label) in enumerate(ROWS)]),
        "No column is chosen as the text",
    ),
}


def test_texts_alone_are_offered_what_texts_alone_can_teach(home: Path) -> None:
    app = bring(b"text\n" + b"\n".join(text.encode() for text, _ in ROWS))
    [task] = [box for box in app.selectbox if box.label == "What should a model learn?"]
    assert task.value == "fill-mask"
    assert not button(app, "Save the data set").disabled


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_gets_a_sentence_and_nothing_is_saved(kind: str, home: Path) -> None:
    raw, words = BAD[kind]
    app = bring(raw)
    assert not app.exception
    assert faults(home) == ""
    saves = [found for found in app.button if found.label == "Save the data set"]
    assert all(found.disabled for found in saves)
    assert app.error, said(app)
    assert words in said(app), said(app)
    assert list_datasets() == []


ODD: dict[str, bytes] = {
    "emoji and other alphabets": csv(
        [(text, ("😀", "добро", "愛")[n % 3]) for n, (text, _) in enumerate(ROWS)]
    ),
    "a space in the name of a column": csv(header="text,label "),
    "a label with one row": csv([*ROWS, ("one of a kind", "violet")]),
    "300 columns": csv(
        [(*row, *(str(n) for n in range(298))) for row in ROWS],
        "text,label," + ",".join(f"extra{n}" for n in range(298)),
    ),
    "markup": csv([(f"<b>{text}</b> **bold** :red[x]", f"<i>{label}</i>") for text, label in ROWS]),
}


@pytest.mark.parametrize("kind", ODD)
def test_an_odd_file_can_be_saved(kind: str, home: Path) -> None:
    app = bring(ODD[kind])
    assert faults(home) == ""
    assert not app.error, said(app)
    button(app, "Save the data set").click()
    app.run()
    assert faults(home) == ""
    assert len(list_datasets()) == 1


def test_a_data_set_can_be_renamed_and_deleted() -> None:
    app = bring(csv())
    button(app, "Save the data set").click()
    app.run()
    next(box for box in app.text_input if box.label == "New name").set_value("better")
    button(app, "Rename").click()
    app.run()
    assert [stored.name for stored in list_datasets()] == ["better"]
    assert app.query_params["data"] == "better@1"
    button(app, "Delete …").click()
    app.run()
    assert len(list_datasets()) == 1, "nothing goes without a second yes"
    next(found for found in app.button if found.key == "delete now").click()
    app.run()
    assert list_datasets() == []
