"""What a converted model costs and keeps beside the original: a sentence, a small table, the labels one by one."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from lib.analysis.intervals import Difference, number
from lib.analysis.scores import title
from lib.analysis.two_runs import decimals_for
from lib.ui.numbers import count, score, significant, size
from lib.ui.words import escape_markdown

# What `numbers` of a receipt are differences of, by what the answers are.
_DIFFERENCES = {
    "label": "A label's probability",
    "labels": "A label's probability",
    "number": "A number, in standard deviations of the training rows,",
    "spans": "The confidence of a text's spans",
    "guesses": "The loss per token",
    "text": "The loss per token",
}


def show_receipt(measured: Mapping[str, Any]) -> None:
    """The receipt as `lib.export.receipt.measure_export` made it; nothing where an export has none."""
    if not measured.get("same"):
        return
    st.markdown(escape_markdown(measured["sentence"]))
    st.markdown(receipt_table(measured))
    st.caption(escape_markdown(" ".join(remarks(measured))))
    labels = pd.DataFrame(measured["labels"])
    if len(labels):
        with st.expander("Label by label"):
            st.dataframe(label_table(labels), hide_index=True, width="stretch")
            st.caption(
                "F1 on the same rows. Intervals (95 %) are of the difference: rows drawn again for both alike, or, "
                "where both find the label alike, as wide as what so few rows cannot show."
            )


def receipt_table(measured: Mapping[str, Any]) -> str:
    """Size, times and the main score of both, as a Markdown table."""
    one, two = measured["original"], measured["made"]
    lines = [("Size on disk", *(size(side["bytes"]) for side in (one, two)))]
    for batch, name in (("batch_1", "One row at a time"), ("batch_32", "32 rows at a time")):
        lines.append((name, *(_time(side[batch]) for side in (one, two))))
    found = measured["score"]
    if found:
        lines.append((escape_markdown(title(found["name"])), score(found["original"]), score(found["made"])))
    body = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    return f"| | Original | This export |\n|---|---|---|\n{body}"


def remarks(measured: Mapping[str, Any]) -> list[str]:
    """How the main score differs, how far numbers lie apart, on which rows and which machine: whole sentences."""
    rows, machine, found = measured["rows"], measured["machine"], measured["score"]
    said = []
    if found and found["low"] is not None:
        gap = Difference(found["lead"], found["low"], found["high"])
        decimals = decimals_for(gap)
        value, low, high = (number(one, decimals=decimals) for one in (gap.value, gap.low, gap.high))
        noise = ", within noise" if gap.within_noise else ""
        said.append(f"{title(found['name'])} is better by {value} (95 % interval {low} to {high}){noise}.")
    apart = measured["numbers"]
    if apart["greatest"] is not None:
        kept = "within" if apart["greatest"] <= apart["tolerance"] else "beyond"
        what = _DIFFERENCES.get(measured["same"]["what"], "A score")
        said.append(
            f"{what} differs by at most {significant(apart['greatest'])} (in 95 % of the rows by "
            f"{significant(apart['usual'])}), {kept} this format's tolerance of {significant(apart['tolerance'])}."
        )
    drawn = f"a seeded sample of {count(rows['judged'])} of " if rows["judged"] < rows["test"] else "all "
    said.append(
        f"Measured in fresh processes on {drawn}{count(rows['test'], 'test row')}, from the text or picture to its "
        f"scores, median (95th percentile): {machine['processor']}, {count(machine['threads'], 'thread')}."
    )
    return said


def label_table(labels: pd.DataFrame) -> pd.DataFrame:
    """The labels with both F1 scores, the difference and its interval."""
    ends = [
        f"{number(low, decimals=3)} to {number(high, decimals=3)}" if pd.notna(low) else None
        for low, high in zip(labels["low"], labels["high"], strict=True)
    ]
    return pd.DataFrame(
        {
            "Label": labels["label"],
            "Rows": labels["rows"],
            "F1, original": labels["original"].round(3),
            "F1, this export": labels["made"].round(3),
            "Difference": labels["difference"].round(3),
            "95 % interval": ends,
        }
    )


def _time(side: Mapping[str, float]) -> str:
    middle, slow = significant(side["p50_ms"]), significant(side["p95_ms"])
    pace = "" if side["batch"] == 1 else f", {significant(side['rows_per_second'], 3)} rows/s"
    return f"{middle} ms ({slow} ms){pace}"
