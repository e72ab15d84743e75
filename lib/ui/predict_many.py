"""Predicting for a whole file: bring it, say which column holds the texts, watch, look through, keep."""

import contextlib
import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from lib.analysis.balance import label_counts
from lib.charts.labels import label_balance
from lib.data.table import Table
from lib.errors import Problem, UserError
from lib.inference.inputs import columns_for, model_inputs
from lib.inference.predict import predict
from lib.inference.table import as_table, beside
from lib.plan.columns import whole_paths
from lib.runs.files import read_json, write_json
from lib.runs.folder import RunFolder
from lib.settings import get_settings
from lib.tasks import find_task
from lib.tasks.outputs import output_from_json
from lib.ui.charts import current_theme, show_chart
from lib.ui.downloads import csv_bytes
from lib.ui.frame import guarded_callback, hold_back
from lib.ui.kept import keep
from lib.ui.numbers import about, count, duration
from lib.ui.pictures import PICTURE_ROW, thumbnails_in
from lib.ui.problems import show_problems
from lib.ui.staging import forget, stage, staged
from lib.ui.views import view_of
from lib.ui.words import escape_markdown, shorten

ROWS_PER_PAGE = 50
_TURN, _UNDER_WAY = "_rows brought so far", "_predicting many"
_PARAMETER = "rows"
_SECONDS_KEPT = 7 * 86_400


@dataclass(frozen=True)
class Done:
    """A finished prediction of many rows: the table on disk and what is worth saying about it."""

    path: Path
    about: dict[str, Any]

    def table(self) -> pd.DataFrame:
        """The rows with their predictions."""
        return _table(str(self.path), self.path.stat().st_mtime_ns)


def show_many(run: RunFolder) -> None:
    """Whatever comes next: bring a file, start, or look at what came of it."""
    token = st.query_params.get(_PARAMETER)
    pictures = _reads_pictures(run)
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
    # Pictures to be labelled need no labels.
    show_problems(problem for problem in table.problems if not (pictures and problem.code == "no-labels"))
    if pictures and table.files is None:
        show_problems([_NO_PICTURES])
        return
    if st.session_state.pop(_UNDER_WAY, False):
        st.caption(":material/info: The prediction was cancelled; nothing of it was kept.")
    columns = _choose_columns(run, table.frame)
    if columns is None:
        return
    path = _path(run, token, columns)
    if (said := read_json(path.with_suffix(".json"))) and path.is_file():
        _show(run, Done(path, said), table.files)
        return
    start = st.empty()
    if start.button(
        f"Predict {count(len(table.frame), 'row')}", type="primary", icon=":material/play_arrow:"
    ):
        start.empty()  # a second click would begin anew
        _predict(run, table, columns, path)
        st.rerun()


_NO_PICTURES = Problem(
    "This file holds no pictures, and this model looks at pictures.",
    fix="Bring a zip with the pictures in it, in folders or not; a table beside them may name them.",
    code="no-images",
)


def _reads_pictures(run: RunFolder) -> bool:
    inputs = model_inputs(find_task(run.spec.task), run.spec.data.columns)
    return any(role.kind == "image" for role in inputs)


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
            st.query_params[_PARAMETER] = stage(file.getvalue(), file.name)
    except UserError as error:
        hold_back(error.problems)
    st.rerun()


@st.cache_resource(max_entries=2, ttl=900, show_spinner="Reading the rows")
def _rows(token: str) -> Any:
    return staged(token)


@st.cache_resource(max_entries=2, ttl=900, show_spinner="Reading the predictions")
def _table(path: str, changed: int) -> pd.DataFrame:
    return pd.read_parquet(path)


@guarded_callback
def _leave(token: str) -> None:
    st.query_params.pop(_PARAMETER, None)
    st.session_state.pop(_UNDER_WAY, None)
    forget(token)


def _choose_columns(run: RunFolder, frame: pd.DataFrame) -> dict[str, str] | None:
    """The column of each text the model reads, guessed and to be corrected; None while one is not chosen."""
    task, trained = find_task(run.spec.task), run.spec.data.columns
    try:
        guessed = columns_for(task, trained, frame)
    except UserError:
        guessed = {}
    options = [str(name) for name in frame.columns]
    chosen: dict[str, str | None] = {}
    with st.container(horizontal=True, gap="small"):
        for role in model_inputs(task, trained):
            start = guessed.get(role.name)
            chosen[role.name] = st.selectbox(
                f"Column of the {role.title.lower()}",
                options,
                index=options.index(start) if start in options else None,
                format_func=lambda name: shorten(name, 60),
                key=f"rows column {run.id} {role.name} {len(options)}",
                placeholder="Choose a column",
                width=320,
            )
    found = {name: column for name, column in chosen.items() if column}
    if len(found) < len(chosen):
        st.caption("Choose the column that holds the texts to go on.")
        return None
    return found


def _path(run: RunFolder, token: str, columns: dict[str, str]) -> Path:
    model = run.model_path / "atelier.json"
    parts = [run.id, token, repr(sorted(columns.items())), str(model.stat().st_mtime_ns)]
    digest = hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:16]
    return get_settings().cache / "predicted" / f"{digest}.parquet"


