"""The labels panel of the Evaluate page: starts a check of the labels, follows it, and shows what it came to."""

import streamlit as st

from lib.analysis.label_issues import LabelIssues
from lib.plan.audit import QUICK, THOROUGH, audit_of, can_check, measured_cost
from lib.plan.planner import plan_run
from lib.runs.folder import create_run, open_run
from lib.tasks.outputs import LabelScores
from lib.ui.evaluate_data import Evaluation
from lib.ui.frame import guarded, guarded_callback
from lib.ui.label_check_data import LabelCheck, checks_of, read_check
from lib.ui.label_issues import show_issues
from lib.ui.label_versions import show_versions
from lib.ui.numbers import about, ago, count, share
from lib.ui.problems import show_problems
from lib.ui.reviewer import show_reviewer
from lib.ui.run_words import running_words, waiting_words
from lib.ui.runs_list import RunLine, all_lines, line_of, waiting_before
from lib.ui.told_apart import told_apart
from lib.ui.words import escape_markdown

SECONDS_BETWEEN_LOOKS = 2.0
TITLES = {QUICK: "Quick", THOROUGH: "Thorough"}
_HOW, _CHOSEN = "label check how", "label check chosen"


def serves(found: Evaluation) -> bool:
    """Whether the run's rows have one label each, which can be checked."""
    return isinstance(found.output, LabelScores) and can_check(found.run.spec)


def show_label_check(found: Evaluation) -> None:
    """The panel: one caption, then the check that there is, goes on, or can be started."""
    st.caption(
        "Every row of the data, whatever its split, is judged by models that have not seen it. A flagged label is a "
        "guess, not an error: read the row before you change it. Hard but right rows are flagged too."
    )
    checks = checks_of(found.run.spec)
    active = next((line for line in checks if line.active), None)
    finished = [line for line in checks if line.standing == "succeeded"]
    if active is not None:
        st.fragment(_follow, run_every=SECONDS_BETWEEN_LOOKS)(active.id, active.standing)
    elif checks and checks[0].standing in ("failed", "lost", "stopped"):
        _ended(checks[0])
    if not finished:
        if active is None:
            _offer(found)
        return
    chosen = _choose(finished)
    _results(found, chosen)
    if active is None:
        with st.expander("Check the labels again", icon=":material/restart_alt:", key="check again"):
            _offer(found)


def _offer(found: Evaluation) -> None:
    """The two ways, what each does and costs, and the button that starts it."""
    with st.container(border=True, key="label-check-offer"):
        how = st.segmented_control(
            "How",
            list(TITLES),
            format_func=TITLES.__getitem__,
            default=QUICK,
            required=True,
            key=_HOW,
            label_visibility="collapsed",
        )
        seconds = measured_cost(found.run, how=how)
        time = f" It takes {about(seconds)} on this machine when nothing else runs." if seconds else ""
        if how == QUICK:
            st.markdown(
                "The pretrained model reads each row once, as it was before any training: the fine-tuned one has seen "
                "the labels. Four simple models then learn from three quarters of the rows each, and judge the last "
                f"quarter.{time}"
            )
        else:
            st.markdown(
                "The model is fine-tuned four times with the run’s own options, each time without a quarter of the "
                "rows, and judges those. It finds more (of errors planted in tweets 82 % where the quick check found "
                f"57 %) and ranks them better, but it flags half as many rows again.{time}"
            )
        st.caption("Test rows are judged but no model learns from them. Equal texts are in one fold.")
        st.button(
            "Check the labels",
            icon=":material/rule:",
            key="start label check",
            on_click=_start,
            args=(found.run.id, how),
        )


@guarded_callback
def _start(identity: str, how: str) -> None:
    run = open_run(identity)
    # Two clicks or two tabs make one check.
    if any(line.active for line in checks_of(run.spec)):
        return
    with st.spinner("Preparing the check"):
        create_run(plan_run(audit_of(run, how=how)).spec)


