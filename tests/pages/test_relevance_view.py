"""The relevance of one row on the page: what is asked, what is said, what is kept, and that texts stay texts."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from lib.errors import Problem, UserError
from lib.inference.predict import Predictions
from lib.inference.relevance import Followed, Relevance, Weighed
from lib.runs.folder import RunFolder
from lib.tasks import find_task
from lib.tasks.label_scores import from_probabilities
from lib.tasks.outputs import LabelScores
from lib.ui.explain_example import Example
from lib.ui.relevance_edit import row_mark
from lib.ui.relevance_export import page_of, table_with_facts
from lib.ui.relevance_text import strip_html
from tests.pages.fake_finished_runs import finished_run

TEXT = "<script>alert(1)</script> was *kind* & late"
NASTY = "<script>alert(2)</script>"
LABELS = ("anger", "joy", NASTY)
ASKED: list[dict[str, Any]] = []
PREDICTED: list[list[str]] = []


def relevance_of(
    method: str = "occlusion", target: str = "joy", against: str = "", **parts: Any
) -> Relevance:
    scores = {"script": 0.02, "was": 0.0, "kind": 0.6, "late": -0.3}
    words = [(TEXT.index(word), TEXT.index(word) + len(word), score) for word, score in scores.items()]
    proof = Followed((1, 5), (1, 1), 0.9, (0.3, 0.3), (0.5, 0.8), [(0.9, 0.8)] * 5, [(0.1, 0.2)] * 5)
    usual = {
        "method": method, "target": target, "against": against, "predicted": "joy", "labels": LABELS, "places": (),
        "place": None, "kind": "log-odds" if against else "probability", "scale": "logit", "value": 0.9,
        "fields": (("Text", TEXT),), "words": tuple(Weighed(0, *word) for word in words), "grid": None, "patches": (),
        "picture": "", "specials": (("[CLS]", 0.1),), "hidden_mass": 0.1, "hidden_by": "[MASK]", "baseline": "",
        "baselines": ("MASK", "PAD"), "steps": None, "delta": None, "change": None, "faithfulness": proof,
        "truncated": False, "written": None, "said": (), "stamp": "abc", "seconds": 0.1,
    }  # fmt: skip
    return Relevance(**{**usual, **parts})


def answer(ref: str, cells: Mapping[str, str], method: str, **asked: Any) -> Relevance:
    ASKED.append({"method": method, "cells": dict(cells), **asked})
    if asked["target"] == "nobody":
        raise UserError(Problem("The model does not choose “nobody” here.", code="unknown-target"))
    if method == "chefer":
        raise UserError(
            Problem("Chefer relevance is not available for this architecture.", code="no-attention")
        )
    more = {"baseline": asked["baseline"] or "MASK", "steps": asked["steps"], "delta": 0.3, "change": 0.4}
    return relevance_of(
        method, asked["target"] or "joy", asked["against"], **(more if method == "integrated" else {})
    )


def predicted(ref: str, rows: pd.DataFrame, columns: Mapping[str, str], **_: Any) -> Predictions:
    PREDICTED.append(rows["text"].tolist())
    chances = np.array([[0.1, 0.9, 0.0], [0.7, 0.3, 0.0]])[: len(rows)]
    return Predictions(from_probabilities(chances, LABELS), LabelScores(LABELS), 0.01)


@pytest.fixture
def run(home: Any, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    ASKED.clear()
    PREDICTED.clear()
    monkeypatch.setattr("lib.ui.relevance_ask.relevance", answer)
    monkeypatch.setattr("lib.ui.relevance_ask.is_loaded", lambda ref: True)
    monkeypatch.setattr("lib.ui.relevance_edit.predict", predicted)
    return finished_run(labels=LABELS)


def page(run_id: str, text: str, gold: str) -> None:
    from lib.runs.folder import open_run
    from lib.tasks import find_task
    from lib.tasks.outputs import LabelScores
    from lib.ui.explain_example import Example
    from lib.ui.explain_relevance import show_relevance

    run = open_run(run_id)
    labels = tuple(run.brief()["target"]["labels"])
    show_relevance(
        Example(run, find_task(run.spec.task), LabelScores(labels), {"text": text}, "test row 3", gold)
    )


@pytest.fixture
def opened(run: RunFolder) -> Callable[..., AppTest]:
    def open_page(**address: str) -> AppTest:
        app = AppTest.from_function(page, args=(run.id, TEXT, "anger"), default_timeout=20)
        for name, value in address.items():
            app.query_params[name] = value
        return app.run()

    return open_page


def said(app: AppTest) -> str:
    return "\n".join(str(item.value) for item in [*app.markdown, *app.caption, *app.warning])


def pressed(app: AppTest, label: str) -> None:
    [button] = [button for button in app.button if button.label == label]
    button.click().run()


def strips(app: AppTest) -> list[str]:
    return [str(item.proto.body) for item in app.get("html")]


def test_the_map_names_what_weighs_most_by_which_method_and_for_which_score(opened: Any) -> None:
    app = opened()
    assert not app.exception and not app.error
    assert ASKED[0]["method"] == "occlusion" and ASKED[0]["target"] == ""
    assert "“kind” raises joy most \\(\\+0\\.60\\), “late” lowers it most \\(−0\\.30\\)" in said(app)
    assert "test row 3 · probability 90\\.0 % · Occlusion, each word replaced by \\[MASK\\] in turn" in said(
        app
    )
    assert "10 % of the mass" in said(app)


def test_the_address_chooses_and_choosing_writes_the_address(opened: Any) -> None:
    app = opened(method="integrated", target="anger", against="joy", baseline="PAD", steps="100")
    assert (ASKED[0]["method"], ASKED[0]["target"], ASKED[0]["against"]) == ("integrated", "anger", "joy")
    assert (ASKED[0]["baseline"], ASKED[0]["steps"]) == ("PAD", 100)
    app.selectbox(key="relevance target").select("joy").run()
    assert app.query_params["target"] == "joy" and ASKED[-1]["target"] == "joy"
    app.segmented_control(key="relevance method").select("gradient").run()
    assert app.query_params["method"] == "gradient" and ASKED[-1]["method"] == "gradient"


def test_a_question_is_asked_once(opened: Any) -> None:
    app = opened()
    app.toggle(key="relevance specials").set_value(True).run()
    assert len(ASKED) == 1
    assert "[CLS]" in "".join(strips(app))


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ({"method": "nonsense", "steps": "7", "place": "x"}, "Occlusion"),
        ({"method": "integrated"}, "miss the change of the score by 0.30, of a change of 0.40"),
    ],
)
def test_odd_addresses_and_poor_convergence_are_said_plainly(opened: Any, address: Any, words: str) -> None:
    app = opened(**address)
    assert not app.exception and not app.error
    assert words in said(app).replace("\\", "")


def test_a_target_of_another_row_can_be_let_go(opened: Any) -> None:
    app = opened(target="nobody")
    pressed(app, "Explain what is predicted")
    assert "target" not in app.query_params and ASKED[-1]["target"] == ""


def test_a_method_that_is_not_available_says_so_and_leaves_the_others_to_choose(opened: Any) -> None:
    app = opened(method="chefer")
    assert "not available for this architecture" in str(app.error[0].value)
    app.segmented_control(key="relevance method").select("occlusion").run()
    assert not app.error and ASKED[-1]["method"] == "occlusion"


def test_the_true_label_stands_beside_a_wrong_one(opened: Any) -> None:
    app = opened(beside="1")
    assert [asked["target"] for asked in ASKED] == ["", "anger"]
    assert sum("atelier-relevance" in strip for strip in strips(app)) == 2


def test_hidden_words_are_masked_in_the_text_and_predicted_again(run: RunFolder, opened: Any) -> None:
    assert not opened(hide="000000:2").exception and not PREDICTED  # words of another row
    app = opened(hide=f"{row_mark(example(run))}:2")
    assert PREDICTED[-1] == [TEXT, TEXT.replace("kind", "[MASK]")] and len(PREDICTED) == 1
    app.text_area[0].set_value("something else")
    pressed(app, "Predict again")
    assert PREDICTED[-1] == [TEXT, "something else"]


def example(run: RunFolder) -> Example:
    return Example(run, find_task("text-classification"), LabelScores(LABELS), {"text": TEXT}, NASTY, NASTY)


def test_scripts_stay_text_in_the_strip_the_page_and_the_file(run: RunFolder, opened: Any) -> None:
    found = relevance_of(target=NASTY, specials=((NASTY, 0.2),), fields=((NASTY, TEXT), (NASTY, TEXT)))
    for made in (strip_html(found, scale=0.6, specials=True), page_of(example(run), found)):
        assert "<script" not in made and "&lt;script&gt;alert(" in made.replace("</mark>", "").replace(
            '<mark class="none" title="+0.020">', ""
        )
    app = opened()
    assert not any("<script" in strip for strip in strips(app))
    table = table_with_facts(example(run), found)
    assert table["word"].tolist()[:4] == [
        "script",
        "was",
        "kind",
        "late",
    ]  # raw in the table: CSV is no markup


def test_what_is_kept_carries_method_target_baseline_steps_and_model(run: RunFolder) -> None:
    found = relevance_of("integrated", baseline="PAD", steps=100, delta=0.0, change=0.4)
    table, kept = table_with_facts(example(run), found), page_of(example(run), found)
    line = table.iloc[0]
    assert (line["target"], line["baseline"], line["steps"], line["model"]) == (
        "joy",
        "PAD",
        "100",
        f"run:{run.id}",
    )
    assert "Integrated gradients, baseline every word padding, 100 steps" in line["method"]
    for words in ("Integrated gradients", "every word padding", "100 steps", f"run:{run.id}", "joy", "abc"):
        assert words in kept


def test_words_of_a_long_text_beyond_what_was_read_are_pale(run: RunFolder) -> None:
    made = strip_html(relevance_of(fields=(("Text", TEXT + " and more"),)), scale=0.6)
    assert '<span class="unread" title="not read"> and more</span>' in made
