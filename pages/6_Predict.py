"""Predict: try a finished model on one text or picture, or on a file of them."""

import streamlit as st

from lib.ui.frame import page
from lib.ui.output_runs import has_model, offer_export, pick_run, show_none_yet, show_not_ready
from lib.ui.predict_views import choose_way, show_predict

with page(
    "Predict",
    icon=":material/play_circle:",
    lead="Try the model on something of your own, or on a whole file.",
) as hand:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="predict-choice"):
        run = pick_run(hand, ready=has_model)
        way = choose_way(run) if run and has_model(run) else None
    if run and way:
        show_predict(run, way)
        offer_export()
    elif run:
        show_not_ready(run, lacking="model")
    elif not hand.run:
        show_none_yet(
            "When a run has finished, you give its model a text or a picture and see what it makes of it, how sure "
            "it is, and how long it took. A whole file works too."
        )
