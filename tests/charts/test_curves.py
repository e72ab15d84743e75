import numpy as np
import pandas as pd
import pytest

from lib.charts.curves import decimated, loss_curves, score_curves, smoothed


def metrics(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["step", "epoch", "split", "name", "value"])


RUN = metrics(
    *((step, step / 20, "train", "loss", 2.0 - step / 50) for step in range(1, 41)),
    *((step, step / 20, "validation", "loss", 1.5 - step / 100) for step in (20, 40)),
    *((step, step / 20, "validation", "macro_f1", step / 50) for step in (20, 40)),
    *((step, step / 20, "validation", "accuracy", step / 45) for step in (20, 40)),
)


def trace(chart, name):
    (found,) = (trace for trace in chart.figure.data if trace.name == name)
    return found


def written(chart) -> str:
    return " ".join(note.text for note in chart.figure.layout.annotations)


def test_a_curve_of_many_points_is_thinned_and_keeps_its_spikes_and_ends():
    x = np.arange(200_000.0)
    y = np.sin(x / 5000)
    y[123_457], y[55_001] = 40.0, -30.0
    thin_x, thin_y = decimated(x, y)
    assert len(thin_x) <= 2000
    assert thin_y.max() == 40 and thin_y.min() == -30
    assert (thin_x[0], thin_x[-1]) == (0, 199_999)
    assert (np.diff(thin_x) > 0).all()
    np.testing.assert_array_equal(y[thin_x.astype(int)], thin_y)


def test_a_short_curve_is_left_alone():
    x = np.arange(2000.0)
    assert decimated(x, x)[0] is x


def test_smoothing_keeps_a_constant_and_starts_at_the_first_value():
    assert smoothed(np.full(50, 3.0)) == pytest.approx(np.full(50, 3.0))
    values = smoothed(np.array([1.0, 0.0, 0.0]), span=3)
    assert values == pytest.approx([1.0, 0.5 / 1.5, 0.25 / 1.75])


def test_training_loss_is_drawn_faint_and_smoothed_and_validation_loss_as_it_is():
    chart = loss_curves(RUN)
    assert list(trace(chart, "train, each").y) == pytest.approx([2.0 - step / 50 for step in range(1, 41)])
    assert len(trace(chart, "train").y) == 40
    assert list(trace(chart, "validation").y) == pytest.approx([1.3, 1.1])
    assert "validation <b>1.10</b>" in written(chart)
    assert chart.alt.startswith("Loss up to step 40, epoch 2: train ")


def test_scores_are_those_of_validation_without_the_loss():
    chart = score_curves(RUN)
    assert [trace.name for trace in chart.figure.data] == ["macro-F1", "accuracy"]
    assert [trace.name for trace in score_curves(RUN, names=["accuracy"]).figure.data] == ["accuracy"]
    assert chart.alt == "Validation scores up to step 40, epoch 2: macro-F1 0.8, accuracy 0.889."


def test_the_best_checkpoint_is_marked():
    chart = loss_curves(RUN, best_step=20)
    (line,) = chart.figure.layout.shapes
    assert line.x0 == line.x1 == 20
    assert "best, step 20" in written(chart) and "best at step 20" in chart.alt


def test_a_loss_that_is_no_number_is_left_out_and_said():
    rows = [(step, 0.1, "train", "loss", float("nan") if step > 7 else 1.0) for step in range(1, 13)]
    chart = loss_curves(metrics(*rows))
    assert len(trace(chart, "train").x) == 7
    assert "not a number at step 8" in chart.figure.layout.title.text


def test_a_step_logged_again_after_a_resume_counts_once_with_its_last_value():
    chart = score_curves(metrics((5, 1, "validation", "mcc", 0.1), (5, 1, "validation", "mcc", 0.4)))
    assert list(trace(chart, "MCC").y) == [0.4]


def test_a_run_that_measured_nothing_yet_still_has_a_chart():
    for chart in (loss_curves(metrics()), score_curves(metrics(), best_step=3)):
        assert "nothing measured yet" in chart.figure.layout.title.text
        assert chart.alt.count("no values") == 1


def test_names_at_the_ends_do_not_overlap():
    rows = [(step, 1, "validation", name, 0.5) for step in (1, 2) for name in ("accuracy", "macro_f1", "mcc")]
    shifts = sorted(note.yshift for note in score_curves(metrics(*rows)).figure.layout.annotations)
    assert np.diff(shifts).min() >= 15


def test_a_long_run_stays_small():
    steps = np.arange(100_000)
    frame = pd.DataFrame(
        {"step": steps, "epoch": steps / 1000, "split": "train", "name": "loss", "value": np.cos(steps)}
    )
    assert len(loss_curves(frame).figure.to_json()) < 200_000
