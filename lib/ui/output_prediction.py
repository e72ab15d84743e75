"""One prediction on the page, by the shape of what the model predicts."""

from typing import Any

import pandas as pd
import streamlit as st

from lib.charts.colours import label_colours
from lib.charts.probabilities import probabilities
from lib.inference.predict import Predictions
from lib.tasks.outputs import LabelScores, Output
from lib.ui.charts import current_theme, show_chart
from lib.ui.words import escape_markdown, shorten, term


def show_prediction(output: Output, row: "pd.Series[Any]", *, key: str, note: str = "") -> None:
    """A prediction in full: `row` is one row of `Predictions.frame`; `note` is plain text below it."""
    match output:
        case LabelScores(labels=labels):
            st.metric(
                "Predicted label",
                escape_markdown(shorten(row["predicted"], 60)),
                help=f"The label with the highest probability. {term('confidence')}",
            )
            st.caption(
                escape_markdown(f"{in_words(output, row)} · {note}" if note else in_words(output, row))
            )
            chart = probabilities(
                labels,
                list(row["scores"]),
                colours=label_colours(labels),
                theme=current_theme(),
                title="How likely is each label?",
            )
            show_chart(chart, key)


def in_words(output: Output, row: "pd.Series[Any]") -> str:
    """How sure the model is, in a few words of plain text."""
    match output:
        case LabelScores():
            return f"confidence {100 * float(row['confidence']):.1f} %"


def summary_counts(output: Output, table: pd.DataFrame) -> "pd.Series[Any]":
    """What to count over many predictions: one value per predicted row."""
    match output:
        case LabelScores():
            return table["predicted"].dropna()


def tried_line(found: Predictions, texts: dict[str, str]) -> dict[str, Any]:
    """One try as a line of the history."""
    row = found.frame.iloc[0]
    match found.output:
        case LabelScores():
            return {
                **texts,
                "predicted": row["predicted"],
                "confidence": float(row["confidence"]),
                "milliseconds": round(1000 * found.seconds, 1),
            }
