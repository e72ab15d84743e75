"""How much a generated text shares with its reference: ROUGE, BLEU and chrF, and what they are made of."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from importlib.metadata import version
from typing import Any, Literal

import numpy as np
import pandas as pd

from lib.errors import UserError

Words = Literal["latin", "unicode"]
ROUGE = ("rouge1", "rouge2", "rougeL", "rougeLsum")
_SENTENCE_END = re.compile(r"([.!?…؟।]+[\"'”’»)\]]*)[ \t]+|([。！？]+[」』”]*)")
# Written without blanks between words, so that a character has to stand for a word.
_UNSPACED = re.compile("([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff])")


def words_for(texts: Sequence[str]) -> Words:
    """How ROUGE should find words in texts like these: "unicode" if most letters are not a to z, else "latin".

    "latin" is the tokenizer of the rouge_score package, which knows a to z and digits only and cuts words at
    every other letter. Judge the references, not the predictions, so that models stay comparable.
    """
    letters = [letter for text in texts for letter in text if letter.isalpha()]
    ascii_letters = sum(letter.isascii() for letter in letters)
    return "unicode" if ascii_letters < len(letters) / 2 else "latin"


def overlap_statistics(
    predictions: Sequence[str],
    references: Sequence[str],
    *,
    lengths: Sequence[int] | None = None,
    words: Words | None = None,
    stemmer: bool = True,
) -> pd.DataFrame:
    """What every overlap score is made of, one row a text, so that no text is ever scored twice.

    Columns: rouge1, rouge2, rougeL, rougeLsum (F1 in [0, 1]), bleu_stats (list of 10 counts: length of the
    prediction and of the reference, right n-grams for n = 1 to 4, all n-grams for n = 1 to 4), chrf_stats
    (list of 18: for n = 1 to 6 the prediction's, the reference's and the shared character n-grams) and
    gen_len (`lengths`, in whatever the caller counted; without them words between blanks).

    `words` is decided by `words_for(references)` unless given. The `stemmer` is Porter's for English and wants
    "latin" words; turn it off for other languages. rougeLsum compares sentence by sentence: a new one
    begins at a line break and after . ! ? … and their relatives, which abbreviations end too.
    Raises ValueError when the lengths differ.
    """
    if len(predictions) != len(references) or (lengths is not None and len(lengths) != len(predictions)):
        raise ValueError(f"{len(predictions)} predictions but {len(references)} references")
    if lengths is None:
        lengths = [len(text.split()) for text in predictions]
    scorer = _rouge(words or words_for(references), stemmer)
    rouge = [
        scorer.score(_by_line(reference), _by_line(prediction))
        for prediction, reference in zip(predictions, references, strict=True)
    ]
    columns: dict[str, Any] = {
        name: pd.Series([float(row[name].fmeasure) for row in rouge], dtype=float) for name in ROUGE
    }
    columns["bleu_stats"] = _statistics(_bleu(), predictions, references)
    columns["chrf_stats"] = _statistics(_chrf(), predictions, references)
    columns["gen_len"] = pd.Series(list(lengths), dtype="int64")
    return pd.DataFrame(columns)


def overlap_scores(statistics: pd.DataFrame) -> dict[str, float]:
    """rouge1, rouge2, rougeL, rougeLsum, bleu and chrf in [0, 1] and gen_len, of what `overlap_statistics` gave.

    ROUGE and gen_len are means over the rows; BLEU and chrF are of the whole corpus, as sacrebleu computes
    them from the texts, divided by 100. Raises UserError for no rows.
    """
    if not len(statistics):
        raise UserError("There are no rows to score.")
    scores = {name: float(statistics[name].mean()) for name in ROUGE}
    for name, metric in (("bleu", _bleu()), ("chrf", _chrf())):
        sums: list[int] = np.stack(statistics[f"{name}_stats"].to_list()).sum(axis=0).tolist()
        # Public functions of sacrebleu take texts only; this is what they end in, and a test compares the two.
        scores[name] = float(metric._compute_score_from_stats(sums).score) / 100
    scores["gen_len"] = float(statistics["gen_len"].mean())
    return scores


def signatures(*, words: Words = "latin", stemmer: bool = True) -> dict[str, str]:
    """How the scores were made, to be shown beside them: {"rouge": …, "bleu": …, "chrf": …}.

    Those of BLEU and chrF are sacrebleu's own.
    """
    found = {
        "rouge": "|".join(
            [
                "score:f1",
                f"words:{'a-z0-9' if words == 'latin' else 'unicode'}",
                f"stemmer:{'porter-english' if stemmer and words == 'latin' else 'none'}",
                "sentences:line breaks and end marks",
                f"version:rouge_score-{version('rouge_score')}",
            ]
        )
    }
    for name, metric in (("bleu", _bleu()), ("chrf", _chrf())):
        metric.corpus_score(["a"], [["a"]])  # a signature names the number of references, known only then
        found[name] = str(metric.get_signature())
    return found


def unicode_words(text: str) -> list[str]:
    """The words of a text in any script, without regard to case: ["größer", "नमस्ते", "東", "京"].

    Letters, digits and the marks that combine with them make up words. Where a script does without blanks
    (Chinese, Japanese, Thai, Lao, Burmese, Khmer), every character is a word.
    """
    folded = unicodedata.normalize("NFC", text.casefold())
    kept = (c if c.isalnum() or unicodedata.category(c).startswith("M") else " " for c in folded)
    return _UNSPACED.sub(r" \1 ", "".join(kept)).split()


class _UnicodeWords:
    """What rouge_score asks of a tokenizer."""

    def tokenize(self, text: str) -> list[str]:
        return unicode_words(text)


@lru_cache(maxsize=4)
def _rouge(words: Words, stemmer: bool) -> Any:
    # Imports nltk, which takes seconds; only the process that scores pays for it.
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer(
        list(ROUGE), use_stemmer=stemmer, tokenizer=_UnicodeWords() if words == "unicode" else None
    )


def _bleu() -> Any:
    from sacrebleu.metrics import BLEU

    return BLEU(effective_order=False, force=True)  # force: no warnings about texts that end in " ."


def _chrf() -> Any:
    from sacrebleu.metrics import CHRF

    return CHRF()


def _statistics(metric: Any, predictions: Sequence[str], references: Sequence[str]) -> list[list[int]]:
    if not len(predictions):
        return []
    # What sacrebleu's own bootstrap resamples; it has no public name.
    statistics: list[list[int]] = metric._extract_corpus_statistics(list(predictions), [list(references)])
    return statistics


def _by_line(text: str) -> str:
    """The text with a line break after every sentence, which is how rouge_score tells sentences."""
    return _SENTENCE_END.sub(lambda match: f"{match[1] or match[2]}\n", text)
