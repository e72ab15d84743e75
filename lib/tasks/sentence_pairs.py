"""Pairs of sentences from ordered documents: each sentence with its true next one, and with one from elsewhere."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

NEXT, NOT_NEXT = "next", "not next"
# Exchanges tried to place a sentence; beyond this there is hardly a document that it may go to.
TRIES = 200


def sentence_pairs(documents: Sequence[Sequence[str]], *, seed: int) -> pd.DataFrame:
    """Pairs with `first`, `second`, `label` ("next" or "not next") and `document` (its number), in document order.

    Every two sentences in a row make a true pair. Its false twin has the same first sentence and the second one of a
    true pair of another document: the seconds are dealt out again, each once, so that neither sentence alone tells
    the label. A sentence is never dealt to a document that holds the same text. Where that is impossible, as with a
    single document, the true pair is left out too; so are refrains, which stand in more than half of the documents.
    """
    folded = [[_folded(sentence) for sentence in sentences] for sentences in documents]
    inside = [set(sentences) for sentences in folded]
    homes = Counter(sentence for sentences in inside for sentence in sentences)
    true = [
        (number, sentences[at], sentences[at + 1])
        for number, sentences in enumerate(documents)
        for at in range(len(sentences) - 1)
        if 2 * homes[folded[number][at + 1]] <= len(documents)
        # A sentence said twice in a row says nothing about what follows.
        and folded[number][at] != folded[number][at + 1]
    ]
    seconds = [_folded(second) for _, _, second in true]
    generator = np.random.Generator(np.random.Philox(key=seed))
    dealt = np.argsort(generator.random(len(true)), kind="stable")

    def fits(pair: int, other: int) -> bool:
        return seconds[other] not in inside[true[pair][0]]

    for pair in range(len(true)):
        for _ in range(TRIES):
            if fits(pair, dealt[pair]):
                break
            swap = int(generator.random() * len(true))
            if fits(pair, dealt[swap]) and fits(swap, dealt[pair]):
                dealt[pair], dealt[swap] = dealt[swap], dealt[pair]
    rows = []
    for pair, (number, first, second) in enumerate(true):
        if fits(pair, dealt[pair]):
            rows.append((first, second, NEXT, number))
            rows.append((first, true[dealt[pair]][2], NOT_NEXT, number))
    table = pd.DataFrame(rows, columns=["first", "second", "label", "document"])
    return table.astype({"first": "str", "second": "str", "label": "str", "document": "int64"})


def _folded(sentence: str) -> str:
    return " ".join(sentence.casefold().split())
