"""How far a student attends differently from its teacher, layer by layer and head by head."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lib.analysis.divergence import head_divergence


def layer_map(student: int, teacher: int) -> list[int]:
    """For each of the student's layers the teacher's layer that it should be like: evenly spaced, last to last.

    TinyBERT's uniform mapping g(m) = m · teacher / student (Jiao et al., 2020), counted from 1 there and from 0 here.
    """
    return [max(0, round((layer + 1) * teacher / student) - 1) for layer in range(student)]


@dataclass(frozen=True, eq=False)
class TeacherAttention:
    """Jensen–Shannon divergences in bits, in [0, 1], of a student from the teacher's layers that it is held against.

    `layers` are those layers, from 0, one for each of the student's; `averaged` is float64[student layers], of the
    mean over each side's heads; `heads` is float64[student layers, heads], None where the two have other numbers.
    """

    layers: tuple[int, ...]
    averaged: np.ndarray
    heads: np.ndarray | None

    @classmethod
    def of(cls, student: np.ndarray, teacher: np.ndarray, layers: Sequence[int]) -> "TeacherAttention":
        """From float[layers, heads, queries, keys] of both, whose rows sum to 1, on the same tokens.

        Raises UserError when they are not on the same tokens.
        """
        held = teacher[list(layers)]
        means = (side.mean(axis=1, keepdims=True) for side in (student, held))
        averaged = head_divergence(*means)[:, 0]
        heads = head_divergence(student, held) if student.shape[1] == held.shape[1] else None
        return cls(tuple(layers), averaged, heads)
