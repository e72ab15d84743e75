from lib.analysis.balance import label_counts


def test_rows_are_counted_by_label_and_split_with_most_first_and_splits_in_their_usual_order():
    table = label_counts(["a", "b", "b", "b", None, "a"], ["test", "train", "train", "test", "test", "train"])
    assert table.values.tolist() == [
        ["b", "train", 2, 2 / 3],
        ["b", "test", 1, 1 / 2],
        ["a", "train", 1, 1 / 3],
        ["a", "test", 1, 1 / 2],
    ]


def test_a_label_missing_from_a_split_has_a_row_of_none():
    table = label_counts(["a", "b"], ["train", "other"])
    assert table.set_index(["label", "split"]).loc[("a", "other"), "rows"] == 0


def test_without_splits_all_rows_count_together():
    assert label_counts(["a", "a", "b"])["split"].unique().tolist() == ["all"]


def test_labels_that_are_numbers_are_taken_by_name():
    assert label_counts([1, 2, 2])["label"].tolist() == ["2", "1"]


def test_no_rows_give_no_counts():
    assert label_counts([], []).empty
