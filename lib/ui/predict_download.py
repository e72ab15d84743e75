"""Bringing a model of the Hub here to try it: what it weighs, a bar, and a way out."""

import streamlit as st

from lib.models.hub_download import download
from lib.models.sources import ModelInfo
from lib.ui.numbers import size
from lib.ui.words import escape_markdown


def offer_download(model: ModelInfo) -> None:
    """Say that the model is not here yet, and bring it when the button is pressed; another click ends it."""
    words = f"{model.title} is not on this machine yet: {size(model.size_mb * 1e6)}, licence {model.licence}."
    st.caption(escape_markdown(words))
    start = st.empty()
    if not start.button("Download it", type="primary", icon=":material/download:"):
        return
    start.empty()
    bar = st.progress(0.0, "Downloading")
    st.button("Cancel", icon=":material/stop:", key="cancel download")

    def tell(done: int, total: int) -> None:
        # Also the moment at which a click on Cancel ends it; the next download goes on where this one ended.
        bar.progress(min(1.0, done / max(1, total)), f"{size(done)} of {size(total)}")

    name = model.ref.removeprefix("hub:").partition("@")[0]
    download(name, model.revision, tell)
    st.rerun()
