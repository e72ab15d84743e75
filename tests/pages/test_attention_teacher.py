"""A student beside its teacher on the Explain page, with a stand-in for the model host."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_distilled_runs import TEACHER, distilled_run
from fake_finished_runs import finished_run
from streamlit.testing.v1 import AppTest

from lib.errors import Problem, UserError
from lib.inference.attended import Attention
from lib.inference.attention_numbers import FIGURES
from lib.inference.read_tokens import Token
from lib.runs.folder import RunFolder
from lib.ui.attention_teacher import layers_beside

PAGE = Path(__file__).resolve().parents[2] / "pages" / "5_Explain.py"
HEADS: list[dict[str, Any]] = []
SHAPE = {"student": (3, 2), "teacher": (5, 2)}
SEGMENTS = False


def weights(who: str, size: int) -> np.ndarray:
    random = np.random.default_rng(len(who)).random((*SHAPE[who], size, size)).astype(np.float32)
    return random / random.sum(axis=-1, keepdims=True)


def who_is(ref: str) -> str:
    return "teacher" if ref == TEACHER["teacher"] else "student"


def stand_in(ref: str, cells: Mapping[str, str], **_: Any) -> Attention:
    words = [Token(word, " ") for text in cells.values() for word in text.split()]
    layers, heads = SHAPE[who_is(ref)]
    pair = np.full((layers, heads, 3, 3), 1 / 3) if SEGMENTS else None
    if pair is not None:
        pair[1, 1, 0] = [0.1, 0.7, 0.2]
    return Attention(
        stack="encoder", stacks=("encoder",), queries=tuple(words), keys=tuple(words),
        pooled=weights(who_is(ref), len(words)),
        figures={name: np.zeros((layers, heads)) for name in FIGURES},
        rollout=None, picture=None, grid=None, written=(), notes=(), seconds=0.1,
        segments=("text", "text_pair", "special tokens") if SEGMENTS else (), between=pair,
    )  # fmt: skip


def one_head(ref: str, cells: Mapping[str, str], *, layer: int, head: int, **_: Any) -> np.ndarray:
    HEADS.append({"who": who_is(ref), "layer": layer, "head": head})
    return weights(who_is(ref), len(" ".join(cells.values()).split()))[layer, head]


@pytest.fixture(autouse=True)
def _no_processes(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import streamlit

    HEADS.clear()
    streamlit.cache_data.clear()
    monkeypatch.setattr("lib.runs.queue.start_queue", lambda: None)
    monkeypatch.setattr("lib.ui.attention_data.is_loaded", lambda ref: True)
    monkeypatch.setattr("lib.ui.attention_data.attention_of", stand_in)
    monkeypatch.setattr("lib.ui.attention_data.head_of", one_head)


def opened(run: RunFolder, **parameters: str) -> AppTest:
    app = AppTest.from_file(str(PAGE), default_timeout=60)
    for name, value in ({"run": run.id} | parameters).items():
        app.query_params[name] = value
    app.run()
    assert not app.exception and not app.error, app.error
    return app


def said(app: AppTest) -> str:
    return " ".join(element.value for element in (*app.markdown, *app.caption, *app.info))


def test_a_student_is_held_against_the_layers_that_it_was_cut_from(home: Path) -> None:
    run = distilled_run()
    app = opened(run, teacher="1", layer="2", head="2")
    assert layers_beside(run.spec, 3, 5) == [0, 2, 4]
    assert "The student parts from its teacher most in layer" in said(app)
    table = next(table.value for table in app.dataframe if "Teacher’s layer" in table.value)
    assert table["Teacher’s layer"].tolist() == [1, 3, 5]
    # The teacher's picture is of the layer that the student's second was cut from.
    assert {"who": "teacher", "layer": 2, "head": 1} in HEADS


def test_a_student_that_was_not_cut_is_held_against_evenly_spaced_layers(home: Path) -> None:
    spec = distilled_run().spec.changed(model="starter:minilm-l3")
    assert layers_beside(spec, 3, 6) == [1, 3, 5]


def test_it_is_asked_for_and_stands_in_the_address(home: Path) -> None:
    app = opened(distilled_run())
    assert "parts from its teacher" not in said(app)
    app.toggle(key="attention of the teacher").set_value(True).run()
    assert "parts from its teacher" in said(app) and app.query_params["teacher"] in ("1", ["1"])


def test_the_mean_of_the_heads_needs_no_heads_of_the_teacher(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SHAPE, "teacher", (5, 4))
    app = opened(distilled_run(), teacher="1")
    assert "other numbers of heads" in said(app)
    assert not [asked for asked in HEADS if asked["who"] == "teacher"]


@pytest.mark.parametrize("reason", ["tokens", "layers", "gone"])
def test_what_cannot_be_compared_is_said(home: Path, monkeypatch: pytest.MonkeyPatch, reason: str) -> None:
    def other(ref: str, cells: Mapping[str, str], **more: Any) -> Attention:
        if who_is(ref) == "student":
            return stand_in(ref, cells, **more)
        if reason == "gone":
            raise UserError(Problem("There is no run <b>x</b>.", fix="Choose another.", code="no-run"))
        return stand_in(ref, {"text": next(iter(cells.values())) + " more"}, **more)

    if reason == "layers":
        monkeypatch.setitem(SHAPE, "teacher", (2, 2))
    else:
        monkeypatch.setattr("lib.ui.attention_data.attention_of", other)
    app = opened(distilled_run(), teacher="1")
    words = {"tokens": "other tokens", "layers": "fewer layers", "gone": "There is no run"}
    assert words[reason] in said(app) and "<b>" not in said(app)


def test_a_run_without_a_teacher_offers_nothing(home: Path) -> None:
    app = opened(finished_run(), teacher="1")
    assert not [toggle for toggle in app.toggle if toggle.key == "attention of the teacher"]


def test_of_two_texts_the_attention_between_them_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "SEGMENTS", True)
    app = opened(finished_run(pairs=True), layer="2", head="2")
    assert "**Layer 2, head 2 crosses most** between the texts: 52 %" in said(app)
    table = next(table.value for table in app.dataframe if "reads" in table.value)
    assert table["text pair"].round().tolist() == [70, 33, 33]
