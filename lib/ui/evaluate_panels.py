"""What the Evaluate page can show beneath its answer: one line a view."""

from lib.ui.adapter_panel import serves_adapter, show_adapter
from lib.ui.evaluate_data import Evaluation
from lib.ui.forgetting_panel import serves_forgetting, show_forgetting
from lib.ui.panels import Panel
from lib.ui.tokens_panel import serves_tokens, show_tokens
from lib.ui.views import view_of
from lib.ui.vote_panel import serves_vote, show_vote

PANELS: tuple[Panel[Evaluation], ...] = (
    Panel(
        "mistakes",
        "Mistakes",
        ":material/fact_check:",
        lambda found: True,
        lambda found: view_of(found.output).review(found),
    ),
    Panel("tokens", "Token probabilities", ":material/segment:", serves_tokens, show_tokens),
    Panel("vote", "Blind vote", ":material/how_to_vote:", serves_vote, show_vote),
    Panel("adapter", "What the adapter changes", ":material/grid_on:", serves_adapter, show_adapter),
    Panel("forgetting", "Regression check", ":material/history_edu:", serves_forgetting, show_forgetting),
)
