"""Thresholds on the Evaluate page: one label against the rest, what mistakes cost, and answering only when sure."""

import math

import streamlit as st

from lib.analysis.intervals import wilson
from lib.analysis.thresholds import Counts, calibrated_threshold
from lib.charts.coverage import coverage
from lib.charts.expected_cost import expected_cost
from lib.charts.operating_curve import Kind, operating_curve
from lib.charts.text import percent
from lib.ui.address_number import slide_in_address, type_in_address
from lib.ui.charts import current_theme, picked_data, show_chart
from lib.ui.chosen_rows import show_chosen
from lib.ui.evaluate_data import Evaluation
from lib.ui.frame import guarded, guarded_callback
from lib.ui.label_chances import RowChances, label_in_address, row_chances
from lib.ui.numbers import count, significant
from lib.ui.review_selection import forget_row
from lib.ui.threshold_data import OUTCOMES, OneLabel, coverage_of, first_label, one_label
from lib.ui.words import escape_markdown, shorten, term

_THRESHOLD, _CELL = "t", "outcome"
_STEP = 0.001
CAPTION = (
    "Each point of a curve is a threshold; click one to take it. The curves hold for rows with as many of the label as "
    "these: where it is rarer, precision falls. The dashed line is giving the label by chance. Moving the threshold "
    "here changes no prediction of the run."
)


@st.fragment
@guarded
def show_thresholds(found: Evaluation) -> None:
    """The panel; only this part runs again after a click."""
    rows = row_chances(found)
    if rows is None:
        st.markdown("There are no rows to look at.")
        return
    if rows.is_sample:
        st.caption(
            f"The curves stand on a fixed random sample of {count(len(rows.frame), 'row')} out of {rows.rows_in_all:,}."
        )
    picking, sliding = st.columns([1, 1], gap="large", vertical_alignment="bottom")
    with picking:
        label = label_in_address(rows, first=first_label(rows))
    one = one_label(found, rows, label)
    with sliding:
        threshold = slide_in_address(
            _THRESHOLD,
            "Threshold: the label is given from this probability on",
            low=0.0,
            high=1.0,
            step=_STEP,
            usual=round(one.given, 3),
            note="Lower finds more and gives more false alarms.",
            shown="%.3f",
        )
    _at_threshold(found, rows, one, threshold)
    _cost(found, one, threshold)
    _surest(found)


def _at_threshold(found: Evaluation, rows: RowChances, one: OneLabel, threshold: float) -> None:
    counts = one.curve.at(threshold)
    name = escape_markdown(f"“{shorten(one.label, 40)}”")
    st.markdown(
        f"At {threshold:.3f}, **{name}** has precision {_with_interval(counts.tp, counts.tp + counts.fp)}, recall "
        f"{_with_interval(counts.tp, counts.tp + counts.fn)} and F1 {counts.f1:.2f} on "
        f"{count(counts.rows, f'{found.split} row')}, {one.curve.positives:,} of which truly have it "
        "(95 % intervals)."
    )
    if one.curve.positives and one.curve.negatives:
        left, right = st.columns(2, gap="medium")
        with left:
            _curve(found, one, "precision-recall", threshold)
        with right:
            _curve(found, one, "roc", threshold)
        st.caption(CAPTION)
    else:
        st.caption("All of these rows are alike, with the label or without it, so there is no curve.")
    outcome = _outcomes(counts)
    if outcome is None:
        return
    inside = one.outcome(outcome, threshold)
    chosen = rows.frame[inside].assign(shown=100 * one.probability[inside])
    if chosen.empty:
        st.caption("There is no such row at this threshold.")
        return
    # The ones that are furthest on the wrong side, or nearest to it, first.
    chosen = chosen.sort_values("shown", ascending=outcome in ("tp", "fn"), kind="stable")
    show_chosen(
        found,
        chosen,
        key="threshold",
        alt=f"Rows of the kind {OUTCOMES[outcome].lower()} at the threshold {threshold:.3f}",
        extra={"shown": "Probability, %"},
    )


def _with_interval(part: int, whole: int) -> str:
    if not whole:
        return "– (no such row)"
    low, high = wilson(part, whole)
    return f"{part / whole:.2f} ({float(low):.2f}–{float(high):.2f})"


def _curve(found: Evaluation, one: OneLabel, kind: Kind, threshold: float) -> None:
    @guarded_callback
    def on_point() -> None:
        if data := picked_data(kind):
            asked = float(data[0])
            # Rounded down, so that the row of that probability is still given.
            st.query_params[_THRESHOLD] = f"{math.floor(asked / _STEP + 1e-9) * _STEP:g}"
            forget_row()

    chart = operating_curve(one.curve, kind, threshold=threshold, split=found.split, theme=current_theme())
    show_chart(chart, kind, on_select=on_point)


