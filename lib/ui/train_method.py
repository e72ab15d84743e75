"""Choosing how a model learns, among the methods that serve the task."""

import streamlit as st

from lib.methods import METHODS
from lib.methods.base import Method
from lib.plan.fit import serves
from lib.tasks.base import Task
from lib.ui.drafts import Draft
from lib.ui.words import escape_markdown


def choose_method(draft: Draft, task: Task) -> Method:
    """Ask for the method; whether it fits the model too is checked once that is chosen."""
    named = {method.name: method for method in METHODS if serves(method, task)}
    names = list(named)
    chosen = st.selectbox(
        "How it learns",
        names,
        format_func=lambda name: named[name].title,
        key=draft.key("method", names[0], allowed=names),
    )
    st.caption(escape_markdown(named[chosen].summary))
    return named[chosen]
