"""The data sets that come with Atelier."""

import pytest

from lib.data.examples import EXAMPLES, Example, load_example
from lib.data.profile import conflicts, profile_table
from lib.errors import UserError


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_an_example_reads_without_repairs_and_holds_what_it_says(example: Example) -> None:
    table = load_example(example.name)
    # What is no table says how it was read.
    said = {
        "zip": ("Read as 240 images in 3 class folders.",),
        "jsonl": ("Read as JSON Lines, one column for each key.",),
    }.get(example.file.rpartition(".")[2], ())
    assert (len(table.frame), table.repairs, table.rejected, table.problems) == (example.rows, said, (), ())
    assert set(example.columns.values()) <= set(table.frame.columns)
    assert table.frame.notna().all(axis=None)


def test_the_tickets_are_all_different_and_of_four_topics() -> None:
    frame = load_example("support-tickets").frame
    assert conflicts(frame, "text", "label") == ()
    assert dict(profile_table(frame).column("label").top) == {
        "delivery": 120,
        "product quality": 105,
        "billing": 95,
        "account access": 80,
    }
    assert frame["text"].str.split().str.len().between(8, 30).all()


def test_an_unknown_example_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(UserError, match="support-tickets"):
        load_example("nothing")
