"""One text token by token: the coloured text, what its tokens come to, and the same as a table."""

from typing import Any

import pandas as pd
import streamlit as st

from lib.inference.token_features import Of
from lib.inference.token_losses import TokenLosses
from lib.ui.address_choice import choose_in_address
from lib.ui.numbers import count, significant
from lib.ui.surprise_strip import MOST_TOKENS, STYLE, By, key_html, strip_html
from lib.ui.token_table import mean_words, show_token_table
from lib.ui.words import escape_markdown

WHAT: dict[Of, str] = {"truth": "What should come", "written": "What the model writes"}
COLOURS: dict[By, str] = {"tuned": "After training", "untuned": "Before", "difference": "Difference"}
# Rounding on another machine, or weights held in few bits, move a loss by less than this.
SAME = 0.02


def show_scored(
    scored: TokenLosses, slot: Any, *, judged: float | None, written: bool, name: str, key: str
) -> None:
    """The tokens of one text; the choice of colours goes into the container `slot`.

    `judged` is the loss that the row was judged with, where it was; `written` that the model wrote the tokens itself;
    `name` that of the file to keep.
    """
    tokens = scored.frame
    if tokens.empty or not tokens["loss"].notna().any():
        st.caption(
            "The model writes nothing here: it ends at once."
            if written
            else "No token is judged here: the answer is empty, or begins after what the model reads."
        )
        return
    with slot:
        options: list[By] = ["tuned", "untuned", "difference"] if scored.has_untuned else ["tuned"]
        by = choose_in_address("colour", "Colours", options, format_func=lambda choice: COLOURS[choice])
    # What a model wrote itself was never learned, judged or not.
    grey = "not judged" if written else "not judged and not learned"
    grey = grey if tokens["loss"].isna().any() else ""
    st.html(STYLE + key_html(by, grey=grey) + strip_html(tokens, by))
    if len(tokens) > MOST_TOKENS:
        st.caption(f"The first {MOST_TOKENS:,} of {count(len(tokens), 'token')}.")
    told = facts(tokens, judged, written=written, has_untuned=scored.has_untuned)
    st.caption(" · ".join(map(escape_markdown, told)))
    st.caption(
        "Point at a token for its probability and what the model would rather have written. A token is likely or not "
        "given all before it, as it stands; what was already unlikely makes what follows it look odd too."
    )
    show_token_table(tokens, name=name, key=key)


def facts(tokens: pd.DataFrame, judged: float | None, *, written: bool, has_untuned: bool) -> list[str]:
    """What the tokens come to, before and after, and whether that is what the row was judged with."""
    scored = int(tokens["loss"].notna().sum())
    found = [f"{count(scored, 'token')} judged of {len(tokens):,}", f"after training {mean_words(tokens)}"]
    if has_untuned:
        found.append(f"before {mean_words(tokens, 'untuned_loss')}")
    if written:
        found.append("probabilities of the model itself, before any temperature or top-p")
    elif judged is not None:
        away = abs(float(tokens["loss"].mean()) - judged)
        said = significant(judged, 3)
        found.append(
            f"the row was judged with {said}, the same"
            if away < SAME
            else f"the row was judged with {said}: the model now answers a little differently than when it was scored"
        )
    return found
