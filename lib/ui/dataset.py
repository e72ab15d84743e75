"""The views of the Data page: a table that is not saved yet, and a stored data set."""

from collections.abc import Callable
from datetime import datetime

import streamlit as st

from lib.data.corrections import Changes
from lib.data.dataset import StoredDataset
from lib.data.split import SplitPlan
from lib.data.store import save
from lib.errors import Problem, raise_errors
from lib.tasks import TASKS, find_task
from lib.ui import hand as hands
from lib.ui.choices import choose, put_split, split_words
from lib.ui.data_changes import changes_words, show_changes
from lib.ui.data_checks import CHECKED, checked, show_checks_words
from lib.ui.drafts import Draft
from lib.ui.entrance import put_upload_away
from lib.ui.evidence import show_evidence, show_figures
from lib.ui.frame import guarded_callback, lead_on
from lib.ui.numbers import ago, count
from lib.ui.problems import show_problems
from lib.ui.recognised import show_lines_aside, show_originals, show_recognised
from lib.ui.staging import forget, stage_table
from lib.ui.subject import Choice, Facts, facts, name_from, staged_subject, stored_subject
from lib.ui.words import escape_markdown, shorten, term

_REMARKS = ("duplicate-text",)


def show_upload(token: str) -> None:
    """A table just read: what was found, what to learn from it, and Save."""
    subject = staged_subject(token)
    table = subject.table()
    draft = Draft("data", token)
    _heading(table.name, leaving=_leave_upload)
    show_recognised(token, table)
    notices = st.container()
    form, evidence = st.columns([2, 3], gap="large")
    with form:
        choice = choose(subject, draft)
        found = facts(subject, choice)
        _split_sentence(found)
        name = st.text_input(
            "Name of the data set", key=draft.key("name", name_from(table.name)), max_chars=80, required=True
        )
        draft.keep()
        problems = [*table.problems, *found.problems]
        st.button(
            "Save the data set",
            type="primary",
            icon=":material/save:",
            disabled=not found.fine,
            on_click=_save,
            args=(token, choice, name),
        )
        if not found.fine:
            st.caption("Saving waits until the errors above are put right.")
    with notices:
        _notices(problems)
    with evidence:
        show_figures(subject, found)
        show_evidence(subject, choice, found)


def show_stored(ref: str) -> None:
    """A data set in the store: what was chosen for it, and the way on."""
    subject = stored_subject(ref)
    stored = subject.stored
    assert stored is not None
    _heading(stored.name)
    if not stored.usable:
        show_problems(stored.problems)
        return
    choice = Choice(stored.task or TASKS[0].slug, stored.columns, stored.split or SplitPlan())
    found = facts(subject, choice) if stored.columns else Facts(())
    made = f"Version {stored.version} · {ago_from(stored.created)} · from {escape_markdown(shorten(stored.source, 60))}"
    st.caption(f"{made} · fingerprint {stored.fingerprint.removeprefix('sha256:')[:12]}")
    summary, evidence = st.columns([2, 3], gap="large")
    with summary:
        _summary(choice, found)
        lead_on("Train a model on this", "Train")
        st.button(
            "Change columns or split",
            icon=":material/edit:",
            type="tertiary",
            help="Makes another version; this one stays as it is, and so do the runs that used it.",
            on_click=_change,
            args=(ref,),
        )
        findings = checked(stored) if found.fine else None
        if stored.columns:
            show_checks_words(findings)
        if stored.repairs:
            st.caption(" ".join(escape_markdown(sentence) for sentence in stored.repairs))
        show_lines_aside(stored.rejected_lines, stored.rejected, stored.set_aside)
        show_originals(stored.originals())
        _corrected(stored)
        said = [problem for problem in found.problems if findings is None or problem.code not in CHECKED]
        _notices([*stored.problems, *said])
    with evidence:
        show_figures(subject, found)
        show_evidence(subject, choice, found)


def _corrected(stored: StoredDataset) -> None:
    """What was changed against the version before; nothing for one that was read from a file."""
    table = stored.changes()
    if table is None or table.empty:
        return
    words = changes_words(Changes(table, 0)).replace("It would have", f"Made from {stored.parent} with")
    st.markdown(escape_markdown(words))
    show_changes(table, stored.ref)


def ago_from(created: str) -> str:
    """How long ago an ISO time was; nothing for a data set without one."""
    return ago(datetime.fromisoformat(created)) if created else ""


def _heading(name: str, *, leaving: Callable[[], None] | None = None) -> None:
    with st.container(
        key="page-subject", horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
    ):
        st.subheader(escape_markdown(shorten(name, 80)), anchor=False, width="content")
        if leaving:
            st.button(
                "Another file", icon=":material/upload:", type="tertiary", on_click=leaving, key="leave"
            )


def _notices(problems: list[Problem]) -> None:
    """The problems; what asks nothing of the person is a remark, not a warning."""
    show_problems(problem for problem in problems if problem.code not in _REMARKS)
    for problem in problems:
        if problem.code in _REMARKS:
            st.caption(escape_markdown(f"{problem.what} {problem.fix}"))


def _split_sentence(found: Facts) -> None:
    if found.report is None:
        return
    counts = found.report.counts
    st.markdown(
        f"**{count(counts['train'])}** training, **{count(counts['validation'])}** validation and "
        f"**{count(counts['test'])}** test rows.",
        help=f"{term('training rows')} {term('validation rows')} {term('test rows')}",
    )
    st.caption(":material/lock: The test rows are locked: only the final score looks at them.")


def _summary(choice: Choice, found: Facts) -> None:
    task = find_task(choice.task)
    lines = [f"**{escape_markdown(task.title)}**"]
    for role in task.roles:
        if column := choice.columns.get(role.name):
            lines.append(f"{escape_markdown(role.title)}: {escape_markdown(column)}")
    lines.append(f"Split: {escape_markdown(split_words(choice.split))}")
    st.markdown("  \n".join(lines))
    _split_sentence(found)


@guarded_callback
def _save(token: str, choice: Choice, name: str) -> None:
    subject = staged_subject(token)
    table = subject.table()
    # The browser may send anything: check again what the page has checked.
    found = facts(subject, choice)
    raise_errors(found.problems)
    with st.spinner(f"Saving {count(len(table.frame), 'row')}"):
        stored = save(
            table,
            name=name,
            task=choice.task,
            columns=dict(choice.columns),
            split=choice.split,
            counts=found.report.counts if found.report else None,
        )
    Draft("data", token).forget()
    forget(token)
    put_upload_away()
    hands.take(data=stored.ref)
    st.toast(f"Saved as {escape_markdown(stored.ref)}", icon=":material/check:")


@guarded_callback
def _leave_upload() -> None:
    put_upload_away()
    hands.put_away(data=hands.in_hand().data)


@guarded_callback
def _change(ref: str) -> None:
    """Bring a stored table back as if it had just been read, with its choices filled in."""
    subject = stored_subject(ref)
    stored = subject.stored
    assert stored is not None
    token = stage_table(subject.table(), stored.fingerprint)
    draft = Draft("data", token)
    draft.set("name", stored.name)
    if stored.task:
        draft.set("task", stored.task)
        for role, column in stored.columns.items():
            draft.set(f"{stored.task} {role}", column)
    put_split(draft, stored.split or SplitPlan())
    st.query_params["upload"] = token
