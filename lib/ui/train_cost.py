"""What the training will cost: measured on this machine if one asks for it, and made smaller where memory is short."""

from dataclasses import replace
from typing import Any

import streamlit as st

from lib.data.store import open_dataset
from lib.errors import Problem, UserError
from lib.methods import find_method
from lib.plan.estimate import Estimate
from lib.plan.fitting import memory_problems
from lib.plan.measure import Measurement, extrapolated, forget_old_measurements, measurement_of
from lib.plan.planner import plan_run
from lib.plan.preview import Preview
from lib.tasks import find_task
from lib.ui.drafts import Draft
from lib.ui.frame import guarded, guarded_callback
from lib.ui.numbers import duration
from lib.ui.problems import show_problems
from lib.ui.train_form import Wish
from lib.ui.train_options import method_changes, training_changes
from lib.ui.words import escape_markdown

SECONDS_BETWEEN_LOOKS = 1.0
# What a measurement does, in this order, for the bar; some are passed over.
_PHASES = (
    "starting",
    "reading",
    "loading",
    "encoding",
    "scoring the untuned",
    "training",
    "scoring",
    "fitting",
    "saving",
)
_HELP = (
    "Makes this run in miniature: the longest batch, a few usual ones, and a few rows to score. Takes about a minute; "
    "the time and memory of the whole run follow from it."
)


def with_measured(wish: Wish) -> Preview:
    """The preview, with the cost as it was measured where it was."""
    assert wish.preview is not None
    measured = measured_cost(wish)
    return replace(wish.preview, estimate=measured) if measured else wish.preview


def measured_cost(wish: Wish) -> Estimate | None:
    """What was measured for just these choices; None when nothing was."""
    measurement = _measurement(wish)
    found = measurement.measured() if measurement else None
    if found is None or wish.preview is None:
        return None
    return extrapolated(found, wish.preview.run.task, wish.preview.options)


def show_measuring(wish: Wish) -> None:
    """How the cost is known: by formula, with the button that measures it; how far that is; or measured."""
    measurement = _measurement(wish)
    if measurement is None:
        return
    standing = measurement.standing()
    if standing.name == "running":
        st.fragment(_progress, run_every=SECONDS_BETWEEN_LOOKS)(measurement)
        return
    if standing.name == "done":
        with st.container(horizontal=True, vertical_alignment="center", key="train-measured"):
            st.caption("Time and memory were measured on this machine, on a few steps of just this run.")
            _button(wish, "Measure again")
        return
    show_problems(standing.problems)
    with st.container(horizontal=True, vertical_alignment="center", key="train-measured"):
        st.caption("Time and memory are by formula; they may be a third off.")
        _button(wish, "Measure it on this machine")


def show_memory(wish: Wish) -> list[Problem]:
    """What is wrong with the memory it needs, with one click for the smallest change that fits; the problems."""
    if wish.preview is None:
        return []
    measured = measured_cost(wish)
    need = (measured or wish.preview.estimate).memory_mb
    problems = memory_problems(wish.preview.run, need, measured=measured is not None)
    show_problems(problems)
    for problem in problems:
        if problem.changes:
            st.button(
                "Make it fit",
                icon=":material/compress:",
                key="make it fit",
                on_click=_apply,
                args=(str(wish.spec.data.dataset), wish.spec.task, wish.spec.method, problem.changes),
                help=escape_markdown(problem.fix),
            )
    return problems


def _measurement(wish: Wish) -> Measurement | None:
    if wish.preview is None or wish.problems or not wish.preview.run.model.is_downloaded:
        return None
    try:
        return measurement_of(open_dataset(str(wish.spec.data.dataset)), wish.preview.run)
    except UserError:  # deleted under the page; the form says so
        return None


def _button(wish: Wish, words: str) -> None:
    if st.button(words, icon=":material/speed:", type="tertiary", key="measure cost", help=_HELP):
        _start(wish)


def _start(wish: Wish) -> None:
    """Check the choices and start measuring them."""
    measurement = _measurement(wish)
    try:
        with st.spinner("Checking every row before it starts"):
            plan = plan_run(wish.spec)
    except UserError as error:
        show_problems(error.problems)
        return
    if measurement is not None and measurement.standing().name != "running":
        measurement.start(plan)
        forget_old_measurements()
    st.rerun()


@guarded
def _progress(measurement: Measurement) -> None:
    """How far a measurement is, and a way out of it; redraws the page when it has ended."""
    standing = measurement.standing()
    if standing.name != "running":
        st.rerun()
    place = max((at for at, phase in enumerate(_PHASES) if standing.phase.startswith(phase)), default=0)
    words = f"Measuring: {standing.phase or 'starting'} · {duration(standing.seconds)}"
    st.progress((place + 1) / (len(_PHASES) + 1), text=escape_markdown(words))
    st.button(
        "Cancel",
        icon=":material/close:",
        type="tertiary",
        key="cancel measuring",
        on_click=_cancel,
        args=(measurement,),
    )


@guarded_callback
def _cancel(measurement: Measurement) -> None:
    measurement.cancel()


@guarded_callback
def _apply(dataset: str, slug: str, before: dict[str, Any], changes: dict[str, Any]) -> None:
    """Make the changes in the form, as if the person had."""
    draft, task = Draft("train", dataset), find_task(slug)
    options = dict(changes.get("options", {}))
    if wanted := changes.get("method"):
        own = {name: value for name, value in wanted.items() if name != "name"}
        method = find_method(str(wanted["name"]))
        draft.set("method", method.name)
        method_changes(draft, method).keep(own)
        if method.name != before["name"]:  # whose preset has the learning rate that fits it
            options.pop("learning_rate", None)
    training = training_changes(draft, task)
    training.keep({**training.values(), **options})
