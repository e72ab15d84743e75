"""One run as it stands now: redrawn while it goes on, with its curves, its scores, its log and its spec."""

import time

import streamlit as st

from lib.errors import UserError
from lib.runs.folder import RunFolder, open_run
from lib.tasks import TASKS
from lib.ui.charts import current_theme, show_chart
from lib.ui.distilled_view import show_distilled_verdict
from lib.ui.frame import guarded
from lib.ui.numbers import count, significant, size
from lib.ui.problems import show_problems
from lib.ui.run_actions import show_actions
from lib.ui.run_doctor import plain_problems, show_doctor
from lib.ui.run_family import show_children, show_parent
from lib.ui.run_metrics import tail_of
from lib.ui.run_result import show_scores, show_verdict
from lib.ui.run_samples import show_samples
from lib.ui.run_search import show_search
from lib.ui.run_seeds import show_seeds
from lib.ui.run_words import (
    ending_words,
    log_words,
    look,
    made_words,
    main_score,
    running_words,
    silence_words,
    waiting_words,
)
from lib.ui.runs_list import RunLine, all_lines, line_of, waiting_before
from lib.ui.words import escape_markdown, shorten, term

SECONDS_BETWEEN_LOOKS = 2.0


def show_run(line: RunLine) -> None:
    """The run in hand: live while it is active, at rest afterwards."""
    every = SECONDS_BETWEEN_LOOKS if line.active else None
    # A place of its own for each part, so that nothing moves to another's when the state changes.
    heading, progress, verdict, actions, doctor, family, curves, search, samples, scores, seeds, log, spec = (
        st.container() for _ in range(13)
    )
    with heading:
        _heading(line)
    with progress:
        st.fragment(_progress, run_every=every)(line.id, line.standing)
    with actions:
        show_actions(line, checkpoint=newest_checkpoint(line.run))
    if line.spec is None:
        return
    lines = all_lines()
    with heading:
        show_parent(line, lines)
    with verdict:
        show_verdict(line)
        show_distilled_verdict(line)
    with doctor:
        st.fragment(show_doctor, run_every=every)(line.id)
    with family:
        show_children(line, lines)
    with curves:
        # A check of labels has the curves of no one model.
        st.fragment(_check if line.spec.audit else _curves, run_every=every)(line.id)
    if line.spec.search:
        with search:
            st.fragment(show_search, run_every=every)(line.id)
    if not line.spec.audit:
        with seeds:
            show_seeds(line, lines)
        with samples:
            st.fragment(show_samples, run_every=every)(line.id)
    with scores:
        show_scores(line)
    with log:
        st.fragment(_log, run_every=every)(line.id)
    with spec:
        _spec(line)


def newest_checkpoint(run: RunFolder) -> int | None:
    """The step of the newest whole checkpoint, from which a run would go on; None when there is none."""
    steps = [
        int(mark.parent.name.rpartition("-")[2])
        for mark in run.checkpoints_path.glob("checkpoint-*/complete.json")
        if mark.parent.name.rpartition("-")[2].isdigit()
    ]
    return max(steps, default=None)


def _heading(line: RunLine) -> None:
    shown = look(line.standing)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="run-heading"):
        st.subheader(escape_markdown(shorten(line.name, 70)), anchor=False, width="content")
        st.badge(shown.word, icon=shown.icon, color=shown.colour)  # type: ignore[arg-type]
    if line.spec is not None:
        st.caption(escape_markdown(made_words(line.spec)))


@guarded
def _progress(identity: str, standing: str) -> None:
    """What the run is doing, or how it ended. Another state than the page was drawn with redraws the page."""
    try:
        line = line_of(open_run(identity))
    except UserError:  # deleted from another tab or a terminal
        st.rerun()
    if line.standing != standing:
        st.rerun()
    if line.standing == "queued":
        st.markdown(waiting_words(*waiting_before(line, all_lines())))
    elif line.standing == "running":
        _running(line)
    else:
        _ended(line)


