import numpy as np
import pytest

from lib.charts.overlay import Curve, overlay
from lib.charts.parallel import MOST_AXES, parallel


def curves(count: int, points: int = 50) -> list[Curve]:
    x = np.arange(points, dtype=float)
    return [Curve(n + 1, f"run {n}", x, np.sin(x / 9) + n / 50, n) for n in range(count)]


@pytest.mark.parametrize("count", [1, 2, 12, 40])
def test_every_run_has_its_line_and_its_number_in_one_colour(count: int) -> None:
    figure = overlay(curves(count), what="loss").figure
    assert len(figure.data) == count
    numbers = {note.text: note.font.color for note in figure.layout.annotations}
    assert list(sorted(numbers, key=lambda text: int(text[3:-4]))) == [
        f"<b>{n}</b>" for n in range(1, count + 1)
    ]
    for n, trace in enumerate(figure.data, start=1):
        assert trace.line.color == numbers[f"<b>{n}</b>"]


def test_the_first_24_runs_have_colours_of_their_own_and_runs_of_a_group_share_one() -> None:
    assert len({trace.line.color for trace in overlay(curves(24), what="loss").figure.data}) == 24
    same = [Curve(c.number, c.name, c.x, c.y, 0) for c in curves(3)]
    assert len({trace.line.color for trace in overlay(same, what="loss").figure.data}) == 1


@pytest.mark.parametrize("count", [1, 40])
def test_long_curves_are_thinned_to_what_a_page_may_hold_and_spikes_stay(count: int) -> None:
    long = curves(count, 50_000)
    long[0].y[31_234] = 99.0
    chart = overlay(long, what="loss", smooth=True)
    assert max(len(trace.x) for trace in chart.figure.data) <= 2000
    assert len(chart.figure.to_json()) < 5_000_000
    assert max(float(np.max(trace.y)) for trace in chart.figure.data) == 99.0


def test_smoothing_keeps_what_was_measured_faint_beneath() -> None:
    figure = overlay(curves(2), what="loss", smooth=True).figure
    assert [trace.opacity for trace in figure.data] == [0.25, 1.0, 0.25, 1.0]


def test_values_that_are_not_finite_are_left_out_and_an_empty_run_is_not_drawn() -> None:
    x = np.arange(4.0)
    chart = overlay(
        [Curve(1, "a", x, np.array([1, np.nan, np.inf, 2.0])), Curve(2, "b", x, np.full(4, np.nan))],
        what="loss",
    )
    assert [list(trace.y) for trace in chart.figure.data] == [[1.0, 2.0]]
    assert overlay([], what="loss").alt == "loss of 0 runs by step; last values: none."


def test_numbers_at_one_place_are_moved_apart() -> None:
    x = np.arange(5.0)
    notes = overlay(
        [Curve(n, "a", x, np.ones(5), n) for n in range(1, 13)], what="loss"
    ).figure.layout.annotations
    heights = sorted(note.yshift for note in notes)
    assert min(np.diff(heights)) >= 13


def test_an_axis_over_orders_of_magnitude_counts_in_powers_of_ten() -> None:
    figure = parallel({"rate": [1e-5, 1e-3, 1e-4], "size": [8, 16, 32]}, [0.5, 0.6, 0.7], "macro_f1").figure
    rate, size, score = figure.data[0].dimensions
    assert list(rate.values) == [-5, -3, -4] and list(rate.ticktext) == ["1e-05", "0.0001", "0.001"]
    assert list(size.values) == [8, 16, 32] and list(score.values) == [0.5, 0.6, 0.7]


def test_there_are_never_more_axes_than_can_be_read_and_three_runs_at_least() -> None:
    options = {f"option {n}": [1.0, 2.0, 3.0] for n in range(9)}
    assert len(parallel(options, [0.1, 0.2, 0.3], "x").figure.data[0].dimensions) == MOST_AXES + 1
    with pytest.raises(ValueError, match="three runs"):
        parallel({"a": [1, 2]}, [0.1, 0.2], "x")
