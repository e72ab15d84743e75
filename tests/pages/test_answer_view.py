"""Answers on the Evaluate and Predict pages: marked in their text, the worst first, and nothing in them is markup."""

import json
from pathlib import Path

import pandas as pd
import pytest
from fake_finished_runs import HOSTILE
from streamlit.testing.v1 import AppTest

from lib.inference.predict import Predictions
from lib.inference.table import as_table
from lib.runs.files import write_json
from lib.runs.folder import RunFolder, create_run
from lib.runs.spec import DataSpec, Spec
from lib.runs.state import State
from lib.tasks.brief import Brief
from lib.tasks.outputs import Spans
from lib.tasks.question_answering import QuestionAnswering
from lib.ui.marked_answers import AROUND, Mark, answers_html
from lib.ui.view_spans import NO_ANSWER, SpanView, answers_to_show

TASK = QuestionAnswering()
COLUMNS = {"question": "question", "context": "context", "answers": "answers"}
PAGES = Path(__file__).resolve().parents[2] / "pages"
# question, context, accepted answer, what the model said
ROWS = [
    ("Who is here?", "Ann is here, not Bob.", "Ann", "Ann"),
    ("Who is not?", "Ann is here, not Bob.", "Bob", "Ann is here"),
    ("Who else?", "Ann is here, not Bob.", "", "Bob"),
    ("Why?", "It rains in Rome.", "", ""),
    ("Where?", "It rains in Rome.", "in Rome", "Rome"),
    (f"What is {HOSTILE[0]}?", f"This is {HOSTILE[0]} and {HOSTILE[1]}.", HOSTILE[0], HOSTILE[1]),
]


@pytest.fixture(autouse=True)
def _no_queue(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.runs.queue.start_queue", lambda: None)


def predictions(rows: list[tuple[str, str, str, str]]) -> pd.DataFrame:
    said = [answer for *_, answer in rows]
    texts = [context for _, context, _, _ in rows]
    starts = [text.index(answer) for text, answer in zip(texts, said, strict=True)]
    ends = [start + len(answer) for start, answer in zip(starts, said, strict=True)]
    return pd.DataFrame(
        {"predicted": pd.Series(said, dtype="str"), "confidence": 0.75, "start": starts, "end": ends, "margin": 0.5,
         "text": pd.Series(texts, dtype="str"), "loss": [float(n) for n in range(len(rows))]}
    )  # fmt: skip


def finished(rows: list[tuple[str, str, str, str]]) -> RunFolder:
    data = DataSpec(dataset="guide@1", columns=COLUMNS)
    run = create_run(Spec(task=TASK.slug, data=data, model="starter:minilm-l6", name="guide"))
    cells = [json.dumps([{"text": gold, "start": None}] if gold else []) for _, _, gold, _ in rows]
    frame = pd.DataFrame(
        {"question": [row[0] for row in rows], "context": [row[1] for row in rows], "answers": cells}
    )
    target = {"unanswerable": True}
    judged = TASK.judge(predictions(rows), frame.astype("str"), Brief(COLUMNS, target))
    scores = TASK.score(judged, Brief(COLUMNS, target))
    judged.insert(0, "row", range(len(rows)))
    judged.insert(1, "row_id", [f"{number:016x}" for number in range(len(rows))])
    judged.insert(2, "split", "test")
    read = frame[["question", "context"]].add_prefix("input: ")
    pd.concat([judged, read], axis=1).to_parquet(run.predictions_path, index=False)
    write_json(run.path / "target.json", target)
    write_json(run.path / "result.json", {
        "run": run.id, "state": "succeeded", "task": TASK.slug, "rows": {"test": len(rows)},
        "scores": {"test": scores}, "baselines": {"overlap": {"exact_match": 0.1, "answer_f1": 0.2}},
    })  # fmt: skip
    run.write_state(State(state="succeeded", queued=1.0, started=2.0, finished=3.0))
    return run


def opened(run: RunFolder, **parameters: str) -> AppTest:
    app = AppTest.from_file(str(PAGES / "4_Evaluate.py"), default_timeout=60)
    for name, value in ({"run": run.id} | parameters).items():
        app.query_params[name] = value
    app.run()
    assert not app.exception and not app.error
    return app


def listed(app: AppTest) -> pd.DataFrame:
    return next(table.value for table in app.dataframe if "accepted" in table.value)


def bodies(app: AppTest) -> str:
    return " ".join(block.proto.body for block in app.get("html"))


@pytest.mark.parametrize(
    ("kind", "questions"),
    [
        ("all", ["Who else?", "Who is not?", ROWS[5][0], "Where?", "Why?", "Who is here?"]),
        ("wrong", ["Who else?", "Who is not?", ROWS[5][0], "Where?"]),
        ("right", ["Why?", "Who is here?"]),
        ("unanswerable", ["Who else?", "Why?"]),
    ],
)
def test_each_filter_lists_its_questions_worst_first(home: Path, kind: str, questions: list[str]) -> None:
    shown = listed(opened(finished(ROWS), answers=kind))
    assert sorted(shown["input: question"]) == sorted(questions)
    assert shown["answer_f1"].is_monotonic_increasing
    same = shown[shown["answer_f1"] == 0]
    assert same["loss"].is_monotonic_decreasing


def test_wrong_answers_come_first_without_being_asked_for_and_the_filter_is_in_the_address(
    home: Path,
) -> None:
    app = opened(finished(ROWS))
    assert set(listed(app)["exact_match"]) == {"no"}
    app.segmented_control(key="review answers").set_value("right").run()
    assert set(listed(app)["exact_match"]) == {"yes"}
    assert app.query_params["answers"] in ("right", ["right"])


def test_an_open_row_shows_both_answers_marked_in_its_text(home: Path) -> None:
    app = opened(finished(ROWS), answers="all", row="4")
    assert '<mark class="chosen true"' in bodies(app) and '<mark class="true"' in bodies(app)
    said = " ".join(element.value for element in app.markdown)
    assert "Wrong: predicted **Rome**" in said and "Accepted: **in Rome**" in said


def test_a_question_without_an_answer_is_said_in_words(home: Path) -> None:
    app = opened(finished(ROWS), answers="unanswerable", row="3")
    assert set(listed(app)["accepted"]) == {NO_ANSWER}
    assert f"Right: predicted **{NO_ANSWER}**" in " ".join(element.value for element in app.markdown)


def test_the_filter_for_no_answer_is_offered_only_where_there_are_such_questions(home: Path) -> None:
    app = opened(finished(ROWS[:2]))
    assert "Without an answer" not in app.segmented_control(key="review answers").options


def test_questions_answers_and_texts_stay_text(home: Path) -> None:
    app = opened(finished(ROWS), answers="all", row="5")
    assert "<script>" not in bodies(app) and "&lt;script&gt;" in bodies(app)
    for element in (*app.markdown, *app.caption):
        assert "<script>" not in element.value and ":red[x]" not in element.value


def test_a_run_with_every_answer_right_lists_them_all(home: Path) -> None:
    assert len(listed(opened(finished([ROWS[0], ROWS[3]])))) == 2


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ([], "a &lt;b&gt; c"),
        ([Mark(2, 5, "chosen")], 'a <mark class="chosen">&lt;b&gt;</mark> c'),
        ([Mark(0, 3, "chosen"), Mark(2, 5, "true")],
         '<mark class="chosen">a </mark><mark class="chosen true">&lt;</mark><mark class="true">b&gt;</mark> c'),
    ],
)  # fmt: skip
def test_places_are_marked_and_what_overlaps_bears_both_marks(marks: list[Mark], expected: str) -> None:
    text = "a <b> c"
    shown = answers_html(text, marks, 0, len(text))
    assert shown.replace(' title="the model’s answer and an accepted answer"', "").replace(
        ' title="the model’s answer"', "").replace(' title="an accepted answer"', "") == expected  # fmt: skip


