"""The formats as cards: what each is for, and why one cannot be had for this run."""

import streamlit as st

from lib.export import EXPORTS
from lib.export.base import Export
from lib.export.source import Source
from lib.ui.words import escape_markdown

STYLE = """
<style>
[class*="st-key-format-"] { height: 100%; }
.st-key-format-chosen { border-color: var(--atelier-accent) !important; box-shadow: 0 0 0 1px var(--atelier-accent); }
[class*="st-key-format-refused"] { background: var(--atelier-hover); }
[class*="st-key-format-"] [data-testid="stButton"] { margin-top: auto; }
</style>
"""


def choose_format(source: Source) -> Export | None:
    """A card for each format; the chosen one is in the address. None while nothing is chosen."""
    st.html(STYLE)
    refusals = {export.name: export.refused(source) for export in EXPORTS}
    asked = st.query_params.get("format")
    chosen = next((one for one in EXPORTS if one.name == asked and refusals[one.name] is None), None)
    with st.grid(4, min_column_width=230, key="export-formats"):
        for export in EXPORTS:
            _card(export, refusals[export.name], chosen is export)
    return chosen


def _card(export: Export, refusal: str | None, chosen: bool) -> None:
    standing = "chosen" if chosen else f"refused-{export.name}" if refusal else f"open-{export.name}"
    with st.container(border=True, key=f"format-{standing}", gap="small", height="stretch"):
        st.markdown(f"{export.icon} **{escape_markdown(export.title)}**")
        st.caption(escape_markdown(export.serves))
        if refusal:
            with st.popover("Not for this run", icon=":material/block:", type="tertiary"):
                st.markdown(escape_markdown(refusal))
        elif chosen:
            st.markdown(":material/check: Chosen below")
        else:
            st.button(
                "Choose", type="tertiary", key=f"choose {export.name}", on_click=_choose, args=(export.name,),
                help=escape_markdown(export.summary),
            )  # fmt: skip


def _choose(name: str) -> None:
    st.query_params["format"] = name
