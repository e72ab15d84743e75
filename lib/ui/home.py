"""The views of Home: where to start, what is running now, recent runs and data sets."""

import streamlit as st

from lib.data.store import StoredDataset, list_datasets
from lib.errors import UserError
from lib.runs.folder import RunFolder, list_runs
from lib.runs.state import State
from lib.tasks import find_task
from lib.ui import hand as hands
from lib.ui.entrance import first_example, stage_example
from lib.ui.frame import go_to, guarded, section
from lib.ui.numbers import about, ago, count, score
from lib.ui.path import page_file
from lib.ui.shelf import describe, newest_versions
from lib.ui.words import escape_markdown, shorten

_RECENT = 5
_STEPS = (
    (
        "Data",
        "Bring a table. What was recognised and repaired is said, and problems are found before they cost time.",
    ),
    ("Train", "Choose a model and how much time it may take. The cost is estimated before anything starts."),
    ("Runs", "Watch it learn. Runs go on when you close the browser, and can be stopped and resumed."),
    (
        "Evaluate",
        "See the score on rows the model never saw, beside simple baselines, and read its mistakes.",
    ),
    ("Explain", "Look inside the model at one row: where it reads from, and what its answer rests on."),
    ("Predict", "Try the model on a text of your own, or on a whole file."),
    ("Export", "Take it along: a file, a page on the Hub, a smaller format, a script or a report."),
)
_STATES = {
    "queued": "waiting",
    "running": "running",
    "succeeded": "finished",
    "failed": "failed",
    "stopped": "stopped",
    "lost": "lost: its process is gone",
}


def show_home() -> None:
    """Home as it fits what there is."""
    runs, stored = list_runs(), newest_versions(list_datasets())
    if not runs and not stored:
        _welcome()
        return
    st.title("Your workbench", anchor=False)
    states = [(run, run.state()) for run in runs]
    active = [run for run, state in states if state.is_active]
    if active:
        _running_now(tuple(run.id for run in active))
    _go_on(bool(active), bool(runs))
    left, right = st.columns(2, gap="large")
    with left:
        section("Recent runs")
        for run, state in states[:_RECENT]:
            _run_row(run, state)
        if not runs:
            st.caption("None yet. A run is one training of a model; it appears here when you start it.")
    with right:
        section("Data sets")
        for versions in stored[:_RECENT]:
            _data_row(versions[0])
        if not stored:
            st.caption("None yet. A data set is a table that you saved on the Data page.")


def _welcome() -> None:
    """What a newcomer sees: one sentence, one button, and the whole way at a glance."""
    st.title("Fine-tune a transformer on your own data", anchor=False)
    st.markdown(
        "Bring a table of texts and labels, let a small language model learn it on this machine, and read where it "
        "is wrong. No code, and nothing leaves this machine."
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            "Start with the example", type="primary", icon=":material/arrow_forward:", icon_position="right"
        ):
            go_to("Data", upload=stage_example(first_example().name))
        if st.button("Bring your own table", type="tertiary", icon=":material/upload:"):
            go_to("Data")
    example = first_example()
    st.caption(f"The example: {escape_markdown(example.summary)}")
    section("The way")
    there = [(title, sentence) for title, sentence in _STEPS if page_file(title)]
    for number, (place, (title, sentence)) in enumerate(
        zip(st.columns(len(there)), there, strict=True), start=1
    ):
        place.markdown(f"**{number} · {title}**")
        place.caption(sentence)


def _go_on(active: bool, runs: bool) -> None:
    """The one primary button: to what needs attention, else to the next model."""
    hand = hands.in_hand()
    if active:
        label, title = "Watch the run", "Runs"
    elif hand.run and runs:
        label, title = "Look at the last model", "Evaluate"
    elif hand.data:
        label, title = "Train a model", "Train"
    else:
        label, title = "Bring data", "Data"
    if page_file(title) is None:
        label, title = "Bring data", "Data"
    if st.button(label, type="primary", icon=":material/arrow_forward:", icon_position="right", key="go on"):
        go_to(title)


@st.fragment(run_every=2)
@guarded
def _running_now(ids: tuple[str, ...]) -> None:
    """Progress of what runs or waits; redrawn every two seconds while there is something."""
    found = {run.id: run for run in list_runs()}
    ended = False
    for identity in ids:
        run = found.get(identity)
        if run is None:
            ended = True
            continue
        state = run.state()
        ended = ended or not state.is_active
        name = escape_markdown(shorten(run.name, 60))
        if state.state == "queued":
            st.markdown(f"**{name}** waits for its turn.")
            continue
        done = min(state.step / state.total_steps, 1.0) if state.total_steps else 0.0
        left = f", {about(state.eta_seconds)} left" if state.eta_seconds else ""
        phase = escape_markdown(state.phase or "starting")
        steps = f" · step {state.step:,} of {state.total_steps:,}{left}" if state.total_steps else ""
        st.progress(done, text=f"**{name}** · {phase}{steps}")
    if ended:
        st.rerun()


def _run_row(run: RunFolder, state: State) -> None:
    try:
        name, said = run.name, _run_words(run, state)
    except UserError:
        name, said = run.id, "damaged: it can only be deleted"
    target = "Evaluate" if state.state == "succeeded" and page_file("Evaluate") else "Runs"
    _row(f"run-{run.id}", name, said, target, hands.Hand(run=run.id))


def _run_words(run: RunFolder, state: State) -> str:
    when = ago(state.finished or state.updated or state.queued)
    parts = [_STATES.get(state.state, state.state), when]
    result = run.result() or {}
    main = find_task(run.spec.task).main_score
    value = result.get("scores", {}).get("test", {}).get(main.name)
    # A run that was stopped and then resumed still has the stop's result until it ends again.
    if value is not None and state.state in ("succeeded", "stopped"):
        rows = result.get("rows", {}).get("test")
        parts.insert(0, f"{main.title} {score(value)} on {count(rows, 'test row')}")
    return " · ".join(parts)


def _data_row(stored: StoredDataset) -> None:
    said = describe(stored) if stored.usable else "damaged: it can only be deleted"
    _row(f"data-{stored.folder.parent.name}", stored.name, said, "Data", hands.Hand(data=stored.ref))


def _row(key: str, name: str, said: str, title: str, hand: hands.Hand) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"home-{key}"):
        with st.container(width="stretch", gap=None):
            st.markdown(f"**{escape_markdown(shorten(name, 50))}**")
            st.caption(escape_markdown(said))
        if st.button("Open", key=f"open {key}"):
            hands.take(data=hand.data, run=hand.run)
            go_to(title)
