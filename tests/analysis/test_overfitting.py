"""Overfitting is said when losses on seen and unseen rows differ by ratio and by size, at the step that is kept."""

import pytest

from lib.analysis.overfitting import overfitting


def records(train: list[float], validation: dict[int, float]) -> list[dict[str, object]]:
    learned = [
        {"step": step, "split": "train", "name": "loss", "value": value}
        for step, value in enumerate(train, 1)
    ]
    held = [
        {"step": step, "split": "validation", "name": "loss", "value": v} for step, v in validation.items()
    ]
    return [*learned, *held]


CASES = [
    ("far apart", [3.0] * 50 + [0.5] * 50, {100: 2.0}, 100, True),
    ("close together", [1.0] * 100, {100: 1.3}, 100, False),
    ("a large ratio of tiny losses", [0.01] * 100, {100: 0.2}, 100, False),
    ("apart only after the step that was kept", [1.0] * 50 + [0.1] * 50, {50: 1.1, 100: 2.0}, 50, False),
    ("no validation loss", [1.0] * 100, {}, 100, False),
    ("nothing measured", [], {}, 0, False),
]


@pytest.mark.parametrize(
    ("name", "train", "validation", "best", "said"), CASES, ids=[case[0] for case in CASES]
)
def test_it_is_said_only_where_it_is_so(
    name: str, train: list[float], validation: dict[int, float], best: int, said: bool
) -> None:
    found = overfitting(records(train, validation), best_step=best)
    assert (found is not None) == said
    if found:
        assert found.severity == "warning"
        assert "0.50 on training rows, 2.0 on validation rows" in found.what
