"""What training changed in each head on this input: the model beside itself before its run."""

import streamlit as st

from lib.analysis.divergence import head_divergence
from lib.charts.attention_change import attention_change
from lib.charts.attention_mosaic import clicked_head
from lib.inference.attended import Attention
from lib.ui.attention_data import attention_before
from lib.ui.charts import current_theme, picked, show_chart
from lib.ui.explain_example import Example
from lib.ui.frame import guarded_callback

_KEY, _OPEN = "attention change", "attention before training"
# Models that were made for the run have nothing before it to compare with.
_MADE = ("scratch:", "cut:")


def show_change(example: Example, found: Attention, layer: int, head: int) -> None:
    """The divergence of every head, once it is asked for; nothing where there was no model before the run."""
    base = example.run.spec.model
    if base.startswith(_MADE):
        return
    st.session_state[_OPEN] = st.query_params.get("before") == "1"
    if not st.toggle(
        "Compare with the model before training",
        key=_OPEN,
        on_change=_take,
        help="Runs the model that this run started from on the same tokens, and shows how far each head moved.",
    ):
        return
    change = head_divergence(found.pooled, attention_before(example, found).pooled)

    @guarded_callback
    def on_head() -> None:
        point = picked(_KEY)
        chosen = clicked_head(point.get("customdata")) if point else None
        if chosen is not None:
            st.query_params["layer"], st.query_params["head"] = (str(place + 1) for place in chosen)

    chart = attention_change(
        change,
        selected=(layer, head),
        where=example.source,
        theme=current_theme(),
        title="Which heads did training change?",
    )
    show_chart(chart, _KEY, on_select=on_head)
    pooled = max(len(found.queries), len(found.keys)) > max(found.pooled.shape[2:])
    bound = " Computed on pooled weights: at least so much." if pooled else ""
    st.caption(
        "0: the head reads exactly what it read before training; 1: nothing in common. One input alone; a head that "
        f"moved is not thereby one that matters.{bound}"
    )


def _take() -> None:
    if st.session_state[_OPEN]:
        st.query_params["before"] = "1"
    else:
        st.query_params.pop("before", None)
