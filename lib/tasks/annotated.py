"""Documents of words with labelled spans, read from rows of tokens and tags or of a text and its spans."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lib.data.cells import as_list, as_spans
from lib.tasks.tags import Entity, read_tags
from lib.tasks.words import split_words

# Where tags are numbers, nearly every data set means "outside" by the first; −100 marks what is not to be learned.
_OUTSIDE_NUMBERS = ("0", "-100")


@dataclass(frozen=True)
class Document:
    """A text and the characters (start, end) of each of its words."""

    text: str
    places: tuple[tuple[int, int], ...]

    @property
    def words(self) -> list[str]:
        """The words as texts."""
        return [self.text[start:end] for start, end in self.places]

    def span(self, entity: Entity) -> dict[str, Any]:
        """An entity over words as {"start", "end", "label", "text"} in characters of the text."""
        start, end = self.places[entity.start][0], self.places[entity.end - 1][1]
        return {"start": start, "end": end, "label": entity.label, "text": self.text[start:end]}


@dataclass(frozen=True)
class SpanReading:
    """What became of the spans of one text: the entities over words, and how many spans were not taken as given."""

    entities: list[Entity]
    widened: int = 0
    outside: int = 0
    overlapping: int = 0


def words_in(cell: str | None) -> list[str] | None:
    """The words or tags of a cell: a list, or texts between white space; None when it holds neither."""
    if not isinstance(cell, str):
        return None
    items = as_list(cell)
    if items is None:
        return cell.split() or None
    if not all(isinstance(item, str | int | float) for item in items):
        return None
    return [item if isinstance(item, str) else f"{item:g}" for item in items]


def tags_in(cell: str | None) -> list[str] | None:
    """The tags of a cell; of numbered tags, 0 and −100 are O."""
    tags = words_in(cell)
    return tags and ["O" if tag in _OUTSIDE_NUMBERS else tag.strip() for tag in tags]


def document_of_words(words: Sequence[str]) -> Document:
    """The document whose text is the words joined by single spaces."""
    places, at = [], 0
    for word in words:
        places.append((at, at + len(word)))
        at += len(word) + 1
    return Document(" ".join(words), tuple(places))


def document_of_text(text: str | None) -> Document:
    """The document of a running text, cut into words."""
    return Document(text or "", tuple(split_words(text or "")))


def read_documents(rows: Mapping[str, Sequence[Any]], columns: Mapping[str, str]) -> list[Document]:
    """The documents of rows with a column of tokens or else one of texts."""
    if columns.get("tokens"):
        return [document_of_words(words_in(cell) or []) for cell in rows[columns["tokens"]]]
    return [document_of_text(text) for text in rows[columns["text"]]]


def read_entities(
    rows: Mapping[str, Sequence[Any]],
    columns: Mapping[str, str],
    documents: Sequence[Document],
    scheme: str | None,
) -> list[list[Entity]]:
    """The true entities of each document over its words; tags beyond the words are passed over.

    `scheme` is the tags' as `scheme_of` names it; without it each row decides for itself.
    """
    if columns.get("tags"):
        read = (read_tags(tags_in(cell) or [], scheme) for cell in rows[columns["tags"]])
        return [
            [entity for entity in entities if entity.end <= len(document.places)]
            for entities, document in zip(read, documents, strict=True)
        ]
    return [
        read_spans(document, as_spans(cell) or []).entities
        for cell, document in zip(rows[columns["spans"]], documents, strict=True)
    ]


def read_spans(document: Document, spans: Sequence[Mapping[str, Any]]) -> SpanReading:
    """Spans of characters as entities over whole words.

    A span that begins or ends inside a word is widened to the whole word. Of spans that share a word the earlier
    and longer one is kept. Spans beyond the text or without a word are left out.
    """
    starts, ends = [place[0] for place in document.places], [place[1] for place in document.places]
    taken: set[int] = set()
    entities, widened, outside, overlapping = [], 0, 0, 0
    for span in sorted(spans, key=lambda span: (span["start"], -span["end"])):
        start, end = span["start"], span["end"]
        first, last = bisect_right(ends, start), bisect_left(starts, end)
        if not 0 <= start < end <= len(document.text) or first >= last:
            outside += 1
            continue
        if not taken.isdisjoint(range(first, last)):
            overlapping += 1
            continue
        widened += starts[first] < start or ends[last - 1] > end
        taken.update(range(first, last))
        entities.append(Entity(first, last, span["label"].strip()))
    return SpanReading(entities, widened, outside, overlapping)
