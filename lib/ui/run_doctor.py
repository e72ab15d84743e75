"""What is wrong with the learning of a run, each with its evidence and one click that trains again with the fix."""

import streamlit as st

from lib.errors import Problem
from lib.plan.checkup import checkup
from lib.plan.relaunch import changed_words, reason_of, relaunch
from lib.runs.folder import open_run
from lib.runs.spec import Spec
from lib.ui import hand as hands
from lib.ui.frame import guarded
from lib.ui.run_family import children_of, open_link
from lib.ui.runs_list import RunLine, all_lines, line_of
from lib.ui.words import escape_markdown

# More than these at once would be a lecture.
MOST_SHOWN = 3


@guarded
def show_doctor(identity: str) -> None:
    """The findings, worst first, a few of them open; nothing for a run that learns well."""
    line = line_of(open_run(identity))
    if line.spec is None:
        return
    found = [problem for problem in checkup(line.run) if problem.changes or problem.severity == "warning"]
    if not found:
        return
    lines = all_lines()
    with st.container(key="doctor"):
        for problem in found[:MOST_SHOWN]:
            _card(line, line.spec, problem, lines)
        if rest := found[MOST_SHOWN:]:
            with st.expander(
                f"{len(rest)} more", icon=":material/expand_more:", key=f"more findings {identity}"
            ):
                for problem in rest:
                    _card(line, line.spec, problem, lines)


def plain_problems(line: RunLine) -> list[Problem]:
    """Why a run failed, as far as no card says it."""
    return [problem for problem in checkup(line.run) if problem.severity == "error" and not problem.changes]


def _card(line: RunLine, spec: Spec, problem: Problem, lines: list[RunLine]) -> None:
    head, _, evidence = problem.what.partition(". ")
    icon = ":material/error:" if problem.severity == "error" else ":material/troubleshoot:"
    with st.container(border=True, gap="small", key=f"finding {line.id} {problem.code}"):
        st.markdown(f"{icon} **{escape_markdown(head.removesuffix('.'))}.**")
        st.markdown(escape_markdown(f"{evidence} {problem.fix}".strip()))
        if not problem.changes:
            return
        words = changed_words(spec, problem.changes)
        done = next((child for child in children_of(line.id, lines) if _same(child, problem)), None)
        if done is not None:
            open_link(done, f"Trained again with {words}")
            return
        again = "Stop it and train again" if line.standing == "running" else "Train again"
        pressed = st.button(
            f"{again} with {words}",
            icon=":material/replay:",
            key=f"relaunch {line.id} {problem.code}",
            help="Everything else stays as it is. The new run keeps a link to this one, which stays too.",
        )
        if pressed:
            _again(line, problem)


def _same(child: RunLine, problem: Problem) -> bool:
    reason = reason_of(child.run)
    return reason is not None and reason.changes == problem.changes


def _again(line: RunLine, problem: Problem) -> None:
    """Queue the run with the change, stop the one that goes on, and show the new one."""
    with st.spinner("Checking every row before it starts"):
        child = relaunch(line.run, problem)
    if line.run.state().is_active:
        line.run.request_stop()
    hands.take(data=child.spec.data.dataset, run=child.id)
    st.rerun()
