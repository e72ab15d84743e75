"""The Runs page before the first run."""

import streamlit as st

from lib.ui import hand as hands
from lib.ui.frame import lead_on


def show_no_runs() -> None:
    """What this page will show, and the way there."""
    st.markdown(
        "Nothing has been trained yet. When you start a training, you watch it here:\n\n"
        "- the loss, falling step by step, and the score on validation rows;\n"
        "- how far it is, how long it still takes, and how much memory it needs;\n"
        "- its score on rows it never saw, beside simple baselines, when it is done.\n\n"
        "You can stop a run and keep the best so far, and resume it later."
    )
    if hands.in_hand().data:
        lead_on("Train a model", "Train")
    else:
        lead_on("Bring data", "Data")
