"""The views of labelled spans on the Evaluate page, with runs written by hand and no model."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from lib.runs.files import write_json
from lib.runs.folder import RunFolder, create_run
from lib.runs.spec import DataSpec, Spec
from lib.runs.state import State
from lib.tasks.annotated import document_of_text, read_spans
from lib.tasks.brief import Brief
from lib.tasks.entity_spans import judge_spans, predicted_row
from lib.tasks.outputs import TokenLabels
from lib.tasks.tags import iob2_labels, write_iob2
from lib.tasks.token_classification import TokenClassification
from lib.ui.entity_text import marked_html
from lib.ui.review_entities import rows_to_show
from lib.ui.view_entities import EntityView
from tests.pages.fake_finished_runs import HOSTILE

PAGE = Path(__file__).resolve().parents[2] / "pages" / "4_Evaluate.py"
TASK = TokenClassification()
Given = list[tuple[int, int, str]]
# Text, true spans, predicted spans.
ROWS: list[tuple[str, Given, Given]] = [
    ("Anna saw Rome", [(0, 4, "PER"), (9, 13, "LOC")], [(0, 4, "PER"), (9, 13, "LOC")]),
    ("Anna saw Lima", [(0, 4, "PER"), (9, 13, "LOC")], [(0, 4, "LOC")]),
    ("New York wins", [(0, 8, "LOC")], [(0, 3, "LOC")]),
    ("nothing here", [], [(0, 7, "PER")]),
]


def entity_run(rows: list[tuple[str, Given, Given]] = ROWS, *, copies: int = 5) -> RunFolder:
    """A run that succeeded, with these test rows several times over."""
    columns = {"text": "text", "spans": "spans"}
    data = DataSpec(dataset="names@1", columns=columns)
    run = create_run(Spec(task=TASK.slug, data=data, model="starter:minilm-l6", name="names"))
    documents = [document_of_text(text) for text, _, _ in rows] * copies
    gold, predicted = (
        [
            read_spans(
                document, [dict(zip(("start", "end", "label"), span, strict=True)) for span in row[side]]
            )
            for document, row in zip(documents, rows * copies, strict=True)
        ]
        for side in (1, 2)
    )
    labels = sorted({span[2] for row in rows for side in (1, 2) for span in row[side]})
    lines = [
        predicted_row(document, write_iob2(found.entities, len(document.places)), None, "conlleval")
        for document, found in zip(documents, predicted, strict=True)
    ]
    judged = judge_spans(
        pd.DataFrame(lines), documents, [found.entities for found in gold], iob2_labels(labels)
    )
    judged["loss"] = [float(number) for number in range(len(judged))]
    judged.insert(0, "row", range(len(judged)))
    judged.insert(1, "row_id", [f"{number:016x}" for number in range(len(judged))])
    judged.insert(2, "split", "test")
    judged["input: text"] = judged["text"]
    judged["tokens"], judged["truncated"] = 9, False
    judged.to_parquet(run.predictions_path, index=False)
    target = {"labels": labels, "tags": iob2_labels(labels), "counts": {}, "scheme": None}
    write_json(run.path / "target.json", target)
    scores = TASK.score(judged, Brief(columns, target))
    write_json(
        run.path / "result.json",
        {"run": run.id, "state": "succeeded", "task": TASK.slug, "rows": {"test": len(judged)},
         "scores": {"test": scores}, "intervals": {}, "baselines": {"dictionary": scores}},
    )  # fmt: skip
    run.model_path.mkdir()
    write_json(run.model_path / "atelier.json", {"task": TASK.slug} | Brief(columns, target).to_json())
    run.write_state(State(state="succeeded", queued=1.0, started=2.0, finished=3.0))
    return run


def opened(run: RunFolder, **parameters: str) -> AppTest:
    app = AppTest.from_file(str(PAGE), default_timeout=60)
    for name, value in ({"run": run.id} | parameters).items():
        app.query_params[name] = value
    app.run()
    assert not app.exception and not app.error, app.error
    return app


def listed(app: AppTest) -> list[str]:
    return next(table.value for table in app.dataframe if "Mistakes" in table.value)["Text"].tolist()


def drawn(app: AppTest) -> str:
    return " ".join(block.proto.body for block in app.get("html"))


def test_the_labels_are_shown_with_their_scores_and_the_texts_that_went_wrong(home: Path) -> None:
    app = opened(entity_run())
    assert app.get("plotly_chart")
    table = next(table.value for table in app.dataframe if "Precision" in table.value)
    assert table["Label"].tolist() == ["LOC", "PER"]
    assert table["True"].tolist() == [15, 10] and table["F1"][0].startswith("0.33 (")
    assert set(listed(app)) == {"Anna saw Lima", "New York wins", "nothing here"}


def test_the_open_text_says_of_each_span_what_is_wrong(home: Path) -> None:
    app = opened(entity_run(copies=1), row="1")
    said = drawn(app)
    assert "True: 2 entities" in said and "Predicted: 1 entity" in said
    assert "PER · wrong type" in said and "LOC · missed" in said and "LOC · wrong type" in said


@pytest.mark.parametrize(
    ("parameters", "texts"),
    [
        ({"error": "missed"}, {"Anna saw Lima"}),
        ({"error": "extra"}, {"nothing here"}),
        ({"error": "wrong borders"}, {"New York wins"}),
        ({"error": "right", "label": "PER"}, {"Anna saw Rome"}),
        ({"label": "PER"}, {"Anna saw Lima", "nothing here"}),
    ],
)
def test_the_address_chooses_label_and_kind_of_error(
    home: Path, parameters: dict[str, str], texts: set[str]
) -> None:
    assert set(listed(opened(entity_run(), **parameters))) == texts


def test_a_choice_without_texts_says_so(home: Path) -> None:
    app = opened(entity_run(), error="missed", label="PER")
    assert "No such text" in " ".join(caption.value for caption in app.caption)


def test_texts_and_labels_stay_text_everywhere(home: Path) -> None:
    rows: list[tuple[str, Given, Given]] = [
        (text, [(0, len(text), label)], []) for text, label in zip(HOSTILE, reversed(HOSTILE), strict=True)
    ]
    app = opened(entity_run(rows))
    assert "<script>alert" not in drawn(app) and "<b>markup" not in drawn(app)
    for element in (*app.markdown, *app.caption):
        assert "<script>" not in element.value and "**bold**" not in element.value


def test_the_order_puts_the_worst_first_and_search_is_by_plain_text(home: Path) -> None:
    run = entity_run()
    frame = pd.read_parquet(run.predictions_path)
    from lib.analysis.entities import entity_outcomes

    outcomes = entity_outcomes(frame["gold"].tolist(), frame["predicted"].tolist())
    ask: dict[str, Any] = {"label": "any", "kind": "any", "find": ""}
    by_mistakes = rows_to_show(frame, outcomes, **ask, order="mistakes")
    assert by_mistakes["text"].iloc[0] == "Anna saw Lima" and by_mistakes["mistakes"].iloc[0] == 2
    assert rows_to_show(frame, outcomes, **ask, order="loss")["loss"].is_monotonic_decreasing
    assert rows_to_show(frame, outcomes, **ask, order="row")["row"].is_monotonic_increasing
    assert rows_to_show(frame, outcomes, **(ask | {"find": "[a-z]"}), order="row").empty


def test_a_marked_text_holds_every_letter_and_names_each_label() -> None:
    text = "<i>Anna</i> & Rome"
    html = marked_html(text, [{"start": 3, "end": 7, "label": "PER"}], {"PER": "#0072B2"}, ["missed"])
    assert html.startswith("&lt;i&gt;<mark") and "Anna<small>PER · missed</small></mark>" in html
    assert html.endswith("&lt;/i&gt; &amp; Rome") and "#0072B2" in html


def test_a_try_is_a_line_and_predicted_labels_are_counted_one_by_one() -> None:
    view, output = EntityView(), TokenLabels(("LOC", "PER"))
    document = document_of_text("Anna saw Rome")
    row = pd.Series(predicted_row(document, ["B-PER", "O", "B-LOC"], None, "conlleval"))
    assert view.tried(output, row)["predicted"] == "Anna (PER), Rome (LOC)"
    counted = view.counts(output, pd.DataFrame({"predicted": [row["predicted"], None, json.dumps([])]}))
    assert counted is not None and counted.tolist() == ["PER", "LOC"]
