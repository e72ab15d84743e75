import base64
import json

import numpy as np
import pytest

from lib.analysis.confusion import ConfusionMatrix
from lib.charts.confusion import brushed, clicked, confusion
from lib.charts.text import compact

COUNTS = np.array([[8, 2, 0], [5, 90, 5], [0, 1, 4]])
SMALL = ConfusionMatrix.from_counts(["a", "b", "c"], COUNTS)


def many(labels: int, rows: int = 20_000) -> ConfusionMatrix:
    random = np.random.default_rng(labels)
    gold = random.integers(0, labels, rows)
    guess = np.where(random.random(rows) < 0.6, gold, random.integers(0, labels, rows))
    names = np.array([f"a label with a long name {place:04d}" for place in range(labels)], dtype=object)
    return ConfusionMatrix.of(names[gold], names[guess], labels=list(names))


def markers(chart) -> dict[tuple[int, int], tuple[float, float]]:
    """Where each marker stands (x, y), by the first two numbers of its customdata."""
    traces = [trace for trace in chart.figure.data if trace.customdata is not None]
    return {
        (int(data[0]), int(data[1])): (float(x), float(y))
        for trace in traces
        for data, x, y in zip(trace.customdata, trace.x, trace.y, strict=True)
    }


def shown(chart) -> np.ndarray:
    """The heatmap's colours, 0 to 255, as drawn from top to bottom and left to right."""
    return np.asarray(chart.figure.data[0].z)


@pytest.mark.parametrize("labels", [1, 2, 30, 50])
def test_every_cell_and_every_label_has_exactly_one_marker(labels):
    found = markers(confusion(many(labels)))
    cells = {(i, j) for i in range(labels) for j in range(labels)}
    heads = {(i, -1) for i in range(labels)} | {(-1, j) for j in range(labels)}
    assert set(found) == cells | heads


def test_markers_stand_where_the_order_puts_their_labels():
    order = [2, 0, 1]
    found = markers(confusion(SMALL, order=order))
    for y, i in enumerate(order):
        for x, j in enumerate(order):
            assert found[i, j] == (x, y)
        assert found[i, -1] == (-1, y)
        assert found[-1, i] == (y, 3)


def test_cells_stand_where_the_order_puts_their_labels_and_show_their_counts():
    heatmap = confusion(SMALL, order=[2, 0, 1]).figure.data[0]
    assert [list(row) for row in heatmap.text] == [["4", "", "1"], ["", "8", "2"], ["5", "5", "90"]]


@pytest.mark.parametrize(
    ("colour", "expected"),
    [
        ("row", COUNTS / COUNTS.sum(axis=1, keepdims=True)),
        ("column", COUNTS / COUNTS.sum(axis=0)),
        ("count", np.log1p(COUNTS) / np.log1p(90)),
    ],
)
def test_colour_is_the_share_or_the_log_of_the_rows(colour, expected):
    np.testing.assert_allclose(shown(confusion(SMALL, colour=colour)) / 255, expected, atol=1 / 255)


def test_hiding_the_diagonal_scales_the_colours_to_the_mistakes():
    colours = shown(confusion(SMALL, hide_diagonal=True))
    assert np.diagonal(colours).tolist() == [0, 0, 0]
    assert colours[0, 1] == 255 and colours[1, 0] == round(255 * 0.05 / 0.2)
    assert shown(confusion(ConfusionMatrix.of(["a"], ["a"]), hide_diagonal=True)).tolist() == [[0]]


@pytest.mark.parametrize(
    ("selected", "x", "y"),
    [
        ((1, 2), (0.5, 1.5), (1.5, 2.5)),
        ((1, None), (-1.5, 2.5), (1.5, 2.5)),
        ((None, 2), (0.5, 1.5), (-0.5, 3.5)),
    ],
)
def test_the_selected_cell_row_or_column_is_outlined(selected, x, y):
    (shape,) = confusion(SMALL, order=[0, 2, 1], selected=selected).figure.layout.shapes
    assert (shape.x0, shape.x1) == x and (shape.y0, shape.y1) == y


def test_true_labels_run_down_and_every_axis_is_numeric_with_names_as_ticks():
    layout = confusion(SMALL, order=[2, 0, 1]).figure.layout
    assert layout.yaxis.range[0] > layout.yaxis.range[1]
    for axis in (layout.xaxis, layout.yaxis):
        assert list(axis.tickvals) == [0, 1, 2] and list(axis.ticktext) == ["c", "a", "b"]


@pytest.mark.parametrize("labels", [51, 120, 300])
def test_above_fifty_labels_every_cell_that_holds_rows_and_every_label_has_one_marker(labels):
    matrix = many(labels, rows=3000)
    found = markers(confusion(matrix))
    cells = set(zip(matrix.true.tolist(), matrix.predicted.tolist(), strict=True))
    assert set(found) == cells | {(i, -1) for i in range(labels)} | {(-1, j) for j in range(labels)}


@pytest.mark.parametrize(("rows", "kind"), [(4_000, "scatter"), (20_000, "scattergl")])
def test_few_markers_are_shapes_of_the_page_and_many_are_not(rows, kind):
    cells = confusion(many(120, rows)).figure.data[3]
    assert cells.type == kind and (len(cells.x) <= 3_000) is (kind == "scatter")


@pytest.mark.parametrize(
    ("labels", "text", "names", "kind"),
    [
        (30, True, True, "scatter"),
        (31, False, True, "scatter"),
        (50, False, True, "scatter"),
        (51, False, False, "scatter"),
    ],
)
def test_detail_drawn_follows_the_number_of_labels(labels, text, names, kind):
    figure = confusion(many(labels)).figure
    assert (figure.data[0].text is not None) is text
    assert figure.layout.xaxis.showticklabels is names
    assert {trace.type for trace in figure.data} == {"heatmap", kind}


