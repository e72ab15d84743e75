"""What the Evaluate page can show beneath its answer: one line a view."""

from lib.ui.evaluate_data import Evaluation
from lib.ui.evaluate_two_labels import has_two_labels, show_two_labels
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
    Panel("two-labels", "Two labels", ":material/align_vertical_center:", has_two_labels, show_two_labels),
)
