"""Calibration on the Evaluate page: whether the model is right as often as it says, as it is and with a temperature."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from lib.analysis.calibration import (
    BINS,
    Measures,
    Sureness,
    ece,
    in_bin,
    label_measures,
    measures,
    reliability,
    sureness,
)
from lib.analysis.chances import Chances
from lib.analysis.intervals import Difference, number
from lib.analysis.label_sets import membership
from lib.analysis.temperature import Temperature, nll_gain
from lib.charts.reliability import reliability as reliability_chart
from lib.ui.calibration_words import (
    CAPTION,
    LABEL_CAPTION,
    definitions,
    ece_words,
    finding,
    gain_words,
    in_a_sentence,
    measure_table,
)
from lib.ui.charts import current_theme, picked_data, show_chart
from lib.ui.chosen_rows import show_chosen
from lib.ui.evaluate_data import Evaluation
from lib.ui.frame import guarded, guarded_callback
from lib.ui.label_chances import (
    RowChances,
    chances,
    fitted_temperature,
    label_in_address,
    row_chances,
    truths,
)
from lib.ui.numbers import count
from lib.ui.review_selection import forget_row
from lib.ui.words import escape_markdown, shorten

_BIN, _TEMPERATURE = "bin", "temperature"
# What the slider offers at least; it reaches to the fitted temperature wherever that lies.
USUAL = (0.2, 5.0)


@dataclass(frozen=True, eq=False)
class Side:
    """The rows at one temperature: how sure the model is of each, whether that happened, and what follows."""

    temperature: float
    confidence: np.ndarray
    correct: np.ndarray
    bins: pd.DataFrame
    found: Measures
    sure: Sureness


@dataclass(frozen=True)
class Bin:
    """What is selected: bins from `first` to before `last`, of the rows at a temperature ("9-10@1.31")."""

    first: int
    last: int
    temperature: float

    def __str__(self) -> str:
        return f"{self.first}-{self.last}@{self.temperature:g}"

    def words(self, *, said: str = "confidence") -> str:
        """As words that follow "12 rows": "with a confidence of 60 % to 67 %"."""
        at = f" at temperature {self.temperature:g}" if self.temperature != 1 else ""
        return f"with a {said} of {100 * self.first / BINS:.0f} % to {100 * self.last / BINS:.0f} %{at}"


def bin_from(text: str) -> Bin | None:
    """The bin that an address names; None for anything else."""
    match = re.fullmatch(r"(\d{1,2})-(\d{1,2})@(\d{1,2}(?:\.\d{1,4})?)", text)
    if match is None:
        return None
    first, last, temperature = int(match[1]), int(match[2]), float(match[3])
    return Bin(first, last, temperature) if first < last <= BINS and temperature > 0 else None


@st.fragment
@guarded
def show_calibration(found: Evaluation) -> None:
    """The panel; only this part runs again after a click."""
    rows = row_chances(found)
    if rows is None:
        st.markdown("There are no rows to look at.")
        return
    if rows.is_sample:
        st.caption(
            f"A fixed random sample of {count(len(rows.frame), 'row')} out of {rows.rows_in_all:,}: all probabilities "
            f"of {len(rows.labels):,} labels would not fit the memory."
        )
    if rows.many:
        _one_label(found, rows)
    else:
        _top_label(found, rows)


def _top_label(found: Evaluation, rows: RowChances) -> None:
    fitted = fitted_temperature(found)
    asked = _temperature(found, None if fitted is None else fitted.value)
    before = _side(*found.key, 1.0, rows)
    after = _side(*found.key, asked, rows) if asked != 1 else None
    st.markdown(escape_markdown(in_a_sentence(before.found, split=found.split)))
    _figures(found, rows, before, fitted)
    if found.split == "validation":
        st.caption("The temperature was fitted on these very rows: judge it by the test rows.")
    _slider(asked, None if fitted is None else fitted.value)
    selected = bin_from(st.query_params.get(_BIN, ""))
    left, right = st.columns(2, gap="medium")
    with left:
        _chart(found, before, f"As it is: {finding(before.found, before.sure)}", "as it is", selected)
    with right:
        if after is None:
            st.caption("Move the temperature away from 1 to see what it would change.")
        else:
            title = f"At temperature {asked:g}: {finding(after.found, after.sure)}"
            _chart(found, after, title, "with the temperature", selected)
    st.caption(CAPTION)
    if selected is not None:
        side = next((one for one in (before, after) if one and one.temperature == selected.temperature), None)
        _rows_of(found, rows, side or _side(*found.key, selected.temperature, rows), selected, "confidence")
    columns = [("As it is", before.found, before.sure)]
    columns += [(f"At {asked:g}", after.found, after.sure)] if after else []
    numbers, words = st.columns([1, 1], gap="large")
    with numbers:
        st.markdown(measure_table(columns))
    with words:
        st.caption(
            "A temperature divides the logits, so no answer changes, only how sure it is. Predict, the thresholds and "
            "the scores of this run use the model as it is, the softmax that plain transformers gives; the fitted "
            "temperature is kept beside the model for those who want it."
        )
        with st.expander("What each of these is", icon=":material/help:"):
            st.markdown(definitions())


def _figures(found: Evaluation, rows: RowChances, before: Side, fitted: Temperature | None) -> None:
    first, second, third = st.columns(3, gap="medium")
    with first:
        st.metric(f"ECE, top label, {BINS} equal-width bins", f"{before.found.ece:.3f}")
        st.caption(ece_words(before.found, before.sure, split=found.split))
    with second:
        st.metric("Temperature that fits best", "–" if fitted is None else f"{fitted.value:.2f}")
        if fitted is None:
            st.caption(
                "Not known: it is fitted on validation rows, and this run has fewer than 20, or only right ones."
            )
        else:
            low, high = fitted.interval
            st.caption(
                f"95 % interval {low:.2f}–{high:.2f}, fitted by NLL on {count(fitted.rows, 'validation row')} "
                "(Guo et al. 2017)." + (" 1, the model as it is, lies within." if fitted.within_noise else "")
            )
    if fitted is not None:
        gain = _gain(*found.key, round(fitted.value, 4), rows)
        with third:
            st.metric("NLL that it saves", number(gain.value, decimals=3))
            st.caption(f"On {count(len(rows.frame), f'{found.split} row')}, {gain_words(gain)}.")


def _one_label(found: Evaluation, rows: RowChances) -> None:
    label = label_in_address(rows)
    number_of = rows.labels.index(label)
    side = _label_side(*found.key, label, number_of, rows)
    name = f"“{shorten(label, 40)}”"
    st.markdown(escape_markdown(in_a_sentence(side.found, split=found.split, label=name)))
    st.caption(
        escape_markdown(
            f"ECE of this label {side.found.ece:.3f}. {ece_words(side.found, side.sure, split=found.split)}"
        )
    )
    selected = bin_from(st.query_params.get(_BIN, ""))
    left, right = st.columns([1, 1], gap="medium")
    with left:
        title = f"{name}: {finding(side.found, side.sure).replace('it is right', 'it is so')}"
        _chart(found, side, title, "of the label", selected, happens="true", said="probability")
        st.caption(LABEL_CAPTION)
    with right:
        st.markdown(measure_table([("Value", side.found, side.sure)], of_label=True))
        with st.expander("What each of these is", icon=":material/help:"):
            st.markdown(definitions(of_label=True))
        st.caption(
            f"Classwise ECE, the mean of the ECEs of all {count(len(rows.labels), 'label')}: "
            f"{_classwise(*found.key, rows):.3f}."
        )
    if selected is not None:
        _rows_of(found, rows, side, selected, "probability")


def _chart(
    found: Evaluation,
    side: Side,
    title: str,
    name: str,
    selected: Bin | None,
    *,
    happens: str = "right",
    said: str = "confidence",
) -> None:
    key = f"reliability {name}"

    @guarded_callback
    def on_bin() -> None:
        if data := picked_data(key):
            row = side.bins.iloc[int(data[0])]
            st.query_params[_BIN] = str(Bin(int(row["first"]), int(row["last"]), side.temperature))
            st.query_params["split"] = found.split
            forget_row()

    here = selected is not None and selected.temperature == side.temperature
    chart = reliability_chart(
        side.bins,
        split=found.split,
        happens=happens,
        said=said,
        note=f"ECE {side.found.ece:.3f}, {side.sure.expected:.3f} expected by chance",
        selected=(selected.first, selected.last) if selected and here else None,
        theme=current_theme(),
        title=title,
    )
    show_chart(chart, key, on_select=on_bin)


def _rows_of(found: Evaluation, rows: RowChances, side: Side, selected: Bin, said: str) -> None:
    inside = in_bin(side.confidence, selected.first, selected.last)
    chosen = rows.frame[inside].assign(shown=side.confidence[inside])
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        right = int(side.correct[inside].sum())
        st.markdown(
            f"**{count(len(chosen), 'row')}**, {right:,} of them {'right' if said == 'confidence' else 'true'}",
            width="content",
        )
        st.button(
            selected.words(said=said),
            icon=":material/close:",
            icon_position="right",
            key="clear bin",
            help="Clear this selection",
            on_click=_clear,
        )
    if chosen.empty:
        st.caption("No row lies there. Click another bar.")
        return
    chosen = chosen.assign(shown=100 * chosen["shown"]).sort_values(
        ["correct", "shown"], ascending=[True, False], kind="stable"
    )
    show_chosen(
        found,
        chosen,
        key="calibration",
        alt=f"Rows {selected.words(said=said)}, wrong ones first",
        extra={"shown": f"{said.capitalize()}, %"},
    )


def _clear() -> None:
    st.query_params.pop(_BIN, None)
    forget_row()


def _temperature(found: Evaluation, fitted: float | None) -> float:
    """The temperature in the address, else the fitted one, else 1."""
    text = st.query_params.get(_TEMPERATURE, "")
    asked = float(text) if re.fullmatch(r"\d{1,2}(\.\d{1,4})?", text) else None
    low, high = _ends(fitted)
    if asked is None or not low <= asked <= high:
        asked = 1.0 if fitted is None else fitted
    return round(asked, 2)


def _forget_temperature() -> None:
    st.query_params.pop(_TEMPERATURE, None)


def _ends(fitted: float | None) -> tuple[float, float]:
    """The lowest and the highest temperature to try, in the slider's steps."""
    if fitted is None:
        return USUAL
    return min(USUAL[0], round(fitted, 2)), max(USUAL[1], round(fitted, 2))


