"""Token probabilities on the Evaluate page: rows before and after training, and one row token by token."""

from typing import Any

import pandas as pd
import pyarrow as pa
import streamlit as st

from lib.analysis.before_after import before_after
from lib.charts.before_after import before_after as before_after_chart
from lib.inference.token_features import Of
from lib.inference.token_losses import TokenLosses, token_losses
from lib.tasks.outputs import Continuation, Text
from lib.ui.address_choice import choose_in_address
from lib.ui.charts import current_theme, picked_data, show_chart
from lib.ui.evaluate_data import Evaluation
from lib.ui.frame import guarded, guarded_callback
from lib.ui.judged_again import kinds_of, rows_again
from lib.ui.judged_rows import open_place, show_rows, show_steps
from lib.ui.numbers import count
from lib.ui.output_runs import has_model
from lib.ui.review_selection import open_row
from lib.ui.token_answers import token_answer
from lib.ui.token_view import WHAT, show_scored
from lib.ui.view_continuation import as_talk
from lib.ui.words import shorten, term

_CHART = "before and after"


def serves_tokens(found: Evaluation) -> bool:
    """Runs that write token by token and have a model to ask."""
    return isinstance(found.output, Continuation | Text) and has_model(found.run)


@st.fragment
@guarded
def show_tokens(found: Evaluation) -> None:
    """The rows before and after training, the list, and the open row token by token."""
    rows = found.frame[found.frame["loss"].notna()].sort_values("loss", ascending=False, kind="stable")
    rows = rows.assign(**{name: rows[name].map(as_talk) for name in found.texts})
    if rows.empty:
        st.caption("No row has an answer that the model could be judged on.")
        return
    pairs = before_after(_untuned_rows(found), rows)
    place = open_place(rows)
    if len(pairs):
        chart, listed = st.columns([2, 3], gap="large")
        with chart:
            _scatter(found, pairs, int(rows["row"].iloc[place]))
    else:
        listed = st.container()
        if found.split != "test":
            with listed:
                st.caption(
                    "The model before training was judged on the test rows only; choose them to compare."
                )
    with listed:
        st.markdown(f"**{count(len(rows), f'{found.split} row')}**, the most surprising first")
        place = show_rows(
            found,
            rows,
            cells=lambda part: {
                "gold": part["gold"].map(lambda text: shorten(text, 240)),
                "loss": part["loss"],
            },
            columns={
                "gold": st.column_config.TextColumn("Should come", width=190),
                "loss": st.column_config.NumberColumn("Loss", format="%.2f", help=term("loss"), width=60),
            },
            key="tokens",
            alt=f"{count(len(rows), 'row')} with what should come and the loss per token, highest first",
            text_width=190,
        )
    with st.container(border=True, key="tokens-row"):
        show_steps(rows, place)
        _one_row(found, rows.iloc[place])


def _scatter(found: Evaluation, pairs: pd.DataFrame, selected: int) -> None:
    @guarded_callback
    def on_dot() -> None:
        if data := picked_data(_CHART):
            open_row(int(data[0]))

    chart = before_after_chart(pairs, selected=selected, split=found.split, theme=current_theme())
    show_chart(chart, _CHART, on_select=on_dot)
    st.caption(
        "Each dot is a row; click one to read it. How likely a text is says how well the model foretells such "
        "texts, not whether they are true."
    )


def _one_row(found: Evaluation, row: "pd.Series[Any]") -> None:
    with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
        of = choose_in_address("of", "Tokens of", kinds_of(found), format_func=lambda name: WHAT[name])
        slot = st.container(width="content")
    scored = _scored(found, int(row["position"]), of)
    show_scored(
        scored,
        slot,
        judged=float(row["loss"]) if of == "truth" else None,
        written=of == "written",
        name=f"{found.run.id}-row-{int(row['row']) + 1}-{of}.csv",
        key=f"tokens {row['row']} {of}",
    )


def _untuned_rows(found: Evaluation) -> pd.DataFrame:
    """The judged test rows of the model before training; empty where there are none."""
    path = found.run.path / "baseline-untuned.parquet"
    try:
        stamp = path.stat().st_mtime_ns
    except OSError:
        return pd.DataFrame()
    return _read(str(path), stamp) if found.split == "test" else pd.DataFrame()


@st.cache_data(max_entries=5, show_spinner=False)
def _read(path: str, changed: int) -> pd.DataFrame:
    try:
        return pd.read_parquet(path, columns=["row", "loss"])
    except (OSError, ValueError, pa.ArrowException):
        return pd.DataFrame()


def _scored(found: Evaluation, position: int, of: Of) -> TokenLosses:
    ref = f"run:{found.run.id}"
    cells, columns = rows_again(found, found.frame[found.frame["position"] == position])
    return token_answer(
        ref,
        (*found.key, position, of),
        lambda tell: token_losses(ref, cells, columns, of=of, untuned=True, on_progress=tell),
    )
