"""Explain: what a finished model does with one text or picture, view by view."""

import streamlit as st

from lib.ui.explain_choose import choose_row, chosen_example
from lib.ui.explain_panels import PANELS
from lib.ui.frame import lead_on, page
from lib.ui.output_runs import has_model, pick_run, show_none_yet, show_not_ready
from lib.ui.panels import choose_panel

with page(
    "Explain",
    icon=":material/psychology:",
    lead="What does the model do with one row, step by step?",
) as hand:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="explain-choice"):
        run = pick_run(hand, ready=has_model)
        name = choose_row(run) if run and has_model(run) else None
    if run and name:
        example = chosen_example(run, name)
        if example is not None:
            panel = choose_panel(PANELS, example)
            if panel is not None:
                panel.show(example)
        lead_on("Try the model", "Predict")
    elif run and not has_model(run):
        show_not_ready(run, lacking="model")
    elif not hand.run:
        show_none_yet(
            "When a run has finished, you look inside its model here: which words or parts of a picture each of its "
            "attention heads reads from, on rows of the test set or on something of your own."
        )
