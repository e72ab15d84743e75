"""The Runs page: every state in words, and what can be done with it."""

import json
import os
import time
from pathlib import Path

import psutil
import pytest
from streamlit.testing.v1 import AppTest

from lib.runs.folder import RunFolder, create_run
from lib.runs.spec import DataSpec, Spec
from lib.runs.state import State
from lib.settings import get_settings

ROOT = Path(__file__).resolve().parents[2]
SPEC = Spec(
    "text-classification",
    DataSpec(dataset="moods@1"),
    "starter:minilm-l6",
    name="moods",
    options={"preset": "quick", "epochs": 2.0},
)
RESULT = {
    "rows": {"train": 96, "validation": 12, "test": 12},
    "scores": {
        "test": {"macro_f1": 0.78, "accuracy": 0.82},
        "validation": {"macro_f1": 0.7, "accuracy": 0.8},
    },
    "intervals": {"test": {"macro_f1": [0.755, 0.805]}},
    "baselines": {"majority": {"macro_f1": 0.14}, "tfidf": {"macro_f1": 0.6}},
    "best_step": 40,
    "steps": 100,
}
PROBLEM = {"what": "The machine ran out of memory.", "where": "training", "fix": "Halve the batch size.",
           "severity": "error", "code": "out-of-memory"}  # fmt: skip


