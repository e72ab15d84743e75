"""A simple method that a model must beat: marking what was an entity in the training rows, word for word."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from lib.tasks.annotated import Document
from lib.tasks.tags import Entity


class Dictionary:
    """The word sequences that were entities in training, each with the label it had most often."""

    def __init__(self, documents: Sequence[Document], truths: Sequence[Sequence[Entity]]) -> None:
        seen: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        for document, entities in zip(documents, truths, strict=True):
            words = document.words
            for entity in entities:
                seen[tuple(words[entity.start : entity.end])][entity.label] += 1
        # Of labels as frequent as each other the first by name, so that the order of rows does not matter.
        self._labels = {
            words: min(labels, key=lambda label: (-labels[label], label)) for words, labels in seen.items()
        }
        self._longest: dict[str, int] = {}
        for known in self._labels:
            self._longest[known[0]] = max(self._longest.get(known[0], 0), len(known))

    def find(self, document: Document) -> list[Entity]:
        """The known sequences in a document, from left to right, the longest at each place."""
        words, found, at = document.words, [], 0
        while at < len(words):
            most = min(self._longest.get(words[at], 0), len(words) - at)
            length = next((n for n in range(most, 0, -1) if tuple(words[at : at + n]) in self._labels), 0)
            if length:
                found.append(Entity(at, at + length, self._labels[tuple(words[at : at + length])]))
            at += length or 1
        return found
