"""The way from a judged row to the page that looks inside the model at that row."""

import streamlit as st

from lib.runs.folder import RunFolder
from lib.ui.frame import go_to
from lib.ui.output_runs import has_model


def explain_link(run: RunFolder, split: str, row: int) -> None:
    """A quiet button that opens the row on the Explain page; nothing when the run has no model to ask."""
    if has_model(run) and st.button(
        "Explain this row",
        icon=":material/psychology:",
        type="tertiary",
        key="explain this row",
        help="See what the model does with this row: which parts it reads from.",
    ):
        go_to("Explain", split=split, row=str(row))
