"""Predicting for a whole file: bring it, say which column holds the texts, watch, look through, keep."""

import contextlib
import hashlib
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from lib.data.picture_names import COLUMN, with_file_names
from lib.data.table import Table
from lib.errors import Problem, UserError
from lib.inference.askable import Askable
from lib.inference.inputs import columns_for, with_given_texts
from lib.inference.predict import Asking, predict
from lib.inference.table import as_table, beside
from lib.plan.columns import whole_paths
from lib.runs.files import read_json, write_json
from lib.settings import get_settings
from lib.ui.frame import guarded_callback, hold_back
from lib.ui.kept import keep
from lib.ui.numbers import about, count
from lib.ui.predict_done import Done, show_done
from lib.ui.predict_settings import changed_options, show_settings
from lib.ui.problems import show_problems
from lib.ui.staging import forget, stage, stage_table, staged
from lib.ui.words import escape_markdown, shorten

_TURN, _UNDER_WAY = "_rows brought so far", "_predicting many"
_PARAMETER = "rows"
_SECONDS_KEPT = 7 * 86_400


def show_many(asked: Askable) -> None:
    """Whatever comes next: bring a file, start, or look at what came of it."""
    if asked.remark:
        st.caption(f":material/info: {escape_markdown(asked.remark)}")
    token = st.query_params.get(_PARAMETER)
    pictures = _reads_pictures(asked)
    if not token:
        _entrance(pictures=pictures)
        return
    try:
        table = _rows(token)
    except UserError as error:
        show_problems(error.problems)
        st.button("Bring another file", on_click=_leave, args=(token,))
        return
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        name = escape_markdown(shorten(table.name, 60))
        st.markdown(f"**{name}** · {count(len(table.frame), 'row')}", width="content")
        st.button("Another file", icon=":material/upload:", type="tertiary", on_click=_leave, args=(token,))
    if table.repairs:
        st.caption(" ".join(escape_markdown(sentence) for sentence in table.repairs))
    # What is to be predicted needs no labels.
    show_problems(problem for problem in table.problems if problem.code not in ("no-labels", "one-column"))
    if pictures and table.files is None:
        show_problems([_NO_PICTURES])
        return
    if st.session_state.pop(_UNDER_WAY, False):
        st.caption(":material/info: The prediction was cancelled; nothing of it was kept.")
    columns = _choose_columns(asked, table.frame)
    if columns is None:
        return
    show_settings(asked)
    path = _path(asked, token, columns)
    if (said := read_json(path.with_suffix(".json"))) and path.is_file():
        show_done(asked, Done(path, said), table.files)
        return
    start = st.empty()
    if start.button(
        f"Predict {count(len(table.frame), 'row')}", type="primary", icon=":material/play_arrow:"
    ):
        start.empty()  # a second click would begin anew
        _predict(asked, table, columns, path)
        st.rerun()


_NO_PICTURES = Problem(
    "This file holds no pictures, and this model looks at pictures.",
    fix="Bring a zip with the pictures in it, in folders or not; a table beside them may name them.",
    code="no-images",
)


def _reads_pictures(asked: Askable) -> bool:
    return any(role.kind == "image" for role in asked.inputs)


def _entrance(*, pictures: bool) -> None:
    turn = st.session_state.setdefault(_TURN, 0)
    file = st.file_uploader(
        "A zip of pictures" if pictures else "A CSV, TSV or text file with one row per text",
        key=f"rows {turn}",
        max_upload_size=get_settings().max_upload_mb,
    )
    others = "A table that names the pictures may lie in it" if pictures else "Other columns may stay in it"
    st.caption(f"{others}; they come back beside the predictions. It stays on this machine.")
    if file is None:
        return
    st.session_state[_TURN] = turn + 1  # a new key makes Streamlit drop the bytes of this upload at once
    try:
        with st.spinner("Reading the file"):
            st.query_params[_PARAMETER] = _stage(file.getvalue(), file.name)
    except UserError as error:
        hold_back(error.problems)
    st.rerun()


def _stage(raw: bytes, name: str) -> str:
    """Keep the rows of the file; of pictures with the names that they had in their archive. Raises UserError."""
    token = stage(raw, name)
    table = staged(token)
    if table.files is None:
        return token
    frame = with_file_names(table.frame, "image", raw, name) if "image" in table.frame else table.frame
    return stage_table(replace(table, frame=frame), f"{token} with names")


@st.cache_resource(max_entries=2, ttl=900, show_spinner="Reading the rows")
def _rows(token: str) -> Any:
    return staged(token)


@guarded_callback
def _leave(token: str) -> None:
    st.query_params.pop(_PARAMETER, None)
    st.session_state.pop(_UNDER_WAY, None)
    forget(token)


