"""The charts of labelled spans: what a click on each mark stands for, and that boundary errors are seen."""

import pandas as pd
import pytest

from lib.analysis.entities import OUTCOMES, entity_table
from lib.analysis.entity_matrix import EntityMatrix
from lib.charts.confusion import clicked
from lib.charts.entities import entity_outcomes
from lib.charts.entity_matrix import entity_matrix

PAIRS = pd.DataFrame(
    [
        (0, "LOC", "LOC", "right"),
        (0, "LOC", "LOC", "wrong borders"),
        (1, "LOC", "PER", "wrong type"),
        (1, "PER", "LOC", "wrong type and borders"),
        (2, "PER", None, "missed"),
        (3, None, "PER", "spurious"),
        (3, None, "PER", "spurious"),
    ],
    columns=["place", "true", "predicted", "outcome"],
)
MATRIX = EntityMatrix.of(PAIRS, ["LOC", "PER"])


def test_every_cell_row_and_column_can_be_clicked_and_says_how_many_stand_behind_it() -> None:
    figure = entity_matrix(MATRIX).figure
    seen = {}
    for trace in figure.data[-2:]:
        for data, hover in zip(trace.customdata, trace.hovertext, strict=True):
            true, predicted = clicked(list(data)) or (None, None)
            names = [None if place is None else MATRIX.names[place] for place in (true, predicted)]
            seen[true, predicted] = len(MATRIX.chosen(PAIRS, true=names[0], predicted=names[1]))
            assert f"{seen[true, predicted]} entit" in hover
    assert len(seen) == 8 + 6
    assert seen[2, 1] == 2 and seen[1, 2] == 1 and seen[2, None] == 2 and seen[None, 0] == 3


def test_pairs_with_other_borders_stand_apart_in_their_cell() -> None:
    text = entity_matrix(MATRIX).figure.data[0].text
    assert [list(row) for row in text] == [["1+1", "1", ""], ["+1", "", "1"], ["", "2", ""]]


def test_its_numbers_are_the_filled_cells() -> None:
    data = entity_matrix(MATRIX).data.set_index(["true", "predicted"])
    assert data.loc[("LOC", "LOC"), ["entities", "same_borders", "other_borders"]].tolist() == [2, 1, 1]
    assert data.loc[("spurious", "PER"), "entities"] == 2 and data["entities"].sum() == len(PAIRS)


def test_a_thousand_types_are_gathered_to_a_message_of_less_than_a_megabyte() -> None:
    names = [f"type {number}" for number in range(1000)]
    pairs = pd.DataFrame(
        [(0, name, names[number - 1], "wrong type") for number, name in enumerate(names)],
        columns=PAIRS.columns,
    )
    chart = entity_matrix(EntityMatrix.of(pairs, names))
    assert len(chart.figure.to_json()) < 1_000_000 and chart.data["entities"].sum() == 1000


def test_without_types_there_is_no_chart() -> None:
    with pytest.raises(ValueError, match="no types"):
        entity_matrix(EntityMatrix.of(PAIRS.iloc[:0], []))


def test_the_parts_of_a_bar_are_all_outcomes_of_a_type_and_fill_it() -> None:
    table = entity_table(PAIRS, ["LOC", "PER"])
    figure = entity_outcomes(table).figure
    assert {trace.customdata[0][1] for trace in figure.data} == set(OUTCOMES)
    assert sum(trace.x[0] for trace in figure.data) == pytest.approx(100)
    for trace in figure.data:
        for (place, outcome), hover in zip(trace.customdata, trace.hovertext, strict=True):
            assert f"{outcome}: {table[outcome].iloc[place]} of" in hover
