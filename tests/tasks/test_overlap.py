import random

import pytest
import sacrebleu
from rouge_score.rouge_scorer import RougeScorer

from lib.errors import UserError
from lib.tasks.overlap import ROUGE, overlap_scores, overlap_statistics, signatures, unicode_words, words_for

REFERENCES = [
    "The cat sat on the mat. It was happy there!",
    "Police killed the gunman.",
    "A quick brown fox jumps over the lazy dog.",
    "Nothing is said.",
    "",
]
PREDICTIONS = [
    "The cats sat on a mat. They were happy.",
    "Police kill the gunman",
    "A quick brown fox jumps over the lazy dog.",
    "",
    "something",
]


def texts(rows: int, seed: int) -> list[str]:
    draw = random.Random(seed)
    words = [
        "the",
        "cat",
        "sat",
        "on",
        "a",
        "mat",
        ",",
        "dog",
        "ran",
        "fast",
        ".",
        "it's",
        "über-long",
        "3.14",
        "%",
        "(",
        "yes",
        ")",
    ]
    return [" ".join(draw.choices(words, k=draw.randint(0, 14))) for _ in range(rows)]


@pytest.mark.parametrize(
    ("predictions", "references"),
    [
        (PREDICTIONS, REFERENCES),
        *((texts(25, seed), texts(25, seed + 100)) for seed in range(8)),
        (["ab"], ["ab"]),
        ([""], [""]),
        (["completely"], ["different words here"]),
        (["你好 世界"], ["你好 世间"]),
    ],
)
def test_bleu_and_chrf_are_exactly_those_of_the_texts(predictions, references):
    scores = overlap_scores(overlap_statistics(predictions, references))
    assert scores["bleu"] == sacrebleu.corpus_bleu(predictions, [references]).score / 100
    assert scores["chrf"] == sacrebleu.corpus_chrf(predictions, [references]).score / 100


def test_bleu_of_a_pair_worked_out_by_hand():
    found = overlap_statistics(["the cat sat"], ["the cat sat down"])
    # Lengths 3 and 4; 3 words, 2 pairs and 1 triple, all right; no group of four, so corpus BLEU is 0.
    assert found["bleu_stats"][0] == [3, 4, 3, 2, 1, 0, 3, 2, 1, 0]
    assert overlap_scores(found)["bleu"] == 0


@pytest.mark.parametrize("stemmer", [True, False])
def test_rouge_is_that_of_the_package_with_a_sentence_a_line(stemmer):
    statistics = overlap_statistics(PREDICTIONS, REFERENCES, stemmer=stemmer)
    by_line = [text.replace(". ", ".\n").replace("! ", "!\n") for text in (*PREDICTIONS, *REFERENCES)]
    scorer = RougeScorer(list(ROUGE), use_stemmer=stemmer)
    for row in range(len(PREDICTIONS)):
        expected = scorer.score(by_line[len(PREDICTIONS) + row], by_line[row])
        for name in ROUGE:
            assert statistics[name][row] == expected[name].fmeasure
    scores = overlap_scores(statistics)
    assert scores["rouge1"] == pytest.approx(statistics["rouge1"].sum() / 5)


def test_rouge_worked_out_by_hand():
    # Lin (2004): "police kill the gunman" shares police, the, gunman of 4 words on each side; stemmed, all four.
    plain = overlap_statistics(["police kill the gunman"], ["police killed the gunman"], stemmer=False).iloc[
        0
    ]
    assert (plain["rouge1"], plain["rouge2"], plain["rougeL"]) == pytest.approx((3 / 4, 1 / 3, 3 / 4))
    stemmed = overlap_statistics(["police kill the gunman"], ["police killed the gunman"]).iloc[0]
    assert stemmed["rouge1"] == 1


def test_sentences_in_another_order_cost_rouge_l_but_not_lsum():
    row = overlap_statistics(["It rained. We slept."], ["We slept. It rained."]).iloc[0]
    assert row["rougeL"] == pytest.approx(0.5) and row["rougeLsum"] == 1


def test_lengths_are_words_unless_the_caller_counted():
    counted = overlap_statistics(PREDICTIONS, REFERENCES, lengths=[12, 4, 9, 0, 1])
    assert overlap_scores(counted)["gen_len"] == pytest.approx(26 / 5)
    assert overlap_statistics(PREDICTIONS, REFERENCES)["gen_len"].tolist() == [9, 4, 9, 0, 1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Größe, façade 3x!", ["grösse", "façade", "3x"]),
        ("Привет, мир", ["привет", "мир"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("我爱NLP。", ["我", "爱", "nlp"]),
        ("안녕 세상", ["안녕", "세상"]),
        ("snake_case", ["snake", "case"]),
        ("", []),
    ],
)
def test_words_are_found_in_every_script(text, words):
    assert unicode_words(text) == words


@pytest.mark.parametrize(
    ("sample", "words"),
    [
        (["The cat"], "latin"),
        (["Größe und Straße"], "latin"),
        (["Привет мир"], "unicode"),
        (["我爱 NLP 和你们大家"], "unicode"),
        (["12 34"], "latin"),
        ([], "latin"),
    ],
)
def test_texts_mostly_in_other_letters_ask_for_unicode_words(sample, words):
    assert words_for(sample) == words


@pytest.mark.parametrize(
    ("one", "other", "f1"), [("Привет мир", "привет всем", 0.5), ("我爱你。他来。", "他来。我爱你。", 1)]
)
def test_rouge_does_not_lose_texts_without_latin_letters(one, other, f1):
    assert overlap_statistics([one], [other]).iloc[0]["rouge1"] == pytest.approx(f1)
    assert overlap_statistics([one], [other], words="latin").iloc[0]["rouge1"] == 0


def test_full_stops_of_other_scripts_end_sentences():
    row = overlap_statistics(["我爱你。他来。"], ["他来。我爱你。"]).iloc[0]
    assert row["rougeLsum"] == 1 and row["rougeL"] < 1


def test_signatures_say_how_scores_were_made():
    default, other = signatures(), signatures(words="unicode")
    assert "stemmer:porter-english" in default["rouge"] and "words:a-z0-9" in default["rouge"]
    assert "stemmer:none" in other["rouge"] and "words:unicode" in other["rouge"]
    assert "stemmer:none" in signatures(stemmer=False)["rouge"]
    assert default["bleu"].startswith("nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:")
    assert default["chrf"].startswith("nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:")


def test_no_rows_have_statistics_but_no_scores():
    empty = overlap_statistics([], [])
    assert len(empty) == 0 and "bleu_stats" in empty
    with pytest.raises(UserError, match="no rows"):
        overlap_scores(empty)


def test_as_many_references_as_predictions_are_needed():
    with pytest.raises(ValueError, match="2 references"):
        overlap_statistics(["a"], ["a", "b"])
