"""Hidden words of a text: what the model would put there, and which ones it did not guess."""

import html
import json
from typing import Any

import pandas as pd
import streamlit as st

from lib.charts.candidates import candidates
from lib.ui.charts import current_theme, show_chart
from lib.ui.evaluate_data import INPUT, Evaluation
from lib.ui.frame import guarded
from lib.ui.masked_ranks import show_before_and_after, show_ranks
from lib.ui.numbers import count, significant
from lib.ui.review_selection import open_row, row_in_address
from lib.ui.view import ROWS_SHOWN, View
from lib.ui.words import escape_markdown, shorten

# Each hidden word has a chart of its own.
MOST_CHARTS = 6
MOST_CHARACTERS = 6_000
CHARACTERS_IN_A_CELL = 160
_STYLE = (
    "<style>.atelier-masked {white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.9; max-width: 75ch;"
    " max-height: 24rem; overflow-y: auto; font-size: 1.05rem;}"
    ".atelier-masked mark {background: var(--atelier-mark, rgba(86,180,233,0.22)); color: inherit;"
    " border-radius: 4px; padding: 0.05em 0.3em;}"
    ".atelier-masked mark.missed {background: rgba(230,159,0,0.22);}"
    ".atelier-masked s {opacity: 0.85;} .atelier-masked sup {font-size: 0.7em; font-weight: 600;}</style>"
)


class MaskedView(View):
    """Views of `MaskedTokens`."""

    def show_prediction(self, output: Any, row: "pd.Series[Any]", *, key: str, note: str = "") -> None:
        """The text with its hidden words numbered, and the candidates for each of them."""
        found = json.loads(str(row["candidates"]))
        if not found:
            st.markdown(
                f"The text has no hidden word. Write `{output.mask}` in place of a word, as in "
                f"“The weather is `{output.mask}` today”, and predict again."
            )
            return
        st.html(
            f'{_STYLE}<div class="atelier-masked" dir="auto">{_slots(str(row["text"]), output.mask, found)}</div>'
        )
        if note:
            st.caption(escape_markdown(note))
        for number, ranked in enumerate(found[:MOST_CHARTS], start=1):
            tokens, scores = [item["token"] for item in ranked], [item["score"] for item in ranked]
            chart = candidates(tokens, scores, number=number, theme=current_theme())
            show_chart(chart, f"{key} {number}")
        if len(found) > MOST_CHARTS:
            st.caption(f"The first {MOST_CHARTS} of {len(found):,} hidden words are shown in charts.")

    def example(self, output: Any, row: dict[str, Any], cell: str) -> str:
        """The text with the first of its hidden words masked again."""
        found = json.loads(str(row.get("hidden") or "[]"))
        if not found:
            return cell
        start, end = found[0]["start"], found[0]["end"]
        for piece in found[1:]:  # of the same word
            end = piece["end"] if piece["start"] == end else end
        return f"{cell[:start]}{output.mask}{cell[end:]}"

    def tried(self, output: Any, row: "pd.Series[Any]") -> dict[str, Any]:
        """The best word for each place."""
        return {"predicted": row["predicted"] or "(nothing hidden)"}

    def review(self, found: Evaluation) -> None:
        """The texts whose hidden words were hardest to guess, and one of them in full."""
        _review(found)


@st.fragment
@guarded
def _review(found: Evaluation) -> None:
    """Only this part runs again after a click."""
    frame = found.frame
    chosen = show_ranks(found)
    if chosen is not None:
        frame = frame[chosen]
    frame = frame[frame["tokens_judged"] > 0]
    frame = frame.sort_values("loss", ascending=False, kind="stable").head(ROWS_SHOWN)
    if frame.empty:
        st.caption("No text has a hidden word." if chosen is None else "No hidden word is ranked so.")
        return
    numbers = frame["row"].tolist()
    asked = row_in_address()
    place = numbers.index(asked) if asked in numbers else 0
    listed, opened = st.columns([1, 1], gap="medium")
    with listed:
        _table(found, frame)
    with opened, st.container(border=True, key="masked-row"):
        _steps(numbers, place)
        _in_full(found, frame.iloc[place])


