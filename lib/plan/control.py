"""The control of a distilled run: the same student on the same rows, without a teacher in its loss."""

from lib.runs.spec import Spec

_INNER_LOSSES = ("hidden_loss", "attention_loss", "cosine_loss")


def control_of(spec: Spec, parent: str) -> Spec:
    """The spec of the control of a run: all as in `spec`, but nothing is learned from the teacher."""
    method = {**spec.method, "alpha": 0.0, "unlabelled": False, **dict.fromkeys(_INNER_LOSSES, 0.0)}
    return spec.changed(
        name=f"{spec.name}, no teacher" if spec.name else "", method=method, parent=parent, created=None
    )
