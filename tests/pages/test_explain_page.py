"""The Explain page with a stand-in for the model host: which row it is about, what is asked, shown and linked."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_finished_runs import HOSTILE, finished_run, queued_run
from streamlit.testing.v1 import AppTest

from lib.errors import Problem, UserError
from lib.inference.attended import Attention
from lib.inference.attention_numbers import FIGURES, figures, pooled, rolled
from lib.inference.read_tokens import Token
from lib.runs.folder import RunFolder
from lib.ui.attention_table import head_frame
from lib.ui.token_strip import strip_html

ROOT = Path(__file__).resolve().parents[2]
ASKED: list[dict[str, Any]] = []
LAYERS, HEADS = 3, 2


def weights(size: int) -> np.ndarray:
    """float32[layers, heads, size, size] whose rows sum to 1."""
    random = np.random.default_rng(0).random((LAYERS, HEADS, size, size)).astype(np.float32)
    return random / random.sum(axis=-1, keepdims=True)


def tokens_of(cells: Mapping[str, str]) -> tuple[Token, ...]:
    words = [Token(word, " ") for text in cells.values() for word in text.split()[:20]]
    return (Token("[CLS]", special=True), *words, Token("[SEP]", " ", special=True))


def stand_in(
    ref: str, cells: Mapping[str, str], *, stack: str = "", written: Sequence[int] | None = None
) -> Attention:
    ASKED.append({"ref": ref, "cells": dict(cells), "stack": stack})
    tokens = tokens_of(cells)
    whole, special = weights(len(tokens)), np.array([token.special for token in tokens])
    places = np.arange(len(tokens), dtype=float)[:, None]
    found = np.stack([figures(layer, special, places=places, in_order=True) for layer in whole])
    rollout = None
    for layer in whole:
        rollout = rolled(rollout, layer)
    return Attention(
        stack="encoder",
        stacks=("encoder",),
        queries=tokens,
        keys=tokens,
        pooled=np.stack([pooled(layer) for layer in whole]),
        figures={name: found[:, :, place] for place, name in enumerate(FIGURES)},
        rollout=rollout,
        picture=None,
        grid=None,
        written=(),
        notes=("The rest of <b>it</b> is cut.",),
        seconds=0.1,
    )


def one_head(ref: str, cells: Mapping[str, str], *, layer: int, head: int, **_: Any) -> np.ndarray:
    ASKED.append({"layer": layer, "head": head})
    return weights(len(tokens_of(cells)))[layer, head]


@pytest.fixture(autouse=True)
def _no_processes(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import streamlit

    ASKED.clear()
    streamlit.cache_data.clear()
    monkeypatch.setattr("lib.runs.queue.start_queue", lambda: None)
    monkeypatch.setattr("lib.ui.attention_data.is_loaded", lambda ref: True)
    monkeypatch.setattr("lib.ui.attention_data.attention_of", stand_in)
    monkeypatch.setattr("lib.ui.attention_data.head_of", one_head)


def opened(run: RunFolder | None = None, page: str = "5_Explain.py", **parameters: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "pages" / page), default_timeout=60)
    for name, value in parameters.items():
        app.query_params[name] = value
    if run:
        app.query_params["run"] = run.id
    app.run()
    assert not app.exception
    assert not (app.error and "fault of Atelier" in app.error[0].value), app.error
    return app


def said(app: AppTest) -> str:
    return " ".join(element.value for element in (*app.markdown, *app.caption))


def html_of(app: AppTest) -> str:
    return " ".join(element.proto.body for element in app.get("html"))


def test_the_page_opens_on_a_row_of_the_test_set_and_says_what_attention_is_not(home: Path) -> None:
    run = finished_run()
    app = opened(run)
    assert ASKED[0]["ref"] == f"run:{run.id}" and ASKED[0]["cells"]["text"].startswith("words of row")
    assert app.subheader[0].value == "Attention weights (where information is routed)"
    assert "does not show whether a token raised or lowered the score" in said(app)
    assert "Class-independent" in said(app)
    assert len(app.get("plotly_chart")) == 3


@pytest.mark.parametrize(("split", "row"), [("test", 200), ("validation", 17), (None, 17)])
def test_the_row_of_the_address_is_the_one_that_is_explained(home: Path, split: str | None, row: int) -> None:
    parameters = {"row": str(row)} | ({"split": split} if split else {})
    app = opened(finished_run(), **parameters)
    assert ASKED[0]["cells"] == {"text": f"words of row {row}"}
    assert f"row {row + 1}: truly" in said(app).lower()


def test_a_row_that_was_never_judged_is_said(home: Path) -> None:
    app = opened(finished_run(), row="9999")
    assert "is not among the judged rows" in app.error[0].value and not ASKED


def test_layer_head_and_token_of_the_address_count_from_one(home: Path) -> None:
    app = opened(finished_run(), layer="2", head="1", token="3")
    assert ASKED[1] == {"layer": 1, "head": 0}
    assert app.selectbox(key="attention token").value == 2
    assert "Attention of “of”" in html_of(app)


@pytest.mark.parametrize("value", ["0", "99", "x", "-1", "²", "9" * 30])
def test_a_head_or_token_that_is_not_there_falls_back(home: Path, value: str) -> None:
    app = opened(finished_run(), layer=value, head=value, token=value)
    assert ASKED[1] == {"layer": LAYERS - 1, "head": 0}
    assert app.selectbox(key="attention token").value == 0


def test_a_token_that_is_chosen_stands_in_the_address(home: Path) -> None:
    app = opened(finished_run())
    app.selectbox(key="attention token").set_value(2).run()
    assert app.query_params["token"] in ("3", ["3"])
    assert "reads from" not in (app.error[0].value if app.error else "")


def test_another_row_is_one_click_away_and_forgets_the_token(home: Path) -> None:
    app = opened(finished_run(), token="3")
    pills = app.get("button_group")[0]
    assert [title.split(":")[0] for title in pills.options] == ["Sure", "Close call", "Mistaken", "Your own"]
    number = int(pills.options[2].split()[-1]) - 1
    pills.set_value(f"test {number}").run()
    assert ASKED[-2]["cells"] == {"text": f"words of row {number}"}
    assert app.query_params["row"] in (str(number), [str(number)])
    assert "token" not in app.query_params


def test_your_own_text_is_explained_once_it_is_given(home: Path) -> None:
    app = opened(finished_run(), example="own")
    assert not ASKED and "Give the model something to read" in said(app)
    app.text_area[0].set_value("my very own words")
    next(button for button in app.button if button.label == "Look inside").click()
    app.run()
    assert ASKED[0]["cells"] == {"text": "my very own words"}


def test_a_blank_text_is_asked_for_again(home: Path) -> None:
    app = opened(finished_run(), example="own")
    next(button for button in app.button if button.label == "Look inside").click()
    app.run()
    assert not ASKED and "Nothing was given as Text" in said(app)


def test_what_people_wrote_is_never_markup(home: Path) -> None:
    app = opened(finished_run(labels=HOSTILE, texts=HOSTILE, name="<b>x</b>"), row="120", token="2")
    assert "alert(1)" in html_of(app)
    for words in (said(app), html_of(app)):
        assert "<script>" not in words and "<b>markup" not in words
    assert ":red[x]" not in said(app)


def test_an_architecture_without_attention_is_a_sentence_and_no_error(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*args: Any, **options: Any) -> Attention:
        raise UserError(
            Problem("No attention matrices here.", "model", "Look elsewhere.", code="no-attention")
        )

    monkeypatch.setattr("lib.ui.attention_data.attention_of", refuses)
    app = opened(finished_run())
    assert not app.error and "No attention matrices here" in app.info[0].value


def test_a_host_that_dies_is_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(*args: Any, **options: Any) -> Attention:
        raise UserError(Problem("The model host ended.", fix="Try again."))

    monkeypatch.setattr("lib.ui.attention_data.attention_of", dies)
    assert "The model host ended" in opened(finished_run()).error[0].value


def test_with_no_runs_the_page_teaches(home: Path) -> None:
    app = opened()
    assert "you look inside its model" in said(app)
    assert "lead on to Data" in [button.key for button in app.button]


def test_a_run_without_a_model_leads_to_runs(home: Path) -> None:
    assert "lead on to Runs" in [button.key for button in opened(queued_run()).button]


def test_a_judged_row_leads_to_its_explanation(home: Path) -> None:
    app = opened(finished_run(), page="4_Evaluate.py")
    assert [button.label for button in app.button if button.key == "explain this row"] == ["Explain this row"]


def test_the_table_has_one_line_a_head_and_leaves_out_what_means_nothing() -> None:
    found = stand_in("run:x", {"text": "a b c"})
    table = head_frame(found)
    assert len(table) == LAYERS * HEADS
    assert table.iloc[3][["layer", "head"]].tolist() == [2, 2]
    assert table["special"].iloc[3] == found.figures["special"][1, 1]
    gone = {**found.figures, "distance": np.full((LAYERS, HEADS), np.nan)}
    object.__setattr__(found, "figures", gone)
    assert "distance" not in head_frame(found)


def test_the_strip_escapes_tokens_and_colours_by_the_share_of_the_largest() -> None:
    tokens = (Token("[CLS]", special=True), Token("<script>", " "), Token('"&', "\n"))
    shown = strip_html(tokens, np.array([0.5, 0.25, 0.0]), top=0.5, asked=1)
    assert "<script>" not in shown and "&lt;script&gt;" in shown and "&quot;&amp;" in shown
    assert [part.split('"')[0] for part in shown.split("--w:")[1:]] == ["1.000", "0.500", "0.000"]
    assert 'class="special"' in shown and 'class="asked"' in shown
