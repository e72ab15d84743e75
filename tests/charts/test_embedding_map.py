"""The map of rows: every row is one mark, and what is chosen stands out."""

import numpy as np
import pandas as pd
import pytest

from lib.charts.embedding import MOST_COLOURS, embedding_map


def points(rows: int = 30, labels: int = 3) -> pd.DataFrame:
    random = np.random.default_rng(0)
    gold = [f"<b>{n % labels}" for n in range(rows)]
    return pd.DataFrame(
        {
            "row": range(100, 100 + rows), "x": random.normal(size=rows), "y": random.normal(size=rows),
            "gold": gold, "predicted": gold, "correct": [n % 5 > 0 for n in range(rows)],
            "loss": random.random(rows), "nearest": [[0]] * rows,
        }
    )  # fmt: skip


@pytest.mark.parametrize("colour", ["gold", "predicted", "correct", "loss"])
@pytest.mark.parametrize("labels", [1, 3, 20])
def test_every_row_is_one_mark_that_knows_its_place(colour, labels: int) -> None:
    chart = embedding_map(points(labels=labels), colour=colour, split="test")
    places = [place for trace in chart.figure.data for (place,) in trace.customdata]
    assert sorted(places) == list(range(30))
    assert len(chart.figure.data) <= MOST_COLOURS + 1
    assert "nearest" not in chart.data


def test_what_is_chosen_stands_out_and_the_open_row_is_ringed() -> None:
    chosen = np.arange(30) < 4
    chart = embedding_map(points(), colour="correct", split="test", chosen=chosen, opened=7)
    *traces, ring = chart.figure.data
    strength = {place: o for t in traces for (place,), o in zip(t.customdata, t.marker.opacity, strict=True)}
    assert all((strength[place] > 0.5) == chosen[place] for place in range(30))
    assert ring.customdata == ([7],) and ring.x[0] == points()["x"][7]


def test_labels_are_text_and_the_words_name_rows_and_split() -> None:
    chart = embedding_map(points(), colour="gold", split="validation", together=0.5)
    assert "&lt;b&gt;0" in chart.figure.data[0].hovertext[0]
    assert "30 validation rows" in chart.alt and "50.0 %" in chart.alt
