"""Predict: try a model on one text or picture, or on a file of them."""

import streamlit as st

from lib.ui.frame import page
from lib.ui.output_runs import offer_export, show_none_yet
from lib.ui.predict_subject import choose_asked, offer_models
from lib.ui.predict_views import choose_way, show_predict

with page(
    "Predict",
    icon=":material/play_circle:",
    lead="Try the model on something of your own, or on a whole file.",
) as hand:
    choice = st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="predict-choice")
    below = st.container()
    with choice:
        asked = choose_asked(hand, below)
        way = choose_way(asked) if asked else None
    if asked and way:
        show_predict(asked, way)
        if asked.run is not None:
            offer_export()
    elif not hand.run and "model" not in st.query_params:
        show_none_yet(
            "When a run has finished, you give its model a text or a picture and see what it makes of it, how sure "
            "it is, and how long it took. A whole file works too."
        )
        offer_models()
