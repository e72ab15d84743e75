"""Which view shows which shape of prediction; a shape without one of its own is shown plainly."""

from lib.tasks.outputs import (
    Continuation,
    LabelScores,
    ManyLabels,
    MaskedTokens,
    Number,
    Output,
    Spans,
    Text,
    TokenLabels,
)
from lib.ui.view import View
from lib.ui.view_continuation import ContinuationView
from lib.ui.view_entities import EntityView
from lib.ui.view_labels import LabelView
from lib.ui.view_many_labels import ManyLabelsView
from lib.ui.view_masked import MaskedView
from lib.ui.view_number import NumberView
from lib.ui.view_spans import SpanView
from lib.ui.view_text import TextView

_VIEWS: dict[str, View] = {
    Continuation.kind: ContinuationView(),
    LabelScores.kind: LabelView(),
    ManyLabels.kind: ManyLabelsView(),
    MaskedTokens.kind: MaskedView(),
    Number.kind: NumberView(),
    Spans.kind: SpanView(),
    Text.kind: TextView(),
    TokenLabels.kind: EntityView(),
}
_PLAIN = View()


def view_of(output: Output) -> View:
    """The view of the output's shape."""
    return _VIEWS.get(output.kind, _PLAIN)
