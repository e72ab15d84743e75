"""One row in full: its whole text, what is true, what the model thought, and the way to the next."""

import html
from typing import Any

import pandas as pd
import streamlit as st

from lib.charts.colours import label_colours
from lib.charts.probabilities import probabilities
from lib.tasks.outputs import LabelScores
from lib.ui.charts import current_theme, show_chart
from lib.ui.evaluate_data import INPUT, Evaluation
from lib.ui.explain_link import explain_link
from lib.ui.judged_rows import show_steps
from lib.ui.numbers import count, significant
from lib.ui.pictures import picture_path, show_picture
from lib.ui.review_team import show_row_review
from lib.ui.words import escape_markdown, shorten

# Nobody reads more than this here, and the browser should not have to hold it.
MOST_CHARACTERS = 6_000


def show_text(text: object, *, title: str = "") -> None:
    """A text exactly as it is, line breaks and all; whatever it contains stays text."""
    whole = "" if text is None else str(text)
    head = f'<div class="atelier-text-title">{html.escape(title)}</div>' if title else ""
    shown = html.escape(whole[:MOST_CHARACTERS])
    st.html(
        "<style>.atelier-text {white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.6; max-width: 75ch;"
        " max-height: 22rem; overflow-y: auto; font-size: 1.05rem;}"
        ".atelier-text-title {color: var(--atelier-muted); font-size: 0.85rem; margin-bottom: 0.15rem;}</style>"
        f'{head}<div class="atelier-text" dir="auto" tabindex="0">{shown}</div>'
    )
    if len(whole) > MOST_CHARACTERS:
        st.caption(
            f"The first {MOST_CHARACTERS:,} of {len(whole):,} characters; the file to download has them all."
        )


def show_row(found: Evaluation, rows: pd.DataFrame, place: int) -> None:
    """The row at that place of the list."""
    row = rows.iloc[place]
    with st.container(border=True, key="review-row"):
        show_steps(rows, place)
        explain_link(found.run, found.split, int(row["row"]))
        read, thought = st.columns([6, 5], gap="large")
        with read:
            for name in found.texts:
                if name in found.pictures:
                    path = picture_path(found.run.spec.data.dataset, str(row[name]))
                    show_picture(path, alt=f"The picture of this row, truly {row['gold']}")
                else:
                    show_text(row[name], title=shorten(name.removeprefix(INPUT), 60))
            _facts(row, pictures=bool(found.pictures))
            show_row_review(found, row)
        with thought:
            match found.output:
                case LabelScores(labels=labels):
                    scores = found.probabilities(int(row["position"]))
                    chart = probabilities(
                        labels,
                        scores.tolist(),
                        gold=str(row["gold"]),
                        colours=label_colours(labels),
                        theme=current_theme(),
                    )
                    show_chart(chart, "probabilities", downloads=False)


def _facts(row: "pd.Series[Any]", *, pictures: bool) -> None:
    gold, predicted = (escape_markdown(shorten(row[name], 60)) for name in ("gold", "predicted"))
    right = "Right" if row["correct"] else "Wrong"
    st.markdown(f"{right}: truly **{gold}**, predicted **{predicted}**.")
    facts = [f"loss {significant(float(row['loss']))}"]
    if "tokens" in row and not pictures:
        facts.append(count(float(row["tokens"]), "token"))
    if row.get("truncated"):
        facts.append("cut: the model read only the beginning")
    st.caption(" · ".join(facts))
