"""The control of a distilled run on the page: whether it is there, waits, learns or failed; a button trains it."""

import streamlit as st

from lib.plan.control import control_of
from lib.plan.planner import plan_run
from lib.runs.folder import create_run, open_run
from lib.ui.distilled_runs import controls_of
from lib.ui.frame import go_to, guarded_callback
from lib.ui.runs_list import RunLine, all_lines
from lib.ui.words import escape_markdown, shorten

WHY = (
    "The same student, trained on the same rows for as long, with no teacher. What the student has over it "
    "is what the teacher gave; the rest it would have learned anyway."
)


def show_control(run: str, control: RunLine | None, *, note: str = "") -> None:
    """What there is to say of the control while it has no scores to compare; nothing once it has."""
    if control is not None and control.has_result:
        if note:
            st.caption(escape_markdown(f"The control is left out: {note}"))
        return
    words = _words(control)
    with st.container(horizontal=True, vertical_alignment="center", key="distilled-control"):
        st.markdown(words, help=WHY)
        if control is not None and control.standing in ("queued", "running"):
            if st.button("Watch it", icon=":material/timeline:", key="watch the control"):
                go_to("Runs", run=control.id)
        else:
            st.button(
                "Train the control",
                icon=":material/play_arrow:",
                key="train the control",
                on_click=_train,
                args=(run,),
                help=WHY,
            )


def _words(control: RunLine | None) -> str:
    if control is None:
        return "Whether the teacher helped is not known yet: there is no control to compare with."
    name = f"**{escape_markdown(shorten(control.name, 60))}**"
    match control.standing:
        case "queued":
            return f"Whether the teacher helped shows when its control {name} has finished; it waits for its turn."
        case "running":
            state = control.state
            at = f", step {state.step:,} of {state.total_steps:,}" if state.total_steps else ""
            return (
                f"Whether the teacher helped shows when its control {name} has finished; it is learning{at}."
            )
        case "failed":
            return f"The control {name} failed, so whether the teacher helped is not known."
        case _:
            return f"The control {name} ended before it had any scores, so whether the teacher helped is not known."


@guarded_callback
def _train(identity: str) -> None:
    # A second click, or another tab, was quicker.
    if any(line.active for line in controls_of(identity, all_lines())):
        return
    create_run(plan_run(control_of(open_run(identity).spec, identity)).spec)
