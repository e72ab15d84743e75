"""Trying a model on one input: the answer, how sure it is, the time it took, a second model beside it."""

from typing import Any

import streamlit as st

from lib.inference.ask import is_loaded
from lib.inference.askable import Askable
from lib.inference.inputs import one_row
from lib.inference.predict import Asking, Predictions, predict
from lib.inference.tries import Answer, Try
from lib.ui.frame import boundary, guarded, guarded_callback
from lib.ui.given import CAMERA, ask_for, choose_source, field_key, given_for
from lib.ui.predict_answers import show_answers_of
from lib.ui.predict_examples import Sample, sample_in_address, show_samples
from lib.ui.predict_history import add_try, fill_fields, show_history, tries_of, try_in_address
from lib.ui.predict_settings import changed_options, show_settings
from lib.ui.predict_snippet import show_snippet
from lib.ui.predict_versus import Asked, choose_versus
from lib.ui.words import escape_markdown, shorten

_NOW, _SEEN = "_cells to predict at once", "_address filled in"


@st.fragment
@guarded
def show_one(asked: Askable) -> None:
    """Ask for an input and show what the model makes of it; only this part runs again after a click."""
    _open_address(asked)
    if asked.remark:
        st.caption(f":material/info: {escape_markdown(asked.remark)}")
    ask, answer = st.columns([2, 3] if st.query_params.get("versus") else 2, gap="large")
    with ask:
        versus = choose_versus(asked)
        cells = _form(asked)
        show_settings(asked)
        show_samples(asked, _take_sample)
    tried = None
    # With a boundary of its own, so that what was tried before stays in reach when this fails.
    with answer, boundary("the prediction"):
        tried = _current(asked, versus, cells)
        if tried is not None:
            show_answers_of(asked, tried, tries_of(asked))
        else:
            st.caption("What the model makes of it, how sure it is, and the time it took appear here.")
    show_history(asked)
    show_snippet(asked, tried)


def _form(asked: Askable) -> dict[str, str] | None:
    """The fields; what stands in them once Predict was pressed, else None."""
    inputs, owner = asked.inputs, asked.key
    pictures = any(role.kind == "image" for role in inputs)
    camera = pictures and choose_source(owner) == CAMERA
    with st.form(f"one text {owner}", border=False, enter_to_submit=True):
        for role in inputs:
            ask_for(owner, role, alone=len(inputs) == 1, camera=camera)
        for role in asked.extras:
            ask_for(owner, role, alone=False, optional=True)
        if not st.form_submit_button("Predict", type="primary", icon=":material/play_arrow:"):
            return None
    return {role.name: given_for(owner, role, camera=camera) for role in (*inputs, *asked.extras)}


def _current(asked: Askable, versus: Asked | None, given: dict[str, str] | None) -> Try | None:
    """The try to show: one made now, or the one in the address; asked again when it lacks the second model."""
    ready = st.session_state.pop(_NOW, None)
    cells = given if given is not None else ready
    options = changed_options(asked)
    kept = try_in_address(asked)
    if cells is None and kept is not None:
        keys = [answer.key for answer in kept.answers]
        if versus is None or versus.key in keys[1:]:
            return kept if versus is not None or len(keys) == 1 else _alone(kept)
        cells, options = dict(kept.cells), dict(kept.options)
    if cells is None:
        return None
    tried = _ask_all(asked, versus, cells, options)
    add_try(asked, tried)
    st.session_state[_SEEN] = _place(asked)  # its input stands in the fields already
    return tried


def _alone(tried: Try) -> Try:
    return Try(tried.cells, tried.answers[:1], tried.options, tried.id, tried.when)


def _ask_all(asked: Askable, versus: Asked | None, cells: dict[str, str], options: dict[str, Any]) -> Try:
    """Both models on the same input. Raises UserError, with nothing kept, when either fails."""
    roles = asked.roles_in(cells)
    rows, columns = one_row(roles, [cells.get(role.name) for role in roles])
    who = [Asked(asked), *([versus] if versus else [])]
    answers = [Answer.of(one.key, one.title, _ask(one, rows, columns, options)) for one in who]
    return Try({role.name: str(cells[role.name]) for role in roles}, answers, options)


def _ask(one: Asked, rows: Any, columns: dict[str, str], options: dict[str, Any]) -> Predictions:
    waiting = st.empty()

    def tell(done: int, total: int, phase: str) -> None:
        # Also the moment at which a click elsewhere on the page can interrupt the wait.
        waiting.caption("Waiting for rows that came first" if phase == "waiting" else "")

    model, how = one.model, one.asking(options)
    extra: dict[str, Any] = {} if how == Asking() else {"asking": how}
    loaded = is_loaded(model.ref, model.slug) if model.slug else is_loaded(model.ref)
    loading = f"Loading {shorten(one.title, 40)}, which takes a few seconds the first time"
    with st.spinner("Predicting" if loaded else escape_markdown(loading)):
        found = predict(model.ref, rows, columns, on_progress=tell, **extra)
    waiting.empty()
    return found


def _open_address(asked: Askable) -> None:
    """Once for each address: fill the fields with its try, or predict the row that it names."""
    if st.session_state.get(_SEEN) == _place(asked):
        return
    st.session_state[_SEEN] = _place(asked)
    if (tried := try_in_address(asked)) is not None:
        first = asked.inputs[0]
        if not st.session_state.get(field_key(asked.key, first)):
            fill_fields(asked, tried)
        return
    if (sample := sample_in_address(asked)) is not None:
        _fill(asked, sample)


def _place(asked: Askable) -> tuple[str | None, ...]:
    """What the address names."""
    return (asked.key, *(st.query_params.get(name) for name in ("try", "split", "row")))


@guarded_callback
def _take_sample(asked: Askable, sample: Sample) -> None:
    st.query_params.pop("try", None)
    for name in ("split", "row"):
        st.query_params.pop(name, None)
    if sample.row is not None:
        st.query_params["split"], st.query_params["row"] = sample.row[0], str(sample.row[1])
    _fill(asked, sample)


def _fill(asked: Askable, sample: Sample) -> None:
    fill_fields(asked, Try(sample.cells, (), changed_options(asked)))
    st.session_state[_NOW] = dict(sample.cells)
