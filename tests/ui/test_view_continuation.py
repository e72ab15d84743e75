"""Continuations on the pages: what perplexity means, which rows come first, what is marked, samples of a run."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from lib.inference.predict import Predictions
from lib.runs.files import write_json
from lib.runs.folder import RunFolder, create_run
from lib.runs.spec import DataSpec, Spec
from lib.runs.state import State
from lib.tasks.outputs import Continuation
from lib.ui.learned_text import MOST_CHARACTERS, learned_html, learned_parts
from lib.ui.run_samples import step_words
from lib.ui.view_continuation import as_talk, perplexity_words

PAGES = Path(__file__).resolve().parents[2] / "pages"
EVALUATE, RUNS, PREDICT = (PAGES / name for name in ("4_Evaluate.py", "3_Runs.py", "6_Predict.py"))
TALK = json.dumps([{"role": "user", "content": "Hi <b>"}, {"role": "assistant", "content": "Hello"}])


@pytest.fixture(autouse=True)
def _no_processes(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.runs.queue.start_queue", lambda: None)


def row(number: int, loss: float | None, **parts: Any) -> dict[str, Any]:
    pieces = [{"text": "user: Hi <b>\n", "trained": False}, {"text": "Hello <i>", "trained": True}]
    return {
        "row": number, "row_id": f"{number:016x}", "split": "test", "gold": f"answer {number}", "predicted": None,
        "nll": 0.0 if loss is None else 4 * loss, "tokens_judged": 0 if loss is None else 4, "loss": loss,
        "learned": json.dumps(pieces), "correct": False, "tokens": 9, "truncated": False, "input: messages": TALK,
    } | parts  # fmt: skip


def finished(rows: list[dict[str, Any]]) -> RunFolder:
    columns = {"messages": "messages"}
    data = DataSpec(dataset="chats@1", columns=columns)
    run = create_run(Spec(task="chat", data=data, model="starter:smollm2-135m-instruct", name="chats"))
    pd.DataFrame(rows).to_parquet(run.predictions_path, index=False)
    write_json(run.path / "target.json", {})
    write_json(run.path / "brief.json", {"columns": columns, "target": {}, "max_length": 64, "options": {}})
    scores = {"perplexity": 9.25, "loss": 2.225}
    result = {
        "run": run.id, "state": "succeeded", "task": "chat", "rows": {"train": 9, "validation": 1, "test": len(rows)},
        "scores": {"test": scores}, "intervals": {"test": {"perplexity": [8.0, 10.0]}},
        "baselines": {"untuned": {"perplexity": 45.0, "loss": 3.8}},
    }  # fmt: skip
    write_json(run.path / "result.json", result)
    run.model_path.mkdir()
    about = {"task": "chat", "target": {}, "columns": columns, "max_length": 64}
    write_json(run.model_path / "atelier.json", about)
    run.write_state(State(state="succeeded", queued=1.0, started=2.0, finished=3.0))
    return run


def opened(page: Path, run: RunFolder, **parameters: str) -> AppTest:
    app = AppTest.from_file(str(page), default_timeout=60)
    for name, value in ({"run": run.id} | parameters).items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    assert not app.error, [error.value for error in app.error]
    return app


def said(app: AppTest) -> str:
    blocks = [block.proto.body for block in app.get("html")]
    return " ".join([*(element.value for element in (*app.markdown, *app.caption)), *blocks])


def test_the_perplexity_is_said_in_a_sentence_beside_that_before_training() -> None:
    words = perplexity_words({"perplexity": 9.25}, {"untuned": {"perplexity": 45.0}})
    assert "as if among 9.25 equally likely ones; before training it hesitated among 45" in words
    assert "before training" not in perplexity_words({"perplexity": 9.25}, {})
    assert perplexity_words({}, {}) == ""


def test_the_most_surprising_row_comes_first_and_rows_without_loss_last(home: Path) -> None:
    app = opened(EVALUATE, finished([row(0, 1.0), row(1, 3.0), row(2, None), row(3, 2.0)]))
    table = next(table.value for table in app.dataframe if "gold" in table.value)
    assert table["gold"].tolist() == ["answer 1", "answer 3", "answer 0", "answer 2"]
    assert "1 row cannot be judged" in said(app).replace("\\", "")
    assert table["input: messages"][0].replace("\n", " ") == "user: Hi <b> assistant: Hello"


def test_the_open_row_marks_what_is_learned_and_shows_what_was_written(home: Path) -> None:
    run = finished([row(0, 1.0, predicted="Hello you"), row(1, 3.0)])
    app = opened(EVALUATE, run, row="0")
    assert '<mark title="learned">Hello &lt;i&gt;</mark>' in said(app) and "Hello you" in said(app)
    assert "Only the first 20 rows" in said(opened(EVALUATE, run, row="1"))


def test_a_run_without_any_judged_answer_says_so(home: Path) -> None:
    assert "No row has an answer" in said(opened(EVALUATE, finished([row(0, None)])))


def test_marked_text_stays_text_and_is_cut_at_a_length() -> None:
    parts = [{"text": "<script>", "trained": False}, {"text": "a" * 20_000, "trained": True}, {"text": "b"}]
    shown = learned_html(parts)
    assert shown.startswith("&lt;script&gt;<mark") and shown.count("a" * 100) == (MOST_CHARACTERS - 8) // 100
    assert not shown.endswith("b")


@pytest.mark.parametrize("cell", [None, "", "not json", "3", '["a"]'])
def test_a_damaged_cell_marks_nothing(cell: str | None) -> None:
    assert learned_parts(cell) == []


def test_a_conversation_is_listed_by_speakers_and_a_text_as_it_is() -> None:
    assert as_talk(TALK) == "user: Hi <b>\nassistant: Hello"
    assert as_talk("just text") == "just text"


def test_an_answer_is_shown_with_its_length_and_stays_text(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = pd.DataFrame(
        {"predicted": ["Hello <b>you</b>"], "tokens written": [4], "tokens": [9], "truncated": [False]}
    )
    monkeypatch.setattr("lib.ui.predict_one.is_loaded", lambda ref: True)
    monkeypatch.setattr(
        "lib.ui.predict_one.predict",
        lambda *_, **__: Predictions(frame, Continuation(chat=True), 0.5, skipped=0),
    )
    run = finished([row(0, 1.0)])
    app = opened(PREDICT, run, way="one")
    app.text_area[0].input("Hi")
    next(button for button in app.button if button.label == "Predict").click().run()
    assert not app.exception and not app.error
    assert "Hello &lt;b&gt;you" in said(app) and "4 tokens" in said(app)


def write_samples(run: RunFolder, *steps: int) -> None:
    lines = [
        json.dumps(
            {"step": step, "samples": [{"input": "Hi", "expected": "Hello", "written": f"words {step}"}]}
        )
        for step in steps
    ]
    run.samples_path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_a_run_shows_its_newest_samples_beside_those_before_training(home: Path) -> None:
    run = finished([row(0, 1.0)])
    write_samples(run, 0, 20, 40)
    app = opened(RUNS, run)
    assert "words 0" in said(app) and "words 40" in said(app) and "words 20" not in said(app)
    app.select_slider(key=f"samples step {run.id}").set_value(20).run()
    assert "words 20" in said(app) and "words 40" not in said(app)
    write_samples(run, 0, 20, 40, 60)
    app.run()
    assert "words 20" in said(app), "what was chosen stays when newer samples come"


def test_before_the_first_validation_there_is_one_column_and_without_samples_no_section(home: Path) -> None:
    run = finished([row(0, 1.0)])
    assert "What it writes" not in said(opened(RUNS, run))
    write_samples(run, 0)
    assert "Before training" in said(opened(RUNS, run)) and "After step" not in said(opened(RUNS, run))


def test_steps_are_named() -> None:
    assert [step_words(step) for step in (0, 1_200)] == ["Before training", "After step 1,200"]
