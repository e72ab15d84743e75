"""Tag schemes of token classification: from tags, one a word, to entities and back, and how many are right."""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Literal, NamedTuple

from lib.errors import Problem, UserError

Mode = Literal["conlleval", "strict"]
OUTSIDE = "O"
# The label of entities whose tags name none, as in "B I O" or the "B M E S" of word segmentation.
UNNAMED = "ENTITY"

# Every scheme's marks in the words of IOBES: begin, inside, end, single.
_MARKS = {"B": "B", "I": "I", "E": "E", "S": "S", "L": "E", "U": "S", "M": "I"}
_SCHEMES = {
    "IO": "I",
    "IOB1": "BI",
    "IOB2": "BI",
    "IOE": "IE",
    "IOBES": "BIES",
    "BILOU": "BILU",
    "BMES": "BMES",
}
_CLOSED = ("IOBES", "BILOU", "BMES")
_PREFIXED = re.compile(rf"([{''.join(_MARKS)}])-(.+)", re.DOTALL)
_SUFFIXED = re.compile(rf"(.+)-([{''.join(_MARKS)}])", re.DOTALL)
_SUFFIX = "-suffix"
PLAIN = "plain"


class Entity(NamedTuple):
    """A label over the words from `start` up to, but not with, `end`."""

    start: int
    end: int
    label: str


class EntityCounts(NamedTuple):
    """Entities found, wrongly given and missed; each right only with exact span and label."""

    tp: int
    fp: int
    fn: int


def scheme_of(all_tags: Iterable[Sequence[str]]) -> str:
    """The scheme of a whole column, one sequence of tags a row.

    One of "IO" (I- only), "IOB1" (B- only between neighbours of one label), "IOB2" (B- begins every entity),
    "IOE", "IOBES", "BILOU", "BMES", each also with "-suffix" for "PER-B"; "plain" for labels without marks.
    Where tags could be read both ways the prefix counts; suffixes are believed only when some label
    has a B and no label has a mark for going on or ending without also having the one for beginning.
    IOB1 and IOB2 have the same tags: B- after O or another label makes it IOB2, otherwise an I- that begins
    an entity makes it IOB1. Raises UserError when only some tags have marks.
    """
    rows = [list(tags) for tags in all_tags]
    distinct = {tag for tags in rows for tag in tags}
    style = _style(distinct)
    if style == PLAIN:
        _refuse_mixed(distinct)
        return PLAIN
    suffix = _SUFFIX if style == _SUFFIX else ""
    marks = {_split(tag, style)[0] for tag in distinct} - {OUTSIDE}
    if marks == {"I"}:
        return f"IO{suffix}"
    if marks <= {"B", "I"}:
        return _which_iob(rows, style) + suffix
    return next(name for name in ("IOE", *_CLOSED) if marks <= set(_SCHEMES[name])) + suffix


def read_tags(tags: Sequence[str], scheme: str | None = None) -> list[Entity]:
    """The entities of one row, in order, from tags of any scheme, read as leniently as conlleval does.

    A word goes on with an entity when the one before began or continued it under the same label; every other
    word that is not "O" begins one. `scheme` is what `scheme_of` says of the column; without it the row alone
    decides. Raises UserError for a tag that the scheme does not know.
    """
    style = _style(set(tags)) if scheme is None else _style_of(scheme)
    found: list[Entity] = []
    before, label_before = OUTSIDE, ""
    for word, tag in enumerate(tags):
        mark, label = _split(tag, style)
        kind = _MARKS.get(mark, OUTSIDE)
        if kind in "IE" and before in "BI" and label == label_before:
            found[-1] = found[-1]._replace(end=word + 1)
        elif kind != OUTSIDE:
            found.append(Entity(word, word + 1, label))
        before, label_before = kind, label
    return found


def to_iob2(tags: Sequence[str], scheme: str) -> list[str]:
    """The same entities in IOB2. Raises UserError for a tag that the scheme does not know."""
    return write_iob2(read_tags(tags, scheme), len(tags))


def write_iob2(entities: Iterable[Entity], words: int) -> list[str]:
    """IOB2 tags, one a word, of entities that do not overlap. Raises ValueError for those that do not fit."""
    tags = [OUTSIDE] * words
    for start, end, label in entities:
        if not 0 <= start < end <= words or any(tag != OUTSIDE for tag in tags[start:end]):
            raise ValueError(f"words {start} to {end} are outside the row, empty or taken")
        tags[start:end] = [f"B-{label}", *[f"I-{label}"] * (end - start - 1)]
    return tags


