"""Many rows with their predictions: what they were predicted to be, page by page, and the file to keep."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from lib.analysis.balance import label_counts
from lib.charts.labels import label_balance
from lib.inference.askable import Askable
from lib.tasks.outputs import output_from_json
from lib.ui.charts import current_theme, show_chart
from lib.ui.downloads import csv_bytes
from lib.ui.numbers import count, duration, share
from lib.ui.pictures import PICTURE_ROW, thumbnails_in
from lib.ui.views import view_of
from lib.ui.words import shorten

ROWS_PER_PAGE = 50


@dataclass(frozen=True)
class Done:
    """A finished prediction of many rows: the table on disk and what is worth saying about it."""

    path: Path
    about: dict[str, Any]

    def table(self) -> pd.DataFrame:
        """The rows with their predictions."""
        return _table(str(self.path), self.path.stat().st_mtime_ns)


@st.cache_resource(max_entries=2, ttl=900, show_spinner="Reading the predictions")
def _table(path: str, changed: int) -> pd.DataFrame:
    return pd.read_parquet(path)


def show_done(asked: Askable, done: Done, files: Path | None) -> None:
    """What the rows were predicted to be: the time, what was cut, a chart of the counts, the rows page by page."""
    table, about_it = done.table(), done.about
    rate = len(table) / max(about_it["seconds"], 1e-6)
    st.caption(f"{count(len(table), 'row')} in {duration(about_it['seconds'])}, {rate:,.0f} rows a second.")
    if about_it["skipped"]:
        were = "has no text, so its" if about_it["skipped"] == 1 else "have no text, so their"
        st.caption(f":material/info: {count(about_it['skipped'], 'row')} {were} prediction is blank.")
    if about_it["truncated"]:
        lost = about_it.get("lost", 0.0)
        of_all = f", {share(lost, 1)} of all tokens given" if lost else ""
        st.caption(
            f":material/content_cut: {count(about_it['truncated'], 'text')} "
            f"({share(about_it['truncated'], len(table))}) longer than the model reads; what is beyond did not "
            f"count{of_all}."
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
            f"{asked.ref.partition(':')[2].replace('/', '-')[-60:]}-predictions.csv",
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
