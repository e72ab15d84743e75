"""What the Explain page can show of one row: one line a view."""

from lib.ui.explain_example import Example
from lib.ui.panels import Panel
from lib.ui.tokens_of_example import serves_example_tokens, show_example_tokens

PANELS: tuple[Panel[Example], ...] = (
    Panel("tokens", "Token probabilities", ":material/segment:", serves_example_tokens, show_example_tokens),
)
