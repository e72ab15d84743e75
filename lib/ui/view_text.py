"""A text that was written for a text: beside its reference, and its source, the worst first."""

from typing import Any

import pandas as pd
import streamlit as st

from lib.ui.address_choice import choose_in_address
from lib.ui.evaluate_data import INPUT, Evaluation
from lib.ui.explain_link import explain_link
from lib.ui.frame import guarded
from lib.ui.judged_rows import show_rows, show_steps
from lib.ui.numbers import count, significant
from lib.ui.review_row import show_text
from lib.ui.text_marks import STYLE, against_reference, against_source, titled
from lib.ui.text_measures import TEXT_MEASURES, Part, choose_part, clear_part, measured
from lib.ui.view import View
from lib.ui.words import escape_markdown, shorten, term

NOTHING = "Nothing was written"
ORDERS = {
    "rouge1": "Least overlap",
    "loss": "Highest loss",
    "long": "Much too long",
    "short": "Much too short",
    "measure": "Most of the measure",
}
AGAINST = {"source": "Against the source", "reference": "Against the reference"}
_ORDER = "review texts order"
_ROUGE = {"rouge1": "ROUGE-1", "rouge2": "ROUGE-2", "rougeL": "ROUGE-L"}


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
        st.html(STYLE)
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


def rows_in_order(frame: pd.DataFrame, order: str, *, measure: str = "rouge1") -> pd.DataFrame:
    """The judged rows with `ratio`, the worst by one of ORDERS first, or those with most of a measure."""
    rows = frame if "ratio" in frame else frame.assign(ratio=length_ratio(frame))
    by, rising = {
        "rouge1": ("rouge1", True),
        "loss": ("loss", False),
        "long": ("ratio", False),
        "short": ("ratio", True),
        "measure": (measure, False),
    }[order]
    return rows.sort_values(by, ascending=rising, kind="stable")


@st.fragment
@guarded
def _review(found: Evaluation) -> None:
    """The measures, the list and one of its rows; only this part runs again after a click."""
    frame = pd.concat([found.frame, measured(found)], axis=1)
    frame = frame.assign(ratio=length_ratio(frame))
    part = choose_part(found, frame)
    order = st.segmented_control(
        "First", list(ORDERS), format_func=ORDERS.__getitem__, default="rouge1", key=_ORDER, required=True,
        label_visibility="collapsed",
    )  # fmt: skip
    rows = rows_in_order(part.rows(frame), str(order), measure=part.measure)
    _heading(found, rows, part)
    if rows.empty:
        st.caption("No row is in this range.")
        return
    title = TEXT_MEASURES[part.measure][0]
    shown = {} if part.measure in ("rouge1", "ratio") else {part.measure: st.column_config.NumberColumn(
        title, format="%.2f" if TEXT_MEASURES[part.measure][2] else "%d", width=150)}  # fmt: skip
    place = show_rows(
        found,
        rows,
        cells=lambda part_of_rows: _cells(part_of_rows, list(shown)),
        columns={
            "gold": st.column_config.TextColumn("Reference", width=215),
            "predicted": st.column_config.TextColumn("Written", width=215),
            "rouge1": st.column_config.NumberColumn("ROUGE-1", format="%.2f", width=75),
            "ratio": st.column_config.NumberColumn(
                "Length", format="%.2f ×", width=70, help="Words written for each word of the reference."
            ),
            "loss": st.column_config.NumberColumn("Loss", format="%.2f", help=term("loss"), width=60),
            **shown,
        },
        key="texts",
        alt=f"{count(len(rows), 'row')} with reference and written text, {ORDERS[str(order)].lower()} first",
        text_width=230,
    )
    _show_row(found, rows, place, mostly_new=bool(frame["novel_words"].median() > 0.5))


def _heading(found: Evaluation, rows: pd.DataFrame, part: Part) -> None:
    if part.chosen is not None:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{count(len(rows), f'{found.split} row')}**", width="content")
            st.button(
                escape_markdown(f"{TEXT_MEASURES[part.measure][0]}: {part.names[part.chosen]}"),
                icon=":material/close:",
                icon_position="right",
                key="clear part",
                help="Clear this selection and show all rows",
                on_click=clear_part,
            )
        return
    exact = int(rows["correct"].sum())
    st.markdown(
        f"**{count(len(rows), f'{found.split} row')}**; {count(exact, 'is', 'are')} exactly the reference. Half of the "
        f"texts have at most {significant(float(rows['ratio'].median()))} times the words of their reference."
    )


def _cells(part: pd.DataFrame, more: list[str]) -> dict[str, Any]:
    return {
        "gold": part["gold"].map(lambda text: shorten(text, 240)),
        "predicted": part["predicted"].map(lambda text: shorten(text or NOTHING, 240)),
        **{name: part[name] for name in more},
        "rouge1": part["rouge1"],
        "ratio": part["ratio"],
        "loss": part["loss"],
    }


def _show_row(found: Evaluation, rows: pd.DataFrame, place: int, *, mostly_new: bool) -> None:
    """One row; in another language than its source nearly all is new, so the reference says more and comes first."""
    row = rows.iloc[place]
    gold, said = str(row["gold"]), str(row["predicted"] or "")
    source = "\n".join(str(row[name]) for name in found.texts)
    with st.container(border=True, key="review-row"):
        show_steps(rows, place)
        explain_link(found.run, found.split, int(row["row"]))
        ways = list(reversed(AGAINST)) if mostly_new else list(AGAINST)
        way = choose_in_address("against", "Compare", ways, format_func=AGAINST.__getitem__)
        read, wrote = st.columns(2, gap="large")
        if way == "source":
            left, right = against_source(source, said)
            read.html(titled(", ".join(shorten(name.removeprefix(INPUT), 60) for name in found.texts), left))
            wrote.html(titled("Written", right if said else NOTHING))
            words = (
                "Underlined: two and more words in a row that the source has too. Dotted: words it does not have. "
                "Marked: new numbers and capitalised names; “three” and “3” count as different."
            )
        else:
            with read:
                for name in found.texts:
                    show_text(row[name], title=shorten(name.removeprefix(INPUT), 60))
            wrote.html(titled("Written", against_reference(gold, said)))
            words = "Marked: words the reference does not have there. Struck through: words of the reference left out."
        with wrote:
            show_text(gold, title="Reference")
            st.caption(words)
            st.caption(escape_markdown(" · ".join(_facts(row))))


def _facts(row: "pd.Series[Any]") -> list[str]:
    facts = [f"{title} {float(row[name]):.2f}" for name, title in _ROUGE.items()]
    if pd.notna(row["ratio"]):
        facts.append(f"{significant(float(row['ratio']))} times the reference's words")
    if row.get("copy_length", 0) > 1:
        facts.append(f"longest copy {count(float(row['copy_length']), 'word')}")
    if row.get("novel_facts", 0) > 0:
        facts.append(f"{count(float(row['novel_facts']), 'new number or name', 'new numbers and names')}")
    if pd.notna(row["loss"]):
        facts.append(f"loss {significant(float(row['loss']))}")
    if row.get("truncated"):
        facts.append("cut: the model read only the beginning")
    return facts
