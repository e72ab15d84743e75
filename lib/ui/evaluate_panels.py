"""What the Evaluate page can show beneath its answer: one line a view."""

from lib.ui.evaluate_calibration import show_calibration
from lib.ui.evaluate_data import Evaluation
from lib.ui.evaluate_slices import show_slices
from lib.ui.evaluate_thresholds import show_thresholds
from lib.ui.label_chances import has_labels
from lib.ui.panels import Panel
from lib.ui.slice_data import can_be_sliced
from lib.ui.views import view_of

PANELS: tuple[Panel[Evaluation], ...] = (
    Panel(
        "mistakes",
        "Mistakes",
        ":material/fact_check:",
        lambda found: True,
        lambda found: view_of(found.output).review(found),
    ),
    Panel("calibration", "Calibration", ":material/speed:", has_labels, show_calibration),
    Panel("thresholds", "Thresholds", ":material/tune:", has_labels, show_thresholds),
    Panel("slices", "Slices", ":material/data_table:", can_be_sliced, show_slices),
)
