"""A text that was written for a text: beside its reference, with what the two share, the worst first."""

import html
import re
from typing import Any

import pandas as pd
import streamlit as st

from lib.ui.evaluate_data import INPUT, Evaluation
from lib.ui.explain_link import explain_link
from lib.ui.frame import guarded
from lib.ui.judged_rows import show_rows, show_steps
from lib.ui.numbers import count, significant
from lib.ui.review_row import MOST_CHARACTERS, show_text
from lib.ui.view import View
from lib.ui.words import escape_markdown, shorten, term

NOTHING = "Nothing was written"
ORDERS = {
    "rouge1": "Least overlap",
    "loss": "Highest loss",
    "long": "Much too long",
    "short": "Much too short",
}
_ORDER = "review texts order"
_WORD = re.compile(r"\w+")
_ROUGE = {"rouge1": "ROUGE-1", "rouge2": "ROUGE-2", "rougeL": "ROUGE-L"}
_STYLE = """
<style>
.atelier-shared {text-decoration: underline; text-decoration-thickness: 2px; text-underline-offset: 3px;
 text-decoration-color: var(--atelier-accent);}
.atelier-written {white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.6; max-width: 75ch;
 max-height: 22rem; overflow-y: auto; font-size: 1.05rem;}
</style>
"""


class TextView(View):
    """Views of `Text`."""

    def show_prediction(self, output: Any, row: "pd.Series[Any]", *, key: str, note: str = "") -> None:
        """The text in full, and how long it is."""
        show_text(row["predicted"] or NOTHING, title="Written")
        length = (
            f"{count(len(str(row['predicted']).split()), 'word')}, {count(float(row['gen_len']), 'token')}"
        )
        st.caption(escape_markdown(f"{length} · {note}" if note else length), help=term("token"))

    def tried(self, output: Any, row: "pd.Series[Any]") -> dict[str, Any]:
        """The text and its length."""
        return {"predicted": row["predicted"], "tokens written": int(row["gen_len"])}

    def review(self, found: Evaluation) -> None:
        """The rows, worst first, and one of them in full."""
        st.html(_STYLE)
        said = found.run.brief() or {}
        st.caption(escape_markdown(writing_words(said.get("options", {}))))
        _review(found)
        if signatures := said.get("target", {}).get("signatures"):
            with st.expander("How the scores were made", icon=":material/fingerprint:"):
                st.caption("To be named beside the scores, so that they can be compared with others.")
                st.code(
                    "\n".join(f"{name}  {value}" for name, value in signatures.items()),
                    language=None,
                    wrap_lines=True,
                )


def writing_words(options: dict[str, Any]) -> str:
    """How the texts were written, as a sentence; the settings lie with the model and hold for predictions too."""
    beams, most = int(options.get("num_beams", 1)), int(options.get("max_target_length", 128))
    parts = [
        "the likeliest next token each time" if beams == 1 else f"{beams} beams",
        f"at most {count(most, 'token')}",
    ]
    if least := int(options.get("min_new_tokens", 0)):
        parts.append(f"at least {count(least, 'token')}")
    if size := int(options.get("no_repeat_ngram_size", 0)):
        parts.append(f"no {count(size, 'token')} in a row twice")
    if beams > 1 and (penalty := float(options.get("length_penalty", 1.0))) != 1:
        parts.append(f"preference for length {penalty:g}")
    prefix = str(options.get("prefix", "")).strip()
    before = f" Before every text the model reads “{prefix}”." if prefix else ""
    return f"Written with {', '.join(parts)}; predictions are written the same way.{before}"


def length_ratio(frame: pd.DataFrame) -> "pd.Series[float]":
    """How many words were written for each word of the reference: float64[rows]; missing for an empty reference."""
    words = frame["gold"].str.count(r"\S+")
    return frame["predicted"].str.count(r"\S+") / words.where(words > 0)


def rows_in_order(frame: pd.DataFrame, order: str) -> pd.DataFrame:
    """The judged rows with `ratio`, the worst by one of ORDERS first."""
    rows = frame.assign(ratio=length_ratio(frame))
    by, rising = {
        "rouge1": ("rouge1", True),
        "loss": ("loss", False),
        "long": ("ratio", False),
        "short": ("ratio", True),
    }[order]
    return rows.sort_values(by, ascending=rising, kind="stable")


