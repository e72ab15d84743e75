"""Which run the page is about: a picker of the runs that are ready for it, and what to do when none is."""

from collections.abc import Callable

import streamlit as st

from lib.charts.chart import Chart
from lib.errors import Problem, UserError
from lib.runs.folder import RunFolder, list_runs, open_run
from lib.runs.state import State
from lib.tasks import find_task
from lib.ui import hand as hands
from lib.ui.charts import show_chart
from lib.ui.frame import go_to, guarded_callback, lead_on
from lib.ui.hand import Hand
from lib.ui.numbers import ago, score
from lib.ui.problems import show_problems
from lib.ui.told_apart import told_apart
from lib.ui.words import escape_markdown, shorten

# What belongs to one run in the address, and means nothing for another.
RUN_PARAMETERS = (
    *("true", "predicted", "box", "row", "parted", "cost", "area", "with", "outcome", "of", "colour", "matrix"),
    *("passage", "at", "cells", "example", "stack", "layer", "head", "token", "target", "against", "place", "hide"),
    *("teacher", "side", "given", "suggested", "issue", "audit", "job", "try", "versus"),
    *("chat", "who", "editing", "tokens", "adding"),
)  # fmt: skip
_KEY = "_run of this page"
# On a phone the picker gets a line of its own.
PICKER_STYLE = """
<style>
@media (max-width: 640px) {
  :is(.st-key-evaluate-choice, .st-key-predict-choice, .st-key-explain-choice, .st-key-export-choice)
  > :has([data-testid="stSelectbox"]) {
    flex: 1 0 100%;
  }
}
</style>
"""


def has_scores(run: RunFolder) -> bool:
    """Whether there are judged predictions to look at."""
    return run.result() is not None and run.predictions_path.is_file()


def has_model(run: RunFolder) -> bool:
    """Whether there is a finished model to ask."""
    return (run.model_path / "atelier.json").is_file()


def pick_run(hand: Hand, *, ready: Callable[[RunFolder], bool]) -> RunFolder | None:
    """The run in hand, with a picker for another one; the newest that is ready when none is in hand.

    None when there is no run at all to show, or the one in the address is gone (which is said).
    """
    runs = {run.id: run for run in list_runs()}
    choices = [run.id for run in runs.values() if ready(run)]
    if hand.run is None:
        if choices:
            hands.take(run=choices[0])
            st.rerun()  # so that the path strip knows it too
        return None
    try:
        run = runs.get(hand.run) or open_run(hand.run)
    except UserError as error:
        show_problems(error.problems)
        hands.put_away(run=hand.run)
        if choices:
            st.button("Look at the newest run", type="primary", on_click=_take, args=(choices[0],))
        return None
    if run.id not in choices:
        choices.insert(0, run.id)
    st.html(PICKER_STYLE)
    # One run needs no choosing: its name stands in the strip above.
    if len(choices) > 1:
        # Every time: when a title changes ("5 min ago") Streamlit takes it for another widget and would start it
        # at the first run.
        st.session_state[_KEY] = run.id
        st.selectbox(
            "Run",
            choices,
            format_func=told_apart(choices, lambda identity: run_title(runs.get(identity, run))).__getitem__,
            key=_KEY,
            on_change=_take_picked,
        )
    return run


@guarded_callback
def _take_picked() -> None:
    _take(st.session_state[_KEY])


def _take(identity: str) -> None:
    for name in RUN_PARAMETERS:
        st.query_params.pop(name, None)
    hands.take(run=identity)


def run_title(run: RunFolder) -> str:
    """A run in one line of plain text: name, main score, when."""
    try:
        main = find_task(run.spec.task).main_score
        parts = [shorten(run.name, 50)]
    except UserError:
        return run.id
    state, result = run.state(), run.result() or {}
    value = result.get("scores", {}).get("test", {}).get(main.name)
    parts.append(f"{main.title} {score(value)}" if value is not None else state.state)
    return " · ".join([*parts, ago(state.finished or state.updated or state.queued)])


def offer_export() -> None:
    """The way to take the model along, beside the page's own primary button."""
    if st.button("Take the model along", icon=":material/ios_share:", key="lead on to Export"):
        go_to("Export")


def show_none_yet(sentence: str, example: Chart | None = None) -> None:
    """The page of somebody without any finished run: what will be here, and the way to it."""
    st.markdown(sentence)
    if list_runs():
        lead_on("See the runs", "Runs")
    elif hands.in_hand().data:
        lead_on("Train a model", "Train")
    else:
        lead_on("Start with data", "Data")
    if example is not None:
        with st.container(key="output-example"):
            st.caption("An example of what you will see here, with made-up numbers:")
            show_chart(example, "example", downloads=False)


def show_not_ready(run: RunFolder, *, lacking: str) -> None:
    """Why a run has nothing to show here, and the one button that leads on. `lacking` names it: "scores"."""
    state = run.state()
    name = f"**{escape_markdown(shorten(run.name, 60))}**"
    if run.spec.audit:
        st.markdown(f"{name} checks labels: it makes no model, so it has no {lacking} of its own.")
        if run.spec.parent:
            lead_on("Look at the labels", "Evaluate", run=run.spec.parent, view="labels")
        return
    st.markdown(_why(name, state, lacking))
    problems = [Problem(**problem) for problem in state.problems]
    if problems:
        show_problems(problems)
    lead_on("Watch the run" if state.is_active else "See the run", "Runs")


def _why(name: str, state: State, lacking: str) -> str:
    match state.state:
        case "queued":
            return f"{name} waits for its turn. Its {lacking} will be here when it has finished."
        case "running":
            done = f" (step {state.step:,} of {state.total_steps:,})" if state.total_steps else ""
            return f"{name} is still learning{done}. Its {lacking} will be here when it has finished."
        case "failed":
            return f"{name} failed before it had any {lacking}."
        case "lost":
            return f"{name} ended without a word: its process is gone, so there are no {lacking}. It can be resumed."
        case "stopped":
            return f"{name} was stopped before it had any {lacking}. It can be resumed."
        case _:
            return f"{name} has finished, but its {lacking} are missing from its folder. Train it again to get them."
