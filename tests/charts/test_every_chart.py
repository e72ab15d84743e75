"""What every chart promises, whatever it shows."""

import numpy as np
import pandas as pd
import pytest

from lib.analysis.adapter_map import adapter_table
from lib.analysis.badness import Badness
from lib.analysis.balance import label_counts
from lib.analysis.bins import binned
from lib.analysis.budget import budget
from lib.analysis.calibration import reliability as reliability_bins
from lib.analysis.class_probabilities import class_probabilities as probabilities_by_class
from lib.analysis.confusion import ConfusionMatrix
from lib.analysis.coverage import Coverage
from lib.analysis.distilled import Estimate, by_label
from lib.analysis.entities import entity_table
from lib.analysis.entity_matrix import EntityMatrix
from lib.analysis.error_tree import error_tree as grown
from lib.analysis.faithfulness import faithfulness
from lib.analysis.forgetting import Forgetting
from lib.analysis.label_issues import find_issues
from lib.analysis.matrix_change import MatrixChange
from lib.analysis.per_class import per_class as table_of
from lib.analysis.seeds import SeedScore
from lib.analysis.slice_candidates import Slice
from lib.analysis.slices import slice_table
from lib.analysis.thresholds import Curve
from lib.analysis.trials import Trial
from lib.analysis.votes import Tally
from lib.charts.adapter_map import adapter_map
from lib.charts.attention_bars import attention_bars
from lib.charts.attention_change import attention_change
from lib.charts.attention_head import attention_head
from lib.charts.attention_mosaic import attention_mosaic
from lib.charts.baselines import baselines
from lib.charts.before_after import before_after
from lib.charts.budget import learning_curve
from lib.charts.candidates import candidates
from lib.charts.cell_curves import cell_curves
from lib.charts.changed_probabilities import changed_probabilities
from lib.charts.chart import Chart
from lib.charts.class_probabilities import class_probabilities
from lib.charts.confusion import confusion
from lib.charts.coverage import coverage
from lib.charts.curves import loss_curves, score_curves
from lib.charts.decisions import decisions
from lib.charts.entities import entity_outcomes
from lib.charts.entity_matrix import entity_matrix
from lib.charts.error_tree import error_tree
from lib.charts.errors import errors
from lib.charts.expected_cost import expected_cost
from lib.charts.faithfulness import faithfulness_chart
from lib.charts.forgetting import forgetting
from lib.charts.gains import gains
from lib.charts.kept_by_label import kept_by_label
from lib.charts.label_health import label_health
from lib.charts.label_joint import label_joint
from lib.charts.labels import label_balance
from lib.charts.lengths import lengths
from lib.charts.matrix_change import matrix_change
from lib.charts.number_line import number_line
from lib.charts.operating_curve import operating_curve
from lib.charts.overlay import Curve as RunCurve
from lib.charts.overlay import overlay
from lib.charts.parallel import parallel
from lib.charts.per_class import per_class
from lib.charts.preferred import preferred
from lib.charts.probabilities import probabilities
from lib.charts.reliability import reliability
from lib.charts.row_histogram import row_histogram
from lib.charts.row_losses import row_losses
from lib.charts.seeds import seed_strip
from lib.charts.slices import slices
from lib.charts.spectrum import spectrum
from lib.charts.tradeoff import Point, tradeoff
from lib.charts.trials import trials
from lib.charts.true_against_predicted import true_against_predicted
from lib.tasks.outputs import LabelScores