@pytest.fixture(autouse=True)
def no_queue(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs are queued and stay queued."""
    monkeypatch.setattr("lib.runs.queue.start_queue", lambda: None)


def make(state: str, *, name: str = "moods", result: bool = False, **parts: object) -> RunFolder:
    run = create_run(SPEC.changed(name=name))
    now = time.time()
    told = {"queued": now, "started": now - 60, "updated": now, "step": 40, "total_steps": 100, **parts}
    run.write_state(State(state=state, **told))  # type: ignore[arg-type]
    if result:
        (run.path / "result.json").write_text(json.dumps(RESULT))
    return run


def alive() -> dict[str, object]:
    return {"pid": os.getpid(), "process_started": psutil.Process().create_time()}


def measure(run: RunFolder) -> None:
    with run.metrics_path.open("w") as file:
        for step in range(1, 41):
            file.write(
                json.dumps(
                    {"step": step, "epoch": step / 50, "split": "train", "name": "loss", "value": 1 / step}
                )
            )
            file.write("\n")
        for name in ("loss", "macro_f1", "accuracy"):
            file.write(
                json.dumps({"step": 40, "epoch": 0.8, "split": "validation", "name": name, "value": 0.5})
                + "\n"
            )


def open_page(**params: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "Home.py"), default_timeout=60)
    app.run()
    app.switch_page("pages/3_Runs.py").run()
    if params:  # a change of page clears the address, so it is written afterwards
        for name, value in params.items():
            app.query_params[name] = value
        app.run()
    assert not app.exception
    return app


def words(app: AppTest) -> str:
    shown = [*app.subheader, *app.markdown, *app.caption, *app.error, *app.warning, *app.code]
    bars = [item.proto.text for item in app.get("progress")]
    return "\n".join([*(str(item.value) for item in shown), *bars]).replace("\\", "")


def buttons(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def test_without_runs_it_teaches_and_leads_to_data() -> None:
    app = open_page()
    assert "Nothing has been trained yet." in words(app)
    assert buttons(app) == ["Bring data"]


def test_a_queued_run_says_its_place_and_can_be_taken_out() -> None:
    make("queued", queued=1.0)
    run = make("queued", queued=2.0, name="second")
    app = open_page(run=run.id)
    assert "1 run in the queue before this one" in words(app)
    app.button(key=f"stop {run.id}").click().run()
    assert run.state().state == "stopped"
    assert "had learned nothing to keep yet" in words(app)


def test_a_running_run_shows_progress_curves_and_stop() -> None:
    run = make("running", phase="training", eta_seconds=120.0, epoch=0.8, epochs=2.0, memory_mb=1400.0,
               examples_per_second=55.7, **alive())  # fmt: skip
    measure(run)
    app = open_page(run=run.id)
    assert "Training · step 40 of 100 · about 2 minutes left" in words(app)
    assert {metric.label: metric.value for metric in app.metric} == {
        "Epoch": "0.8 of 2", "Rows a second": "56", "Memory, at most": "1.4 GB", 
    }  # fmt: skip
    assert len(app.get("plotly_chart")) == 2
    app.button(key=f"stop {run.id}").click().run()
    assert run.stop_path.exists()
    assert "Stopping after this step." in words(app)
    assert app.button(key=f"stop {run.id}").disabled
    assert app.button(key=f"delete {run.id}").disabled


def test_a_finished_run_says_its_score_beside_the_baselines_and_leads_on() -> None:
    run = make("succeeded", result=True, step=100, finished=time.time())
    app = open_page(run=run.id)
    assert "Finished just now after 1" in words(app) or "Finished just now after 60 s" in words(app)
    assert "Macro-F1 is 0.78" in words(app)
    assert "on 12 test rows" in words(app)
    assert "beats the TF-IDF baseline (0.60)" in words(app)
    assert "Look at its mistakes" in buttons(app) or not (ROOT / "pages" / "4_Evaluate.py").exists()
    assert "Stop" not in buttons(app)


def test_a_stopped_run_can_be_resumed() -> None:
    run = make("stopped", result=True, finished=time.time())
    app = open_page(run=run.id)
    assert "Stopped at step 40 of 100" in words(app)
    app.button(key=f"resume {run.id}").click().run()
    assert run.state().state == "queued"
    assert "Next in line" in words(app)


def test_a_failed_run_says_why_and_what_to_do() -> None:
    run = make("failed", problems=[PROBLEM], finished=time.time())
    app = open_page(run=run.id)
    assert "The machine ran out of memory. Halve the batch size." in words(app)
    assert "Resume" in buttons(app)


def test_a_run_whose_worker_was_killed_is_lost_and_says_where_it_goes_on() -> None:
    run = make("running", pid=2**22 - 1, process_started=1.0)
    for step, whole in ((20, True), (40, False)):
        folder = run.checkpoints_path / f"checkpoint-{step}"
        folder.mkdir(parents=True)
        if whole:
            (folder / "complete.json").write_text("{}")
    app = open_page(run=run.id)
    assert "The process of this run is gone at step 40 of 100" in words(app)
    assert "Resume goes on from step 20." in words(app)
    assert "Resume" in buttons(app)


def test_a_damaged_run_can_only_be_deleted() -> None:
    broken = get_settings().runs / "20260101-000000-broken"
    broken.mkdir(parents=True)
    (broken / "spec.json").write_text("{}")
    (broken / "state.json").write_text("[]")
    app = open_page(run=broken.name)
    assert "cannot be read, so it can only be deleted" in words(app)
    assert buttons(app) == ["Delete"]
    app.button(key=f"delete {broken.name}").click().run()
    app.button(key="delete run now").click().run()
    assert not broken.exists()
    assert not app.exception


def test_a_run_that_is_not_there_is_said_above_the_others() -> None:
    make("succeeded", result=True)
    app = open_page(run="nowhere")
    assert "There is no run 'nowhere'" in words(app)
    assert "All runs" in words(app)


def test_without_a_run_in_the_address_the_active_one_is_shown() -> None:
    waiting = make("queued", name="waiting")
    make("succeeded", result=True, name="done")
    app = open_page()
    assert app.query_params["run"] == waiting.id


def test_renaming_shows_at_once() -> None:
    run = make("failed")
    app = open_page(run=run.id)
    app.text_input(key=f"new name {run.id}").set_value("better")
    app.button(key=f"rename now {run.id}").click().run()
    assert run.name == "better"
    assert app.subheader[0].value == "better"


def test_an_empty_name_is_refused_in_words() -> None:
    run = make("failed")
    app = open_page(run=run.id)
    app.text_input(key=f"new name {run.id}").set_value("   ")
    app.button(key=f"rename now {run.id}").click().run()
    assert "The new name is empty." in words(app)


def test_names_are_shown_as_text_whatever_they_contain() -> None:
    run = make("failed", name="<b>bold</b> **x** :material/delete: [a](http://b)")
    app = open_page(run=run.id)
    assert app.subheader[0].value == (r"\<b\>bold\</b\> \*\*x\*\* \:material/delete\: \[a\]\(http\://b\)")


def test_many_runs_can_be_searched_and_filtered_by_state() -> None:
    for number in range(11):
        make("failed" if number % 2 else "stopped", name=f"run {number}")
    app = open_page()
    assert len(app.dataframe[0].value) == 11
    app.text_input(key="find run").set_value("run 1").run()
    assert set(app.dataframe[0].value["Name"]) == {"run 1", "run 10"}
    app.text_input(key="find run").set_value("no such").run()
    assert "No run has these words and this state." in words(app)


def test_the_log_is_read_when_it_is_opened() -> None:
    run = make("failed")
    run.log_path.write_text("\x1b[1m<script>alert(1)</script>\n")
    app = open_page(run=run.id)
    assert not any("alert" in str(code.value) for code in app.code)
    app.session_state[f"log {run.id}"] = True
    app.run()
    assert any(code.value == "<script>alert(1)</script>" for code in app.code)
