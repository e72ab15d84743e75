"""What will happen and what it costs, the button that starts it, and the same from a terminal."""

import os
import shlex
import time

import streamlit as st

from lib.errors import Problem, UserError, errors_in
from lib.plan.control import control_of
from lib.plan.planner import plan_run
from lib.plan.preview import Preview
from lib.plan.seeds import seeded
from lib.plan.shares import shared
from lib.runs.folder import create_run
from lib.runs.lent import lend
from lib.runs.spec import Spec
from lib.ui import hand as hands
from lib.ui.frame import go_to
from lib.ui.numbers import count
from lib.ui.problems import show_problems
from lib.ui.train_cost import show_measuring, show_memory, with_measured
from lib.ui.train_form import Wish
from lib.ui.train_hub import visit_token
from lib.ui.train_words import summary_sentence
from lib.ui.words import escape_markdown, term

_STARTED = "_started last"
# A second click this soon means the same run, not another one.
_SECONDS_OF_A_DOUBLE_CLICK = 10.0


def show_start(wish: Wish) -> None:
    """The summary, every problem, and the one primary button."""
    with st.container(border=True, key="train-summary"):
        if wish.preview is None:
            st.markdown("Choose a model, and what the training costs is shown here.")
        else:
            costed = with_measured(wish)
            st.markdown(f"**{escape_markdown(summary_sentence(costed, seeds=wish.seeds))}**")
            _rows(wish.preview)
            show_measuring(wish)
        show_problems(_shown_here(wish))
        too_much = show_memory(wish)
        spot = st.container()
        pressed = st.button(
            "Start training",
            type="primary",
            icon=":material/play_arrow:",
            key="start training",
            disabled=bool(wish.problems or errors_in(too_much)),
        )
        if wish.problems or errors_in(too_much):
            st.caption("It can start when what stands above is put right.")
        else:
            again = " The control takes as long again." if wish.control else ""
            more = " The shares of the rows take a little less than as long again." if wish.shares else ""
            st.caption(
                f"It goes on when you close the browser, and you can stop it at any time.{again}{more}"
            )
    if pressed:
        with spot:
            _start(wish)
    _terminal(wish.spec, wish.seeds)


def _shown_here(wish: Wish) -> list[Problem]:
    # Problems with the model stand beside its picker already.
    return [
        problem for problem in wish.problems if problem.where.partition(".")[0] not in ("model", "method")
    ]


def _rows(preview: Preview) -> None:
    rows = preview.rows
    st.markdown(
        f"**{count(rows['train'])}** rows to learn from, **{count(rows['validation'])}** to choose the best moment, "
        f"**{count(rows['test'])}** for the final score.",
        help=term("split"),
    )


def _start(wish: Wish) -> None:
    """Check everything on every row, queue the run and go and watch it."""
    text = f"{wish.spec.to_yaml()}{wish.seeds}{wish.shares}"
    before = st.session_state.get(_STARTED)
    if before and before[0] == text and time.monotonic() - before[2] < _SECONDS_OF_A_DOUBLE_CLICK:
        go_to("Runs", run=before[1])
    try:
        with st.spinner("Checking every row before it starts"):
            plan = plan_run(wish.spec)
            if not plan.model.is_downloaded and (token := visit_token()):
                lend(plan.spec.model, token.value)
            specs = seeded(plan.spec, wish.seeds)
            run, *others = [create_run(spec) for spec in specs]
            for spec in specs if wish.shares else ():
                for smaller in shared(spec)[1:]:
                    create_run(smaller)
            for student in (run, *others) if wish.control else ():
                create_run(plan_run(control_of(student.spec, student.id)).spec)
            st.session_state[_STARTED] = (text, run.id, time.monotonic())
    except UserError as error:
        show_problems(error.problems)
        return
    hands.take(data=plan.spec.data.dataset, run=run.id)
    go_to("Runs", run=run.id)


def _terminal(spec: Spec, seeds: int) -> None:
    """The same run as a spec and a command."""
    with st.expander("The same from a terminal", icon=":material/terminal:", key="train terminal"):
        text = spec.to_yaml()
        st.markdown("Save this as `run.yaml`; what it leaves out comes from the preset.")
        st.code(text, language="yaml", wrap_lines=True)
        st.download_button(
            "run.yaml", text, "run.yaml", "application/yaml", on_click="ignore", icon=":material/download:",
            key="download wish",
        )  # fmt: skip
        st.code(terminal_command(seeds), language="bash", wrap_lines=True)


def terminal_command(seeds: int = 1) -> str:
    """The command that starts a spec, with so many seeds, in the same home folder as this app."""
    home = os.environ.get("ATELIER_HOME")
    prefix = f"ATELIER_HOME={shlex.quote(home)} " if home else ""
    return f"{prefix}.venv/bin/python -m lib train run.yaml{f' --seeds {seeds}' if seeds > 1 else ''}"
