"""A figure with what belongs to it: its description for those who cannot see it, and its numbers."""

from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go


@dataclass(frozen=True, eq=False)
class Chart:
    """What every function in lib.charts returns.

    `alt` is one sentence with the main numbers, for screen readers. `data` holds what the figure shows, one
    row per mark, for download. The text in it is raw: escape formulas when writing a CSV file.
    """

    figure: go.Figure
    alt: str
    data: pd.DataFrame
