"""What is measured of written texts: a histogram of one measure at a time, whose bars choose rows."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from lib.analysis.alignment import MEASURES, alignment_table
from lib.analysis.bins import binned, count_bins, ratio_bins, share_bins, which_bin
from lib.charts.row_histogram import row_histogram
from lib.ui.charts import current_theme, picked_data, show_chart
from lib.ui.evaluate_data import Evaluation
from lib.ui.frame import guarded_callback
from lib.ui.numbers import count, significant
from lib.ui.review_selection import forget_row
from lib.ui.words import escape_markdown

# Comparing a text with its source takes about a millisecond; of more rows as many, evenly spread, are measured.
MOST_MEASURED = 5_000
_ROUGE = "The overlap with the reference, F1 in 0 to 1."
# The column: its name, what it says, and whether it is a share.
TEXT_MEASURES: dict[str, tuple[str, str, bool]] = {
    **MEASURES,
    "ratio": ("Length", "Words written for each word of the reference.", False),
    "rouge1": ("ROUGE-1", _ROUGE, True),
    "rouge2": ("ROUGE-2", _ROUGE, True),
    "rougeL": ("ROUGE-L", _ROUGE, True),
}


@dataclass(frozen=True)
class Part:
    """A measure, the ends of its ranges, and the one that is chosen."""

    measure: str
    ends: list[float]
    chosen: int | None

    @property
    def names(self) -> list[str]:
        """The ranges as they are called at the axis and on the button that clears the choice."""
        is_share, whole = TEXT_MEASURES[self.measure][2], self.measure in ("novel_facts", "copy_length")
        names = []
        for number, (low, high) in enumerate(zip(self.ends[:-1], self.ends[1:], strict=True)):
            last = number == len(self.ends) - 2
            if is_share and not self.measure.startswith("rouge"):
                names.append(f"{100 * low:.0f}–{100 * high:.0f} %")
            elif whole:
                one = high - low == 1
                names.append(f"{low:.0f}+" if last else f"{low:.0f}" if one else f"{low:.0f}–{high - 1:.0f}")
            else:
                names.append(f"{low:.1f}+" if last and not is_share else f"{low:.1f}–{high:.1f}")
        return names

    def rows(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The rows of the chosen range; all when none is."""
        if self.chosen is None:
            return frame
        return frame[which_bin(frame[self.measure], self.ends) == self.chosen]


def measured(found: Evaluation) -> pd.DataFrame:
    """The columns of `alignment_table` for the judged rows; missing for those that are not measured."""
    return _measured(*found.key, found)


@st.cache_data(max_entries=6, ttl=3600, show_spinner="Comparing the texts with their sources")
def _measured(path: str, changed: int, split: str, _found: Evaluation) -> pd.DataFrame:
    frame = _found.frame
    places = np.unique(np.linspace(0, max(len(frame) - 1, 0), min(len(frame), MOST_MEASURED)).astype(int))
    part = frame.iloc[places]
    sources = part[_found.texts].fillna("").astype("str").agg("\n".join, axis=1).tolist()
    table = alignment_table(sources, part["predicted"].fillna("").astype("str").tolist())
    table.index = pd.Index(places)
    return table.reindex(range(len(frame)))


def choose_part(found: Evaluation, frame: pd.DataFrame) -> Part:
    """A picker of the measure, its histogram, and the range that the address or a click chooses."""
    names = list(TEXT_MEASURES)
    asked = st.query_params.get("measure")
    measure = asked if asked in TEXT_MEASURES else names[0]
    title, meaning, is_share = TEXT_MEASURES[measure]
    ends = (
        share_bins()
        if is_share
        else ratio_bins(frame[measure])
        if measure == "ratio"
        else count_bins(frame[measure])
    )
    part = Part(measure, ends, _chosen(len(ends) - 1))
    table = binned(frame[measure], ends)
    st.session_state["texts measure"] = measure
    st.selectbox(
        "Measure",
        names,
        format_func=lambda name: TEXT_MEASURES[name][0],
        key="texts measure",
        on_change=_take_measure,
        width=260,
    )
    st.caption(
        escape_markdown(meaning)
        + " New is not wrong, but a number or a name that the source lacks is worth a look."
        * (measure in MEASURES and measure.startswith("novel"))
        + " Click a bar to read its rows."
    )
    if not table["rows"].sum():
        st.markdown("No text has enough words for this measure.")
        return part
    known = frame[measure].dropna()
    half = f"half have at most {100 * known.median():.0f} %" if "%" in part.names[0] else (
        f"half have at most {significant(float(known.median()))}"
    )  # fmt: skip
    left_out = len(frame) - len(known)
    note = half + (f"; {count(left_out, 'row')} not measured" if left_out else "")

    @guarded_callback
    def on_bar() -> None:
        if data := picked_data("texts histogram"):
            st.query_params["measure"] = measure
            st.query_params["part"] = str(int(data[0]))
            forget_row()

    chart = row_histogram(
        table,
        part.names,
        measure=title,
        selected=part.chosen,
        split=found.split,
        theme=current_theme(),
        title=f"{title} in the written texts" if measure in MEASURES else f"{title} of the written texts",
        note=note,
    )
    show_chart(chart, "texts histogram", on_select=on_bar)
    return part


def _chosen(parts: int) -> int | None:
    text = st.query_params.get("part", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 and int(text) < parts else None


@guarded_callback
def _take_measure() -> None:
    st.query_params["measure"] = st.session_state["texts measure"]
    clear_part()


def clear_part() -> None:
    """Choose no range. For callbacks."""
    st.query_params.pop("part", None)
    forget_row()
