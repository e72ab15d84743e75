"""A student beside its teacher on the same input: which of its heads read where the teacher's layer does not."""

import numpy as np
import pandas as pd
import streamlit as st

from lib.analysis.teacher_attention import TeacherAttention, layer_map
from lib.charts.attention_change import attention_change
from lib.charts.attention_head import attention_head
from lib.charts.attention_mosaic import clicked_head
from lib.errors import UserError
from lib.inference.attended import Attention
from lib.models.cut import layers_kept, layers_of
from lib.runs.spec import Spec
from lib.ui.address_choice import choose_in_address
from lib.ui.attention_data import attention_of_teacher, head_of_teacher
from lib.ui.charts import current_theme, picked, show_chart
from lib.ui.explain_example import Example
from lib.ui.frame import guarded_callback
from lib.ui.words import escape_markdown

_KEY, _OPEN = "attention apart", "attention of the teacher"
_WAYS = {"head": "This head", "mean": "Mean of the heads"}


def teacher_of(spec: Spec) -> str | None:
    """The reference of the model that taught the run; None where it had no teacher."""
    return str(spec.method.get("teacher") or "") or None


def layers_beside(spec: Spec, student: int, teacher: int) -> list[int]:
    """The teacher's layer for each of the student's: the one it was cut from, else evenly spaced."""
    return layers_kept(student, teacher) if layers_of(spec.model) == student else layer_map(student, teacher)


def show_teacher(example: Example, found: Attention, weights: np.ndarray, layer: int, head: int) -> None:
    """The divergences, once they are asked for; nothing for a run without a teacher. `weights` are the head's."""
    teacher = teacher_of(example.run.spec)
    if teacher is None:
        return
    st.session_state[_OPEN] = st.query_params.get("teacher") == "1"
    if not st.toggle(
        "Compare with the teacher",
        key=_OPEN,
        on_change=_take,
        help="Runs the teacher on the same input, and shows where the student’s heads read something else.",
    ):
        return
    try:
        theirs = attention_of_teacher(example, teacher, found)
    except UserError as error:
        words = " ".join(f"{problem.what} {problem.fix}" for problem in error.problems)
        st.info(escape_markdown(words), icon=":material/info:")
        return
    if reason := _apart(found, theirs):
        st.info(reason, icon=":material/info:")
        return
    layers = layers_beside(example.run.spec, found.layers, theirs.layers)
    apart = TeacherAttention.of(found.pooled, theirs.pooled, layers)
    _layers(example, apart, layer, head)
    _beside(example, teacher, found, theirs, weights, apart, layer, head)
    pooled = max(len(found.queries), len(found.keys)) > max(found.pooled.shape[2:])
    bound = " Computed on pooled weights: at least so much." if pooled else ""
    st.caption(
        "0: reads exactly what the teacher’s layer reads; 1: nothing in common. Heads of a student that was not cut "
        "from its teacher, nor taught its attention, need not correspond: then the mean of the heads says more. One "
        f"input alone; a student can part from its teacher and still answer alike.{bound}"
    )


def _apart(found: Attention, theirs: Attention) -> str:
    """Why the two cannot be held against each other; "" when they can."""
    if [token.text for token in found.queries] != [token.text for token in theirs.queries] or [
        token.text for token in found.keys
    ] != [token.text for token in theirs.keys]:
        return "The teacher cuts this input into other tokens, so its attention cannot be laid beside the student’s."
    if found.layers > theirs.layers:
        return "The teacher has fewer layers than the student, so there is no layer for each of them."
    return ""


def _layers(example: Example, apart: TeacherAttention, layer: int, head: int) -> None:
    """The map of layers with the divergence of their mean heads, and that of each head."""
    table = pd.DataFrame(
        {
            "Layer": np.arange(1, len(apart.layers) + 1),
            "Teacher’s layer": [place + 1 for place in apart.layers],
            "Mean of heads, bits": apart.averaged,
        }
    )
    if apart.heads is not None:
        table["Furthest head"] = apart.heads.argmax(axis=1) + 1
    side, heads = st.columns([1, 1], gap="medium")
    with side:
        st.markdown(
            f"**The student parts from its teacher most in layer {int(apart.averaged.argmax()) + 1}** "
            f"({apart.averaged.max():.2f} bits, heads averaged, {example.source})"
        )
        st.dataframe(
            table,
            hide_index=True,
            column_config={"Mean of heads, bits": st.column_config.NumberColumn(format="%.3f")},
            alt=f"The teacher’s layer for each of {len(table)} layers of the student, and how far the two are apart",
        )
    if apart.heads is None:
        with heads:
            st.caption("Student and teacher have other numbers of heads, so only their mean can be compared.")
        return

    @guarded_callback
    def on_head() -> None:
        point = picked(_KEY)
        chosen = clicked_head(point.get("customdata")) if point else None
        if chosen is not None:
            st.query_params["layer"], st.query_params["head"] = (str(place + 1) for place in chosen)

    with heads:
        chart = attention_change(
            apart.heads,
            selected=(layer, head),
            where=example.source,
            theme=current_theme(),
            title="Which heads part from the teacher’s?",
        )
        show_chart(chart, _KEY, on_select=on_head)


def _beside(
    example: Example,
    teacher: str,
    found: Attention,
    theirs: Attention,
    weights: np.ndarray,
    apart: TeacherAttention,
    layer: int,
    head: int,
) -> None:
    """The student's picture and the teacher's: of one head, or of the mean of all heads of the layer."""
    place = apart.layers[layer]
    whole = max(len(found.queries), len(found.keys)) <= max(found.pooled.shape[2:])
    ways = [way for way in _WAYS if (apart.heads is not None if way == "head" else whole)]
    if not ways:
        st.caption("The input is too long for the pictures of mean heads.")
        return
    way = choose_in_address("side", "Pictures", ways, format_func=_WAYS.__getitem__)
    if way == "mean":
        pictures = found.pooled[layer].mean(axis=0), theirs.pooled[place].mean(axis=0)
        what = "mean of the heads"
    else:
        pictures = weights, head_of_teacher(example, teacher, found, place, head)
        what = f"head {head + 1}"
    sides = (("Student", layer), ("Teacher", place))
    for column, picture, (who, where) in zip(st.columns(2, gap="medium"), pictures, sides, strict=True):
        with column:
            chart = attention_head(
                picture,
                [query.text for query in found.queries],
                [key.text for key in found.keys],
                title=f"{who}: layer {where + 1}, {what}",
                where=example.source,
                theme=current_theme(),
            )
            show_chart(chart, f"{who.lower()} beside")


def _take() -> None:
    if st.session_state[_OPEN]:
        st.query_params["teacher"] = "1"
    else:
        st.query_params.pop("teacher", None)
