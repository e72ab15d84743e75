"""Tables and charts as files to keep: CSV that no spreadsheet runs as formulas, and pages that work offline."""

import plotly.graph_objects as go

from lib.data.csv_file import csv_bytes

__all__ = ["csv_bytes", "html_page"]


def html_page(figure: go.Figure) -> str:
    """The chart as one HTML file with everything in it."""
    return str(figure.to_html(include_plotlyjs=True, full_html=True, config={"displaylogo": False}))
