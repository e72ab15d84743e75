"""Judging written texts: checks of pairs, scores equal to the packages', fair simple methods."""

from importlib.metadata import version

import pandas as pd
import pytest
import sacrebleu
from rouge_score.rouge_scorer import RougeScorer

from lib.analysis.judged import score_intervals
from lib.tasks.brief import Brief
from lib.tasks.outputs import Text
from lib.tasks.text2text_generation import Text2TextGeneration
from lib.tasks.written_text import (
    TEXT_SCORES,
    check_pairs,
    copies,
    describe_texts,
    first_sentence,
    first_sentences,
    is_english,
    judge_texts,
    text_scores,
)

REFERENCES = [
    "The cat sat on the mat today.",
    "Police killed the gunman.",
    "A storm left 200 homes dark.",
    "Yes.",
]
WRITTEN = [
    "A cat sits on the mat today.",
    "police  killed the Gunman.",
    "The storm left many homes dark.",
    "",
]


def texts(values: list[str | None]) -> "pd.Series[str]":
    return pd.Series(values, dtype="str")


def frame(sources: list[str | None], targets: list[str | None]) -> pd.DataFrame:
    return pd.DataFrame({"source": texts(sources), "target": texts(targets)})


def some(count: int, word: str) -> list[str | None]:
    return [f"{word} words of row {number}" for number in range(count)]


BAD_ROWS = [
    ("no text at all", frame([None] * 50, some(50, "b")), "texts-all-missing", "error"),
    ("nothing to write", frame(some(50, "a"), [None] * 50), "texts-all-missing", "error"),
    ("some missing", frame(some(50, "a"), [None, *some(49, "b")]), "texts-missing", "warning"),
    ("numbers to write", frame(some(50, "a"), [str(n) for n in range(50)]), "text-is-numbers", "error"),
    ("the same column twice", frame(some(50, "a"), some(50, "a")), "targets-are-copies", "error"),
    ("copies", frame(some(50, "a"), some(5, "a") + some(45, "b")), "targets-copied", "warning"),
    ("long texts", frame(some(50, "a"), ["so long " * 60, *some(49, "b")]), "targets-long", "warning"),
    ("few rows", frame(some(20, "a"), some(20, "b")), "few-rows", "warning"),
]


@pytest.mark.parametrize(
    ("rows", "code", "severity"), [row[1:] for row in BAD_ROWS], ids=[row[0] for row in BAD_ROWS]
)
def test_rows_that_would_spoil_a_run_are_named(rows: pd.DataFrame, code: str, severity: str) -> None:
    found = {problem.code: problem for problem in check_pairs(rows, "source", "target")}
    assert found[code].severity == severity
    assert found[code].where.startswith("column") and found[code].fix


def test_good_rows_raise_no_problem() -> None:
    assert check_pairs(frame(some(100, "a"), some(100, "b")), "source", "target") == []


@pytest.mark.parametrize(
    ("sample", "english"),
    [
        (["The cat is in the garden.", "She works at home."], True),
        (["Le chat dort dans le jardin.", "Elle travaille à la maison."], False),
        (["Der Hund war in der Küche und schläft."], False),
        (["Привет мир"], False),
        ([], False),
    ],
)
def test_english_is_told_by_its_commonest_words(sample: list[str], english: bool) -> None:
    assert is_english(sample) is english


@pytest.mark.parametrize(
    ("references", "stemmer", "words"),
    [
        (REFERENCES, "porter-english", "a-z0-9"),
        (["Le chat dort."], "none", "a-z0-9"),
        (["猫在睡觉"], "none", "unicode"),
    ],
)
def test_how_texts_are_scored_is_fixed_by_the_training_rows_and_named(
    references: list[str], stemmer: str, words: str
) -> None:
    target = describe_texts(texts(["x y"] * len(references)), texts(list(references)))
    assert f"stemmer:{stemmer}" in target["signatures"]["rouge"]
    assert f"words:{words}" in target["signatures"]["rouge"]
    assert target["signatures"]["bleu"].endswith(f"version:{version('sacrebleu')}")
    assert target["mean_source_words"] == 2


def brief_of(references: list[str]) -> Brief:
    return Brief({}, describe_texts(texts(["x"]), texts(list(references))))


def test_scores_are_those_of_the_packages() -> None:
    predictions = pd.DataFrame(
        {"predicted": texts(list(WRITTEN)), "gen_len": [7, 4, 6, 0], "loss": [1.0, 2, 3, 4]}
    )
    judged = judge_texts(predictions, texts(list(REFERENCES)), brief_of(REFERENCES))
    found = text_scores(judged, tuple(TEXT_SCORES.values()))
    scorer = RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True)
    for name in ("rouge1", "rouge2", "rougeL"):
        each = [
            scorer.score(gold, said)[name].fmeasure for gold, said in zip(REFERENCES, WRITTEN, strict=True)
        ]
        assert found[name] == pytest.approx(sum(each) / 4)
    assert found["bleu"] == pytest.approx(sacrebleu.corpus_bleu(WRITTEN, [REFERENCES]).score / 100)
    assert found["chrf"] == pytest.approx(sacrebleu.corpus_chrf(WRITTEN, [REFERENCES]).score / 100)
    assert found["gen_len"] == 17 / 4
    assert found["exact_match"] == 1 / 4
    assert judged["correct"].tolist() == [False, True, False, False]


def test_judged_rows_survive_a_file_and_have_intervals_around_their_scores(tmp_path) -> None:  # type: ignore[no-untyped-def]
    many = REFERENCES * 10
    predictions = pd.DataFrame({"predicted": texts(WRITTEN * 10), "gen_len": [7, 4, 6, 0] * 10})
    judged = judge_texts(predictions, texts(list(many)), brief_of(many))
    judged.to_parquet(tmp_path / "judged.parquet")
    again = pd.read_parquet(tmp_path / "judged.parquet")
    scores = text_scores(again, Text2TextGeneration.scores)
    assert scores == text_scores(judged, Text2TextGeneration.scores)
    intervals = score_intervals(Text(), again)
    for name, value in scores.items():
        low, high = intervals[name]
        assert low < value < high


def test_simple_methods_have_no_length_in_tokens() -> None:
    judged = judge_texts(copies(texts([" a b ", "c"])), texts(["a b", "d"]), brief_of(REFERENCES))
    assert judged["predicted"].tolist() == ["a b", "c"]
    assert "gen_len" not in text_scores(judged, tuple(TEXT_SCORES.values()))
    assert judged["loss"].isna().all()


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("It rained. We slept.", "It rained."),
        ("It cost 3.50 euros. Too much.", "It cost 3.50 euros."),
        ("He asked: “Why?” Nobody knew.", "He asked: “Why?"),
        ("no end mark here", "no end mark here"),
        ("我爱你。他来。", "我爱你。"),
        ("", ""),
    ],
)
def test_the_first_sentence_ends_at_its_mark(text: str, first: str) -> None:
    assert first_sentence(text) == first


def test_the_first_sentence_is_cut_to_the_usual_length_and_keeps_its_row() -> None:
    found = first_sentences(pd.Series(["one two three four. five"], index=[7], dtype="str"), words=2.6)
    assert found["predicted"].to_dict() == {7: "one two three"}
