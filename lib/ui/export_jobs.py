"""The exports of a run: the one that is being made, with a way out, and those that were made, with their receipts."""

import functools
from pathlib import Path
from typing import Any, BinaryIO

import streamlit as st

from lib.errors import Problem, UserError
from lib.export import EXPORTS
from lib.export.job import Job, list_jobs
from lib.export.source import Source
from lib.export.state import ExportState
from lib.ui.export_receipt import keep_receipt, show_receipt
from lib.ui.frame import guarded, guarded_callback, section
from lib.ui.numbers import about, ago, size
from lib.ui.problems import show_problems
from lib.ui.words import escape_markdown, shorten

SECONDS_BETWEEN_LOOKS = 1.0
MOST_SHOWN = 20
_TITLES = {export.name: export.title for export in EXPORTS}
_ENDINGS = {"failed": "failed", "stopped": "stopped", "lost": "lost: its process is gone"}


def show_active(source: Source) -> bool:
    """The progress of what is being made; whether there is anything."""
    active = tuple(job.id for job in list_jobs(source.run) if job.state().is_active)
    if active:
        st.fragment(_progress, run_every=SECONDS_BETWEEN_LOOKS)(source, active)
    return bool(active)


@guarded
def _progress(source: Source, ids: tuple[str, ...]) -> None:
    ended = False
    for job in (Job(source.run.path / "exports" / identity) for identity in ids):
        state = job.state()
        if not state.is_active:
            ended = True
            continue
        title = _TITLES.get(job.request.export, job.request.export)
        left = f", {about(state.eta_seconds)} left" if state.eta_seconds else ""
        words = f"**{escape_markdown(title)}** · {escape_markdown(state.phase)}{left}"
        with st.container(horizontal=True, vertical_alignment="center", key=f"export-active-{job.id}"):
            with st.container(width="stretch"):
                st.progress(min(1.0, state.share), text=words)
            asked = job.stop_path.exists()
            st.button(
                "Stopping" if asked else "Cancel",
                icon=":material/close:",
                key=f"stop {job.id}",
                disabled=asked,
                on_click=_stop,
                args=(job,),
                help="Ends it; nothing half made is left behind.",
            )
    if ended:
        st.rerun()


def show_made(source: Source) -> None:
    """Every export that has ended, newest first; the one in the address is open."""
    ended = [(job, state) for job in list_jobs(source.run) if not (state := job.state()).is_active]
    if not ended:
        return
    section("Exports of this run")
    opened = st.query_params.get("job", ended[0][0].id)
    for job, state in ended[:MOST_SHOWN]:
        try:
            _row(job, state, opened=job.id == opened)
        except UserError as error:  # a damaged request
            show_problems(error.problems)
            _delete_button(job)
    if len(ended) > MOST_SHOWN:
        st.caption(
            f"The newest {MOST_SHOWN} of {len(ended)} are shown; all lie in {source.run.path / 'exports'}."
        )


def _row(job: Job, state: ExportState, *, opened: bool) -> None:
    request, receipt = job.request, job.receipt()
    title = _TITLES.get(request.export, request.export)
    said = [ago(state.finished or request.created)]
    if receipt is not None and receipt.get("bytes"):
        said.insert(0, size(receipt["bytes"]))
    if state.state in _ENDINGS:
        said.insert(0, _ENDINGS[state.state])
    icon = ":material/check:" if receipt is not None else ":material/close:"
    label = f"**{escape_markdown(title)}** · {escape_markdown(' · '.join(said))}"
    with st.expander(label, icon=icon, expanded=opened, key=f"export {job.id}"):
        show_problems(Problem(**problem) for problem in state.problems)
        if receipt is not None:
            _where(job, receipt)
            show_receipt(receipt)
        with st.container(horizontal=True, vertical_alignment="center"):
            if receipt is not None:
                keep_receipt(receipt)
            if log := job.read_log(most_bytes=20_000):
                with st.popover("Log", icon=":material/notes:", type="tertiary", key=f"log {job.id}"):
                    st.code(log, language=None, wrap_lines=True, height=300)
            _delete_button(job)


def _where(job: Job, receipt: dict[str, Any]) -> None:
    """The download of a file, the path of what lies on this machine, or the link."""
    if receipt.get("url"):
        st.markdown(f"It is at {escape_markdown(receipt['url'])}")
        st.link_button("Open the page", receipt["url"], icon=":material/open_in_new:")
        return
    path = Path(str(receipt.get("path") or ""))
    if not path.exists():
        st.caption(f"It was at {escape_markdown(path)}, and is no longer there.")
        return
    if path.is_file():
        st.download_button(
            f"Download {escape_markdown(shorten(path.name, 40))}",
            functools.partial(_open, path),
            path.name,
            key=f"download {job.id}",
            on_click="ignore",
            icon=":material/download:",
        )
    st.caption("It lies on this machine at:")
    st.code(str(path), language=None, wrap_lines=True)


def _open(path: Path) -> BinaryIO:
    return path.open("rb")


def _delete_button(job: Job) -> None:
    inside = "and what was made" if _is_inside(job) else "; what it made elsewhere stays"
    st.button(
        "Remove from the list",
        icon=":material/delete:",
        type="tertiary",
        key=f"delete {job.id}",
        on_click=_delete,
        args=(job,),
        help=f"Deletes this entry {inside}.".replace(" ;", ";"),
    )


def _is_inside(job: Job) -> bool:
    receipt = job.receipt()
    return receipt is not None and str(receipt.get("path") or "").startswith(str(job.path))


@guarded_callback
def _stop(job: Job) -> None:
    job.request_stop()


@guarded_callback
def _delete(job: Job) -> None:
    if job.path.is_dir():  # another tab may have been quicker
        job.delete()
