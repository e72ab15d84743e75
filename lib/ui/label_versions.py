"""From decisions to data: what a new version would change, the versions made so far, and training again on one."""

import streamlit as st

from lib.data.corrections import Changes, save_corrected
from lib.data.dataset import StoredDataset
from lib.data.split import SplitPlan
from lib.data.store import list_datasets
from lib.errors import UserError
from lib.plan.relaunch import relaunch_on
from lib.runs.folder import RunFolder
from lib.runs.spec import Spec
from lib.ui import hand as hands
from lib.ui.data_changes import changes_words, show_changes
from lib.ui.dataset import ago_from
from lib.ui.frame import go_to
from lib.ui.label_check_data import Labelled, labelled
from lib.ui.numbers import count
from lib.ui.problems import show_problems
from lib.ui.reviewer import reviewed_subject, reviews_of
from lib.ui.words import escape_markdown, shorten

_WITH_TEST = "correct test rows"


def show_versions(run: RunFolder) -> None:
    """What the decisions come to, the button that makes a version of them, and those made before."""
    spec = run.spec
    subject = reviewed_subject(spec, run.id)
    assert subject is not None
    try:
        data = labelled(spec)
    except UserError as error:  # the data set was deleted: the decisions stay
        show_problems(error.problems)
        return
    st.markdown("**A new version of the data**")
    with_test = st.toggle(
        "Also correct test rows",
        key=_WITH_TEST,
        persist_state="page",
        help="Off: test rows stay as they are, so that scores before and after are on the same truths. On: their "
        "labels change too, and scores of earlier runs can no longer be compared with those to come.",
    )
    changes = data.changes(reviews_of(subject), with_test=with_test)
    st.markdown(escape_markdown(changes_words(changes)))
    if with_test and (changes.table["split"] == "test").any():
        st.warning(
            "Test rows change. A score on the new version says nothing about runs on the old one, and it is flattered "
            "if the rows were changed to what a model says.",
            icon=":material/warning:",
        )
    if len(changes.table):
        show_changes(changes.table, f"{data.stored.ref} planned")
    if st.button(
        "Make a new version of the data",
        icon=":material/library_add:",
        key="make version",
        disabled=changes.table.empty,
        help="The version that this run learned from stays as it is, and so does every row’s split.",
    ):
        with st.spinner("Writing the new version"):
            _save(spec, data, changes)
        st.rerun()
    for made in versions_of(data.stored):
        _version(run, made)


def versions_of(stored: StoredDataset) -> list[StoredDataset]:
    """The versions made from this one by decisions, newest first."""
    return [other for other in list_datasets() if other.parent == stored.ref and other.usable]


def _version(run: RunFolder, made: StoredDataset) -> None:
    table = made.changes()
    if table is None:
        return
    with st.container(border=True, key=f"version {made.ref}"):
        words = changes_words(Changes(table, 0)).replace("It would have", "It has")
        tested = int((table["split"] == "test").sum())
        words += f" {count(tested, 'of them is a test row', 'of them are test rows')}." if tested else ""
        st.markdown(
            f"**{escape_markdown(shorten(made.ref, 60))}** was made from {escape_markdown(shorten(made.parent, 60))} "
            f"{ago_from(made.created)}. {escape_markdown(words)}"
        )
        show_changes(table, made.ref)
        if st.button(
            "Train again on it",
            icon=":material/play_arrow:",
            key=f"train on {made.ref}",
            help="With the same model and options as this run, linked to it.",
        ):
            child = relaunch_on(run, made, corrected=len(table))
            hands.take(data=made.ref, run=child.id)
            go_to("Runs")


def _save(spec: Spec, data: Labelled, changes: Changes) -> None:
    save_corrected(
        data.stored,
        changes,
        task=spec.task,
        columns=spec.data.columns,
        label=data.column,
        split=SplitPlan.from_json(spec.data.split or {}),
        parts=data.parts,
    )
