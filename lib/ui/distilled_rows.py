"""The test rows on which student and teacher part, to filter by who is right and to read in full."""

import json
from typing import Any

import pandas as pd
import streamlit as st

from lib.analysis.disagreement import CLOSER, Kind
from lib.analysis.distilled_words import parting_sentence
from lib.tasks.outputs import Continuation
from lib.ui.address_choice import choose_in_address
from lib.ui.distilled_data import Compared
from lib.ui.downloads import csv_bytes
from lib.ui.evaluate_data import INPUT, Evaluation
from lib.ui.numbers import count
from lib.ui.pictures import PICTURE_ROW, pictures_folder, thumbnails_in
from lib.ui.words import escape_markdown, shorten

RIGHT: dict[Kind, str] = {
    "teacher": "Only the teacher is right",
    "student": "Only the student is right",
    "both-wrong": "Both wrong, each in its own way",
}
CLOSE: dict[Kind, str] = {"teacher": "The teacher is closer", "student": "The student is closer"}
ROWS_SHOWN = 200
_CHARACTERS = 240


def show_parting(found: Evaluation, compared: Compared) -> None:
    """How often the two part, and the rows of the kind that is chosen."""
    parting = compared.parting
    st.markdown(escape_markdown(parting_sentence(parting)))
    titles = CLOSE if parting.by_closeness else RIGHT
    kinds = [kind for kind in titles if parting.counts[kind]]
    if not kinds:
        return
    chosen = choose_in_address(
        "parted",
        "Rows on which they part",
        kinds,
        format_func=lambda kind: f"{titles[kind]} ({parting.counts[kind]:,})",
    )
    rows = sorted_rows(found, compared, chosen)
    place = _table(found, rows.head(ROWS_SHOWN), titles[chosen])
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        if len(rows) > ROWS_SHOWN:
            st.caption(f"The first {ROWS_SHOWN} of {count(len(rows), 'row')}; the file has all of them.")
        st.download_button(
            f"{count(len(rows), 'row')} (CSV)",
            lambda: csv_bytes(rows.drop(columns=["position", "bleu_stats", "chrf_stats"], errors="ignore")),
            f"{found.run.id}-{chosen}.csv",
            "text/csv",
            on_click="ignore",
            type="tertiary",
            icon=":material/download:",
            key="download parted rows",
        )
    if place is not None and place < len(rows):
        _in_full(found, rows.iloc[place])


def sorted_rows(found: Evaluation, compared: Compared, kind: Kind) -> pd.DataFrame:
    """The rows of a kind, those first on which the two are furthest apart, else where the student is most wrong."""
    rows = compared.rows[compared.rows["kind"] == kind]
    name = CLOSER.get(found.output.kind, ("loss", False))[0]
    if compared.parting.by_closeness and f"teacher_{name}" in rows:
        order = (rows[name].abs() - rows[f"teacher_{name}"].abs()).abs()
    else:
        order = rows["loss"]
    return rows.loc[order.sort_values(ascending=False, kind="stable").index]


def said(cell: Any) -> str:
    """An answer as a line of plain text: labels after one another, spans with their types, numbers short."""
    if cell is None or (isinstance(cell, float) and cell != cell):
        return "–"
    if isinstance(cell, float):
        return f"{cell:,.4g}".replace("-", "−")
    text = str(cell)
    if text[:1] == "[":
        try:
            parts = json.loads(text)
        except ValueError:
            return text
        named = [
            f"{part['text']} ({part['label']})" if isinstance(part, dict) and "label" in part else str(part)
            for part in parts
        ]
        return ", ".join(named) or "none"
    return text


def _answers(found: Evaluation, rows: pd.DataFrame) -> dict[str, "pd.Series[Any]"]:
    """What is true and what each of the two said, by heading; for likelihoods how surprised each was."""
    columns = {"True": rows["gold"].map(said)}
    if isinstance(found.output, Continuation):
        return columns | {"Teacher, loss": rows["teacher_loss"], "Student, loss": rows["loss"]}
    return columns | {"Teacher": rows["teacher_predicted"].map(said), "Student": rows["predicted"].map(said)}


def _table(found: Evaluation, rows: pd.DataFrame, title: str) -> int | None:
    """The rows as a table; returns the place of the one that is picked."""
    pictures = found.pictures
    files = pictures_folder(found.run.spec.data.dataset) if pictures else None
    texts = {
        name: thumbnails_in(files, rows[name])
        if name in pictures
        else rows[name].astype("str").map(lambda text: shorten(text, _CHARACTERS))
        for name in found.texts
    }
    answers = {
        name: column if column.dtype.kind == "f" else column.map(lambda text: shorten(text, 120))
        for name, column in _answers(found, rows).items()
    }
    shown = pd.DataFrame({**texts, **answers})
    event = st.dataframe(
        shown,
        hide_index=True,
        key=f"parted rows {found.run.id} {title}",
        on_select="rerun",
        selection_mode="single-row",
        height=min((PICTURE_ROW if pictures else 36) * len(shown) + 40, 360),
        row_height=PICTURE_ROW if pictures else None,
        column_config={
            **{
                name: (st.column_config.ImageColumn if name in pictures else st.column_config.TextColumn)(
                    shorten(name.removeprefix(INPUT), 30), width=110 if name in pictures else 480
                )
                for name in texts
            },
            **{
                name: st.column_config.NumberColumn(format="%.2f")
                for name, column in answers.items()
                if column.dtype.kind == "f"
            },
        },
        alt=f"{title}: {count(len(shown), 'row')}",
    )
    picked = event["selection"]["rows"] if event else []
    return int(picked[0]) if picked else None


def _in_full(found: Evaluation, row: "pd.Series[Any]") -> None:
    """One row with its whole text."""
    with st.container(border=True, key="parted-row"):
        for name in found.texts:
            if name not in found.pictures:
                st.caption(escape_markdown(name.removeprefix(INPUT)))
                st.markdown(escape_markdown(row[name]))
        for name, column in _answers(found, row.to_frame().T).items():
            value = column.iloc[0]
            shown = f"{value:.2f}" if isinstance(value, float) else str(value)
            st.markdown(f"**{name}:** {escape_markdown(shown)}")
        st.caption(f"Row {int(row['row']) + 1:,} of the data")
