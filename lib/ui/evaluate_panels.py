"""What the Evaluate page can show beneath its answer: one line a view."""

from lib.ui.budget_view import has_budget, show_budget
from lib.ui.compare_view import show_comparison
from lib.ui.evaluate_data import Evaluation
from lib.ui.panels import Panel
from lib.ui.views import view_of

PANELS: tuple[Panel[Evaluation], ...] = (
    Panel(
        "mistakes",
        "Mistakes",
        ":material/fact_check:",
        lambda found: True,
        lambda found: view_of(found.output).review(found),
    ),
    Panel("compare", "Compare", ":material/compare_arrows:", lambda found: True, show_comparison),
    Panel("budget", "More labels", ":material/trending_up:", has_budget, show_budget),
)
