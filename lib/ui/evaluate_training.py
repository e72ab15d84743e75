"""What training did to each confusion: the confusion matrix after every validation of a run."""

import streamlit as st

from lib.analysis.confusion import Order
from lib.analysis.matrix_change import MatrixChange
from lib.analysis.matrix_steps import MatrixSteps
from lib.charts.cell_curves import cell_curves
from lib.charts.confusion import confusion
from lib.charts.matrix_change import matrix_change
from lib.tasks.outputs import LabelScores
from lib.ui.address_choice import choose_in_address
from lib.ui.charts import current_theme, show_chart
from lib.ui.evaluate_data import Evaluation
from lib.ui.frame import guarded
from lib.ui.numbers import count, share
from lib.ui.review_selection import GATHERED_TO, READABLE
from lib.ui.words import escape_markdown, shorten

_WHAT = {"change": "Change since the first", "counts": "Counts at this step"}
_STEP = "step of the matrix"
# Beside the curves a picture of more labels could not be read.
_ORDER_UP_TO = 500


def serves_training(found: Evaluation) -> bool:
    """Whether the run has kept more than one of its validations."""
    return isinstance(found.output, LabelScores) and len(found.run.confusions()) > 1


@st.fragment
@guarded
def show_training(found: Evaluation) -> None:
    """The finding in a sentence, the pairs that moved most, and the matrix after a validation of choice."""
    assert isinstance(found.output, LabelScores)
    history = MatrixSteps.of(found.output.labels, found.run.confusions())
    if len(history) < 2:
        st.markdown("This run has kept fewer than two validations that count the same rows.")
        return
    last, rows = history.steps[-1], history.matrices[-1].total
    st.markdown(_sentence(history))
    step = _step(history.steps)
    pairs = history.confusions()
    show_chart(
        cell_curves(pairs, history.steps, rows=rows, selected=step, theme=current_theme()), "cell curves"
    )
    st.caption(
        "Validation rows, which also choose the checkpoint that is kept: they say where training goes, not how good "
        f"the model is. The model that was saved is the best of these validations, not always that of step {last:,}."
    )
    what = choose_in_address("cells", "Matrix", list(_WHAT), format_func=_WHAT.__getitem__)
    if what == "counts":
        _counts(history, step)
    else:
        _change(history.change(step), history.steps[0], step)


def _sentence(history: MatrixSteps) -> str:
    first, last = history.matrices[0], history.matrices[-1]
    right = [int(matrix.correct.sum()) for matrix in (first, last)]
    words = (
        f"**{share(right[1], last.total)} of {count(last.total, 'validation row')} right after step "
        f"{history.steps[-1]:,}**, {share(right[0], first.total)} after step {history.steps[0]:,}."
    )
    change = MatrixChange(first, last)
    true, predicted, rows = change.cells
    wrong = true != predicted
    for says, sign in (("Grew most", 1), ("Shrank most", -1)):
        moved = (sign * rows * wrong).astype(int)
        if len(moved) and moved.max() > 0:
            place = int(moved.argmax())
            names = (escape_markdown(shorten(change.labels[at[place]], 40)) for at in (true, predicted))
            words += f" {says}: {' taken for '.join(names)}, {count(int(moved[place]), 'row')}."
    return words


def _step(steps: tuple[int, ...]) -> int:
    asked = st.query_params.get("at", "")
    now = int(asked) if asked.isascii() and asked.isdigit() and int(asked[:12]) in steps else steps[-1]
    st.session_state[_STEP] = now
    st.select_slider(
        "After step",
        list(steps),
        format_func=lambda step: f"{step:,}",
        key=_STEP,
        on_change=_take,
    )
    return now


def _take() -> None:
    st.query_params["at"] = str(st.session_state[_STEP])


def _counts(history: MatrixSteps, step: int) -> None:
    matrix = history.matrices[history.steps.index(step)]
    shown = matrix if len(matrix) <= READABLE else matrix.reduced(GATHERED_TO)
    chart = confusion(
        shown,
        order=_order(history, len(shown)),
        theme=current_theme(),
        split="validation",
        title=f"Which labels does the model confuse after step {step:,}?",
    )
    show_chart(chart, "confusion matrix at a step")


def _change(change: MatrixChange, first: int, step: int) -> None:
    if step == first:
        st.caption(
            f"Step {first:,} is the first validation: choose a later one to see what has changed since."
        )
        return
    shown = change if len(change) <= READABLE else change.reduced(GATHERED_TO)
    chart = matrix_change(
        shown,
        theme=current_theme(),
        split="validation",
        title=f"What changed from step {first:,} to step {step:,}?",
        sides=(f"step {step:,}", f"step {first:,}"),
    )
    show_chart(chart, "matrix change over training")
    st.caption(
        "Blue on the diagonal: more rows right. Blue beside it: a confusion that grew; orange: one that shrank."
    )


def _order(history: MatrixSteps, labels: int) -> list[int] | None:
    """The order of the last matrix at every step, so that cells keep their places as the slider moves."""
    kind: Order = "clustered"
    last = history.matrices[-1]
    return last.order(kind).tolist() if 2 < len(last) == labels <= _ORDER_UP_TO else None