def test_a_prediction_shows_the_answer_in_a_long_text_around_its_mark(home: Path) -> None:
    def show() -> None:
        import pandas as pd

        from lib.tasks.outputs import Spans
        from lib.ui.marked_answers import AROUND
        from lib.ui.view_spans import SpanView

        text = "x" * 4 * AROUND + "<i>Bob</i>" + "y" * 4 * AROUND
        row = pd.Series(
            {
                "predicted": "Bob",
                "confidence": 0.5,
                "start": 4 * AROUND + 3,
                "end": 4 * AROUND + 6,
                "text": text,
            }
        )
        SpanView().show_prediction(Spans(), row, key="k", note="2 ms")

    app = AppTest.from_function(show, default_timeout=60).run()
    assert not app.exception
    [body] = [block.proto.body for block in app.get("html")]
    assert '&lt;i&gt;<mark class="chosen"' in body and "<i>" not in body
    assert len(body) < 4 * AROUND and app.metric[0].value == "Bob"
    assert "50.0 %" in app.caption[0].value.replace("\\", "")


def test_many_predictions_are_a_table_of_answers_and_places() -> None:
    table = as_table(Predictions(predictions(ROWS), Spans(), 0.1))
    assert list(table) == ["predicted", "confidence", "start", "end"]
    assert SpanView().counts(Spans(), table).value_counts().to_dict() == {"an answer": 5, "no answer": 1}
    assert SpanView().counts(Spans(), table.head(2)) is None


def test_the_order_is_by_match_then_f1_then_loss() -> None:
    frame = pd.DataFrame({"exact_match": [1.0, 0.0, 0.0, 0.0], "answer_f1": [1.0, 0.5, 0.0, 0.0], "loss": [9, 8, 1, 2],
                          "correct": [True, False, False, False], "gold": "[]"})  # fmt: skip
    assert answers_to_show(frame, "all").index.tolist() == [3, 2, 1, 0]
