"""What can be done with a run: look at its mistakes, stop, resume, rename, delete."""

import streamlit as st

from lib.runs.folder import open_run
from lib.ui import hand as hands
from lib.ui.frame import go_to, guarded, guarded_callback, lead_on
from lib.ui.output_runs import has_model
from lib.ui.path import page_file
from lib.ui.runs_list import RunLine
from lib.ui.words import escape_markdown


def show_actions(line: RunLine, *, checkpoint: int | None) -> None:
    """One row of buttons; the primary one is what the state calls for."""
    with st.container(horizontal=True, vertical_alignment="center", key="run-actions"):
        if line.spec is not None and line.spec.audit:
            if line.spec.parent and page_file("Evaluate"):
                parent = line.spec.parent
                lead_on("Look at the labels", "Evaluate", run=parent, view="labels", audit=line.id)
        elif line.has_result and page_file("Evaluate"):
            lead_on("Look at its mistakes", "Evaluate", run=line.id)
        if line.spec is not None and not line.active and has_model(line.run):
            _try_button(line)
            if line.has_result and page_file("Export"):
                _export_button(line)
        if line.active:
            _stop_button(line)
        if line.spec is not None and line.state.can_resume:
            _resume_button(line, primary=not line.has_result, checkpoint=checkpoint)
        if line.spec is not None:
            with st.popover("Rename", icon=":material/edit:", type="tertiary", key=f"rename {line.id}"):
                key = f"new name {line.id}"
                st.text_input("New name", line.name, key=key, max_chars=120)
                st.button("Rename", key=f"rename now {line.id}", on_click=_rename, args=(line.id, key))
        running = line.standing == "running"
        if st.button(
            "Delete", icon=":material/delete:", type="tertiary", disabled=running, key=f"delete {line.id}",
            help="Stop it first, then it can be deleted." if running else None,
        ):  # fmt: skip
            _confirm(line)


def _export_button(line: RunLine) -> None:
    if st.button(
        "Export", icon=":material/ios_share:", key=f"export {line.id}", help="Take the model along."
    ):
        go_to("Export", run=line.id)


def _try_button(line: RunLine) -> None:
    if st.button("Try it", icon=":material/play_circle:", key=f"try it {line.id}"):
        go_to("Predict", run=line.id)


def _stop_button(line: RunLine) -> None:
    if line.standing == "queued":
        st.button(
            "Take out of the queue", icon=":material/stop:", key=f"stop {line.id}", on_click=_stop, args=(line.id,),
            help="It can be put back with Resume.",
        )  # fmt: skip
        return
    asked = line.run.stop_path.exists()
    st.button(
        "Stopping" if asked else "Stop",
        icon=":material/stop:",
        key=f"stop {line.id}",
        disabled=asked,
        on_click=_stop,
        args=(line.id,),
        help="Ends after the current step, keeps the best model so far and scores it. You can resume later.",
    )


def _resume_button(line: RunLine, *, primary: bool, checkpoint: int | None) -> None:
    where = "from the beginning" if checkpoint is None else f"from its checkpoint at step {checkpoint:,}"
    st.button(
        "Resume",
        icon=":material/play_arrow:",
        type="primary" if primary else "secondary",
        key=f"resume {line.id}",
        on_click=_resume,
        args=(line.id,),
        help=f"Puts it back into the queue; it goes on {where}.",
    )


@st.dialog("Delete this run?")
@guarded
def _confirm(line: RunLine) -> None:
    what = ", its model and its scores" if line.result else " and what it has learned so far"
    st.markdown(
        f"This deletes **{escape_markdown(line.name)}**{what} from this machine for good. "
        "The data set it was trained on stays."
    )
    with st.container(horizontal=True):
        delete = st.button(
            "Delete",
            type="primary",
            icon=":material/delete:",
            key="delete run now",
            on_click=_delete,
            args=(line.id,),
        )
        if delete:
            st.rerun()
        if st.button("Keep it", key="keep run"):
            st.rerun()


# Callbacks read the run anew: between the drawing of the page and the click it may have ended.


@guarded_callback
def _stop(identity: str) -> None:
    run = open_run(identity)
    run.request_stop()


@guarded_callback
def _resume(identity: str) -> None:
    run = open_run(identity)
    if not run.state().is_active:  # a second click, or another tab, was quicker
        run.request_resume()


@guarded_callback
def _delete(identity: str) -> None:
    open_run(identity).delete()
    hands.put_away(run=identity)


@guarded_callback
def _rename(identity: str, key: str) -> None:
    open_run(identity).rename(str(st.session_state[key]))
