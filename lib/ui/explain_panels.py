"""What the Explain page can show of one row: one line a view."""

from lib.ui.explain_attention import show_attention
from lib.ui.explain_example import Example
from lib.ui.explain_relevance import show_relevance
from lib.ui.panels import Panel
from lib.ui.tokens_of_example import serves_example_tokens, show_example_tokens

PANELS: tuple[Panel[Example], ...] = (
    Panel("attention", "Attention", ":material/grid_view:", lambda example: True, show_attention),
    Panel(
        "relevance", "Relevance", ":material/format_ink_highlighter:", lambda example: True, show_relevance
    ),
    Panel("tokens", "Token probabilities", ":material/segment:", serves_example_tokens, show_example_tokens),
)