def _slider(now: float, fitted: float | None) -> None:
    st.session_state["calibration temperature"] = now

    @guarded_callback
    def on_slide() -> None:
        st.query_params[_TEMPERATURE] = f"{st.session_state['calibration temperature']:g}"

    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.slider(
            "Try a temperature",
            *_ends(fitted),
            step=0.01,
            key="calibration temperature",
            on_change=on_slide,
            help="Above 1 the model says it is less sure, below 1 surer. Its answers stay the same.",
            width=420,
        )
        if fitted is not None and now != round(fitted, 2):
            st.button(
                f"Fitted: {fitted:.2f}",
                key="fitted temperature",
                type="tertiary",
                icon=":material/undo:",
                on_click=_forget_temperature,
            )


@st.cache_resource(max_entries=8, ttl=3600, show_spinner="Working out how sure the model is")
def _side(path: str, changed: int, split: str, temperature: float, _rows: RowChances) -> Side:
    scaled = _chances(path, changed, split, _rows).at(temperature)
    bins = reliability(scaled.confidence, scaled.correct)
    sure = sureness(scaled.confidence, scaled.correct)
    return Side(temperature, scaled.confidence, scaled.correct, bins, measures(scaled), sure)


@st.cache_resource(max_entries=2, ttl=3600, show_spinner=False)
def _chances(path: str, changed: int, split: str, _rows: RowChances) -> Chances:
    return chances(_rows)


@st.cache_data(max_entries=20, show_spinner=False)
def _gain(path: str, changed: int, split: str, temperature: float, _rows: RowChances) -> Difference:
    before = _chances(path, changed, split, _rows)
    return nll_gain(before, before.at(temperature))


@st.cache_data(max_entries=20, show_spinner=False)
def _classwise(path: str, changed: int, split: str, _rows: RowChances) -> float:
    truth = membership(_rows.frame["gold"], _rows.labels)
    each = [
        ece(_rows.table[:, place].astype(np.float64), truth[:, place]) for place in range(len(_rows.labels))
    ]
    return float(np.mean(each))


@st.cache_resource(max_entries=64, ttl=3600, show_spinner=False)
def _label_side(path: str, changed: int, split: str, label: str, place: int, _rows: RowChances) -> Side:
    probability = _rows.table[:, place].astype(np.float64)
    truth = truths(_rows, label)
    return Side(
        1.0,
        probability,
        truth,
        reliability(probability, truth),
        label_measures(probability, truth),
        sureness(probability, truth),
    )
