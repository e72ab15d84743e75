"""Evaluate: how good the model is on rows it never saw, beside simple baselines, and where it is wrong."""

import streamlit as st

from lib.ui.evaluate_views import choose_split, example_chart, show_evaluation
from lib.ui.frame import lead_on, page
from lib.ui.output_runs import has_model, has_scores, offer_export, pick_run, show_none_yet, show_not_ready

with page(
    "Evaluate",
    icon=":material/monitoring:",
    lead="How good is the model on rows it never saw, and where is it wrong?",
) as hand:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="evaluate-choice"):
        run = pick_run(hand, ready=has_scores)
        split = choose_split(run) if run and has_scores(run) else None
    if run and split:
        show_evaluation(run, split)
        with st.container(horizontal=True, key="evaluate-ways-on"):
            lead_on("Look inside the model", "Explain")
            if has_model(run):
                offer_export()
    elif run:
        show_not_ready(run, lacking="scores")
    elif not hand.run:
        show_none_yet(
            "When a run has finished, you see here how good its model is, compared with simple baselines, "
            "and can read every mistake it makes.",
            example_chart(),
        )
