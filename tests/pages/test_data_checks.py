"""The Checks and Versions views of the Data page: what was found, one click for each fix, and what it changed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from lib.data.split import SplitPlan
from lib.data.store import StoredDataset, list_datasets, save
from lib.data.table import Table
from lib.settings import get_settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ATELIER_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("lib.runs.queue.start_queue", lambda: None)
    monkeypatch.chdir(ROOT)
    get_settings.cache_clear()
    return tmp_path / "home"


def stored() -> StoredDataset:
    random = np.random.default_rng(0)
    words = ["tea", "train", "song", "garden", "report", "lamp", "snow", "road"]
    texts = [" ".join(random.choice(words, 8)) + f" {number} {number * 13}" for number in range(240)]
    texts[3] = texts[0].upper() + " <script>"  # row 4 is a test row
    labels = random.choice(["joy", "an*ger*"], 240)
    labels[3] = labels[0]
    parts = np.where(np.arange(240) % 4 == 3, "test", np.where(np.arange(240) % 8 == 2, "val", "train"))
    frame = pd.DataFrame({"text": texts, "label": labels, "split": parts}).astype("str")
    columns = {"text": "text", "label": "label"}
    return save(Table(frame, "t.csv"), name="notes", task="text-classification", columns=columns,
                split=SplitPlan(column="split"))  # fmt: skip


def page(**params: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "Home.py"), default_timeout=90).run()
    app.switch_page(str(ROOT / "pages/1_Data.py"))
    for name, value in params.items():
        app.query_params[name] = value
    return app.run()


def words(app: AppTest) -> str:
    return "\n".join(str(part.value) for part in [*app.markdown, *app.caption, *app.warning, *app.error])


def faults(home: Path) -> str:
    log = home / "app.log"
    return log.read_text() if log.exists() else ""


def test_a_stored_data_set_says_how_much_the_checks_found(home: Path) -> None:
    app = page(data=stored().ref)
    assert faults(home) == ""
    next(button for button in app.button if button.label == "The checks found 2 things").click()
    app.run()
    assert faults(home) == ""
    assert "1 of 60 test rows (2 %) is a copy of a row in another part" in words(app).replace("\\", "")


def test_one_click_leaves_the_copies_out_in_a_new_version(home: Path) -> None:
    data = stored()
    app = page(data=data.ref, view="Checks")
    assert "1 of 60 test rows (2 %) is a copy of a row in another part" in words(app).replace("\\", "")
    next(button for button in app.button if button.label.startswith("Leave out 1 copy")).click()
    app.run()
    assert faults(home) == "" and not app.error
    made = list_datasets()[0]
    assert (made.ref, made.parent, made.rows) == ("notes@2", data.ref, 239)
    assert app.query_params["data"] == ["notes@2"] or app.query_params["data"] == "notes@2"
    assert "in another part" not in words(app)
    assert "In hand: **notes@2**" in words(app).replace("\\", "")


def test_versions_are_compared_row_by_row(home: Path) -> None:
    data = stored()
    app = page(data=data.ref, view="Checks")
    next(button for button in app.button if button.label.startswith("Leave out 1 copy")).click()
    app.run()
    app.query_params["view"] = "Versions"
    app.run()
    assert faults(home) == ""
    assert "From version 1 to 2: **1** gone; 239 rows are the same." in words(app)


def test_an_upload_is_told_to_be_saved_first(home: Path) -> None:
    app = page()
    raw = b"text,label\n" + b"".join(b"message %d of many,%s\n" % (n, (b"a", b"b")[n % 2]) for n in range(60))
    app.file_uploader[0].upload("t.csv", raw, "text/csv")
    app.run()
    app.query_params["view"] = "Checks"
    app.run()
    assert faults(home) == ""
    assert "Save the data set, and this shows" in words(app)


def test_the_model_s_tokens_are_shown_with_what_the_limit_cuts(home: Path) -> None:
    app = page(data=stored().ref, view="Lengths", limit="32")
    assert faults(home) == ""
    shown = "".join(str(part.proto.body) for part in app.get("html"))
    assert "atelier-pieces" in shown and "[CLS]" in shown
    assert "<script>" not in shown


def test_rows_are_found_by_their_words(home: Path) -> None:
    app = page(data=stored().ref, view="Rows", find="SNOW")
    assert faults(home) == ""
    assert "hold “SNOW”" in words(app).replace("\\", "")
    assert "No row holds" in words(page(data=stored().ref, view="Rows", find="nowhere to be found"))
