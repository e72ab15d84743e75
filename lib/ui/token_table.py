"""The tokens of a text as a table, for those who cannot point at colours, and as a file."""

import math

import numpy as np
import pandas as pd
import streamlit as st

from lib.charts.text import percent
from lib.ui.downloads import csv_bytes
from lib.ui.numbers import count
from lib.ui.surprise_strip import others, visible

MOST_SHOWN = 1_000


def show_token_table(tokens: pd.DataFrame, *, name: str, key: str) -> None:
    """The judged tokens with their probabilities and alternatives, and a file of all tokens; `name` is the file's."""
    judged = tokens[tokens["loss"].notna()]
    shown = pd.DataFrame(
        {
            "place": np.flatnonzero(tokens["loss"].notna().to_numpy()) + 1,
            "token": [visible(str(text), blanks=True) for text in judged["text"]],
            "p": np.exp(-judged["loss"].to_numpy()),
            "loss": judged["loss"].to_numpy(),
            "rank": judged["rank"].astype("int64").to_numpy(),
            "entropy": judged["entropy"].to_numpy(),
            "others": [
                " · ".join(f"{label} {percent(chance)}" for label, chance in others(cell))
                for cell in judged["others"]
            ],
        }
    ).head(MOST_SHOWN)
    if "untuned_loss" in judged:
        shown.insert(3, "before", np.exp(-judged["untuned_loss"].head(MOST_SHOWN).to_numpy()))
    with st.expander(
        f"Every token as a table: {count(len(judged), 'judged token')}", icon=":material/table:"
    ):
        st.dataframe(
            shown,
            hide_index=True,
            key=f"{key} table",
            height=min(36 * len(shown) + 40, 360),
            column_config={
                "place": st.column_config.NumberColumn("Place", width=60),
                "token": st.column_config.TextColumn("Token", width=110),
                "p": st.column_config.NumberColumn("Probability", format="percent"),
                "before": st.column_config.NumberColumn("Before training", format="percent"),
                "loss": st.column_config.NumberColumn("−ln p", format="%.2f"),
                "rank": st.column_config.NumberColumn("Choice", help="1: no token was likelier."),
                "entropy": st.column_config.NumberColumn(
                    "Entropy, nats",
                    format="%.2f",
                    help="How undecided the model was; e to it is a number of equally likely tokens.",
                ),
                "others": st.column_config.TextColumn("Likeliest here", width="large"),
            },
            alt=f"{count(len(judged), 'judged token')} with probability, −ln p and the five likeliest tokens",
        )
        st.download_button(
            f"{count(len(tokens), 'token')} (CSV)",
            lambda: csv_bytes(tokens),
            name,
            "text/csv",
            on_click="ignore",
            type="tertiary",
            icon=":material/download:",
            key=f"{key} csv",
        )


def mean_words(tokens: pd.DataFrame, column: str = "loss") -> str:
    """The mean −ln p and the perplexity of the judged tokens, in words."""
    mean = float(tokens[column].mean())
    return f"{mean:.2f} a token, perplexity {math.exp(min(mean, 700)):,.3g}"