def _choose_columns(asked: Askable, frame: pd.DataFrame) -> dict[str, str] | None:
    """The column of each input the model reads, guessed and to be corrected; None while one is not chosen."""
    task = asked.task
    try:
        guessed = columns_for(task, asked.brief.columns, frame)
    except UserError:
        guessed = {}
    # A file may have words where a text is asked for; then those are the inputs.
    roles = [task.role(name) for name in guessed] or asked.inputs
    options = [str(name) for name in frame.columns]
    chosen: dict[str, str | None] = {}
    with st.container(horizontal=True, gap="small"):
        for role in roles:
            start = guessed.get(role.name)
            chosen[role.name] = st.selectbox(
                f"Column of the {role.title.lower()}",
                options,
                index=options.index(start) if start in options else None,
                format_func=lambda name: shorten(name, 60),
                key=f"rows column {asked.key} {role.name} {len(options)}",
                placeholder="Choose a column",
                width=320,
            )
        extras = {
            role.name: st.selectbox(
                f"Column of the {role.title.lower()}, if the model reads pairs",
                options,
                index=None,
                format_func=lambda name: shorten(name, 60),
                key=f"rows column {asked.key} {role.name} {len(options)}",
                placeholder="None",
                width=320,
            )
            for role in asked.extras
        }
    found = {name: column for name, column in chosen.items() if column}
    if len(found) < len(chosen):
        st.caption("Choose the column that holds the texts to go on.")
        return None
    return found | {name: column for name, column in extras.items() if column}


def _path(asked: Askable, token: str, columns: dict[str, str]) -> Path:
    changes = sorted(changed_options(asked).items())
    parts = [asked.key, token, repr(sorted(columns.items())), str(asked.stamp), repr(changes)]
    digest = hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:16]
    return get_settings().cache / "predicted" / f"{digest}.parquet"


def _predict(asked: Askable, rows: Table, columns: dict[str, str], path: Path) -> None:
    """Predict with a bar and a way out. Cancel is a button like any other: it reruns the page, which ends this."""
    bar = st.progress(0.0, text="Waiting for the model")
    st.button("Cancel", icon=":material/stop:", key="cancel prediction")
    begun: list[float] = []

    def tell(done: int, total: int, phase: str) -> None:
        bar.progress(min(done / total, 1.0), text=_progress_words(done, total, phase, begun))

    st.session_state[_UNDER_WAY] = True
    try:
        frame = rows.frame
        given = whole_paths(frame, asked.task, columns, rows.files)
        given = with_given_texts(asked.task, asked.brief.columns, given, columns)
        how = Asking(asked.slug, changed_options(asked))
        extra: dict[str, Any] = {} if how == Asking() else {"asking": how}
        found = predict(asked.ref, given, columns, on_progress=tell, **extra)
    except UserError:
        st.session_state.pop(_UNDER_WAY, None)
        raise
    bar.progress(1.0, text="Writing the table")
    _forget_old(path.parent)
    table = as_table(found)
    _write(beside(frame, table), path)
    write_json(
        path.with_suffix(".json"),
        {
            "output": found.output.to_json(),
            "seconds": found.seconds,
            "skipped": found.skipped,
            **_cut(found.frame),
            "added": beside(frame.head(0), table.head(0)).columns[len(frame.columns) :].tolist(),
            "read": [*(name for name in frame if name == COLUMN), *columns.values()],
            "pictures": [columns[role.name] for role in asked.inputs if role.kind == "image"],
        },
    )
    st.session_state.pop(_UNDER_WAY, None)


def _write(table: pd.DataFrame, path: Path) -> None:
    try:
        keep(table, path)
    except OSError as error:
        st.session_state.pop(_UNDER_WAY, None)
        what = f"The predictions could not be written: {error.strerror or error}."
        fix = "Free some space, or set ATELIER_HOME to another folder."
        raise UserError(Problem(what, str(path.parent), fix, code="cannot-write")) from error


def _cut(frame: pd.DataFrame) -> dict[str, Any]:
    """How many inputs were cut, and which share of all tokens that were given was not read."""
    if "truncated" not in frame:
        return {"truncated": 0}
    cut = frame["truncated"].fillna(False).astype(bool)
    lost = 0.0
    if "tokens_given" in frame and cut.any():
        given = float(frame["tokens_given"].sum())
        lost = (given - float(frame["tokens"].sum())) / given if given else 0.0
    return {"truncated": int(cut.sum()), "lost": lost}


def _progress_words(done: int, total: int, phase: str, begun: list[float]) -> str:
    if phase == "waiting":
        return "Waiting for rows that came first"
    if phase == "loading":
        return "Loading the model, which takes a few seconds the first time"
    if not begun:
        begun.append(time.monotonic())
    passed = time.monotonic() - begun[0]
    left = f", {about(passed / done * (total - done))} left" if done and passed > 2 else ""
    return f"{done:,} of {count(total, 'row')}{left}"


def _forget_old(folder: Path) -> None:
    oldest = time.time() - _SECONDS_KEPT
    for path in folder.iterdir() if folder.is_dir() else ():
        with contextlib.suppress(OSError):  # another tab was quicker
            if path.stat().st_mtime < oldest:
                path.unlink()
