"""What the Evaluate page can show beneath its answer: one line a view."""

from lib.ui import label_check
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
    Panel("labels", "Labels", ":material/rule:", label_check.serves, label_check.show_label_check),
)
