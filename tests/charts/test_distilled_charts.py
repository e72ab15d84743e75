"""The charts of a distilled run: where each model stands, and on which labels the student loses."""

import pandas as pd

from lib.analysis.distilled import Estimate
from lib.charts.kept_by_label import kept_by_label
from lib.charts.tradeoff import Point, tradeoff
from tests.charts.test_every_chart import KEPT, NASTY, SIDES


def names(figure) -> list[str]:
    return [note.text.split(",")[0] for note in figure.layout.annotations]


def test_every_model_is_named_beside_its_mark() -> None:
    chart = tradeoff(SIDES, "macro_f1", rows=9)
    assert names(chart.figure) == ["teacher", "student", "no teacher"]


def test_the_dotted_line_joins_the_models_that_no_other_beats() -> None:
    chart = tradeoff(SIDES, "macro_f1", rows=9)
    assert list(chart.figure.data[0].x) == [100.0, 200.0]
    assert list(chart.figure.data[0].y) == [0.78, 0.8]


def test_a_teacher_that_is_slower_and_no_better_is_left_out_of_the_line() -> None:
    worse = Point("teacher", Estimate(0.5), 200.0, 91.0, 1, None)
    chart = tradeoff([worse, SIDES[1]], "macro_f1", rows=9)
    assert list(chart.figure.data[0].x) == [100.0]


def test_where_lower_is_better_the_axis_says_so() -> None:
    chart = tradeoff(SIDES, "perplexity", rows=9, higher_is_better=False)
    assert "lower is better" in chart.figure.layout.yaxis.title.text
    # The control has the least, so only it stands on the front.
    assert list(chart.figure.data[0].y) == [0.77]


def test_the_axis_of_costs_begins_at_zero() -> None:
    assert tradeoff(SIDES, "macro_f1", cost="disk", rows=9).figure.layout.xaxis.range[0] == 0


def test_labels_stand_with_the_largest_loss_first() -> None:
    chart = kept_by_label(KEPT, rows=3)
    assert chart.data["label"].tolist() == [NASTY, "b"] or chart.data["gap"].is_monotonic_increasing
    assert list(chart.figure.data[1].x) == chart.data["teacher"].tolist()


def test_gaps_within_noise_are_thinner_than_those_beyond() -> None:
    table = pd.DataFrame(
        {
            "label": ["sure", "unsure"], "support": [100, 3], "teacher": [0.9, 0.9], "student": [0.5, 0.6],
            "gap": [-0.4, -0.3], "gap_low": [-0.5, -0.9], "gap_high": [-0.3, 0.2],
            **{f"{side}_{end}": [0.1, 0.1] for side in ("teacher", "student") for end in ("low", "high")},
        }
    )  # fmt: skip
    sure, unsure = kept_by_label(table, rows=103).figure.layout.shapes
    assert sure.line.width > unsure.line.width and sure.opacity > unsure.opacity
