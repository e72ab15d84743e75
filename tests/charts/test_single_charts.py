"""What the smaller charts show; what all charts promise is in test_every_chart.py."""

import re

import numpy as np
import pytest

from lib.analysis.balance import label_counts
from lib.analysis.confusion import ConfusionMatrix
from lib.analysis.per_class import per_class as table_of
from lib.charts.baselines import baselines
from lib.charts.labels import label_balance
from lib.charts.lengths import lengths
from lib.charts.per_class import per_class
from lib.charts.probabilities import probabilities
from lib.charts.text import escaped, percent, shortened, wrapped


def written(chart) -> list[str]:
    return [note.text for note in chart.figure.layout.annotations]


def ticks(chart) -> list[str]:
    return list(chart.figure.layout.yaxis.ticktext)


def heading(chart) -> str:
    return chart.figure.layout.title.text


def test_labels_are_listed_worst_first_with_their_rows_and_lead_back_to_the_table():
    matrix = ConfusionMatrix.from_counts(["good", "poor", "fair"], [[9, 1, 0], [3, 2, 0], [1, 1, 6]])
    table = table_of(matrix)
    chart = per_class(table)
    assert ticks(chart) == ["poor (5)", "good (10)", "fair (8)"]
    (dots,) = chart.figure.data
    assert [table.iloc[place]["label"] for (place,) in dots.customdata] == ["poor", "good", "fair"]
    assert list(dots.x) == pytest.approx(sorted(table["f1"]))
    ends = [(shape.x0, shape.x1) for shape in chart.figure.layout.shapes]
    assert ends == list(table.sort_values("f1")[["f1_low", "f1_high"]].itertuples(index=False, name=None))


def test_of_many_labels_only_the_worst_are_drawn_and_all_are_in_the_numbers():
    names = [f"{n:03d}" for n in range(100)]
    chart = per_class(table_of(ConfusionMatrix.of(names, names)), measure="recall", top=25)
    assert len(ticks(chart)) == 25 and len(chart.data) == 100
    # The subtitle is broken into lines of its own markup; the words are there in order.
    assert "the worst 25 of 100 labels" in re.sub(r"<[^>]+>", " ", heading(chart)).replace("  ", " ").replace(
        "  ", " "
    )


def test_bars_of_all_splits_make_up_the_rows_of_a_label():
    counts = label_counts(["a"] * 6 + ["b"] * 2, ["train"] * 4 + ["test"] * 4)
    chart = label_balance(counts)
    assert {tuple(bar.x) for bar in chart.figure.data} == {(4, 0), (2, 2)}
    assert written(chart) == ["6 · 75.0 %", "2 · 25.0 %"]
    assert heading(chart).startswith("a has 3.0 times the rows of b<br>")
    assert "train" in heading(chart) and "test" in heading(chart)


def test_shares_are_of_each_split_by_itself():
    counts = label_counts(["a"] * 6 + ["b"] * 2, ["train"] * 4 + ["test"] * 4)
    assert [list(bar.x) for bar in label_balance(counts, by="share").figure.data] == [[100, 0], [50, 50]]


def test_labels_beyond_the_top_are_summed_up():
    counts = label_counts([f"{n:02d}" for n in range(40)] * 2)
    chart = label_balance(counts, top=30)
    assert ticks(chart)[-1] == "10 more" and written(chart)[-1] == "20 · 25.0 %"
    assert len(chart.data) == 40
    assert heading(chart).startswith("The labels are about even")


def test_no_counts_cannot_be_drawn():
    with pytest.raises(ValueError, match="no labels"):
        label_balance(label_counts([]))


def test_every_text_is_in_one_bar_of_its_length():
    values = np.random.default_rng(0).integers(0, 300, 5000)
    data = lengths(values).data
    assert data["rows"].sum() == 5000
    for row in data.itertuples():
        assert row.rows == ((values >= row[1]) & (values <= row.to)).sum()


def test_the_share_a_limit_cuts_off_is_said():
    chart = lengths([10] * 95 + [200] * 5, max_length=128, unit="tokens")
    assert heading(chart).startswith("A limit of 128 tokens cuts 5 % of the texts")
    (line,) = chart.figure.layout.shapes
    assert line.x0 == 128.5
    assert heading(lengths([10, 20], max_length=20)).startswith(
        "No text is longer than the limit of 20 words"
    )
    assert "less than 1 %" in heading(lengths([1] * 999 + [50], max_length=20))


def test_the_longest_texts_share_the_last_bar_and_the_chart_says_so():
    chart = lengths([10] * 999 + [10_000])
    assert chart.data["rows"].sum() == 1000 and chart.data["to"].max() == 10_000
    assert "the last bar holds 1 up to 10,000" in heading(chart)


def test_no_lengths_cannot_be_drawn():
    with pytest.raises(ValueError, match="no lengths"):
        lengths([])


def test_the_likeliest_labels_come_first_and_the_true_one_is_always_there():
    labels = [f"l{n:02d}" for n in range(20)]
    scores = np.arange(20) / 190
    chart = probabilities(labels, scores, gold="l03", top=5)
    assert ticks(chart) == ["l19", "l18", "l17", "l16", "l15", "<b>l03 ✓</b>"]
    assert "14 more labels share" in heading(chart)
    assert heading(chart).startswith("l19, 10.0 %")
    assert len(chart.data) == 20


def test_a_label_keeps_the_colour_of_its_run():
    bars = probabilities(["a", "b"], [0.2, 0.8], colours={"a": "#111111", "b": "#222222"}).figure.data[1]
    assert list(bars.marker.color) == ["#222222", "#111111"]


def test_probabilities_must_fit_the_labels():
    with pytest.raises(ValueError, match="2 labels but 1"):
        probabilities(["a", "b"], [1.0])


def test_the_model_stands_among_its_baselines_best_first():
    chart = baselines("macro_f1", 0.58, {"majority": 0.14, "tfidf": 0.60}, interval=(0.55, 0.61), rows=1421)
    assert ticks(chart) == ["TF-IDF", "<b>this model</b>", "most frequent label"]
    assert written(chart) == ["0.60", "0.58", "0.14"]
    (interval,) = chart.figure.layout.shapes
    assert (interval.x0, interval.x1, interval.y0) == (0.55, 0.61, 1)
    assert chart.alt == "macro-F1 on 1,421 test rows: TF-IDF 0.60, this model 0.58, most frequent label 0.14."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<b>a</b>", "&lt;b&gt;a&lt;/b&gt;"),
        ("a & b", "a &amp; b"),
        ("&lt;", "&amp;lt;"),
        ("a\n\tb", "a b"),
        ("%{x}", "%\u2060{x}"),
        (3, "3"),
    ],
)
def test_text_is_escaped_for_plotly(text, expected):
    assert escaped(text) == expected


def test_text_is_shortened_and_wrapped():
    assert shortened("abcdefgh", 5) == "abcd…" and shortened("abc", 5) == "abc"
    assert wrapped("one two three", 7) == ["one two", "three"] and wrapped("", 7) == [""]


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0.0 %"), (0.0001, "<0.1 %"), (0.62, "62.0 %"), (0.9999, ">99.9 %"), (1, "100.0 %")],
)
def test_percentages_never_round_to_none_or_all(share, text):
    assert percent(share) == text
