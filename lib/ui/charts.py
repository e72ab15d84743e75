"""Charts on the page: in the theme that is on, with words for those who cannot see them, and to keep."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from lib.charts.chart import Chart
from lib.charts.colours import Theme
from lib.ui.downloads import csv_bytes, html_page


def current_theme() -> Theme:
    """The theme that is on in this browser, for the `theme` of the functions in lib.charts."""
    return "dark" if st.context.theme.type == "dark" else "light"


def show_chart(
    chart: Chart,
    key: str,
    *,
    on_select: Callable[[], None] | None = None,
    selection_mode: str | tuple[str, ...] = ("points",),
    downloads: bool = True,
) -> Any:
    """Show a chart across the width of its container, with a small button to keep it.

    With `on_select` (a callback; see `picked`) points can be picked. Returns Streamlit's event.
    """
    # Of Plotly's own buttons only the one that keeps a picture, seen while the pointer is on the chart: drawing a PNG
    # anywhere but in the browser would need a browser of our own.
    config = {
        "displaylogo": False,
        "modeBarButtons": [["toImage"]],
        "toImageButtonOptions": {"format": "png", "scale": 2, "filename": _file_name(key)},
        "responsive": True,
    } | ({} if downloads else {"displayModeBar": False})
    options: dict[str, Any] = {"on_select": on_select, "selection_mode": selection_mode} if on_select else {}
    # The figure brings its own template: Streamlit's would put a box and other fonts on it.
    event = st.plotly_chart(
        chart.figure, key=key, width="stretch", theme=None, config=config, alt=chart.alt, **options
    )
    if downloads:
        keep_row(chart, key)
    return event


def keep_row(chart: Chart, key: str) -> None:
    """A small menu with the chart's numbers (CSV) and the chart itself (HTML with everything in it)."""
    name = _file_name(key)
    with st.popover("Keep", icon=":material/download:", type="tertiary", key=f"{key} keep"):
        # Built when asked for, not on every run of the page.
        st.download_button(
            "Numbers (CSV)",
            lambda: csv_bytes(chart.data),
            f"{name}.csv",
            "text/csv",
            key=f"{key} csv",
            on_click="ignore",
            icon=":material/table:",
        )
        st.download_button(
            "Chart (HTML)",
            lambda: html_page(chart.figure),
            f"{name}.html",
            "text/html",
            key=f"{key} html",
            on_click="ignore",
            icon=":material/bar_chart:",
        )


def _file_name(key: str) -> str:
    return re.sub(r"\W+", "-", key).strip("-") or "chart"


def picked(key: str) -> dict[str, Any] | None:
    """The point picked last in the chart of that key, for use in its `on_select` callback.

    An empty selection (the same point clicked again, or a redraw) is None: keep what was picked before.
    """
    state = st.session_state.get(key) or {}
    points = state["selection"]["points"] if "selection" in state else []
    return points[0] if points else None


def dragged_box(key: str) -> dict[str, list[float]] | None:
    """The corners {"x": [two], "y": [two]} of the box dragged last in the chart of that key; None without one."""
    state = st.session_state.get(key) or {}
    boxes = state["selection"].get("box") if "selection" in state else None
    return boxes[-1] if boxes else None


def picked_data(key: str) -> list[Any]:
    """The customdata of the point picked last, as `picked`; empty without one. It comes as a list or as {"0": …}."""
    data = (picked(key) or {}).get("customdata")
    if isinstance(data, Mapping):
        return [data[name] for name in sorted(data, key=int)]
    return list(data) if isinstance(data, list | tuple) else []
