"""Who is reviewing: a name typed once, and the decisions about the labels of a run's data."""

from collections.abc import Mapping

import streamlit as st

from lib.data.reviews import MOST_AUTHOR, Review, latest_reviews, subject_of, write_reviews
from lib.plan.audit import label_column
from lib.runs.spec import Spec
from lib.tasks import find_task
from lib.ui.drafts import read_draft, write_draft
from lib.ui.frame import guarded_callback
from lib.ui.words import escape_markdown, shorten

_NAME, _FIELD = "_reviewer", "reviewer name"
_DRAFT = ("reviewer", "last")


def reviewer() -> str:
    """The name that decisions are kept under in this tab; empty while nobody has said one."""
    return str(st.session_state.get(_NAME, ""))


def show_reviewer() -> None:
    """A small menu with the name, so that a team sees who decided what."""
    name = reviewer()
    title = f"Reviewing as {escape_markdown(shorten(name, 24))}" if name else "Say who you are"
    with st.popover(title, icon=":material/person:", type="tertiary", key="reviewer"):
        # The name of the last visit is a proposal, not an answer: others may use this machine.
        proposal = name or str(read_draft(*_DRAFT).get("name") or "")
        st.session_state.setdefault(_FIELD, proposal)
        st.text_input(
            "Your name",
            key=_FIELD,
            max_chars=MOST_AUTHOR,
            help="Kept with every decision you make in this tab, so that others see whose it is.",
        )
        st.button("Use this name", on_click=_take, key="use reviewer name")


@guarded_callback
def _take() -> None:
    name = " ".join(str(st.session_state.get(_FIELD, "")).split())
    st.session_state[_NAME] = name
    write_draft(*_DRAFT, {"name": name})


def reviewed_subject(spec: Spec, run: str) -> str | None:
    """What decisions about a run's rows belong to; None for a task whose rows have no one label to decide about."""
    column = label_column(find_task(spec.task), spec.data.columns)
    return subject_of(spec.data.fingerprint or run, column) if column else None


def reviews_of(subject: str) -> Mapping[int, Review]:
    """The decisions that count just now, read anew: another tab may have added some."""
    return latest_reviews(subject)


def decide(subject: str, reviews: list[Review]) -> None:
    """Keep decisions under the name of whoever reviews in this tab."""
    name = reviewer()
    write_reviews(subject, [Review(r.row, r.status, r.label, r.note, name) for r in reviews])