def entities_of(tags: Sequence[str], *, mode: Mode = "conlleval", scheme: str = "IOB2") -> list[Entity]:
    """The entities in tags that may be ill-formed, such as a model's.

    "conlleval" (what seqeval does unless told otherwise) lets an I- without its B- begin an entity. In "strict"
    an entity begins with B- (or S-, U-), goes on under one label and, in schemes that mark the end, must end
    with that mark; everything else is no entity. IO, IOB1 and IOE let I- begin, so they have no strict mode:
    ValueError. Raises UserError for a tag that the scheme does not know.
    """
    if mode == "conlleval":
        return read_tags(tags, scheme)
    style, name = _style_of(scheme), scheme.removesuffix(_SUFFIX)
    if name not in ("IOB2", *_CLOSED):
        raise ValueError(f"{scheme} has no strict mode")
    split = [_split(tag, style) for tag in tags]
    found, word = [], 0
    while word < len(split):
        start, (mark, label) = word, split[word]
        word += 1
        if _MARKS.get(mark) not in ("B", "S"):
            continue
        last = _MARKS[mark]
        while last in "BI" and word < len(split) and split[word][1] == label:
            following = _MARKS.get(split[word][0], OUTSIDE)
            if following not in "IE":
                break
            last, word = following, word + 1
        if name == "IOB2" or last in "ES":
            found.append(Entity(start, word, label))
    return found


def invalid_transitions(tags: Sequence[str], scheme: str = "IOB2") -> int:
    """How many neighbouring tags (the row's start and end count as O) may not follow each other.

    IOB2: an I- that does not follow B- or I- of its label. IOB1: a B- that does not follow its own label.
    IOBES, BILOU, BMES: an entity left open, or gone on with where none is open. IO, IOE and plain labels
    allow every order. Raises UserError for a tag that the scheme does not know.
    """
    style, name = _style_of(scheme), scheme.removesuffix(_SUFFIX)
    split = [_split(tag, style) for tag in tags]
    wrong = 0
    for (mark, label), (after, label_after) in zip(
        [(OUTSIDE, ""), *split], [*split, (OUTSIDE, "")], strict=True
    ):
        kind, following = _MARKS.get(mark, OUTSIDE), _MARKS.get(after, OUTSIDE)
        is_open = kind in "BI"
        same = label == label_after
        if name == "IOB2":
            wrong += following == "I" and not (is_open and same)
        elif name == "IOB1":
            wrong += following == "B" and not (is_open and same)
        elif name in _CLOSED:
            wrong += (following in "IE") != is_open or (is_open and not same)
    return wrong


def iob2_labels(entity_types: Collection[str]) -> list[str]:
    """The labels of a model for these entity types: ["O", "B-LOC", "I-LOC", "B-PER", …], sorted by type."""
    return [OUTSIDE, *(f"{mark}-{name}" for name in sorted(set(entity_types)) for mark in "BI")]


def iob2_tags(tags: Sequence[str]) -> list[str]:
    """The tags of a foreign head, each as the IOB2 tag that says most of it: E- as I-, S- as B-, a plain label as I-.

    Read as conlleval does, an I- without its B- begins an entity, so neighbouring words of one plain label are one.
    """
    style = _style(set(tags))
    found = []
    for tag in tags:
        mark, label = _split(tag, style)
        kind = _MARKS.get(mark, OUTSIDE)
        found.append(OUTSIDE if kind == OUTSIDE else f"{'B' if kind in 'BS' else 'I'}-{label}")
    return found


def entity_counts(gold: Iterable[Entity], predicted: Iterable[Entity]) -> EntityCounts:
    """Of one row: entities found, wrongly given and missed, by exact span and label."""
    true, guessed = set(gold), set(predicted)
    found = len(true & guessed)
    return EntityCounts(found, len(guessed) - found, len(true) - found)


def entity_counts_by_label(gold: Iterable[Entity], predicted: Iterable[Entity]) -> dict[str, EntityCounts]:
    """The counts of `entity_counts` for each label that occurs, in alphabetical order."""
    true, guessed = set(gold), set(predicted)
    return {
        label: entity_counts(
            (entity for entity in true if entity.label == label),
            (entity for entity in guessed if entity.label == label),
        )
        for label in sorted({entity.label for entity in true | guessed})
    }


