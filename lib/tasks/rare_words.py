"""A simple method for questions about a text: the rarest words of the sentence that shares most with the question."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

_SENTENCE = re.compile(r"[^.!?。\n]+(?:[.!?。](?!\s|$)[^.!?。\n]*)*[.!?。]*")
_WORD = re.compile(r"\w+(?:[-'’.,]\w+)*")


class RareWords:
    """Knows from the training rows how rare each word is and how long answers are; learns nothing else."""

    def __init__(self, contexts: Iterable[str], questions: Iterable[str], answers: Sequence[str]) -> None:
        texts = [*dict.fromkeys(contexts), *questions]
        counts = Counter(word for text in texts for word in set(_words(text)))
        # ln((N + 1) / (n + ½)): never 0, and a word never seen is the rarest.
        self._rarity = {word: math.log((len(texts) + 1) / (count + 0.5)) for word, count in counts.items()}
        self._rarest = math.log((len(texts) + 1) / 0.5)
        self._usual = sum(self._rarity.values()) / max(1, len(self._rarity)) / 2
        self._most = max(1, round(sum(len(_words(answer)) for answer in answers) / max(1, len(answers))))

    def answer(self, question: str, context: str) -> tuple[int, int]:
        """(start, end) of the answer in the context, end exclusive; (0, 0) where the context has no word."""
        asked = set(_words(question))
        sentences = _sentences(context)
        if not sentences:
            return 0, 0
        best = max(sentences, key=lambda words: self._shared(asked, words))
        return self._rarest_run(asked, best)

    def _weight(self, word: str) -> float:
        return self._rarity.get(word, self._rarest)

    def _shared(self, asked: set[str], words: Sequence[tuple[str, int, int]]) -> float:
        return sum(self._weight(word) for word in {word for word, _, _ in words} & asked)

    def _rarest_run(self, asked: set[str], words: Sequence[tuple[str, int, int]]) -> tuple[int, int]:
        """The run of words, as long as answers are and none of them asked for, with the largest sum of rarity."""
        best, found = -math.inf, (words[0][1], words[0][2])
        for begin in range(len(words)):
            total = 0.0
            for word, _, end in words[begin : begin + self._most]:
                if word in asked:
                    break
                total += self._weight(word) - self._usual
                if total > best:
                    best, found = total, (words[begin][1], end)
        return found


def _words(text: str) -> list[str]:
    return [match[0].lower() for match in _WORD.finditer(text)]


@lru_cache(maxsize=256)
def _sentences(context: str) -> list[list[tuple[str, int, int]]]:
    """The words of each sentence in lower case, with their characters in the context."""
    found = []
    for sentence in _SENTENCE.finditer(context):
        words = [
            (match[0].lower(), sentence.start() + match.start(), sentence.start() + match.end())
            for match in _WORD.finditer(sentence[0])
        ]
        if words:
            found.append(words)
    return found
