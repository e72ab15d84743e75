"""The probabilities that a model gave to every label, beside the truth: what calibration and thresholds are made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

# A probability of exactly 0 would make an infinite loss; float32 cannot tell less than this apart.
SMALLEST = float(np.finfo(np.float32).tiny)
# Probabilities held at once while working row by row: 4 million of 4 bytes are 16 MB.
_CHUNK = 4_000_000


@dataclass(frozen=True, eq=False)
class Chances:
    """Judged rows of one right label each.

    `probabilities` is float32[rows, labels], rows summing to 1; `gold` int64[rows], the place of the true label, −1 for
    one that the model does not know; `correct` bool[rows], whether the likeliest label is the true one.
    """

    probabilities: np.ndarray
    gold: np.ndarray
    correct: np.ndarray

    @classmethod
    def of(cls, probabilities: Any, gold: Any, labels: Sequence[str]) -> "Chances":
        """From the names of the true labels. Raises ValueError for shapes that do not fit together."""
        table = np.asarray(probabilities, dtype=np.float32).reshape(-1, len(labels))
        if len(table) != len(gold):
            raise ValueError(f"{len(table)} rows of probabilities but {len(gold)} true labels")
        place = {label: number for number, label in enumerate(labels)}
        numbers = np.array([place.get(str(name), -1) for name in gold], dtype=np.int64)
        best = table.argmax(axis=1) if len(table) else np.zeros(0, dtype=np.int64)
        return cls(table, numbers, best == numbers)

    def __len__(self) -> int:
        return len(self.gold)

    @cached_property
    def confidence(self) -> np.ndarray:
        """The probability of the likeliest label: float64[rows]."""
        if not len(self):
            return np.zeros(0)
        return self.probabilities.max(axis=1).astype(np.float64)

    @cached_property
    def of_gold(self) -> np.ndarray:
        """The probability of the true label, 0 where the model does not know it: float64[rows]."""
        found = self.probabilities[np.arange(len(self)), np.maximum(self.gold, 0)].astype(np.float64)
        return np.where(self.gold >= 0, found, 0.0)

    @property
    def known(self) -> np.ndarray:
        """Rows whose true label the model knows: bool[rows]."""
        return self.gold >= 0

    def losses(self) -> np.ndarray:
        """−ln p of the true label (natural logarithm), missing where the model does not know it: float64[rows]."""
        return np.where(self.known, -np.log(np.maximum(self.of_gold, SMALLEST)), np.nan)

    def at(self, temperature: float) -> "Chances":
        """The same rows with every logit divided by `temperature` (> 0), which never changes the likeliest label.

        softmax(z/T) is p^(1/T) made to sum to 1, so the probabilities alone are enough (Guo et al. 2017, section 4.2).
        """
        if not temperature > 0:
            raise ValueError(f"a temperature is above 0, not {temperature}")
        if temperature == 1:
            return self
        scaled = np.empty_like(self.probabilities)
        for rows in chunks(*self.probabilities.shape):
            logs = np.log(np.maximum(self.probabilities[rows], SMALLEST)) / np.float32(temperature)
            logs -= logs.max(axis=1, keepdims=True)
            powers = np.exp(logs)
            scaled[rows] = powers / powers.sum(axis=1, keepdims=True)
        return Chances(scaled, self.gold, self.correct)


def chunks(rows: int, labels: int) -> list[slice]:
    """Parts of the rows, none with so many probabilities that copies of it would fill the memory."""
    step = max(1, _CHUNK // max(labels, 1))
    return [slice(start, start + step) for start in range(0, rows, step)]
