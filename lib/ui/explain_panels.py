"""What the Explain page can show of one row: one line a view."""

from lib.ui.explain_attention import show_attention
from lib.ui.explain_example import Example
from lib.ui.panels import Panel

PANELS: tuple[Panel[Example], ...] = (
    Panel("attention", "Attention", ":material/grid_view:", lambda example: True, show_attention),
)
