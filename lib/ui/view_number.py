"""A number a row: where it lies in what the model has seen, predicted against true, and the largest errors first."""

from typing import Any

import pandas as pd
import streamlit as st

from lib.analysis.amounts import amount
from lib.charts.errors import errors
from lib.charts.number_line import number_line
from lib.charts.true_against_predicted import true_against_predicted
from lib.tasks.outputs import Number
from lib.ui.charts import current_theme, picked_data, show_chart
from lib.ui.evaluate_data import INPUT, Evaluation
from lib.ui.explain_link import explain_link
from lib.ui.frame import guarded, guarded_callback
from lib.ui.judged_rows import open_place, show_rows, show_steps
from lib.ui.numbers import count
from lib.ui.review_row import show_text
from lib.ui.review_selection import forget_row, open_row
from lib.ui.view import View
from lib.ui.words import escape_markdown, shorten

SIDES = {"all": "All", "high": "Too high", "low": "Too low"}
_SIDE = "side"


class NumberView(View):
    """Views of `Number`."""

    def show_prediction(self, output: Any, row: "pd.Series[Any]", *, key: str, note: str = "") -> None:
        """The number with its unit, and where it lies in the range of the training rows."""
        value = float(row["predicted"])
        st.metric("Predicted number", escape_markdown(_amount(value, output)))
        if note:
            st.caption(escape_markdown(note))
        chart = number_line(
            value,
            low=output.low,
            high=output.high,
            spread=output.spread,
            unit=output.unit,
            theme=current_theme(),
        )
        show_chart(chart, key)

    def tried(self, output: Any, row: "pd.Series[Any]") -> dict[str, Any]:
        """The number with its unit."""
        return {"predicted": _amount(float(row["predicted"]), output)}

    def in_words(self, output: Any, row: "pd.Series[Any]", name: str) -> str:
        """The number with its unit."""
        return _amount(float(row[name]), output)

    def review(self, found: Evaluation) -> None:
        """Predicted against true, how the errors spread, and the rows with the largest ones."""
        assert isinstance(found.output, Number)
        _review(found, found.output)


def _amount(value: float, output: Number) -> str:
    return amount(value, shorten(output.unit, 20), spread=output.spread)


def erring_rows(frame: pd.DataFrame, side: str) -> pd.DataFrame:
    """The judged rows of one of SIDES that have a true number, largest error first."""
    rows = frame[frame["gold"].notna()]
    if side != "all":
        rows = rows[rows["error"] > 0 if side == "high" else rows["error"] < 0]
    return rows.iloc[(-rows["error"].abs()).argsort(kind="stable")]


@st.fragment
@guarded
def _review(found: Evaluation, output: Number) -> None:
    known = found.frame[found.frame["gold"].notna()]
    side = _choose_side()
    rows = erring_rows(found.frame, side)
    place = open_place(rows) if len(rows) else None
    left, right = st.columns([1, 1], gap="medium")
    with left:
        _charts(found, output, known, None if place is None else int(rows["row"].iloc[place]))
    with right:
        st.markdown(
            f"**{count(len(rows), 'row')}** of {count(len(found.frame), f'{found.split} row')}, largest error first"
        )
        if rows.empty:
            st.caption("There is no such row.")
            return
        place = _list(found, output, rows)
    _row(found, output, rows, place)


def _choose_side() -> str:
    """Too high, too low or both; in the address, so that a link reopens it."""
    asked = st.query_params.get(_SIDE)
    now = asked if asked in SIDES else "all"
    st.session_state["review side"] = now
    st.segmented_control(
        "Which errors",
        list(SIDES),
        format_func=SIDES.__getitem__,
        key="review side",
        required=True,
        on_change=_take_side,
        label_visibility="collapsed",
    )
    return str(now)


@guarded_callback
def _take_side() -> None:
    st.query_params[_SIDE] = st.session_state["review side"]
    forget_row()


def _charts(found: Evaluation, output: Number, known: pd.DataFrame, selected: int | None) -> None:
    if known.empty:
        return
    chart = true_against_predicted(
        known["gold"].to_numpy(),
        known["predicted"].to_numpy(),
        unit=output.unit,
        spread=output.spread,
        rows=known["row"].to_numpy(),
        selected=selected,
        split=found.split,
        theme=current_theme(),
    )

    @guarded_callback
    def on_dot() -> None:
        if data := picked_data("true against predicted"):
            open_row(int(data[0]))

    show_chart(chart, "true against predicted", on_select=on_dot)
    spread_of_errors = errors(
        known["error"].to_numpy(),
        unit=output.unit,
        spread=output.spread,
        split=found.split,
        theme=current_theme(),
    )
    show_chart(spread_of_errors, "errors")


def _list(found: Evaluation, output: Number, rows: pd.DataFrame) -> int:
    def shown(values: "pd.Series[float]") -> "pd.Series[str]":
        return values.map(lambda value: amount(value, spread=output.spread))

    unit = f", {shorten(output.unit, 12)}" if output.unit else ""
    return show_rows(
        found,
        rows,
        cells=lambda part: {
            "gold": shown(part["gold"]),
            "predicted": shown(part["predicted"]),
            "error": ["+" * (value > 0) + amount(value, spread=output.spread) for value in part["error"]],
        },
        columns={
            "gold": st.column_config.TextColumn(f"True{unit}", width=85, alignment="right"),
            "predicted": st.column_config.TextColumn(f"Predicted{unit}", width=100, alignment="right"),
            "error": st.column_config.TextColumn(
                f"Error{unit}", help="Predicted minus true.", width=85, alignment="right"
            ),
        },
        key="numbers",
        alt="Rows with true and predicted numbers, largest error first",
        text_width=165,
    )


def _row(found: Evaluation, output: Number, rows: pd.DataFrame, place: int) -> None:
    row = rows.iloc[place]
    with st.container(border=True, key="review-row"):
        show_steps(rows, place)
        explain_link(found.run, found.split, int(row["row"]))
        read, thought = st.columns([6, 5], gap="large")
        with read:
            for name in found.texts:
                show_text(row[name], title=shorten(name.removeprefix(INPUT), 60))
            error = float(row["error"])
            by = "exactly right" if not error else f"too {'high' if error > 0 else 'low'} by "
            words = by + (_amount(abs(error), output) if error else "")
            st.markdown(escape_markdown(f"The prediction is {words}."))
            facts = []
            if "tokens" in row:
                facts.append(count(float(row["tokens"]), "token"))
            if row.get("truncated"):
                facts.append("cut: the model read only the beginning")
            st.caption(" · ".join(facts))
        with thought:
            chart = number_line(
                float(row["predicted"]),
                low=output.low,
                high=output.high,
                spread=output.spread,
                unit=output.unit,
                gold=float(row["gold"]),
                theme=current_theme(),
            )
            show_chart(chart, "number of the row", downloads=False)