def test_no_marker_is_visible_not_even_beside_a_selected_one():
    for trace in confusion(SMALL).figure.data:
        if trace.type == "scatter":
            assert (
                trace.marker.opacity == trace.selected.marker.opacity == trace.unselected.marker.opacity == 0
            )


@pytest.mark.parametrize("labels", [50, 300, 1000])
def test_the_page_message_stays_below_five_megabytes(labels):
    chart = confusion(many(labels), colour="count")
    assert len(chart.figure.to_json()) < 5_000_000


def test_colours_travel_as_one_byte_each():
    z = json.loads(confusion(many(120)).figure.to_json())["data"][0]["z"]
    assert z["dtype"] == "u1" and len(base64.b64decode(z["bdata"])) == 120 * 120


def test_above_three_hundred_labels_mistaken_cells_and_all_labels_can_be_clicked():
    matrix = many(301, rows=3000)
    found = markers(confusion(matrix))
    wrong = {(int(i), int(j)) for i, j in zip(matrix.true, matrix.predicted, strict=True) if i != j}
    assert {cell for cell in found if -1 not in cell} == wrong
    assert len(found) == len(wrong) + 2 * 301


def test_what_can_be_clicked_among_a_thousand_labels_is_seen():
    figure = confusion(many(301, rows=3000)).figure
    assert figure.data[3].marker.opacity > 0.4 and figure.data[3].unselected.marker.opacity > 0.4


@pytest.mark.parametrize(
    ("box", "frames"),
    [
        (([2, 0], [1]), [(1.5, 2.5, -0.5, 1.5)]),
        (([1], [0, 1, 2]), [(-0.5, 2.5, 1.5, 2.5)]),
        (([2, 1], [0]), []),
    ],
)
def test_a_box_is_outlined_where_its_labels_stand_together(box, frames):
    shapes = confusion(SMALL, order=[2, 0, 1], box=box).figure.layout.shapes
    assert [(shape.x0, shape.x1, shape.y0, shape.y1) for shape in shapes] == frames


def test_with_a_brush_dragging_draws_a_box():
    assert confusion(many(301, rows=3000), brush=True).figure.layout.dragmode == "select"
    assert confusion(many(301, rows=3000)).figure.layout.dragmode is False


def test_names_that_look_like_markup_are_shown_as_they_are():
    matrix = ConfusionMatrix.of(["<b>bold</b>", "50%{x}"], ["50%{x}", "<a href='x'>y</a>"])
    figure = confusion(matrix).figure
    texts = [
        *figure.layout.xaxis.ticktext,
        *(text for trace in figure.data for text in trace.hovertext or ()),
    ]
    assert any("&lt;b&gt;bold" in text for text in texts)
    for text in texts:
        plain = text.replace("<b>", "").replace("</b>", "").replace("<br>", "")
        assert "<" not in plain and "%{" not in plain
    assert not any("<b>bold" in text for text in texts)


def test_long_names_are_cut_at_the_axis_and_whole_on_hover():
    name = "a label with a rather long name"
    figure = confusion(ConfusionMatrix.of([name, "b"], [name, name])).figure
    assert figure.layout.yaxis.ticktext[0] == "a label with…"
    assert any(name in text for text in figure.data[-1].hovertext)


def test_numbers_in_cells_are_short():
    assert [compact(n) for n in (0, 999, 1000, 1999, 9999, 18514, 3_400_000)] == [
        "0",
        "999",
        "1.0k",
        "1.9k",
        "9.9k",
        "18k",
        "3.4M",
    ]


@pytest.mark.parametrize(
    ("customdata", "cell"),
    [
        ([1, 2, 40], (1, 2)),
        ({"0": 1, "1": 2, "2": 40}, (1, 2)),
        (np.array([0, 0, 3]), (0, 0)),
        ([3, -1], (3, None)),
        ([-1, 0], (None, 0)),
        ([-1, -1], None),
        ([], None),
        (None, None),
        ({"0": 1}, None),
        ("12", None),
    ],
)
def test_a_click_is_read_in_either_form_streamlit_hands_it_over(customdata, cell):
    assert clicked(customdata) == cell


def test_a_dragged_box_gives_the_labels_whose_middle_it_holds_from_any_corner():
    order = [4, 3, 2, 1, 0]
    assert brushed({"x": [2.2, 0.6], "y": [0.4, -0.7]}, order) == ([4], [3, 2])
    assert brushed({"x": [-9, 99], "y": [1.1, 1.9]}, order) == ([], [4, 3, 2, 1, 0])


def test_the_description_names_rows_mistakes_and_the_worst_pair():
    alt = confusion(SMALL, split="validation").alt
    assert alt == (
        "Confusion matrix of 3 labels on 115 validation rows, 13 wrong; most often b taken for a, 5 rows."
    )
    assert confusion(ConfusionMatrix.of(["a"], ["a"])).alt.endswith("on 1 test row, 0 wrong.")


def test_a_reduced_matrix_does_not_claim_to_know_how_many_rows_are_wrong():
    chart = confusion(many(60).reduced(20))
    assert "20,000 test rows, the 20 most confused of 60 labels" in chart.alt
    assert "wrong" not in chart.figure.layout.title.text
    (head,) = (text for text in chart.figure.data[-1].hovertext if text.startswith("<b>truly (other)"))
    assert head.endswith(" of 40 labels")


def test_the_numbers_behind_it_are_the_filled_cells():
    data = confusion(SMALL).data
    assert data["rows"].sum() == 115 and len(data) == 7


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match="once"):
        confusion(SMALL, order=[0, 1, 1])
    with pytest.raises(ValueError, match="no labels"):
        confusion(ConfusionMatrix.of([], []))
