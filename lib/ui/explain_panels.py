"""What the Explain page can show of one row: one line a view."""

from lib.ui.explain_example import Example
from lib.ui.explain_relevance import show_relevance
from lib.ui.panels import Panel

PANELS: tuple[Panel[Example], ...] = (
    Panel(
        "relevance", "Relevance", ":material/format_ink_highlighter:", lambda example: True, show_relevance
    ),
)
