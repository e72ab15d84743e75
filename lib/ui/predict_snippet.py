"""The same in plain transformers: code to copy that asks the model what was just tried."""

import streamlit as st

from lib.inference.askable import Askable
from lib.inference.snippet import snippet_of
from lib.inference.tries import Try
from lib.models.adapted import is_adapter
from lib.ui.predict_settings import changed_options


def show_snippet(asked: Askable, tried: Try | None = None) -> None:
    """The code, with the input of the try in it."""
    with st.expander("The same in plain transformers", icon=":material/code:", key=f"snippet {asked.key}"):
        packages = "transformers, torch and peft" if is_adapter(asked.folder) else "transformers and torch"
        about = "asks it what is tried above" if tried else "asks it an example"
        st.caption(f"The model folder needs nothing of Atelier. With {packages} installed this {about}:")
        cells = dict(tried.cells) if tried else {}
        options = dict(tried.options) if tried else changed_options(asked)
        st.code(snippet_of(asked, cells, options), language="python", wrap_lines=True)