@guarded
def _follow(identity: str, standing: str) -> None:
    """What the check is doing; its end redraws the page."""
    line = line_of(open_run(identity))
    if line.standing != standing:
        st.rerun()
    with st.container(border=True, key="label-check-progress"):
        if line.standing == "queued":
            st.markdown(waiting_words(*waiting_before(line, all_lines())))
        else:
            state = line.state
            done = min(state.step / state.total_steps, 1.0) if state.total_steps else 0.0
            st.progress(done, text=escape_markdown(running_words(line)))
        asked = line.run.stop_path.exists()
        st.button(
            "Stopping" if asked else "Stop",
            icon=":material/stop:",
            key="stop label check",
            disabled=asked,
            on_click=_stop,
            args=(identity,),
            help="What it has judged is kept; you can go on with it later.",
        )
    st.caption("You can leave this page: it goes on, and what it finds will be here.")


@guarded_callback
def _stop(identity: str) -> None:
    open_run(identity).request_stop()


def _ended(line: RunLine) -> None:
    """A check that came to no end, and the way on."""
    show_problems(line.problems())
    word = {"failed": "failed", "lost": "was ended from outside", "stopped": "was stopped"}[line.standing]
    with st.container(horizontal=True, vertical_alignment="center", key="label-check-ended"):
        st.markdown(
            f"The last check {word} {ago(line.state.finished or line.state.updated)}.", width="content"
        )
        st.button(
            "Go on with it",
            icon=":material/play_arrow:",
            key="resume label check",
            on_click=_resume,
            args=(line.id,),
        )


@guarded_callback
def _resume(identity: str) -> None:
    run = open_run(identity)
    if not run.state().is_active:
        run.request_resume()


def _choose(finished: list[RunLine]) -> RunLine:
    """The check that the address names, else the newest; a picker where there are several."""
    lines = {line.id: line for line in finished}
    asked = st.query_params.get("audit")
    now = asked if asked in lines else finished[0].id
    if len(lines) > 1:
        st.session_state[_CHOSEN] = now
        st.selectbox(
            "Check",
            list(lines),
            format_func=told_apart(lines, lambda identity: _title(lines[identity])).__getitem__,
            key=_CHOSEN,
            on_change=_take,
        )
    return lines[now]


def _take() -> None:
    st.query_params["audit"] = st.session_state[_CHOSEN]
    st.query_params.pop("issue", None)


def _title(line: RunLine) -> str:
    audit = (line.spec.audit if line.spec else None) or {}
    how = TITLES.get(str(audit.get("how")), "Check")
    return f"{how} check, {audit.get('folds')} folds · {ago(line.state.finished)}"


def _results(found: Evaluation, line: RunLine) -> None:
    check = read_check(line.run)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(headline(check.issues))
        show_reviewer()
    accuracy = share(float(check.frame["correct"].sum()), len(check.frame))
    st.caption(
        f"{_title(line)} · the models agree with {accuracy} of {count(len(check.frame), 'label')}. The lower that is, "
        "the more right labels are flagged and the estimate is too high; the interval counts rows alone."
    )
    _decide(found, check)


@st.fragment
@guarded
def _decide(found: Evaluation, check: LabelCheck) -> None:
    """The rows, and what the decisions come to; only this part runs again after a click."""
    if check.issues.flagged.any():
        show_issues(found, check)
    show_versions(found.run)


def headline(issues: LabelIssues) -> str:
    """How many labels look wrong, in two sentences with the interval."""
    rows = len(issues.given)
    if not issues.flagged.any():
        return f"**No label looks wrong** among {count(rows, 'row')}."
    low, high = issues.interval
    flagged = int(issues.flagged.sum())
    surest = (
        f" {count(issues.surest)} of them are wrong two to one: read those first." if issues.surest else ""
    )
    return (
        f"**{count(flagged)} of {count(rows, 'label')} look{'s' if flagged == 1 else ''} wrong** to models that have "
        f"not seen them. By estimate about {count(round(issues.total))} are ({share(issues.total, rows)}; 95 % "
        f"interval {count(round(low))} to {count(round(high))}), if the labels are mixed up as the models mix them up."
        f"{surest}"
    )