NASTY = "<b>x</b><script>alert(1)</script>\n%{y}" + "long " * 40
MATRIX = ConfusionMatrix.of([NASTY, "b", "b", "c"], ["b", "b", "b", NASTY])
ISSUES = find_issues(
    [NASTY, "b", "b", NASTY], np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8]]), (NASTY, "b")
)
MOVED_CELLS = pd.DataFrame(
    {"true": [NASTY, "b"], "predicted": ["b", NASTY], "rows": [np.array([4, 0]), np.array([1, 3])]}
)
CHANGE = MatrixChange.of([NASTY, "b", "b", "c"], ["b", "b", "c", "c"], [NASTY, "b", "b", NASTY])
PAIRS = pd.DataFrame(
    [(0, NASTY, None, "missed"), (0, "b", "b", "right"), (0, "b", NASTY, "wrong type and borders")],
    columns=["place", "true", "predicted", "outcome"],
)
ENTITIES = entity_table(PAIRS, ["b"])
KEPT = by_label(
    LabelScores((NASTY, "b")),
    {
        side: pd.DataFrame({"gold": [NASTY, "b", "b"], "predicted": guess})
        for side, guess in (
            ("teacher", [NASTY, "b", "b"]),
            ("student", [NASTY, NASTY, "b"]),
            ("control", ["b"] * 3),
        )
    },
)
SIDES = [
    Point("teacher", Estimate(0.8, 0.75, 0.85), 200.0, 91.0, 22_700_000, 240.0),
    Point("student", Estimate(0.78, 0.73, 0.83), 100.0, 70.0, 17_400_000, 120.0),
    Point("control", Estimate(0.77, 0.72, 0.82), 100.0, 70.0, 17_400_000, 120.0),
]
METRICS = pd.DataFrame(
    [
        (step, 1.0, split, name, 0.5 + step / 100)
        for step in range(20)
        for split, name in (("train", "loss"), ("validation", "loss"), ("validation", NASTY))
    ],
    columns=["step", "epoch", "split", "name", "value"],
)
CURVE = Curve.of(np.array([0.9, 0.6, 0.5, 0.1]), np.array([True, False, True, False]))
ADAPTER = adapter_table(
    [
        {"name": name, "stack": NASTY, "layer": layer, "matrix": NASTY, "rank": 2, "change": change, "whole": 2.0,
         "spectrum": [change, 0.0], "dora": False}
        for name, layer, change in ((NASTY, 0, 0.1), ("b", 1, 0.2), ("c", -1, 0.0))
    ]
)  # fmt: skip
PASSAGES = Forgetting(
    pd.DataFrame(
        {"name": [NASTY, "b"], "row": [0, 1], "tokens": [9, 8], "untuned": [2.0, 3.0], "tuned": [2.5, 2.9]}
    ),
    9.0,
    11.0,
    1.2,
    (0.9, 1.5),
)
WEIGHTS = np.array([[0.25, 0.75], [1.0, 0.0]])
BAD = Badness(np.repeat([1.0, 0.0], 40), "share wrong", True)
SLICES = [
    Slice("one", NASTY, "word", np.arange(80) < 45),
    Slice("two", "two", "word", np.arange(80) % 2 == 0),
]
CHARTS = {
    "adapter map": lambda theme, **more: adapter_map(ADAPTER, selected="b", theme=theme, **more),
    "before and after": lambda theme, **more: before_after(
        pd.DataFrame({"row": [4, 7], "untuned": [2.0, 3.0], "tuned": [1.5, 3.5]}),
        selected=7,
        theme=theme,
        **more,
    ),
    "forgetting": lambda theme, **more: forgetting(PASSAGES, selected=1, theme=theme, **more),
    "preferred": lambda theme, **more: preferred(
        Tally(3, 1, 1, 0), {"short": Tally(1, 1, 0, 0), "long": Tally(0, 0, 1, 0)}, theme=theme, **more
    ),
    "spectrum": lambda theme, **more: spectrum([2.0, 0.5], name=NASTY, effective=1.6, theme=theme, **more),
    "attention bars": lambda theme, **more: attention_bars(
        WEIGHTS[0], [NASTY, "b"], where=NASTY, theme=theme, **({"title": NASTY} | more)
    ),
    "attention change": lambda theme, **more: attention_change(
        np.array([[0.2, 0.0]]), selected=(0, 1), where=NASTY, theme=theme, **more
    ),
    "attention head": lambda theme, **more: attention_head(
        WEIGHTS, [NASTY, "b"], [NASTY, "b"], where=NASTY, selected=0, theme=theme, **({"title": NASTY} | more)
    ),
    "attention mosaic": lambda theme, **more: attention_mosaic(
        WEIGHTS[None, None], {"entropy": np.array([[0.5]])}, selected=(0, 0), where=NASTY, theme=theme, **more
    ),
    "baselines": lambda theme, **more: baselines(
        "macro_f1", 0.7, {"tfidf": 0.6, NASTY: 0.5}, interval=(0.6, 0.8), rows=9, theme=theme, **more
    ),
    "learning curve": lambda theme, **more: learning_curve(
        budget(
            NASTY,
            [10, 20, 40],
            np.array([0.5, 0.6, 0.65]),
            np.tile([0.5, 0.6, 0.65], (20, 1)) + np.linspace(-0.05, 0.05, 20)[:, None],
            higher_is_better=True,
        ),
        more=10,
        test_rows=9,
        theme=theme,
        **more,
    ),
    "candidates": lambda theme, **more: candidates([NASTY, "b"], [0.5, 0.2], number=2, theme=theme, **more),
    "class probabilities": lambda theme, **more: class_probabilities(
        probabilities_by_class(
            pd.DataFrame({"gold": [NASTY, "b"], "predicted": [NASTY, NASTY], "confidence": [0.9, 0.6]}),
            [NASTY, "b"],
        ),
        [NASTY, "b"],
        selected=(18, 0),
        theme=theme,
        **more,
    ),
    "changed_probabilities": lambda theme, **more: changed_probabilities(
        [NASTY, "b"], [0.9, 0.1], [0.4, 0.6], theme=theme, **more
    ),
    "faithfulness": lambda theme, **more: faithfulness_chart(
        faithfulness((1, 50), 0.9, (0.5, 0.1), (0.2, 0.8), [(0.9, 0.5), (0.7, 0.3)], [(0.1, 0.5)] * 2),
        units=NASTY,
        measure=NASTY,
        theme=theme,
        **more,
    ),
    "confusion": lambda theme, **more: confusion(MATRIX, theme=theme, selected=(0, 1), **more),
    "decisions": lambda theme, **more: decisions(
        [NASTY, "b"], [0.9, 0.1], [0.4, 0.5], gold=["b"], theme=theme, **more
    ),
    "entities": lambda theme, **more: entity_outcomes(ENTITIES, theme=theme, **more),
    "entity matrix": lambda theme, **more: entity_matrix(
        EntityMatrix.of(PAIRS, ["b"]), selected=(1, 0), theme=theme, **more
    ),
    "errors": lambda theme, **more: errors(
        np.array([-2.0, 0.5, 3.0]), unit=NASTY, spread=2.0, theme=theme, **more
    ),
    "reliability": lambda theme, **more: reliability(
        reliability_bins(np.repeat([0.55, 0.95], 30), np.arange(60) % 3 > 0),
        said=NASTY,
        note=NASTY,
        selected=(8, 9),
        theme=theme,
        **more,
    ),
    "operating curve": lambda theme, **more: operating_curve(
        CURVE, "roc", threshold=0.4, split="test", theme=theme, **more
    ),
    "expected cost": lambda theme, **more: expected_cost(
        CURVE, false_alarm=1, miss=3, threshold=0.4, chosen=0.2, validation=CURVE, theme=theme, **more
    ),
    "coverage": lambda theme, **more: coverage(
        Coverage.of(np.array([0.9, 0.6, 0.5]), np.array([True, False, True])), share=0.5, theme=theme, **more
    ),
    "slices": lambda theme, **more: slices(
        slice_table(SLICES, BAD),
        measure="share wrong",
        is_share=True,
        overall=0.5,
        rows=80,
        theme=theme,
        **more,
    ),
    "error tree": lambda theme, **more: error_tree(
        grown(SLICES, BAD), measure="share wrong", is_share=True, selected="1", theme=theme, **more
    ),
    "number line": lambda theme, **more: number_line(
        7.0, low=1.0, high=9.0, spread=2.0, unit=NASTY, gold=8.0, theme=theme, **more
    ),
    "true against predicted": lambda theme, **more: true_against_predicted(
        np.array([1.0, 2.0]), np.array([1.5, 1.8]), unit=NASTY, selected=0, theme=theme, **more
    ),
    "cell curves": lambda theme, **more: cell_curves(
        MOVED_CELLS, [4, 8], rows=9, selected=8, theme=theme, **more
    ),
    "gains": lambda theme, **more: gains(
        np.array([-2.0, 0.5, 0.0, 3.0]), kind="number", unit=NASTY, theme=theme, **more
    ),
    "matrix change": lambda theme, **more: matrix_change(CHANGE, theme=theme, selected=(0, 1), **more),
    "kept by label": lambda theme, **more: kept_by_label(KEPT, rows=3, theme=theme, **more),
    "label balance": lambda theme, **more: label_balance(
        label_counts([NASTY, "b"], ["train", "test"]), theme=theme, **more
    ),
    "label shares": lambda theme, **more: label_balance(
        label_counts([NASTY, "b"], ["train", "test"]), by="share", theme=theme, **more
    ),
    "label health": lambda theme, **more: label_health(ISSUES.health(), theme=theme, **more),
    "label joint": lambda theme, **more: label_joint(ISSUES, selected=(0, 1), theme=theme, **more),
    "lengths": lambda theme, **more: lengths([1, 5, 900], max_length=4, theme=theme, **more),
    "loss": lambda theme, **more: loss_curves(METRICS, best_step=3, theme=theme, **more),
    "overlay": lambda theme, **more: overlay(
        [RunCurve(n, NASTY, np.arange(20.0), np.arange(20.0) / n, n) for n in (1, 2)],
        what=NASTY,
        smooth=True,
        theme=theme,
        **more,
    ),
    "parallel": lambda theme, **more: parallel(
        {NASTY: [1e-5, 1e-4, 1e-3], "b": [8, 16, 16]}, [0.5, 0.7, 0.6], NASTY, theme=theme, **more
    ),
    "per class": lambda theme, **more: per_class(table_of(MATRIX), theme=theme, **more),
    "probabilities": lambda theme, **more: probabilities(
        [NASTY, "b"], [0.9, 0.1], gold="b", theme=theme, **more
    ),
    "row histogram": lambda theme, **more: row_histogram(
        binned([0.05, 0.5, 1.0], [0, 0.5, 1]), [NASTY, "b"], measure=NASTY, selected=1, theme=theme, **more
    ),
    "row losses": lambda theme, **more: row_losses([0.5, 2.0, float("nan")], mean=1.0, theme=theme, **more),
    "tradeoff": lambda theme, **more: tradeoff(SIDES, NASTY, rows=9, theme=theme, **more),
    "seeds": lambda theme, **more: seed_strip(
        NASTY, [SeedScore(1, 0.7, (0.6, 0.8)), SeedScore(2, 0.75)], rows=9, theme=theme, **more
    ),
    "trials": lambda theme, **more: trials(
        [
            Trial(1, "finished", {"where": NASTY, "rate": 1e-4}, (0.7,), 0.7),
            Trial(2, "pruned", {"where": "b", "rate": 1e-3}, (0.5,), 0.5),
            Trial(3, "cut", {"where": "b", "rate": 2e-3}, (0.8,), 0.8),
            Trial(4, "diverged", {"where": "b", "rate": 9e-3}),
        ],
        "where",
        score=NASTY,
        rows=9,
        option_title=NASTY,
        theme=theme,
        **more,
    ),
    "scores": lambda theme, **more: score_curves(METRICS, theme=theme, **more),
}


