"""Brings a data set of the Hub by its name: look what there is, choose a part, read a sample or all of it."""

import streamlit as st

from lib.data.hub_data import SAMPLE_ROWS, HubData, describe_hub_data, parse_hub_name, take_hub
from lib.errors import UserError
from lib.ui import hand as hands
from lib.ui.frame import guarded_callback, hold_back
from lib.ui.numbers import count
from lib.ui.staging import stage_table
from lib.ui.words import escape_markdown

_NAME = "name of hub data"
_FOUND = "_hub data looked at"
_ROWS = {500: "500", SAMPLE_ROWS: f"{SAMPLE_ROWS:,}", 10_000: "10,000", 0: "all"}


def show_bring_hub() -> None:
    """The field for a name; below it, once the Hub was asked, what may be read of the data set."""
    if _NAME not in st.session_state:
        st.session_state[_NAME] = st.query_params.get("hub", "")
    name = st.text_input(
        "Name of the data set",
        key=_NAME,
        placeholder="org/name",
        help="As its page writes it. Data sets that are made by a program are not read; files of theirs are.",
    )
    st.button(
        "Look it up", icon=":material/search:", disabled=not name.strip(), on_click=_look, key="look up hub"
    )
    found: HubData | None = st.session_state.get(_FOUND)
    if found is not None and found.name in name:
        _choose(found)


def _choose(found: HubData) -> None:
    configs = list(found.configs)
    config = configs[0]
    if len(configs) > 1:
        start = configs.index("default") if "default" in configs else 0
        config = st.selectbox("Configuration", configs, start, key="hub config")
    there = found.configs[config]
    splits = st.multiselect(
        "Splits",
        list(there),
        list(there)[:3],
        format_func=lambda split: (
            f"{split} ({count(there[split], 'row')})" if there.get(split) else str(split)
        ),
        key=f"hub splits {config}",
    )
    rows = st.segmented_control(
        "Rows of each split", list(_ROWS), default=SAMPLE_ROWS, format_func=lambda value: _ROWS[value], key="hub rows",
        required=True, help="A sample is spread over the split where its size is known, as many are sorted by label.",
    )  # fmt: skip
    st.caption(f"{escape_markdown(found.name)} at commit {found.sha[:8]}.")
    if st.button(
        "Read it", type="primary", icon=":material/cloud_download:", disabled=not splits, key="read hub"
    ):
        _read(found, config, splits, rows or None)


def _read(found: HubData, config: str, splits: list[str], rows: int | None) -> None:
    bar = st.progress(0.0, "Reading from the Hub")

    def tell(done: int, total: int) -> None:
        words = f"{count(done, 'row')} read"
        bar.progress(min(done / total, 1.0) if total else 0.0, words)

    try:
        table = take_hub(found, config, splits, rows=rows, on_progress=tell)
        token = stage_table(table, f"hub {found.sha} {config} {splits} {rows}")
        hands.put_away(data=hands.in_hand().data)
        st.query_params["upload"] = token
        st.query_params.pop("hub", None)
        st.session_state.pop(_FOUND, None)
    except UserError as error:
        hold_back(error.problems)
    st.rerun()


@guarded_callback
def _look() -> None:
    text = str(st.session_state.get(_NAME, ""))
    st.session_state.pop(_FOUND, None)
    st.query_params["hub"] = text
    name, _, revision = parse_hub_name(text)
    with st.spinner("Asking the Hub"):
        st.session_state[_FOUND] = describe_hub_data(name, revision)
