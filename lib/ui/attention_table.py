"""The heads as a table, to be sorted by what they do and chosen without a mouse on a picture."""

import numpy as np
import pandas as pd
import streamlit as st

from lib.charts.attention_mosaic import TITLES
from lib.inference.attended import Attention
from lib.ui.downloads import csv_bytes
from lib.ui.explain_example import Example
from lib.ui.frame import guarded_callback
from lib.ui.numbers import count

HELP = {
    "entropy": "−Σ a ln a / ln tokens, averaged over the tokens that read: 0 reads one token, 1 reads all alike.",
    "distance": "How far away the tokens stand that are read from, weighted by attention.",
    "special": "The share of attention on tokens that are of no text, such as [CLS] and [SEP].",
    "first": "The share on the first token, where idle heads rest (an attention sink).",
    "previous": "The share on the token just before.",
    "next": "The share on the token just after.",
}
_KEY = "attention heads"


def head_frame(found: Attention) -> pd.DataFrame:
    """One row a head: layer and head from 1, and the figures that mean something here."""
    layer, head = (part.ravel() + 1 for part in np.indices((found.layers, found.heads)))
    kept = {name: values.ravel() for name, values in found.figures.items() if not np.isnan(values).all()}
    return pd.DataFrame({"layer": layer, "head": head, **kept})


def show_head_table(example: Example, found: Attention, layer: int, head: int) -> None:
    """The table; a click on a line chooses its head."""
    table = head_frame(found)
    key = f"{_KEY} {found.stack} {found.layers}x{found.heads}"
    with st.expander(f"All {count(len(table), 'head')} as a table", icon=":material/table:"):
        st.caption(
            "Averages over every token of this one input. Click a heading to sort, a line’s box to choose its head."
        )

        @guarded_callback
        def on_row() -> None:
            chosen = st.session_state[key]["selection"]["rows"]
            if chosen:
                row = table.iloc[chosen[0]]
                st.query_params["layer"], st.query_params["head"] = (
                    str(int(row["layer"])),
                    str(int(row["head"])),
                )

        shares = [name for name in ("special", "first", "previous", "next") if name in table]
        unit = "px" if found.picture is not None else "tokens"
        st.session_state[key] = {
            "selection": {"rows": [layer * found.heads + head], "columns": [], "cells": []}
        }
        st.dataframe(
            table,
            hide_index=True,
            key=key,
            on_select=on_row,
            selection_mode="single-row",
            height=min(36 * len(table) + 40, 400),
            column_config={
                "layer": st.column_config.NumberColumn("Layer", format="%d"),
                "head": st.column_config.NumberColumn("Head", format="%d"),
                "entropy": st.column_config.NumberColumn(
                    TITLES["entropy"], format="%.2f", help=HELP["entropy"]
                ),
                "distance": st.column_config.NumberColumn(
                    f"{TITLES['distance']}, {unit}", format="%.1f", help=HELP["distance"]
                ),
                **{
                    name: st.column_config.NumberColumn(TITLES[name], format="percent", help=HELP[name])
                    for name in shares
                },
            },
            alt=f"{count(len(table), 'head')} of the model on {example.source}",
        )
        st.download_button(
            "Heads (CSV)",
            lambda: csv_bytes(table.assign(stack=found.stack, run=example.run.id, source=example.source)),
            f"{example.run.id}-attention-heads.csv",
            "text/csv",
            on_click="ignore",
            type="tertiary",
            icon=":material/download:",
        )
