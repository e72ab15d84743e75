"""Predict: try a finished model on one text, or on a file of rows."""

import streamlit as st

from lib.ui.frame import page
from lib.ui.output_runs import has_model, pick_run, show_none_yet, show_not_ready
from lib.ui.predict_views import choose_way, show_predict

with page(
    "Predict", icon=":material/play_circle:", lead="Try the model on a text of your own, or on a whole file."
) as hand:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="predict-choice"):
        run = pick_run(hand, ready=has_model)
        way = choose_way() if run and has_model(run) else None
    if run and way:
        show_predict(run, way)
    elif run:
        show_not_ready(run, lacking="model")
    elif not hand.run:
        show_none_yet(
            "When a run has finished, you type a text here and see what its model makes of it: the label, how sure "
            "it is, and how long it took. A whole CSV file works too."
        )
