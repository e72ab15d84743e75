"""Labelled spans: the text with what was found in it, how well each label is found, and the texts that went wrong."""

import json
from typing import Any

import pandas as pd
import streamlit as st

from lib.charts.colours import label_colours
from lib.tasks.outputs import TokenLabels
from lib.ui.entity_data import matrix_of, pairs_of
from lib.ui.entity_evidence import show_evidence
from lib.ui.entity_selection import chosen_in_address
from lib.ui.entity_text import show_marked
from lib.ui.evaluate_data import Evaluation
from lib.ui.frame import guarded
from lib.ui.numbers import count
from lib.ui.review_entities import show_entities, show_list
from lib.ui.view import View
from lib.ui.words import escape_markdown, shorten, term


class EntityView(View):
    """Views of `TokenLabels`."""

    def show_prediction(self, output: Any, row: "pd.Series[Any]", *, key: str, note: str = "") -> None:
        """The text with its entities marked, and each of them with how sure the model is."""
        spans = json.loads(row["predicted"])
        show_marked(str(row["text"]), spans, label_colours(output.labels))
        words = count(len(spans), "entity", "entities") if spans else "No entity was found"
        st.caption(escape_markdown(f"{words} · {note}" if note else words))
        if spans:
            table = pd.DataFrame(
                {
                    "Entity": [shorten(span["text"], 120) for span in spans],
                    "Label": [shorten(span["label"], 60) for span in spans],
                    "Confidence": [100 * span.get("confidence", float("nan")) for span in spans],
                    "Characters": [f"{span['start']:,} to {span['end']:,}" for span in spans],
                }
            )
            st.dataframe(
                table,
                hide_index=True,
                key=key,
                column_config={
                    "Confidence": st.column_config.NumberColumn(format="%.1f %%", help=term("confidence")),
                    "Characters": st.column_config.TextColumn(
                        help="Where it stands in the text, counted from 0; the second number is the first "
                        "character after it."
                    ),
                },
                alt=f"{count(len(spans), 'entity', 'entities')} with label and confidence",
            )

    def tried(self, output: Any, row: "pd.Series[Any]") -> dict[str, Any]:
        """The entities in a line, and the confidence of the least sure word."""
        return {"predicted": in_a_line(row["predicted"]), "confidence": float(row["confidence"])}

    def in_words(self, output: Any, row: "pd.Series[Any]", name: str) -> str:
        """The entities in a line."""
        return in_a_line(row[name])

    def counts(self, output: Any, table: pd.DataFrame) -> "pd.Series[Any] | None":
        """How many entities of each label were predicted."""
        labels = [str(span["label"]) for cell in table["predicted"].dropna() for span in json.loads(cell)]
        return pd.Series(labels, dtype="str")

    def review(self, found: Evaluation) -> None:
        """How well each label is found, and the texts behind each kind of error."""
        assert isinstance(found.output, TokenLabels)
        _review(found, found.output.labels)


def in_a_line(cell: str) -> str:
    """The spans of a cell for a list: "Rome (LOC), Anna (PER)"."""
    return ", ".join(f"{span['text']} ({span['label']})" for span in json.loads(cell)) or "–"


@st.fragment
@guarded
def _review(found: Evaluation, labels: tuple[str, ...]) -> None:
    """The evidence, the texts behind a choice, and one of them; only this part runs again after a click."""
    matrix = matrix_of(found, labels)
    chosen = chosen_in_address(matrix)
    show_evidence(found, matrix, chosen)
    listed = show_list(found, matrix, chosen)
    if listed is not None:
        # Outlines would say nothing where every mistake is meant.
        lines = pairs_of(found).iloc[:0] if chosen.is_empty else chosen.lines(pairs_of(found), matrix)
        show_entities(found, labels, *listed, lines=lines)
