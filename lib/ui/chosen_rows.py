"""The rows behind something chosen in a chart or table, whatever the run predicts: their list, and one row in full."""

from typing import Any

import pandas as pd
import streamlit as st

from lib.tasks.outputs import LabelScores, ManyLabels
from lib.ui.evaluate_data import INPUT, Evaluation
from lib.ui.judged_rows import show_rows, show_steps
from lib.ui.numbers import significant
from lib.ui.pictures import picture_path, show_picture
from lib.ui.review_row import show_row, show_text
from lib.ui.view_many_labels import show_label_set_row
from lib.ui.words import shorten, term

_CHARACTERS = 120
_CUT = "Cut: the model read only the beginning."


def show_chosen(
    found: Evaluation, rows: pd.DataFrame, *, key: str, alt: str, extra: dict[str, str] | None = None
) -> None:
    """A list of the rows in their order, and the open one; `rows` is not empty.

    `extra` names further number columns of `rows` to show, with their titles.
    """
    more = extra or {}
    place = show_rows(
        found,
        rows,
        cells=lambda part: (
            {
                name: part[name].map(lambda value: shorten(value, _CHARACTERS))
                for name in ("gold", "predicted")
            }
            | {name: part[name] for name in (*more, "loss")}
        ),
        columns={
            "gold": st.column_config.TextColumn("True", width=110),
            "predicted": st.column_config.TextColumn("Predicted", width=110),
            "loss": st.column_config.NumberColumn("Loss", format="%.2f", help=term("loss"), width=60),
            **{
                name: st.column_config.NumberColumn(title, format="%.1f", width=120)
                for name, title in more.items()
            },
        },
        key=key,
        alt=alt,
        text_width=500,
    )
    match found.output:
        case LabelScores():
            show_row(found, rows, place)
        case ManyLabels():
            show_label_set_row(found, found.output, rows, place)
        case _:
            _plain_row(found, rows, place)


def _plain_row(found: Evaluation, rows: pd.DataFrame, place: int) -> None:
    row: pd.Series[Any] = rows.iloc[place]
    with st.container(border=True, key="review-row"):
        show_steps(rows, place)
        read, said = st.columns([6, 5], gap="large")
        with read:
            for name in found.texts:
                title = shorten(name.removeprefix(INPUT), 60)
                if name in found.pictures:
                    show_picture(
                        picture_path(found.run.spec.data.dataset, str(row[name])),
                        alt="The picture of this row",
                    )
                else:
                    show_text(row[name], title=title)
        with said:
            show_text(row["gold"], title="True")
            show_text(row["predicted"], title="Predicted")
            st.caption(f"loss {significant(float(row['loss']))}" if pd.notna(row["loss"]) else "no loss")
            if row.get("truncated"):
                st.caption(_CUT)