def shared_words(text: str, other: str) -> str:
    """The text as HTML, with the words that the other text has too underlined; whatever it contains stays text."""
    there = {word.casefold() for word in _WORD.findall(other)}
    parts, at = [], 0
    for match in _WORD.finditer(text[:MOST_CHARACTERS]):
        parts.append(html.escape(text[at : match.start()]))
        word = html.escape(match[0])
        parts.append(f'<span class="atelier-shared">{word}</span>' if match[0].casefold() in there else word)
        at = match.end()
    return "".join([*parts, html.escape(text[at:MOST_CHARACTERS])])


@st.fragment
@guarded
def _review(found: Evaluation) -> None:
    """The list and one of its rows; only this part runs again after a click."""
    order = st.segmented_control(
        "First", list(ORDERS), format_func=ORDERS.__getitem__, default="rouge1", key=_ORDER, required=True,
        label_visibility="collapsed",
    )  # fmt: skip
    rows = rows_in_order(found.frame, str(order))
    exact = int(found.frame["correct"].sum())
    ratio = rows["ratio"].median()
    st.markdown(
        f"**{count(len(rows), f'{found.split} row')}**, {escape_markdown(ORDERS[str(order)].lower())} first; "
        f"{count(exact, 'is', 'are')} exactly the reference. "
        f"Half of the texts have at most {significant(float(ratio))} times the words of their reference."
    )
    place = show_rows(
        found,
        rows,
        cells=_cells,
        columns={
            "gold": st.column_config.TextColumn("Reference", width=215),
            "predicted": st.column_config.TextColumn("Written", width=215),
            "rouge1": st.column_config.NumberColumn("ROUGE-1", format="%.2f", width=75),
            "ratio": st.column_config.NumberColumn(
                "Length", format="%.2f ×", width=70, help="Words written for each word of the reference."
            ),
            "loss": st.column_config.NumberColumn("Loss", format="%.2f", help=term("loss"), width=60),
        },
        key="texts",
        alt=f"{count(len(rows), 'row')} with reference and written text, {ORDERS[str(order)].lower()} first",
        text_width=300,
    )
    _show_row(found, rows, place)


def _cells(part: pd.DataFrame) -> dict[str, Any]:
    return {
        "gold": part["gold"].map(lambda text: shorten(text, 240)),
        "predicted": part["predicted"].map(lambda text: shorten(text or NOTHING, 240)),
        "rouge1": part["rouge1"],
        "ratio": part["ratio"],
        "loss": part["loss"],
    }


def _show_row(found: Evaluation, rows: pd.DataFrame, place: int) -> None:
    row = rows.iloc[place]
    with st.container(border=True, key="review-row"):
        show_steps(rows, place)
        explain_link(found.run, found.split, int(row["row"]))
        read, wrote = st.columns(2, gap="large")
        with read:
            for name in found.texts:
                show_text(row[name], title=shorten(name.removeprefix(INPUT), 60))
        with wrote:
            gold, said = str(row["gold"]), str(row["predicted"])
            _show_shared("Reference", gold, said)
            _show_shared("Written", said or NOTHING, gold)
            st.caption("Underlined: words that both have.")
            st.caption(escape_markdown(" · ".join(_facts(row))))


def _show_shared(title: str, text: str, other: str) -> None:
    st.html(
        f'<div class="atelier-text-title">{html.escape(title)}</div>'
        f'<div class="atelier-written" dir="auto" tabindex="0">{shared_words(text, other)}</div>'
    )


def _facts(row: "pd.Series[Any]") -> list[str]:
    facts = [f"{title} {float(row[name]):.2f}" for name, title in _ROUGE.items()]
    if pd.notna(row["ratio"]):
        facts.append(f"{significant(float(row['ratio']))} times the reference's words")
    if pd.notna(row["loss"]):
        facts.append(f"loss {significant(float(row['loss']))}")
    if row.get("truncated"):
        facts.append("cut: the model read only the beginning")
    return facts