def _table(found: Evaluation, frame: pd.DataFrame) -> None:
    st.markdown(f"**{count(len(frame), f'{found.split} row')}**, hardest first")
    texts = {
        name.removeprefix(INPUT): frame[name].map(lambda text: shorten(text, CHARACTERS_IN_A_CELL))
        for name in found.texts
    }
    shown = pd.DataFrame(
        {
            "row": frame["row"] + 1,
            "loss": frame["loss"],
            "guessed": frame["hits"].astype(str) + " of " + frame["tokens_judged"].astype(str),
            "hidden": frame["gold"].map(lambda text: shorten(text, CHARACTERS_IN_A_CELL)),
            "guesses": frame["predicted"].map(lambda text: shorten(text, CHARACTERS_IN_A_CELL)),
            **texts,
        }
    )
    st.dataframe(
        shown,
        hide_index=True,
        height=min(36 * len(shown) + 40, 440),
        column_config={
            "row": st.column_config.NumberColumn("Row", format="%d"),
            "loss": st.column_config.NumberColumn(
                "Loss", format="%.2f", help="Mean −ln p of the hidden tokens"
            ),
            "guessed": "Guessed",
            "hidden": st.column_config.TextColumn("Hidden tokens", width="medium"),
            "guesses": st.column_config.TextColumn("Guesses", width="medium"),
        },
        alt="Judged rows by the mean loss of their hidden tokens, highest first",
    )


def _steps(numbers: list[int], place: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for title, icon, other in (
            ("Harder", ":material/arrow_back:", place - 1),
            ("Easier", ":material/arrow_forward:", place + 1),
        ):
            there = 0 <= other < len(numbers)
            st.button(
                title,
                icon=icon,
                key=f"masked {title}",
                disabled=not there,
                on_click=open_row,
                args=(int(numbers[other]) if there else 0,),
            )
        st.caption(f"{place + 1:,} of {count(len(numbers), 'row')} · row {numbers[place] + 1:,} of the data")


def _in_full(found: Evaluation, row: "pd.Series[Any]") -> None:
    """The text with each hidden token as it was, and the guess where it was another."""
    text = str(row[found.texts[0]])
    st.html(
        f'{_STYLE}<div class="atelier-masked" dir="auto" tabindex="0">{_corrected(text, str(row["hidden"]))}</div>'
    )
    guessed = f"{int(row['hits'])} of {count(float(row['tokens_judged']), 'hidden token')} guessed"
    st.caption(
        f"{guessed} · loss {significant(float(row['loss']))} · marked: what was hidden; struck through: a wrong guess"
    )
    show_before_and_after(found, row)
    if len(text) > MOST_CHARACTERS:
        st.caption(f"The first {MOST_CHARACTERS:,} of {len(text):,} characters.")


def _slots(text: str, mask: str, found: list[list[dict[str, Any]]]) -> str:
    """The text as HTML with a numbered slot for each mask, which shows the best candidate."""
    parts = text.split(mask)
    out = [html.escape(parts[0])]
    for number, (ranked, rest) in enumerate(zip(found, parts[1:], strict=False), start=1):
        out.append(f"<mark>{html.escape(ranked[0]['token'])}<sup>{number}</sup></mark>{html.escape(rest)}")
    return "".join(out)


def _corrected(text: str, hidden: str) -> str:
    """The text as HTML with its hidden tokens marked; a wrong guess stands struck through behind the truth."""
    out, at = [], 0
    for item in sorted(json.loads(hidden), key=lambda item: item["start"]):
        start, end = max(int(item["start"]), at), int(item["end"])
        if start >= MOST_CHARACTERS or end <= start:
            continue
        right = item["token"] == item["guess"]
        kind = "" if right else ' class="missed"'
        guess = "" if right else f" <s>{html.escape(item['guess'])}</s>"
        hint = f"loss {significant(float(item['loss']))}"
        out.append(html.escape(text[at:start]))
        out.append(f'<mark{kind} title="{hint}">{html.escape(text[start:end])}{guess}</mark>')
        at = end
    return "".join([*out, html.escape(text[at:MOST_CHARACTERS])])
