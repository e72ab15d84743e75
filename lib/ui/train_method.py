"""Choosing how a model learns, among the methods that fit the task and the model."""

import streamlit as st

from lib.methods import METHODS
from lib.methods.base import Method
from lib.models.sources import ModelInfo
from lib.plan.fit import check_method, fitting_methods
from lib.tasks.base import Task
from lib.ui.drafts import Draft
from lib.ui.words import escape_markdown


def choose_method(draft: Draft, task: Task, model: ModelInfo | None) -> Method:
    """Ask for the method; what does not fit is not offered, and why not is said."""
    fitting = fitting_methods(task, model) if model else list(METHODS)
    named = {method.name: method for method in fitting or METHODS[:1]}
    names = list(named)
    chosen = st.selectbox(
        "How it learns",
        names,
        format_func=lambda name: named[name].title,
        key=draft.key("method", names[0], allowed=names),
        disabled=len(names) == 1,
    )
    method = named[chosen]
    others = [
        problem.what for other in METHODS if model and other.name not in named for problem in
        check_method(other, task, model)
    ]  # fmt: skip
    st.caption(escape_markdown(method.summary), help="  \n".join(map(escape_markdown, others)) or None)
    return method
