"""How much of its attention each text of a pair gives to the other: one head, and the heads that cross most."""

import numpy as np
import pandas as pd
import streamlit as st

from lib.inference.attended import Attention
from lib.ui.explain_example import Example
from lib.ui.frame import section
from lib.ui.numbers import count


def segment_frame(found: Attention) -> pd.DataFrame:
    """One row a head: layer and head from 1, and the share of attention from each segment to each."""
    assert found.between is not None
    layer, head = (part.ravel() + 1 for part in np.indices((found.layers, found.heads)))
    shares = {
        f"{one} → {other}": found.between[:, :, i, j].ravel()
        for i, one in enumerate(found.segments)
        for j, other in enumerate(found.segments)
    }
    return pd.DataFrame({"layer": layer, "head": head, **shares})


def show_segments(example: Example, found: Attention, layer: int, head: int) -> None:
    """The shares of the chosen head and a table of all heads; nothing where only one text is read."""
    if found.between is None:
        return
    section("Between the two texts")
    names = [name.replace("_", " ") for name in found.segments]
    texts = [place for place, name in enumerate(names) if not name.endswith("tokens")]
    across = [found.between[:, :, i, j] for i in texts for j in texts if i != j]
    crossing: np.ndarray = np.sum(across, axis=0) / len(texts)
    most = divmod(int(np.nanargmax(crossing)), found.heads)
    one, all_heads = st.columns([1, 1], gap="medium")
    with one:
        st.markdown(f"**Layer {layer + 1}, head {head + 1}**: rows read, columns are read from")
        table = pd.DataFrame(100 * found.between[layer, head], columns=names)
        table.insert(0, "reads", names)
        st.dataframe(
            table,
            hide_index=True,
            column_config={name: st.column_config.NumberColumn(format="%.0f %%") for name in names},
            alt=f"Attention between {', '.join(names)} in layer {layer + 1}, head {head + 1}, {example.source}",
        )
    with all_heads:
        st.markdown(
            f"**Layer {most[0] + 1}, head {most[1] + 1} crosses most** between the texts: "
            f"{100 * float(crossing[most]):.0f} % of what they read lies in the other"
        )
        whole = segment_frame(found).rename(columns=lambda name: str(name).replace("_", " "))
        shares = [str(name) for name in whole if "→" in str(name)]
        st.dataframe(
            whole.assign(**{name: 100 * whole[name] for name in shares}),
            hide_index=True,
            height=min(36 * len(whole) + 40, 250),
            column_config={name: st.column_config.NumberColumn(format="%.0f %%") for name in shares},
            alt=f"{count(len(whole), 'head')} with their attention between {', '.join(names)}",
        )
    st.caption(
        "Shares of attention, averaged over the tokens that read; each row sums to 100 %. Special tokens take much "
        "of it where a head has nothing to do. Attention that crosses is not yet use of what was read."
    )
