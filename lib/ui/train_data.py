"""Choosing what to learn from: the data set in hand or another, and the task it fits."""

import streamlit as st

from lib.data.store import StoredDataset, list_datasets, open_dataset
from lib.errors import Problem, UserError
from lib.tasks import TASKS
from lib.tasks.base import Task
from lib.ui import hand as hands
from lib.ui.drafts import Draft
from lib.ui.frame import guarded_callback, lead_on
from lib.ui.hand import Hand
from lib.ui.numbers import count
from lib.ui.problems import show_problems
from lib.ui.shelf import newest_versions
from lib.ui.words import escape_markdown, shorten

_KEY = "train data set"


def choose_data(hand: Hand) -> StoredDataset | None:
    """Ask which data set; None when there is none yet, or the one asked for is gone."""
    stored = [versions[0] for versions in newest_versions(list_datasets())]
    named = {item.ref: item for item in stored if item.usable}
    chosen: str | None = None
    if hand.data:
        try:
            found = open_dataset(hand.data)
            show_problems(problem for problem in found.problems if problem.severity == "error")
            if found.usable:
                named, chosen = {found.ref: found} | named, found.ref
        except UserError as error:
            show_problems(error.problems)
    if not named:
        _show_none()
        return None
    if chosen is None and not hand.data:
        hands.take(data=next(iter(named)))
        st.rerun()
    st.session_state[_KEY] = chosen
    st.selectbox(
        "Learn from",
        list(named),
        format_func=lambda ref: f"{shorten(ref, 60)} · {count(named[ref].rows, 'row')}",
        placeholder="Choose a data set",
        key=_KEY,
        on_change=_take,
    )
    return named[chosen] if chosen else None


@guarded_callback
def _take() -> None:
    if ref := st.session_state.get(_KEY):
        hands.take(data=open_dataset(ref).ref)


def _show_none() -> None:
    st.markdown(
        "There is nothing to learn from yet. With a data set, you choose here:\n\n"
        "- the model to start from, with its size, licence and origin;\n"
        "- how thorough the training is, and see how long it takes and how much memory it needs before it starts;\n"
        "- if you like, every option behind that."
    )
    lead_on("Bring data", "Data")


def choose_task(stored: StoredDataset, draft: Draft) -> Task | None:
    """The task the data set was stored for, or one of those its columns fit; None when there is none."""
    fits = [task for task in TASKS if _fits(task, stored)]
    if not fits:
        show_problems(
            [
                Problem(
                    "It is not yet known which column holds the text and which the label.",
                    stored.ref,
                    "Choose the columns and the split on the Data page.",
                    code="no-columns",
                )
            ]
        )
        lead_on("Choose columns", "Data")
        return None
    slugs = [task.slug for task in fits]
    start = stored.task if stored.task in slugs else slugs[0]
    named = {task.slug: task for task in fits}
    if len(fits) > 1:
        st.selectbox(
            "Task",
            slugs,
            format_func=lambda slug: named[slug].title,
            key=draft.key("task", start, allowed=slugs),
        )
        task = named.get(str(draft.get("task", start)), fits[0])
    else:
        task = fits[0]
    st.caption(_task_words(task, stored))
    return task


def _fits(task: Task, stored: StoredDataset) -> bool:
    """Whether the columns of one of the task's layouts are all there, and no other column is chosen."""
    return any(
        set(stored.columns) <= {role.name for role in layout}
        and all(role.name in stored.columns for role in layout if role.required)
        for layout in task.all_layouts()
    )


def _task_words(task: Task, stored: StoredDataset) -> str:
    """Which columns are read and which is learned, in Markdown."""
    learned = [stored.columns[role.name] for role in task.truths(stored.columns)]
    quoted = [
        " and ".join(f"“{escape_markdown(shorten(name, 40))}”" for name in names)
        for names in (task.inputs(stored.columns), learned)
    ]
    parts = [f"{verb} {words}" for verb, words in zip(("reads", "learns"), quoted, strict=True) if words]
    return f"{escape_markdown(task.title)}: {', '.join(parts)}."
