"""The Train page: from a data set to a queued run."""

from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from lib.data.split import SplitPlan
from lib.data.store import StoredDataset, delete, save
from lib.data.table import Table
from lib.runs.folder import list_runs

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def no_queue(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs are queued and stay queued."""
    monkeypatch.setattr("lib.runs.queue.start_queue", lambda: None)


def store(name: str = "moods", *, columns: bool = True) -> StoredDataset:
    frame = pd.DataFrame(
        {"text": [f"day {number} was {'fine' if number % 2 else 'grey'}" for number in range(120)],
         "label": ["happy" if number % 2 else "sad" for number in range(120)]},
        dtype="str",
    )  # fmt: skip
    return save(
        Table(frame=frame, name=f"{name}.csv"),
        name=name,
        task="text-classification" if columns else None,
        columns={"text": "text", "label": "label"} if columns else {},
        split=SplitPlan(),
    )


def open_page(**params: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "Home.py"), default_timeout=60)
    app.run()
    app.switch_page("pages/2_Train.py").run()
    if params:  # a change of page clears the address, so it is written afterwards
        for name, value in params.items():
            app.query_params[name] = value
        app.run()
    assert not app.exception
    return app


def words(app: AppTest) -> str:
    shown = [*app.markdown, *app.caption, *app.error, *app.warning, *app.code]
    return "\n".join(str(item.value) for item in shown).replace("\\", "")


def labelled(widgets: object, label: str) -> object:
    return next(widget for widget in widgets if str(widget.label).startswith(label))  # type: ignore[attr-defined]


def test_without_data_it_teaches_and_leads_to_data() -> None:
    app = open_page()
    assert "There is nothing to learn from yet." in words(app)
    assert [button.label for button in app.button] == ["Bring data"]


def test_the_newest_data_set_is_taken_and_summed_up() -> None:
    store()
    app = open_page()
    assert "Fine-tune MiniLM-L6 on 96 rows to tell labels apart; about" in words(app)
    assert "96 rows to learn from, 12 to choose the best moment, 12 for" in words(app).replace("*", "")
    assert "reads “text”, learns “label”" in words(app)


def test_a_data_set_that_is_gone_is_said_and_another_can_be_chosen() -> None:
    ref = store("old").ref
    store("new")
    delete(ref)
    app = open_page(data=ref)
    assert f"There is no data set “{ref}”" in words(app)
    assert app.selectbox(key="train data set").options == ["new@1 · 120 rows"]
    app.selectbox(key="train data set").set_value("new@1").run()
    assert "Start training" in [button.label for button in app.button]


def test_a_data_set_without_columns_leads_back_to_data() -> None:
    app = open_page(data=store(columns=False).ref)
    assert "not yet known which column" in words(app)
    assert [button.label for button in app.button] == ["Choose columns"]


def test_start_queues_the_run_that_was_chosen() -> None:
    ref = store().ref
    app = open_page(data=ref)
    labelled(app.radio, "How thorough").set_value("quick").run()
    labelled(app.number_input, "Epochs").set_value(3.0).run()
    labelled(app.text_input, "Name").set_value("a <b>bold</b> **name**").run()
    app.button(key="start training").click().run()
    (run,) = list_runs()
    spec = run.spec
    assert run.state().state == "queued"
    assert (spec.name, spec.task, spec.model) == (
        "a <b>bold</b> **name**",
        "text-classification",
        "starter:minilm-l6",
    )
    assert spec.data.dataset == ref
    assert spec.data.columns == {"text": "text", "label": "label"}
    assert (spec.options["preset"], spec.options["epochs"], spec.method) == ("quick", 3.0, {"name": "full"})
    assert spec.revision


def test_an_option_that_differs_from_the_preset_is_marked_and_can_be_put_back() -> None:
    app = open_page(data=store().ref)
    usual = labelled(app.number_input, "Batch size").value
    labelled(app.number_input, "Batch size").set_value(usual + 3).run()
    assert "changed" in labelled(app.number_input, "Batch size").label
    assert app.expander[0].label == "Advanced: 1 option changed"
    labelled(app.radio, "How thorough").set_value("best").run()
    assert labelled(app.number_input, "Batch size").value == usual + 3
    labelled(app.button, f"Back to {usual}").click().run()
    assert labelled(app.number_input, "Batch size").value == usual
    assert "changed" not in labelled(app.number_input, "Batch size").label


def test_what_is_not_changed_follows_the_preset() -> None:
    app = open_page(data=store().ref)
    before = labelled(app.number_input, "Epochs").value
    labelled(app.radio, "How thorough").set_value("quick").run()
    assert labelled(app.number_input, "Epochs").value < before
    assert not any("changed" in str(widget.label) for widget in app.number_input)


def test_choices_survive_a_new_session() -> None:
    ref = store().ref
    app = open_page(data=ref)
    labelled(app.radio, "How thorough").set_value("best").run()
    labelled(app.number_input, "Seed").set_value(7).run()
    labelled(app.text_input, "Name").set_value("mine").run()
    again = open_page(data=ref)
    assert labelled(again.radio, "How thorough").value == "best"
    assert labelled(again.number_input, "Seed").value == 7
    assert labelled(again.text_input, "Name").value == "mine"


def test_a_folder_that_is_no_model_is_said_and_nothing_can_start(tmp_path: Path) -> None:
    app = open_page(data=store().ref)
    labelled(app.radio, "Start from").set_value("folder").run()
    assert app.button(key="start training").disabled
    labelled(app.text_input, "Folder").set_value(str(tmp_path / "<b>none</b>")).run()
    assert "does not exist" in words(app)
    assert app.button(key="start training").disabled
    assert not list_runs()


def test_every_problem_is_said_when_the_rows_change_under_the_page() -> None:
    stored = store()
    app = open_page(data=stored.ref)
    stored.rows_path.unlink()
    app.button(key="start training").click().run()
    assert not app.exception
    assert app.error
    assert not list_runs()


def test_the_same_run_from_a_terminal() -> None:
    ref = store().ref
    app = open_page(data=ref)
    shown = words(app)
    assert f"dataset: {ref}" in shown
    assert "preset: balanced" in shown
    assert "-m lib train run.yaml" in shown
