"""The map of an adapter on the Evaluate page: which weight matrices it changes, how much, in how many directions."""

import pandas as pd
import streamlit as st

from lib.analysis.adapter_map import adapter_table
from lib.charts.adapter_map import adapter_map as map_chart
from lib.charts.spectrum import spectrum
from lib.inference.adapter_map import adapter_map, known_map
from lib.inference.ask import is_loaded
from lib.ui.charts import current_theme, picked_data, show_chart
from lib.ui.evaluate_data import Evaluation
from lib.ui.frame import guarded, guarded_callback
from lib.ui.numbers import significant
from lib.ui.words import escape_markdown

_CHART = "adapter map"


def serves_adapter(found: Evaluation) -> bool:
    """Runs whose model is an adapter."""
    return (found.run.model_path / "adapter_config.json").is_file()


@st.fragment
@guarded
def show_adapter(found: Evaluation) -> None:
    """The map, and the spectrum of the matrix that is chosen in it."""
    modules = known_map(found.run)
    if modules is None:
        loaded = is_loaded(f"run:{found.run.id}")
        words = "Working out what the adapter changes"
        with st.spinner(words if loaded else f"Loading the model, then {words[0].lower()}{words[1:]}"):
            modules = adapter_map(found.run)
    if not modules:
        return
    table = adapter_table(modules)
    names = table["name"].tolist()
    asked = st.query_params.get("matrix")
    strongest = int(table["share"].fillna(-1.0).to_numpy().argmax())
    chosen = asked if asked is not None and asked in names else str(names[strongest])
    across, beside = st.columns([3, 2], gap="large")
    with across:
        _map(table, chosen)
    with beside:
        _one(table, chosen)
    st.caption(
        "ΔW = scale · B A is what the adapter adds to a weight matrix W. A large change is not a good one: it says "
        "where the adapter acts, not whether it helps. B begins at zero, so 0 % has learned nothing. "
        "Effective rank (Roy & Vetterli, 2007): e to the entropy of the singular values as shares of their sum; far "
        "below the rank, a smaller rank would do."
    )
    if table["dora"].any():
        st.caption(
            "This adapter uses DoRA, which scales each changed column once more; that is left out here."
        )


def _map(table: pd.DataFrame, chosen: str) -> None:
    names = table["name"].tolist()

    @guarded_callback
    def on_cell() -> None:
        if data := picked_data(_CHART):
            st.query_params["matrix"] = names[int(data[0])]

    show_chart(map_chart(table, selected=chosen, theme=current_theme()), _CHART, on_select=on_cell)


def _one(table: pd.DataFrame, chosen: str) -> None:
    names = table["name"].tolist()
    key = "matrix of the adapter"
    st.session_state[key] = chosen

    def take() -> None:
        st.query_params["matrix"] = st.session_state[key]

    st.selectbox("Weight matrix", names, key=key, on_change=take)
    row = table[table["name"] == chosen].iloc[0]
    drawn = spectrum(
        row["spectrum"], name=chosen, effective=float(row["effective_rank"]), theme=current_theme()
    )
    show_chart(drawn, "adapter spectrum")
    facts = [
        f"‖ΔW‖ {significant(float(row['change']))}",
        f"‖W‖ {significant(float(row['whole']))}",
        f"{100 * float(row['share']):.2g} %",
        f"{int(row['rows']):,} × {int(row['columns']):,}",
        f"rank {int(row['rank'])}",
    ]
    st.caption(escape_markdown(" · ".join(facts)))
