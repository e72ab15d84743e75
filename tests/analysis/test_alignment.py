"""What a written text copies from its source and what is new in it, worked out by hand."""

import math

import pytest

from lib.analysis.alignment import (
    MEASURES,
    MOST_WORDS,
    alignment,
    alignment_table,
    copied_runs,
    novel_words,
    word_changes,
    words_of,
)

SOURCE = "A storm hit Bremen on Monday. It left 1,200 homes in the town dark, the mayor said."


def runs(source: str, written: str) -> list[str]:
    words = words_of(written)
    return [
        written[words[run.start].start : words[run.end - 1].end]
        for run in copied_runs(words_of(source), words)
    ]


def marked(source: str, written: str) -> list[tuple[str, str]]:
    """New words with their kinds."""
    words = words_of(written)
    new = novel_words(words_of(source), words)
    return [(written[w.start : w.end], w.kind) for w, is_new in zip(words, new, strict=True) if is_new]


@pytest.mark.parametrize(
    ("written", "copied"),
    [
        ("The storm left homes in the town dark.", ["homes in the town dark"]),
        ("homes in the dark", ["homes in the"]),
        ("On Monday, a STORM hit.", ["On Monday", "a STORM hit"]),
        ("A storm in the town hit Bremen", ["A storm", "in the town", "hit Bremen"]),
        ("Bremen storm", []),
        ("", []),
    ],
)
def test_runs_of_two_words_and_more_that_the_source_has(written: str, copied: list[str]) -> None:
    assert runs(SOURCE, written) == copied


def test_the_longest_run_wins_over_an_earlier_one() -> None:
    assert runs("a b x. a b c d", "a b c d") == ["a b c d"]
    words = words_of("a b c d")
    assert copied_runs(words_of("a b x. a b c d"), words)[0].source == 3


@pytest.mark.parametrize(
    ("written", "new"),
    [
        ("A storm hit Hamburg.", [("Hamburg", "name")]),
        ("Hamburg was hit.", [("Hamburg", "word"), ("was", "word")]),
        ("NASA left.", [("NASA", "name")]),
        ("It left 1200 homes.", []),
        ("It left 12 homes.", [("12", "number")]),
        ("I said 3.5", [("I", "word"), ("3.5", "number")]),
        ("It left. Dark. Homes", []),
        ("the B52", [("B52", "number")]),
    ],
)
def test_new_words_numbers_and_names(written: str, new: list[tuple[str, str]]) -> None:
    assert marked(SOURCE, written) == new


def test_the_measures_of_a_row_by_hand() -> None:
    found = alignment(SOURCE, "A storm hit Hamburg and left 12 homes in the town.")
    # Pairs: a-storm, storm-hit, hit-hamburg*, hamburg-and*, and-left*, left-12*, 12-homes*, homes-in, in-the, the-town.
    assert found["novel_bigrams"] == pytest.approx(5 / 10)
    assert found["novel_words"] == pytest.approx(3 / 11)
    assert found["novel_facts"] == 2 and found["copy_length"] == 4 and found["repetition"] == 0


def test_repetition_is_the_share_of_runs_of_three_that_stood_there_before() -> None:
    # Runs of three in "a b c a b c": abc, bca, cab, abc: one of four was there before.
    assert alignment("x", "a b c a b c")["repetition"] == pytest.approx(1 / 4)


@pytest.mark.parametrize(
    ("source", "written", "expected"),
    [
        ("a b", "", {"novel_bigrams": None, "novel_words": None, "copy_length": 0, "repetition": None}),
        ("", "a b", {"novel_bigrams": 1, "novel_words": 1, "copy_length": 0}),
        ("a x", "a", {"novel_bigrams": None, "novel_words": 0, "copy_length": 1}),
        ("a b", "a b", {"novel_bigrams": 0, "novel_words": 0, "copy_length": 2, "novel_facts": 0}),
        ("🙂🙂", "🙂", {"novel_words": None}),
        ("今日は雨", "今日は晴", {"novel_words": 1 / 4, "copy_length": 3}),
    ],
)
def test_texts_with_little_in_them(source: str, written: str, expected: dict[str, float | None]) -> None:
    found = alignment(source, written)
    for name, value in expected.items():
        assert math.isnan(found[name]) if value is None else found[name] == pytest.approx(value)


def test_a_table_has_every_measure_for_every_row() -> None:
    table = alignment_table(["a b c", ""], ["a b", ""])
    assert list(table) == list(MEASURES) and len(table) == 2
    assert len(alignment_table([], [])) == 0


def test_very_long_texts_are_cut() -> None:
    assert len(words_of("word " * (MOST_WORDS + 10))) == MOST_WORDS


@pytest.mark.parametrize(
    ("reference", "written", "changes"),
    [
        ("a b c", "a b c", [("same", "a b c")]),
        ("a b c", "A x c!", [("same", "A"), ("left out", "b"), ("same", " "), ("added", "x"), ("same", " "),
                             ("same", "c"), ("same", "!")]),
        ("a b", "", [("left out", "a b")]),
        ("", "a b", [("added", "a b")]),
        ("a", "a b", [("same", "a"), ("same", " "), ("added", "b")]),
    ],
)  # fmt: skip
def test_changes_against_the_reference(reference: str, written: str, changes: list[tuple[str, str]]) -> None:
    assert [tuple(piece) for piece in word_changes(reference, written)] == changes


def test_what_is_not_left_out_is_the_written_text_letter_by_letter() -> None:
    written = "  <b>Storm</b> & rain\nin 12 towns.  "
    kept = [piece.text for piece in word_changes("rain in 3 towns", written) if piece.change != "left out"]
    assert "".join(kept) == written
