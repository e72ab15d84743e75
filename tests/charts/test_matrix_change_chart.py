import numpy as np
import pytest

from lib.analysis.matrix_change import MatrixChange
from lib.charts.matrix_change import matrix_change, signed

GOLD = ["a"] * 6 + ["b"] * 4
CHANGE = MatrixChange.of(GOLD, list("aaabbb") + list("bbba"), list("aaaaab") + list("bbaa"))


def many(labels: int, rows: int = 20_000) -> MatrixChange:
    random = np.random.default_rng(labels)
    names = np.array([f"a label with a long name {place:04d}" for place in range(labels)], dtype=object)
    gold = random.integers(0, labels, rows)
    sides = [np.where(random.random(rows) < p, gold, random.integers(0, labels, rows)) for p in (0.5, 0.6)]
    return MatrixChange.of(names[gold], names[sides[0]], names[sides[1]], labels=tuple(names))


def test_colours_are_symmetric_around_a_neutral_zero() -> None:
    heatmap = matrix_change(CHANGE).figure.data[0]
    assert np.asarray(heatmap.z).tolist() == [[127, -127], [64, -64]]
    assert (heatmap.zmin, heatmap.zmax) == (-127, 127)
    for theme in ("light", "dark"):
        scale = matrix_change(CHANGE, theme=theme).figure.data[0].colorscale
        assert [colour for place, colour in scale if place == 0.5] == [
            "#F3F1EC" if theme == "light" else "#1E2630"
        ]


def test_a_cell_says_its_change_with_a_sign_and_an_unchanged_one_is_blank() -> None:
    assert [list(row) for row in matrix_change(CHANGE).figure.data[0].text] == [["+2", "−2"], ["+1", "−1"]]
    alike = MatrixChange.of(GOLD, GOLD, GOLD)
    assert [list(row) for row in matrix_change(alike).figure.data[0].text] == [["", ""], ["", ""]]


def test_the_share_of_the_true_label_scales_each_row_by_its_rows() -> None:
    z = np.asarray(matrix_change(CHANGE, scale="row").figure.data[0].z)
    np.testing.assert_allclose(z / 127, np.array([[2 / 6, -2 / 6], [1 / 4, -1 / 4]]) * 3, atol=0.01)


def test_gathered_cells_do_not_fade_the_others() -> None:
    names = [f"label {number}" for number in range(40)]
    gold = [name for name in names for _ in range(3)]
    other = [names[0]] * 3 + gold[3:6] + [names[39]] * (len(gold) - 6)
    change = MatrixChange.of(gold, other, gold).reduced(5)
    assert change.counts[-1, -1] > 10 * np.abs(change.counts[:-1, :-1]).max() > 0
    z = np.asarray(matrix_change(change).figure.data[0].z)
    assert np.abs(z[:-1, :-1]).max() == z[-1, -1] == 127


@pytest.mark.parametrize("labels", [1, 2, 30, 50])
def test_every_cell_and_every_label_has_exactly_one_marker(labels: int) -> None:
    figure = matrix_change(many(labels, rows=2000)).figure
    found = [
        (int(data[0]), int(data[1]))
        for trace in figure.data
        if trace.customdata is not None
        for data in trace.customdata
    ]
    assert len(found) == len(set(found)) == labels * labels + 2 * labels


def test_above_fifty_labels_only_cells_that_differ_can_be_clicked() -> None:
    change = many(51, rows=2000)
    cells = matrix_change(change).figure.data[-2].customdata
    assert len(cells) == len(change.cells[2]) and not (cells[:, 2] == 0).any()


@pytest.mark.parametrize("labels", [50, 300, 1000])
def test_the_page_message_stays_below_five_megabytes(labels: int) -> None:
    assert len(matrix_change(many(labels)).figure.to_json()) < 5_000_000


@pytest.mark.parametrize(
    ("rows", "text"), [(12, "+12"), (-3, "−3"), (0, "0"), (1234, "+1.2k"), (-18_514, "−18k")]
)
def test_a_change_is_short_and_signed(rows: int, text: str) -> None:
    assert signed(rows) == text


def test_the_description_names_the_largest_change_and_the_rows() -> None:
    assert matrix_change(CHANGE, split="validation").alt == (
        "Difference of two confusion matrices of 2 labels on the same 10 validation rows; most of all a "
        "predicted as a, 2 more rows than in the other run."
    )
    assert matrix_change(MatrixChange.of(GOLD, GOLD, GOLD)).alt.endswith("no cell differs.")
