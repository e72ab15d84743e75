"""The views of labelled spans on the Evaluate page, with runs written by hand and no model."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from lib.analysis.entities import entity_pairs, match_spans
from lib.data.read import read_table
from lib.data.split import SplitPlan
from lib.data.store import save
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
from lib.ui.entity_lanes import lanes_html
from lib.ui.entity_text import marked_html
from lib.ui.evaluate_panels import PANELS
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


def entity_run(
    rows: list[tuple[str, Given, Given]] = ROWS, *, copies: int = 5, of_words: bool = False
) -> RunFolder:
    """A run that succeeded, with these test rows several times over; trained on words and tags, or on texts."""
    columns = {"tokens": "words", "tags": "ner"} if of_words else {"text": "text", "spans": "spans"}
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
    judged["input: words" if of_words else "input: text"] = judged["text"]
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


def heading(app: AppTest) -> str:
    return next(part.value for part in app.markdown if "among" in part.value)


def test_the_matrix_comes_first_and_the_texts_that_went_wrong_are_listed(home: Path) -> None:
    app = opened(entity_run())
    assert app.get("plotly_chart")
    assert set(listed(app)) == {"Anna saw Lima", "New York wins", "nothing here"}
    assert heading(app) == "**20 mistakes** in **15 texts** among 20 test rows"


@pytest.mark.parametrize("view", [panel.name for panel in PANELS])
@pytest.mark.parametrize("of_words", [True, False], ids=["words and tags", "texts and spans"])
def test_every_view_opens_whatever_the_model_was_trained_on(home: Path, of_words: bool, view: str) -> None:
    app = opened(entity_run(of_words=of_words), view=view)
    assert len(app.get("button_group")[0].options) > 1


def test_the_types_are_shown_with_their_scores(home: Path) -> None:
    app = opened(entity_run(), evidence="types")
    table = next(table.value for table in app.dataframe if "F1" in table.value)
    assert table["Type"].tolist() == ["LOC", "PER"]
    assert table["True"].tolist() == [15, 10] and table["F1"][0].startswith("0.33 (")


def test_errors_come_with_the_four_ways_to_score(home: Path) -> None:
    app = opened(entity_run(), evidence="errors")
    table = next(table.value for table in app.dataframe if "Partial" in table.value)
    assert table["Counts as found"].tolist() == ["Strict", "Exact", "Partial", "Type"]
    assert table["Correct"].tolist() == [10, 15, 15, 15] and table["Partial"].tolist() == [0, 0, 5, 0]
    assert table["F1"][0].startswith("0.40 (")


def test_slices_say_what_is_not_known_and_count_impossible_tags(home: Path) -> None:
    app = opened(entity_run(), view="slices")
    table = next(table.value for table in app.dataframe if "Found" in table.value)
    assert table["Entities"].tolist() == ["1 word", "2 words"] and table["Found"].tolist() == [10, 0]
    said = " ".join(caption.value for caption in app.caption)
    assert "not known" in said and "0 of 55 predicted tags" in said


def test_training_rows_tell_which_entities_were_seen(home: Path) -> None:
    table = read_table(
        b'text,spans,split\n"Anna is here","[{""start"": 0, ""end"": 4, ""label"": ""PER""}]",train\n',
        "names.csv",
    )
    stored = save(table, name="names")
    run = entity_run()
    spec = run.spec
    data = DataSpec(
        dataset=stored.ref,
        fingerprint=stored.fingerprint,
        columns=dict(spec.data.columns),
        split=SplitPlan(column="split").to_json(),
    )
    write_json(run.path / "spec.json", replace(spec, data=data).to_json())
    app = opened(run, view="slices")
    shown = next(table.value for table in app.dataframe if "Found" in table.value).set_index("Entities")
    assert shown.loc["Seen in training", "True"] == 10 and shown.loc["Never seen in training", "True"] == 15


def test_the_open_text_has_a_true_and_a_predicted_lane(home: Path) -> None:
    said = drawn(opened(entity_run(copies=1), row="1", error="all"))
    assert "true: </span>PER<" in said and "predicted: </span>LOC · wrong type<" in said
    assert "true: </span>LOC · missed<" in said


@pytest.mark.parametrize(
    ("parameters", "texts", "entities"),
    [
        ({"error": "missed"}, {"Anna saw Lima"}, 5),
        ({"predicted": "(nothing)"}, {"Anna saw Lima"}, 5),
        ({"true": "(nothing)"}, {"nothing here"}, 5),
        ({"error": "spurious", "predicted": "PER"}, {"nothing here"}, 5),
        ({"error": "wrong borders"}, {"New York wins"}, 5),
        ({"true": "PER", "predicted": "LOC"}, {"Anna saw Lima"}, 5),
        ({"error": "right", "true": "PER"}, {"Anna saw Rome"}, 5),
        ({"true": "LOC"}, {"Anna saw Rome", "Anna saw Lima", "New York wins"}, 15),
        ({"true": "LOC", "error": "wrong"}, {"Anna saw Lima", "New York wins"}, 10),
    ],
)
def test_the_address_chooses_a_cell_and_a_kind_of_error(
    home: Path, parameters: dict[str, str], texts: set[str], entities: int
) -> None:
    app = opened(entity_run(), **parameters)
    assert set(listed(app)) == texts
    assert heading(app).startswith(f"**{entities} entit")


def test_clearing_the_selection_shows_all_mistakes_again(home: Path) -> None:
    app = opened(entity_run(), true="PER", error="right")
    app.button(key="clear selection").click().run()
    assert "mistakes" in heading(app) and not {"true", "error"} & set(app.query_params)


def test_pickers_choose_as_clicks_do(home: Path) -> None:
    app = opened(entity_run())
    app.selectbox(key="entities true").select("PER").run()
    assert heading(app).startswith("**10 entities**") and "PER" in app.query_params["true"]
    app.selectbox(key="entities error").select("wrong type").run()
    assert listed(app) == ["Anna saw Lima"] * 5


def test_a_choice_without_texts_says_so(home: Path) -> None:
    app = opened(entity_run(), error="missed", true="PER")
    assert "No such text" in " ".join(caption.value for caption in app.caption)


def test_a_type_that_the_run_does_not_have_is_said(home: Path) -> None:
    app = opened(entity_run(), true="<b>x</b>")
    assert any("does not have" in caption.value for caption in app.caption)
    assert len(listed(app)) == 15


@pytest.mark.parametrize("view", ["matrix", "errors", "types"])
def test_a_run_without_any_entity_is_shown_in_every_view(home: Path, view: str) -> None:
    app = opened(entity_run([("nothing here", [], []), ("nor here", [], [])]), evidence=view)
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
    frame = pd.read_parquet(entity_run().predictions_path)
    pairs = entity_pairs(frame["gold"].tolist(), frame["predicted"].tolist())
    wrong = pairs[pairs["outcome"] != "right"]
    by_mistakes = rows_to_show(frame, pairs, wrong, order="mistakes", find="")
    assert by_mistakes["text"].iloc[0] == "Anna saw Lima" and by_mistakes["mistakes"].iloc[0] == 2
    assert rows_to_show(frame, pairs, wrong, order="loss", find="")["loss"].is_monotonic_decreasing
    assert rows_to_show(frame, pairs, wrong, order="row", find="")["row"].is_monotonic_increasing
    assert rows_to_show(frame, pairs, wrong, order="row", find="[a-z]").empty


def test_a_marked_text_holds_every_letter_and_names_each_label() -> None:
    text = "<i>Anna</i> & Rome"
    html = marked_html(text, [{"start": 3, "end": 7, "label": "PER"}], {"PER": "#0072B2"})
    assert html.startswith("&lt;i&gt;<mark") and "Anna<small>PER</small></mark>" in html
    assert html.endswith("&lt;/i&gt; &amp; Rome") and "#0072B2" in html


def test_lanes_hold_every_letter_once_and_dash_other_borders() -> None:
    text = "<i>New York</i> & Rome"
    gold = [{"start": 3, "end": 11, "label": "LOC"}, {"start": 18, "end": 22, "label": "LOC"}]
    predicted = [{"start": 3, "end": 6, "label": "LOC", "confidence": 0.5}]
    html = lanes_html(text, gold, predicted, match_spans(gold, predicted), {}, chosen={(0, 0)})
    plain = re.sub(
        r'<span class="(lane|hidden)[^>]*>(<span class="hidden">[^<]*</span>)?[^<]*</span>', "", html
    )
    assert re.sub(r"<[^>]*>", "", plain) == "&lt;i&gt;New York&lt;/i&gt; &amp; Rome"
    assert html.count("borders chosen") == 2 and "confidence 50.0 %" in html
    assert '"grid-column: 1 / 3;' in html and '"grid-column: 1 / 2;' in html
    assert html.count("LOC · missed") == 1 and 'lane true" title' in html


def test_a_try_is_a_line_and_predicted_labels_are_counted_one_by_one() -> None:
    view, output = EntityView(), TokenLabels(("LOC", "PER"))
    document = document_of_text("Anna saw Rome")
    row = pd.Series(predicted_row(document, ["B-PER", "O", "B-LOC"], None, "conlleval"))
    assert view.tried(output, row)["predicted"] == "Anna (PER), Rome (LOC)"
    counted = view.counts(output, pd.DataFrame({"predicted": [row["predicted"], None, json.dumps([])]}))
    assert counted is not None and counted.tolist() == ["PER", "LOC"]


def test_an_answer_is_said_in_words_and_not_as_it_is_kept() -> None:
    spans = json.dumps([{"start": 0, "end": 4, "label": "PER", "text": "Anna"}])
    row = pd.Series({"gold": spans, "predicted": "[]"})
    output = TokenLabels(("PER",))
    assert EntityView().in_words(output, row, "gold") == "Anna (PER)"
    assert EntityView().in_words(output, row, "predicted") == "–"
