"""Train: what should the model learn, from what, and what does it cost."""

import streamlit as st

from lib.ui.drafts import Draft
from lib.ui.frame import page
from lib.ui.train_data import choose_data, choose_task
from lib.ui.train_form import ask
from lib.ui.train_start import show_start

with page(
    "Train",
    icon=":material/school:",
    lead="Choose a model and how much time it may take. The rest is set well.",
) as hand:
    form, summary = st.columns([3, 2], gap="large")
    with form:
        stored = choose_data(hand)
        draft = Draft("train", stored.ref) if stored else None
        task = choose_task(stored, draft) if stored and draft else None
        wish = ask(stored, task, draft) if stored and draft and task else None
    if wish:
        with summary:
            show_start(wish)