def _outcomes(counts: Counts) -> str | None:
    """Four counts to click, which are the confusion matrix at the threshold; returns the one in the address."""
    now = st.query_params.get(_CELL)
    now = now if now in OUTCOMES else None
    key = "threshold outcome"
    st.session_state[key] = now

    @guarded_callback
    def take() -> None:
        chosen = st.session_state[key]
        if chosen is None:
            st.query_params.pop(_CELL, None)
        else:
            st.query_params[_CELL] = chosen
        forget_row()

    st.pills(
        "Rows at this threshold",
        list(OUTCOMES),
        format_func=lambda name: f"{OUTCOMES[name]}: {getattr(counts, name):,}",
        key=key,
        on_change=take,
        help="Click one to read its rows; again to close them.",
    )
    return now


def _cost(found: Evaluation, one: OneLabel, threshold: float) -> None:
    st.subheader("What mistakes cost", anchor=False)
    first, second, _ = st.columns([1, 1, 2], gap="medium")
    with first:
        false_alarm = type_in_address(
            "alarm", "A false alarm costs", high=1e9, usual=1.0, note="In any unit, the same for both."
        )
    with second:
        miss = type_in_address(
            "miss", "A miss costs", high=1e9, usual=1.0, note="In any unit, the same for both."
        )
    if not false_alarm and not miss:
        st.caption("When neither costs anything, every threshold is as good.")
        return
    chosen = None if one.validation is None else one.validation.cheapest(false_alarm, miss)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        chart = expected_cost(
            one.curve,
            false_alarm=false_alarm,
            miss=miss,
            threshold=threshold,
            chosen=chosen,
            validation=one.validation if found.split != "validation" else None,
            split=found.split,
            theme=current_theme(),
        )
        show_chart(chart, "expected cost")
    with right:
        _cheapest(found, one, threshold, chosen, false_alarm, miss)


def _cheapest(
    found: Evaluation, one: OneLabel, threshold: float, chosen: float | None, false_alarm: float, miss: float
) -> None:
    on = f"on {count(len(one.truth), f'{found.split} row')}"
    if chosen is None:
        st.markdown(
            "This run has no validation rows, so no threshold can be chosen without looking at these."
        )
    else:
        st.markdown(
            f"On validation rows **{chosen:.3f}** is cheapest. There a row costs "
            f"{_cost_words(one.curve.at(chosen), false_alarm, miss)} {on}"
            + (": optimistic, as it was chosen on them." if found.split == "validation" else ".")
        )
        if abs(chosen - threshold) >= _STEP:
            st.button(
                f"Take {chosen:.3f}",
                key="take cheapest",
                icon=":material/target:",
                on_click=_take_threshold,
                args=(chosen,),
            )
    st.markdown(
        f"The current threshold, {threshold:.3f}, costs "
        f"{_cost_words(one.curve.at(threshold), false_alarm, miss)} a row."
    )
    st.caption(
        f"Were the probabilities perfectly calibrated, {calibrated_threshold(false_alarm, miss):.3f} would be "
        "cheapest: the cost of a false alarm as a share of both. Costs hold for rows with as many of the label as "
        "these."
    )


def _cost_words(counts: Counts, false_alarm: float, miss: float) -> str:
    low, high = counts.cost_interval(false_alarm, miss)
    cost = counts.cost(false_alarm, miss)
    return f"{significant(cost)} (95 % interval {significant(low)}–{significant(high)})"


def _take_threshold(value: float) -> None:
    st.query_params[_THRESHOLD] = f"{round(value, 3):g}"
    forget_row()


def _surest(found: Evaluation) -> None:
    st.subheader("Answering only when sure", anchor=False)
    known = coverage_of(found)
    left, right = st.columns([3, 2], gap="medium")
    with right:
        share = slide_in_address(
            "cover",
            "Answer this share of rows, the surest",
            low=1.0,
            high=100.0,
            step=1.0,
            usual=80.0,
            note="The others would go to a person.",
            shown="%.0f %%",
        )
        rows, error, (low, high), sure = known.at(share / 100)
        st.markdown(
            f"If the model only answers the **{share:.0f} %** of rows it is surest of "
            f"({count(rows, f'{found.split} row')}, confidence from {percent(sure)} "
            f"on), **{percent(error)}** of its answers are wrong (95 % interval "
            f"{percent(low)} to {percent(high)}), instead of {percent(known.error)}."
        )
        st.caption(
            "AURC is the mean of the error over all shares: lower is better, and as high as the error of all rows when "
            "confidence says nothing. The share was not chosen on other rows: on new rows it shifts a little.",
            help=term("confidence"),
        )
    with left:
        show_chart(
            coverage(known, share=share / 100, split=found.split, theme=current_theme()), "coverage and risk"
        )
