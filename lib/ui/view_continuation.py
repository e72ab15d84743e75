"""A text that goes on: what was written, how likely the model found the truth, and what it learns of a row."""

from typing import Any

import pandas as pd
import streamlit as st

from lib.charts.row_losses import row_losses
from lib.data.cells import as_messages
from lib.ui.charts import current_theme, show_chart
from lib.ui.evaluate_data import Evaluation
from lib.ui.explain_link import explain_link
from lib.ui.frame import guarded
from lib.ui.judged_rows import show_rows, show_steps
from lib.ui.learned_text import show_learned
from lib.ui.numbers import count, score, significant
from lib.ui.review_row import show_text
from lib.ui.view import View
from lib.ui.words import escape_markdown, shorten, term

NOTHING = "(nothing: the model ended at once)"


class ContinuationView(View):
    """Views of `Continuation`."""

    def show_prediction(self, output: Any, row: "pd.Series[Any]", *, key: str, note: str = "") -> None:
        """The text in full and how long it is."""
        show_text(row["predicted"] or NOTHING, title="The assistant" if output.chat else "Written")
        length = count(float(row["tokens written"]), "token")
        st.caption(escape_markdown(f"{length} · {note}" if note else length), help=term("token"))

    def example(self, output: Any, row: dict[str, Any], cell: str) -> str:
        """Of a conversation what the user said last before the assistant's last answer."""
        turns = as_messages(cell) if output.chat else None
        asked = [turn["content"] for turn in turns or [] if turn["role"] == "user"]
        return asked[-1] if asked else cell

    def tried(self, output: Any, row: "pd.Series[Any]") -> dict[str, Any]:
        """The text and its length."""
        return {"predicted": row["predicted"], "tokens written": int(row["tokens written"])}

    def review(self, found: Evaluation) -> None:
        """What the perplexity means, how the rows differ, and the rows, the most surprising first."""
        st.markdown(escape_markdown(perplexity_words(found.scores, found.baselines)))
        _review(found, bool(getattr(found.output, "chat", False)))


def perplexity_words(scores: dict[str, float], baselines: dict[str, dict[str, float]]) -> str:
    """The perplexity in a sentence, beside that of the model before training where it is known."""
    value = scores.get("perplexity")
    if value is None:
        return ""
    before = baselines.get("untuned", {}).get("perplexity")
    than = f"; before training it hesitated among {score(before)}" if before is not None else ""
    return (
        f"At each token the model hesitates as if among {score(value)} equally likely ones{than}. It says how well "
        "the model foretells texts like these, not whether what it writes is true."
    )


def as_talk(cell: object) -> str:
    """A conversation as lines that begin with the speaker; any other text as it is."""
    turns = as_messages(cell if isinstance(cell, str) else None)
    return "\n".join(f"{turn['role']}: {turn['content']}" for turn in turns) if turns else str(cell)


@st.fragment
@guarded
def _review(found: Evaluation, chat: bool) -> None:
    """The histogram, the list and one of its rows; only this part runs again after a click."""
    rows = found.frame.sort_values("loss", ascending=False, kind="stable")
    if chat:
        rows = rows.assign(**{name: rows[name].map(as_talk) for name in found.texts})
    if (unjudged := int(rows["loss"].isna().sum())) == len(rows):
        st.caption("No row has an answer that the model could be judged on.")
        return
    chart, listed = st.columns([2, 3], gap="large")
    with chart:
        drawn = row_losses(
            rows["loss"], mean=found.scores.get("loss"), split=found.split, theme=current_theme()
        )
        show_chart(drawn, "row losses")
    with listed:
        cut = f"; {count(unjudged, 'row')} cannot be judged, as the answer is cut away" if unjudged else ""
        st.markdown(
            f"**{count(len(rows), f'{found.split} row')}**, the most surprising first{escape_markdown(cut)}"
        )
        place = show_rows(
            found,
            rows,
            cells=_cells,
            columns={
                "gold": st.column_config.TextColumn("Should come", width=190),
                "loss": st.column_config.NumberColumn("Loss", format="%.2f", help=term("loss"), width=60),
                "tokens_judged": st.column_config.NumberColumn("Tokens", width=70, help=term("token")),
            },
            key="continuations",
            alt=f"{count(len(rows), 'row')} with what should come and the loss per token, highest first",
            text_width=190,
        )
    _show_row(found, rows, place)


def _cells(part: pd.DataFrame) -> dict[str, Any]:
    return {
        "gold": part["gold"].map(lambda text: shorten(text, 240)),
        "loss": part["loss"],
        "tokens_judged": part["tokens_judged"],
    }


def _show_row(found: Evaluation, rows: pd.DataFrame, place: int) -> None:
    row = rows.iloc[place]
    with st.container(border=True, key="review-row"):
        show_steps(rows, place)
        explain_link(found.run, found.split, int(row["row"]))
        read, wrote = st.columns(2, gap="large")
        with read:
            show_learned(row["learned"])
            st.caption(escape_markdown(" · ".join(_facts(row))))
        with wrote:
            # A text without a prompt is all there on the left.
            if str(row["gold"]) != str(row[found.texts[0]]):
                show_text(row["gold"], title="Should come")
            if pd.notna(row["predicted"]):
                show_text(str(row["predicted"]) or NOTHING, title="The model wrote")
            else:
                st.caption("Only the first 20 rows are written on; try this one on the Predict page.")


def _facts(row: "pd.Series[Any]") -> list[str]:
    if pd.isna(row["loss"]):
        return ["not judged: the answer begins after what the model reads"]
    facts = [
        f"loss {significant(float(row['loss']))} per token",
        f"{count(float(row['tokens_judged']), 'token')} judged of {int(row['tokens']):,}",
    ]
    if row.get("truncated"):
        facts.append("cut: the model read only the beginning")
    return facts
