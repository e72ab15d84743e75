"""Published files with real defects are read in full (skipped where the shared data is not at hand)."""

from pathlib import Path

import pytest

from lib.data.read import read_table
from lib.data.table import Table

NASTY = Path(__file__).parents[3] / "shared" / "data" / "nasty"
pytestmark = pytest.mark.skipif(
    not NASTY.is_dir(), reason="the shared data sets are not beside the repository"
)

FILES = {
    "spam.csv": (5_572, 3, "cp1252"),
    "genius_hip_hop_lyrics.csv": (377, 9, "cp1252"),
    "realDonaldTrump.csv": (3_232, 7, "cp1252"),
    "StarWars.csv": (1_187, 38, "cp1252"),
    "cabinet-turnover.csv": (379, 8, "utf-8"),
    "marvel-wikia-data.csv": (16_376, 13, "utf-8"),
    "drugsComTrain.tsv": (600, 7, "utf-8"),
    "name_gender_147k.csv": (147_269, 4, "utf-8"),
}


def read(name: str) -> Table:
    return read_table(NASTY / name)


@pytest.mark.parametrize("name", FILES)
def test_every_row_and_column_is_read_and_nothing_set_aside(name: str) -> None:
    table = read(name)
    assert (*table.frame.shape, table.format["encoding"], table.rejected) == (*FILES[name], ())


def test_spam_keeps_its_labels_and_its_pounds() -> None:
    table = read("spam.csv")
    assert table.frame["label"].value_counts().to_dict() == {"ham": 4_825, "spam": 747}
    assert "£1.50 to rcv" in table.frame["Text"][5]
    assert "garbled-text" in {problem.code for problem in table.problems}


MENDED = [
    ("spam.csv", "Text", "å£", "claim £5000 prize"),
    ("realDonaldTrump.csv", "text", "‰Ûª", "There’s never been anyone more"),
    ("genius_hip_hop_lyrics.csv", "song", "Ì©", ""),
]


@pytest.mark.parametrize(("name", "column", "garbled", "right"), MENDED, ids=[case[0] for case in MENDED])
def test_text_that_was_encoded_twice_is_put_right_and_the_original_kept(
    name: str, column: str, garbled: str, right: str
) -> None:
    table = read(name)
    assert table.originals is not None and table.originals["before"].str.contains(garbled).any()
    assert not table.frame[column].str.contains(garbled, na=False).any()
    assert right == "" or table.frame[column].str.contains(right, regex=False, na=False).any()
    first = table.originals.iloc[0]
    assert table.frame[first["column"]][first["row"] - 1] == first["after"]


def test_lyrics_with_bytes_that_no_codec_knows_say_how_many_lines_hold_them() -> None:
    assert any(
        repair.startswith("8 lines held bytes") for repair in read("genius_hip_hop_lyrics.csv").repairs
    )


def test_tweets_keep_carriage_returns_inside_quoted_cells() -> None:
    frame = read("realDonaldTrump.csv").frame
    assert frame["text"].str.count("\r").sum() == 774
    assert set(frame["user"]) == {"realDonaldTrump"}


def test_two_header_rows_are_warned_about() -> None:
    assert "second-header" in {problem.code for problem in read("StarWars.csv").problems}


def test_unnamed_empty_columns_are_dropped_and_counted() -> None:
    assert "2 empty columns were removed (column_9, column_10)." in read("cabinet-turnover.csv").repairs


def test_missing_labels_stay_missing() -> None:
    assert read("marvel-wikia-data.csv").frame["ALIGN"].isna().sum() == 2_812


def test_tripled_quotes_leave_one_pair_and_the_blank_header_gets_a_name() -> None:
    frame = read("drugsComTrain.tsv").frame
    assert frame.columns[0] == "column_1"
    assert frame["review"][2].startswith('"HORRIBLE! I was not myself')
    assert set(frame["rating"]) == {"positive", "negative", "neutral"}


def test_a_mark_does_not_stick_to_the_first_name() -> None:
    assert list(read("name_gender_147k.csv").frame.columns) == ["Name", "Gender", "Count", "Probability"]