def _predict(run: RunFolder, rows: Table, columns: dict[str, str], path: Path) -> None:
    """Predict with a bar and a way out. Cancel is a button like any other: it reruns the page, which ends this."""
    bar = st.progress(0.0, text="Waiting for the model")
    st.button("Cancel", icon=":material/stop:", key="cancel prediction")
    begun: list[float] = []

    def tell(done: int, total: int, phase: str) -> None:
        bar.progress(min(done / total, 1.0), text=_progress_words(done, total, phase, begun))

    st.session_state[_UNDER_WAY] = True
    try:
        frame = rows.frame
        asked = whole_paths(frame, find_task(run.spec.task), columns, rows.files)
        found = predict(f"run:{run.id}", asked, columns, on_progress=tell)
    except UserError:
        st.session_state.pop(_UNDER_WAY, None)
        raise
    bar.progress(1.0, text="Writing the table")
    _forget_old(path.parent)
    table = as_table(found)
    keep(beside(frame, table), path)
    cut = found.frame["truncated"].fillna(False).astype(bool) if "truncated" in found.frame else None
    write_json(
        path.with_suffix(".json"),
        {
            "output": found.output.to_json(),
            "seconds": found.seconds,
            "skipped": found.skipped,
            "truncated": int(cut.sum()) if cut is not None else 0,
            "added": beside(frame.head(0), table.head(0)).columns[len(frame.columns) :].tolist(),
            "read": list(columns.values()),
            "pictures": [
                columns[role.name]
                for role in find_task(run.spec.task).roles
                if role.kind == "image" and role.name in columns
            ],
        },
    )
    st.session_state.pop(_UNDER_WAY, None)


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


def _show(run: RunFolder, done: Done, files: Path | None) -> None:
    table, about_it = done.table(), done.about
    rate = len(table) / max(about_it["seconds"], 1e-6)
    st.caption(f"{count(len(table), 'row')} in {duration(about_it['seconds'])}, {rate:,.0f} rows a second.")
    if about_it["skipped"]:
        were = "has no text, so its" if about_it["skipped"] == 1 else "have no text, so their"
        st.caption(f":material/info: {count(about_it['skipped'], 'row')} {were} prediction is blank.")
    if about_it["truncated"]:
        st.caption(
            f":material/content_cut: {count(about_it['truncated'], 'text')} longer than the model reads; "
            "only the beginning counted."
        )
    listed, counted = st.columns([3, 2], gap="large")
    with counted:
        output = output_from_json(about_it["output"])
        said = view_of(output).counts(output, table.rename(columns=_own_names(about_it)))
        counts = label_counts([] if said is None else said.to_numpy())
        if len(counts):
            show_chart(
                label_balance(counts, theme=current_theme(), title="What the rows were predicted to be"),
                "predicted labels",
            )
    with listed:
        _page(table, about_it, files)
        st.download_button(
            f"All {count(len(table), 'row')} with predictions (CSV)",
            lambda: csv_bytes(table),
            f"{run.id}-predictions.csv",
            "text/csv",
            on_click="ignore",
            icon=":material/download:",
        )


def _own_names(about_it: dict[str, Any]) -> dict[str, str]:
    """From the names in the table back to the model's own, where the file had used one of them already."""
    return {name: name.removesuffix(" (model)") for name in about_it["added"][:2]} | {
        name: f"{name} (file)" for name in ("predicted", "confidence") if name not in about_it["added"][:2]
    }


def _page(table: pd.DataFrame, about_it: dict[str, Any], files: Path | None) -> None:
    pages = -(-len(table) // ROWS_PER_PAGE)
    slot = st.container()
    number = st.pagination(pages, key="predicted page", max_visible_pages=5) if pages > 1 else 1
    start = (min(number, pages) - 1) * ROWS_PER_PAGE
    added = about_it["added"]
    part = table.iloc[start : start + ROWS_PER_PAGE][[*dict.fromkeys(about_it["read"]), *added]]
    shares = [name for name in added if name.startswith("p(") or name.startswith("confidence")]
    words = [*about_it["read"], *(name for name in added if not pd.api.types.is_numeric_dtype(part[name]))]
    texts = {
        name: part[name].astype("str").map(lambda text: shorten(text, 240), na_action="ignore")
        for name in words
    }
    pictures = [] if files is None else about_it.get("pictures", [])
    small = {name: thumbnails_in(files, part[name]) for name in pictures}
    shown = part.assign(**texts, **{name: 100 * part[name] for name in shares}).assign(**small)
    percents = {
        name: st.column_config.NumberColumn(
            "Confidence" if name.startswith("confidence") else shorten(name, 30), format="%.1f %%"
        )
        for name in shares
    }
    with slot:
        st.dataframe(
            shown,
            hide_index=True,
            height=min((PICTURE_ROW if pictures else 36) * len(shown) + 40, 440),
            row_height=PICTURE_ROW if pictures else None,
            column_config={
                **{
                    name: st.column_config.ImageColumn(shorten(name, 30), width="small")
                    if name in pictures
                    else st.column_config.TextColumn(shorten(name, 30), width="medium")
                    for name in about_it["read"]
                },
                added[0]: st.column_config.TextColumn("Predicted", width=None if shares else "large")
                if added[0] in words
                else st.column_config.NumberColumn("Predicted", format="%.4g"),
                **percents,
            },
            alt=f"Rows {start + 1} to {start + len(shown)} with their predictions",
        )


def _forget_old(folder: Path) -> None:
    oldest = time.time() - _SECONDS_KEPT
    for path in folder.iterdir() if folder.is_dir() else ():
        with contextlib.suppress(OSError):  # another tab was quicker
            if path.stat().st_mtime < oldest:
                path.unlink()