def entity_scores(counts: tuple[int, int, int]) -> dict[str, float]:
    """entity_f1, entity_precision and entity_recall in [0, 1] of (tp, fp, fn) summed over rows: micro averages.

    As in seqeval, nothing out of nothing is 0.
    """
    found, spurious, missed = counts
    return {
        "entity_f1": _share(2 * found, 2 * found + spurious + missed),
        "entity_precision": _share(found, found + spurious),
        "entity_recall": _share(found, found + missed),
    }


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else 0.0


def _style(distinct: set[str]) -> str:
    """How tags carry their marks: "prefix", "-suffix", "bare" (marks only) or "plain" (labels only)."""
    tags = distinct - {OUTSIDE}
    if not tags:
        return "prefix"
    if all(_PREFIXED.fullmatch(tag) for tag in tags):
        marks = {tag[0] for tag in tags}
        return "prefix" if _is_scheme(marks) else PLAIN
    if "B" in tags and _is_scheme(tags):
        return "bare"
    by_label: dict[str, set[str]] = {}
    for tag in tags:
        if not (match := _SUFFIXED.fullmatch(tag)):
            return PLAIN
        by_label.setdefault(match[1], set()).add(match[2])
    begins = all(marks <= {"S", "U"} or "B" in marks for marks in by_label.values())
    marks = set().union(*by_label.values())
    return _SUFFIX if begins and "B" in marks and _is_scheme(marks) else PLAIN


def _is_scheme(marks: set[str]) -> bool:
    return any(marks <= set(letters) for letters in _SCHEMES.values())


def _style_of(scheme: str) -> str:
    """How the tags of a column carry their marks; a prefix may turn out to be a bare mark tag by tag."""
    if scheme == PLAIN:
        return PLAIN
    if scheme.removesuffix(_SUFFIX) not in _SCHEMES:
        raise ValueError(f"unknown tag scheme: {scheme!r}")
    return _SUFFIX if scheme.endswith(_SUFFIX) else "prefix"


def _split(tag: str, style: str) -> tuple[str, str]:
    """A tag's mark and label; ("O", "") outside of entities. A plain label counts as inside."""
    if tag == OUTSIDE:
        return OUTSIDE, ""
    if style == PLAIN:
        return "I", tag
    if style != _SUFFIX and tag in _MARKS:
        return tag, UNNAMED
    match = (_SUFFIXED if style == _SUFFIX else _PREFIXED).fullmatch(tag)
    if not match:
        raise UserError(
            Problem(
                f'The tag "{tag}" does not fit the others, which carry marks such as '
                f'"{"PER-B" if style == _SUFFIX else "B-PER"}".',
                where="tags",
                fix="Write all tags in one scheme.",
                code="unknown-tag",
            )
        )
    return (match[2], match[1]) if style == _SUFFIX else (match[1], match[2])


def _which_iob(rows: Iterable[Sequence[str]], style: str) -> str:
    """IOB1 or IOB2 for rows with B and I marks only."""
    inside_begins = False
    for tags in rows:
        before = (OUTSIDE, "")
        for tag in tags:
            mark, label = _split(tag, style)
            goes_on = before[0] != OUTSIDE and before[1] == label
            if mark == "B" and not goes_on:
                return "IOB2"
            inside_begins |= mark == "I" and not goes_on
            before = (mark, label)
    return "IOB1" if inside_begins else "IOB2"


def _refuse_mixed(distinct: set[str]) -> None:
    """Labels beside tags such as "B-PER" are a mistake in the file, not labels that happen to look so."""
    marked = sorted(tag for tag in distinct if tag.startswith(("B-", "I-")))
    others = sorted(tag for tag in distinct - {OUTSIDE} if not _PREFIXED.fullmatch(tag))
    if marked and others:
        raise UserError(
            Problem(
                f'Some tags carry a mark, such as "{marked[0]}", and {len(others):,} others, such as '
                f'"{others[0]}", do not.',
                where="tags",
                fix='Write all tags in one scheme: "B-PER", "I-PER" and "O", or labels without marks.',
                code="tags-mixed",
            )
        )
