"""Judging texts that a model wrote beside their references: checks, scores, and simple methods to beat."""

import re
from collections.abc import Sequence

import pandas as pd

from lib.errors import Problem
from lib.tasks.base import Score
from lib.tasks.brief import Brief, Target
from lib.tasks.checks import check_texts
from lib.tasks.overlap import overlap_scores, overlap_statistics, signatures, words_for

_STATED = "An English stemmer is used where the texts are English."
TEXT_SCORES = {
    score.name: score
    for score in (
        Score("rouge1", "ROUGE-1", f"Words shared with the reference (F1, averaged over rows). {_STATED}"),
        Score("rouge2", "ROUGE-2", f"Pairs of neighbouring words shared with the reference (F1). {_STATED}"),
        Score("rougeL", "ROUGE-L", f"The most words found in the same order in the reference (F1). {_STATED}"),
        Score("rougeLsum", "ROUGE-Lsum", f"ROUGE-L sentence by sentence, for texts of several sentences. {_STATED}"),
        Score(
            "bleu",
            "BLEU",
            "Groups of one to four words that are in the reference too, over all rows (sacrebleu, 13a tokens, case "
            "counts), from 0 to 1.",
        ),
        Score("chrf", "chrF", "Groups of one to six letters that are in the reference too (sacrebleu's chrF2)."),
        Score("exact_match", "Exact match", "The share of texts equal to the reference but for case and white space."),
        Score("gen_len", "Length written", "How many tokens the model writes on average; more is not better."),
    )
}  # fmt: skip
# The commonest English words, a fifth and more of any English text.
_ENGLISH = frozenset(
    [
        "the", "of", "and", "to", "a", "in", "is", "it", "you", "that", "he", "was", "for", "on", "are", "with", "as",
        "i", "his", "they", "be", "at", "this", "have", "from", "or", "had", "by", "not", "but", "we", "she", "an",
        "my", "your", "our", "their", "its", "has", "were", "will", "can",
    ]
)  # fmt: skip
_ENGLISH_SHARE = 0.15
_TEXTS_LOOKED_AT = 2_000
_WORD = re.compile(r"[^\W\d_]+")
_FIRST_SENTENCE = re.compile(r"(?s)\s*(.+?(?:[.!?…؟।](?=[\s\"'”’»)\]]|$)|[。！？]|$))")
# The usual longest text written, 128 tokens, in English words.
_USUAL_WORDS = 95
_FEW_ROWS = 40


def check_pairs(frame: pd.DataFrame, source: str, target: str) -> list[Problem]:
    """Missing and numeric texts on either side, targets that are copies or longer than is usually written, few rows."""
    problems = [*check_texts(frame, source), *check_texts(frame, target)]
    pairs = frame[[source, target]].dropna()
    if pairs.empty or any(problem.severity == "error" for problem in problems):
        return problems
    where, rows = f'column "{target}"', len(pairs)
    same = int((pairs[source].str.strip() == pairs[target].str.strip()).sum())
    if same == rows:
        problems.append(
            Problem(
                "Every text to write equals the text to read.",
                where,
                "Choose another column.",
                code="targets-are-copies",
            )
        )
    elif same > rows / 20:
        problems.append(
            Problem(
                f"{same:,} of {rows:,} texts to write equal the text to read; the model may learn to copy.",
                where,
                "Leave these rows out unless copying is right.",
                "warning",
                "targets-copied",
            )
        )
    long = int((pairs[target].str.count(r"\S+") > _USUAL_WORDS).sum())
    if long > rows / 100:
        problems.append(
            Problem(
                f"{long:,} of {rows:,} texts to write have more than {_USUAL_WORDS} words; writing usually stops after "
                "128 tokens.",
                where,
                "Raise “Longest text written” under Advanced, or shorten the texts.",
                "warning",
                "targets-long",
            )
        )
    if rows < _FEW_ROWS:
        problems.append(
            Problem(
                f"There are only {rows} pairs of texts; a test set of a tenth would tell almost nothing.",
                where,
                "Bring at least a few hundred rows.",
                "warning",
                "few-rows",
            )
        )
    return problems


def describe_texts(sources: "pd.Series[str]", references: "pd.Series[str]") -> Target:
    """How texts are scored (`words`, `stemmer`, the `signatures`), and the `mean_words` to write and to read."""
    texts = references.dropna().head(_TEXTS_LOOKED_AT).tolist()
    words, stemmer = words_for(texts), is_english(texts)
    return {
        "words": words,
        "stemmer": stemmer,
        "signatures": signatures(words=words, stemmer=stemmer),
        "mean_words": float(references.str.count(r"\S+").mean()),
        "mean_source_words": float(sources.str.count(r"\S+").mean()),
    }


def is_english(texts: Sequence[str]) -> bool:
    """Whether the texts' commonest words are English ones, so that an English stemmer does no harm."""
    words = [word for text in texts for word in _WORD.findall(text.casefold())]
    return sum(word in _ENGLISH for word in words) > _ENGLISH_SHARE * len(words)


def judge_texts(predictions: pd.DataFrame, references: "pd.Series[str]", brief: Brief) -> pd.DataFrame:
    """Adds `gold`, `correct`, the overlap statistics, and `loss` and `gen_len` as missing where they are not there."""
    gold = references.fillna("").tolist()
    judged = predictions.assign(
        gold=gold,
        correct=[
            _plain(one) == _plain(other) for one, other in zip(predictions["predicted"], gold, strict=True)
        ],
    )
    statistics = overlap_statistics(
        predictions["predicted"].tolist(), gold, words=brief.target["words"], stemmer=brief.target["stemmer"]
    )
    for name in statistics.columns.drop("gen_len"):
        judged[name] = pd.Series(statistics[name].tolist(), index=judged.index)
    for name in ("loss", "gen_len"):
        if name not in judged:
            judged[name] = pd.Series(float("nan"), index=judged.index, dtype="float64")
    return judged


def text_scores(judged: pd.DataFrame, scores: Sequence[Score]) -> dict[str, float]:
    """Those of the scores that the rows have: simple methods write words, not tokens, so they have no gen_len."""
    found = overlap_scores(judged) | {"exact_match": float(judged["correct"].mean())}
    return {score.name: found[score.name] for score in scores if found[score.name] == found[score.name]}


def first_sentences(texts: "pd.Series[str]", *, words: float) -> pd.DataFrame:
    """The first sentence of each text, cut after so many words (the mean of the training texts)."""
    most = max(1, round(words))
    firsts = [" ".join(first_sentence(text).split()[:most]) for text in texts]
    return pd.DataFrame({"predicted": pd.Series(firsts, index=texts.index, dtype="str")})


def first_sentence(text: str) -> str:
    """The text up to its first end mark that a blank, a closing mark or the end follows."""
    found = _FIRST_SENTENCE.match(text)
    return found[1] if found else text


def copies(texts: "pd.Series[str]") -> pd.DataFrame:
    """Each text itself, as if nothing had to be done."""
    return pd.DataFrame({"predicted": texts.str.strip()})


def samples_of(
    predicted: pd.DataFrame, sources: "pd.Series[str]", references: "pd.Series[str]"
) -> list[dict[str, str]]:
    """What was written beside what was read and expected."""
    return [
        {"input": str(source), "expected": str(expected), "written": str(written)}
        for source, expected, written in zip(sources, references, predicted["predicted"], strict=True)
    ]


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
