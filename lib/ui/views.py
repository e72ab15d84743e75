"""Which view shows which shape of prediction; a shape without one of its own is shown plainly."""

from lib.tasks.outputs import LabelScores, Output
from lib.ui.view import View
from lib.ui.view_labels import LabelView

_VIEWS: dict[str, View] = {
    LabelScores.kind: LabelView(),
}
_PLAIN = View()


def view_of(output: Output) -> View:
    """The view of the output's shape."""
    return _VIEWS.get(output.kind, _PLAIN)
