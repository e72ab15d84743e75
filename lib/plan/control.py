"""The control of a distilled run: the same student on the same rows, without a teacher in its loss."""

from lib.methods.distill import without_teacher
from lib.runs.spec import Spec


def control_of(spec: Spec, parent: str) -> Spec:
    """The spec of the control of a run: all as in `spec`, but nothing is learned from the teacher."""
    return spec.changed(
        name=f"{spec.name}, no teacher" if spec.name else "",
        method=without_teacher(spec.method),
        parent=parent,
        created=None,
    )
