"""Which model the Predict page is about: a run's, or one taught elsewhere and a task that its head can do."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lib.errors import Problem, UserError
from lib.inference.askable import Askable, askable_run, askables
from lib.models.sources import ModelInfo, find_model
from lib.runs.folder import RunFolder, list_runs, open_run
from lib.tasks import find_task
from lib.ui import hand as hands
from lib.ui.address_choice import choose_in_address
from lib.ui.frame import guarded_callback
from lib.ui.hand import Hand
from lib.ui.output_runs import PICKER_STYLE, RUN_PARAMETERS, has_model, run_title, show_not_ready
from lib.ui.predict_download import offer_download
from lib.ui.problems import show_problems
from lib.ui.train_models import at_hand
from lib.ui.words import escape_markdown, shorten

OTHER = "other"
_KEY, _TYPED = "_model of this page", "_other model typed"
_KINDS = ("starter", "hub", "folder", "run")


def choose_asked(hand: Hand, below: DeltaGenerator) -> Askable | None:
    """The model in the address or the run in hand, with a picker for another; None where `below` says why not."""
    ref = st.query_params.get("model")
    runs = {f"run:{run.id}": run for run in list_runs() if has_model(run)}
    if ref is not None:
        _picker(ref, runs)
        return _elsewhere(ref, below)
    if hand.run is None:
        if runs:
            hands.take(run=next(iter(runs.values())).id)
            st.rerun()  # so that the path strip knows it too
        return None
    try:
        run = open_run(hand.run)
    except UserError as error:
        with below:
            show_problems(error.problems)
            hands.put_away(run=hand.run)
            if runs:
                newest = next(iter(runs))
                st.button("Try the newest run", type="primary", on_click=_take, args=(newest,))
        return None
    _picker(f"run:{run.id}", runs | {f"run:{run.id}": run})
    if has_model(run):
        return askable_run(run)
    with below:
        show_not_ready(run, lacking="model")
    return None


def models_here() -> list[ModelInfo]:
    """The models taught elsewhere that lie here, whether or not there is anything to ask them."""
    return [model for model in at_hand() if not model.is_scratch and model.is_downloaded]


def offer_models() -> None:
    """The models to try before anything was trained, as quiet buttons."""
    st.caption("Or try a model that is here already, as it is:")
    with st.container(horizontal=True, gap="small"):
        for model in models_here()[:6]:
            st.button(
                escape_markdown(shorten(model.title, 40)),
                key=f"try {model.ref}",
                on_click=_take,
                args=(model.ref,),
            )
        st.button("Another model", icon=":material/folder:", key="try other", on_click=_take, args=(OTHER,))


def _picker(now: str, runs: dict[str, RunFolder]) -> None:
    models = {model.ref: model for model in models_here()}
    options = [*runs, *models, OTHER]
    if now not in options:
        options.insert(0, now)

    def title(option: str) -> str:
        if option in runs:
            return run_title(runs[option])
        if option in models:
            return f"{shorten(models[option].title, 50)} · as it is"
        if option == OTHER:
            return "Another model: a folder or one of the Hub"
        source, _, name = option.partition(":")
        name = name.rstrip("/").rpartition("/")[2] if source == "folder" else name.partition("@")[0]
        return f"{shorten(name, 50)} · as it is"

    st.html(PICKER_STYLE)
    # Every time: when a title changes ("5 min ago") Streamlit takes it for another widget and would start it anew.
    st.session_state[_KEY] = now
    st.selectbox("Model", options, format_func=title, key=_KEY, on_change=_take_picked)


@guarded_callback
def _take_picked() -> None:
    _take(st.session_state[_KEY])


def _take(ref: str) -> None:
    for name in (*RUN_PARAMETERS, "model", "task"):
        st.query_params.pop(name, None)
    source, _, name = ref.partition(":")
    if source == "run":
        hands.take(run=name)
    else:
        st.query_params["model"] = ref


def _elsewhere(ref: str, below: DeltaGenerator) -> Askable | None:
    """The model for the task in the address; asks which one where its head can do several."""
    if ref == OTHER:
        st.text_input(
            "Folder or name",
            key=_TYPED,
            placeholder="/home/me/models/mine, or org/name",
            max_chars=1_000,
            on_change=_take_typed,
        )
        return None
    try:
        info = find_model(ref)
        if not info.is_downloaded and ref.startswith("hub:"):
            with below:
                offer_download(info)
            return None
        found = askables(ref)
    except UserError as error:
        with below:
            _say(error.problems)
        return None
    slugs = [one.task.slug for one in found]
    slug = choose_in_address("task", "What to ask it", slugs, format_func=lambda slug: find_task(slug).title)
    return found[slugs.index(slug)]


def _say(problems: tuple[Problem, ...]) -> None:
    """Why there is nothing to ask; a model without a head is no mistake of anybody's."""
    if all(problem.code == "no-head" for problem in problems):
        for problem in problems:
            st.info(escape_markdown(problem.what), icon=":material/info:")
        return
    show_problems(problems)


@guarded_callback
def _take_typed() -> None:
    typed = " ".join(str(st.session_state.get(_TYPED) or "").split())
    if not typed:
        return
    known = typed.partition(":")[0] in _KINDS and ":" in typed
    place = typed.startswith(("/", "~", "."))
    _take(typed if known else f"folder:{typed}" if place else f"hub:{typed}")
