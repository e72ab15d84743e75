"""How right an answer is, as the SQuAD scripts measure it: the same words, or how many of them."""

import re
import string
from collections import Counter
from collections.abc import Sequence

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalised(answer: str) -> str:
    """An answer in lower case without ASCII punctuation, English articles and spare blanks, as in SQuAD."""
    return " ".join(_ARTICLES.sub(" ", answer.lower().translate(_NO_PUNCTUATION)).split())


def exact_match(prediction: str, golds: Sequence[str]) -> float:
    """1.0 if the normalised prediction equals any of the normalised golds, else 0.0.

    As in the script of SQuAD 2.0, golds that normalise to nothing are left out, and a question without golds
    cannot be answered: only an empty prediction is right.
    """
    return float(normalised(prediction) in _known(golds))


def answer_f1(prediction: str, golds: Sequence[str]) -> float:
    """The F1 of shared words, in [0, 1], with the gold it fits best; words count as often as they occur.

    Golds as in `exact_match`: where there are none, an empty prediction has 1.0 and any other 0.0.
    """
    return max(_word_f1(normalised(prediction).split(), gold.split()) for gold in _known(golds))


def _known(golds: Sequence[str]) -> list[str]:
    return [text for gold in golds if (text := normalised(gold))] or [""]


def _word_f1(predicted: list[str], gold: list[str]) -> float:
    if not predicted or not gold:
        return float(predicted == gold)
    shared = (Counter(predicted) & Counter(gold)).total()
    return 2 * shared / (len(predicted) + len(gold))
