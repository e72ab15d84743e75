"""What the Evaluate page can show beneath its answer: one line a view."""

from lib.ui import label_check
from lib.ui.adapter_panel import serves_adapter, show_adapter
from lib.ui.budget_view import has_budget, show_budget
from lib.ui.compare_view import show_comparison
from lib.ui.evaluate_calibration import show_calibration
from lib.ui.evaluate_changes import can_be_changed
from lib.ui.evaluate_data import Evaluation
from lib.ui.evaluate_map import can_be_mapped, show_map
from lib.ui.evaluate_robustness import show_robustness
from lib.ui.evaluate_slices import show_slices
from lib.ui.evaluate_thresholds import show_thresholds
from lib.ui.evaluate_training import serves_training, show_training
from lib.ui.evaluate_two_labels import has_two_labels, show_two_labels
from lib.ui.forgetting_panel import serves_forgetting, show_forgetting
from lib.ui.label_chances import has_labels
from lib.ui.panels import Panel
from lib.ui.slice_data import can_be_sliced
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
    Panel("two-labels", "Two labels", ":material/align_vertical_center:", has_two_labels, show_two_labels),
    Panel("slices", "Slices", ":material/data_table:", can_be_sliced, show_slices),
    Panel("calibration", "Calibration", ":material/speed:", has_labels, show_calibration),
    Panel("thresholds", "Thresholds", ":material/tune:", has_labels, show_thresholds),
    Panel("training", "Over training", ":material/timeline:", serves_training, show_training),
    Panel("tokens", "Token probabilities", ":material/segment:", serves_tokens, show_tokens),
    Panel("vote", "Blind vote", ":material/how_to_vote:", serves_vote, show_vote),
    Panel("adapter", "What the adapter changes", ":material/grid_on:", serves_adapter, show_adapter),
    Panel("forgetting", "Regression check", ":material/history_edu:", serves_forgetting, show_forgetting),
    Panel("compare", "Compare", ":material/compare_arrows:", lambda found: True, show_comparison),
    Panel("labels", "Labels", ":material/rule:", label_check.serves, label_check.show_label_check),
    Panel("budget", "More labels", ":material/trending_up:", has_budget, show_budget),
    Panel("map", "Map", ":material/scatter_plot:", can_be_mapped, show_map),
    Panel("robustness", "Small changes", ":material/shield:", can_be_changed, show_robustness),
)