def texts(node: object) -> list[str]:
    """Every string in a figure's JSON that Plotly may draw."""
    if isinstance(node, dict):
        return [text for key, value in node.items() if key != "bdata" for text in texts(value)]
    if isinstance(node, list | tuple | np.ndarray):
        return [text for value in node for text in texts(value)]
    return [node] if isinstance(node, str) else []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", CHARTS)
def test_it_lets_the_page_shine_through_and_says_its_height_but_no_width(name, theme):
    chart = CHARTS[name](theme)
    assert isinstance(chart, Chart)
    layout = chart.figure.layout
    assert layout.template.layout.paper_bgcolor == layout.template.layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert layout.height > 100 and layout.width is None
    assert layout.paper_bgcolor is None


@pytest.mark.parametrize("name", CHARTS)
def test_the_two_themes_differ_in_colours_only(name):
    light, dark = CHARTS[name]("light"), CHARTS[name]("dark")
    assert light.alt == dark.alt and light.figure.layout.height == dark.figure.layout.height
    assert light.figure.layout.title.font.size == dark.figure.layout.title.font.size
    assert light.figure.to_json() != dark.figure.to_json()


@pytest.mark.parametrize("name", CHARTS)
def test_it_comes_with_a_sentence_and_with_its_numbers(name):
    chart = CHARTS[name]("light")
    assert chart.alt.endswith(".") and any(letter.isdigit() for letter in chart.alt)
    assert len(chart.data) and isinstance(chart.data, pd.DataFrame)


@pytest.mark.parametrize("name", CHARTS)
def test_its_title_can_be_said_otherwise_and_is_broken_to_fit_a_phone(name):
    chart = CHARTS[name](
        "light", title="Is <i>this</i> a title that goes on for longer than one line of a phone?"
    )
    lines = chart.figure.layout.title.text.split("<br>")
    assert lines[:2] == [
        "Is &lt;i&gt;this&lt;/i&gt; a title that goes on for",
        "longer than one line of a phone?",
    ]


@pytest.mark.parametrize("name", CHARTS)
def test_names_from_people_are_drawn_as_text_never_as_markup(name):
    for text in texts(CHARTS[name]("light").figure.to_plotly_json()):
        assert "<script" not in text and "<b>x" not in text and "%{y}long" not in text
        assert "\n" not in text


@pytest.mark.parametrize("name", CHARTS)
def test_dragging_does_not_hold_up_scrolling_on_a_phone(name):
    layout = CHARTS[name]("light").figure.layout
    assert layout.xaxis.fixedrange and layout.yaxis.fixedrange and layout.dragmode is False
