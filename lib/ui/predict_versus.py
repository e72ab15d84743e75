"""Which second model is asked the same: the model before training, or any other that does the same task."""

from dataclasses import dataclass

import streamlit as st

from lib.errors import UserError
from lib.inference.askable import Askable, find_askable
from lib.inference.predict import Asking
from lib.inference.untuned import untuned_folder
from lib.models.adapted import is_adapter
from lib.runs.folder import RunFolder, list_runs
from lib.settings import get_settings
from lib.ui.frame import guarded_callback
from lib.ui.output_runs import has_model, run_title
from lib.ui.predict_subject import models_here
from lib.ui.words import shorten

PARAMETER, BEFORE = "versus", "before"
_KEY, _MOST_RUNS = "_model beside", 50
_HEADLESS = (
    "The model before training has no head for this task, so it is not offered: its answers would be random."
)


@dataclass(frozen=True)
class Asked:
    """A model and how it is asked; `untuned` is the model that its run began with."""

    model: Askable
    untuned: bool = False

    @property
    def key(self) -> str:
        """The same for the same model asked the same way."""
        return f"{self.model.key} {BEFORE}" if self.untuned else self.model.key

    @property
    def title(self) -> str:
        """What it is called beside another."""
        return "Before training" if self.untuned else self.model.title

    def asking(self, options: dict[str, object]) -> Asking:
        """The request's part on how it is asked."""
        return Asking(self.model.slug, options, self.untuned)


def choose_versus(asked: Askable) -> Asked | None:
    """A list of the models that can answer the same; the address keeps the choice. None: one model alone."""
    options = dict(_options(asked.key, str(get_settings().home), asked))
    now = st.query_params.get(PARAMETER, "")
    found = _find(asked, now) if now else None
    if found is not None and now not in options:
        options[now] = found.title
    if found is None:
        now = ""
    if not options:
        return None
    st.session_state[_KEY] = now
    st.selectbox(
        "Compare with",
        ["", *options],
        format_func=lambda ref: options.get(ref, "nothing: this model alone"),
        key=_KEY,
        on_change=_take,
        help=None if BEFORE in options or asked.run is None else _HEADLESS,
    )
    return found


@guarded_callback
def _take() -> None:
    chosen = st.session_state[_KEY]
    if chosen:
        st.query_params[PARAMETER] = chosen
    else:
        st.query_params.pop(PARAMETER, None)


@st.cache_data(ttl=20, max_entries=50, show_spinner=False)
def _options(key: str, home: str, _asked: Askable) -> dict[str, str]:
    """What can be chosen, by reference; looked for again now and then, as it takes the spec of every run."""
    asked = _asked
    options: dict[str, str] = {}
    run_of_it = asked.run
    if run_of_it is not None and asked.task.scores_untuned:
        there = is_adapter(asked.folder) or untuned_folder(run_of_it) is not None
        options |= {BEFORE: "The model before training"} if there else {}
    for run in list_runs()[:_MOST_RUNS]:
        if run != asked.run and has_model(run) and _slug_of(run) == asked.task.slug:
            options[f"run:{run.id}"] = run_title(run)
    for model in models_here():
        if model.ref != asked.ref and _find(asked, model.ref) is not None:
            options[model.ref] = f"{shorten(model.title, 50)} · as it is"
    return options


def _find(asked: Askable, ref: str) -> Asked | None:
    """The model of that reference for the same task, asked with what this one is asked with; None if it cannot."""
    try:
        if ref == BEFORE:
            return Asked(asked, untuned=True) if asked.run is not None else None
        if ref == asked.ref:
            return None
        other = find_askable(ref, asked.task.slug)
    except UserError:
        return None
    needed = {role.name for role in other.inputs}
    given = {role.name for role in (*asked.inputs, *asked.extras)}
    return Asked(other) if needed <= given else None


def _slug_of(run: RunFolder) -> str:
    try:
        return run.spec.task
    except UserError:
        return ""