def _running(line: RunLine) -> None:
    state = line.state
    done = min(state.step / state.total_steps, 1.0) if state.total_steps else 0.0
    st.progress(done, text=escape_markdown(running_words(line)))
    if line.run.stop_path.exists():
        st.markdown("Stopping after this step. What it has learned so far is scored and kept.")
    elif hint := silence_words(line, now=time.time()):
        st.caption(hint)
    # Only what is known: a row of dashes while it starts would say nothing.
    figures: list[tuple[str, str, str]] = []
    if state.epochs:
        figures.append(("Epoch", f"{state.epoch:.1f} of {state.epochs:g}", term("epoch")))
    if (speed := state.examples_per_second) is not None:
        figures.append(("Rows a second", significant(speed, 2 if speed < 100 else 3), _SPEED_HELP))
    if state.memory_mb is not None:
        figures.append(
            ("Memory, at most", size(state.memory_mb * 1e6), "The most this run has needed so far.")
        )
    if state.device:
        figures.append(("Device", state.device.upper(), "What it computes on."))
    with st.grid(4, min_column_width=130):
        for label, value, explained in figures:
            st.metric(label, value, help=explained)


_SPEED_HELP = (
    "How many training rows are learned from each second; a row that is read twice counts twice. "
    "It falls when other programs use the machine."
)


def _ended(line: RunLine) -> None:
    words = ending_words(line, checkpoint=newest_checkpoint(line.run), trials=len(line.run.trials()))
    if line.standing == "lost":
        show_problems(plain_problems(line))
        st.warning(escape_markdown(words), icon=look("lost").icon)
    elif line.standing == "damaged":
        st.error(escape_markdown(words), icon=look("damaged").icon)
    else:
        show_problems(plain_problems(line))
        st.markdown(escape_markdown(words))


@guarded
def _check(identity: str) -> None:
    """What a check of the labels came to, in a sentence."""
    line = line_of(open_run(identity))
    found = line.result.get("audit")
    if not isinstance(found, dict) or not line.has_result:
        st.caption("This run checks the labels of a data set: it makes no model. What it finds appears here.")
        return
    low, high = found["interval"]
    st.markdown(
        f"It judged **{count(found['rows'], 'row')}**, each by a model that had not seen it, and flagged "
        f"**{count(found['flagged'], 'label')}**. By estimate about {count(round(found['expected']))} are wrong "
        f"(95 % interval {count(round(low))} to {count(round(high))})."
    )


@guarded
def _curves(identity: str) -> None:
    """Loss and validation scores against the step. No selection here: a redraw would drop it."""
    line = line_of(open_run(identity))
    tail = tail_of(line.run)
    if tail.empty:
        if line.active:
            st.caption(
                "The curves of the loss and of the validation scores appear here with the first steps."
            )
        return
    names = next(
        (tuple(s.name for s in t.scores) for t in TASKS if line.spec and t.slug == line.spec.task), ()
    )
    best = line.result.get("best_step")
    losses, scores = tail.charts(
        _drawn(line, names), best if line.has_result and isinstance(best, int) else None, current_theme()
    )
    left, right = st.columns(2, gap="large")
    with left:
        show_chart(losses, f"loss curve {identity}", downloads=not line.active)
    with right:
        show_chart(scores, f"score curve {identity}", downloads=not line.active)


def _drawn(line: RunLine, names: tuple[str, ...]) -> tuple[str, ...]:
    """The scores to draw: the one that decides and one beside it, as more would hide each other."""
    main = main_score(line)
    return names[:2] if main else ()


@guarded
def _log(identity: str) -> None:
    """The end of the log, read only while it is open."""
    opened = st.expander("Log", icon=":material/notes:", on_change="rerun", key=f"log {identity}")
    if not opened.open:
        return
    with opened:
        text = log_words(open_run(identity).read_log())
        if not text:
            st.caption("Nothing has been written yet.")
            return
        with st.container(height=340, autoscroll=True, key="run-log"):
            st.code(text, language=None, wrap_lines=True)
        st.caption("The last 200 lines.")


def _spec(line: RunLine) -> None:
    if line.spec is None:
        return
    opened = st.expander(
        "Everything that was chosen", icon=":material/description:", on_change="rerun", key=f"spec {line.id}"
    )
    if not opened.open:
        return
    with opened:
        text = line.spec.to_yaml()
        st.code(text, language="yaml")
        st.download_button(
            "Spec (YAML)", text, f"{line.id}.yaml", "application/yaml", on_click="ignore",
            icon=":material/download:", key="download spec",
        )  # fmt: skip
        versions = ", ".join(f"{name} {version}" for name, version in line.spec.versions.items())
        if versions:
            st.caption(escape_markdown(f"Made with {versions}."))
        st.caption(f"{count(len(line.spec.options), 'option')}; the folder: `{line.run.path}`")
