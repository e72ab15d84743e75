"""Checks of annotated documents: tokens with tags, or texts with spans."""

from collections import Counter
from collections.abc import Sequence

import pandas as pd

from lib.data.cells import as_spans
from lib.errors import Problem, UserError
from lib.tasks.annotated import document_of_text, read_spans, tags_in, words_in
from lib.tasks.tags import OUTSIDE, invalid_transitions, read_tags, scheme_of

MAX_LABELS = 500
FEW_ROWS, FEW_ENTITIES = 40, 10
_ROWS_NAMED = 5


def check_tagged(frame: pd.DataFrame, tokens: str, tags: str) -> list[Problem]:
    """Cells missing or unreadable, lengths that differ, tags that do not fit each other, too few or no entities."""
    where = f'columns "{tokens}" and "{tags}"'
    words = [words_in(cell) for cell in frame[tokens]]
    marks = [tags_in(cell) for cell in frame[tags]]
    pairs = [(one, other) for one, other in zip(words, marks, strict=True) if one and other]
    if not pairs:
        what = "No row has both tokens and tags."
        return [Problem(what, where, "Choose the columns with the two lists.", code="tags-all-missing")]
    problems = _missing(len(frame) - len(pairs), len(frame), "tokens or tags", where)
    uneven = [
        number
        for number, (one, other) in enumerate(zip(words, marks, strict=True), 1)
        if one and other and len(one) != len(other)
    ]
    if uneven:
        problems.append(
            Problem(
                f"In {_rows(uneven)} there are not as many tags as tokens; "
                f"{'it is' if len(uneven) == 1 else 'they are'} left out.",
                where,
                "Give every token exactly one tag.",
                "error" if len(uneven) == len(pairs) else "warning",
                "tags-uneven",
            )
        )
    even = [other for one, other in pairs if len(one) == len(other)]
    if not even:
        return problems
    numbered = [cell for cell in frame[tags] if (items := words_in(cell)) and all(map(_is_number, items))]
    if len(numbered) == len(pairs):
        what = "The tags are numbers: 0 is taken as outside of every entity, and the others as labels."
        fix = "Write the names of the tags instead, such as B-PER, to read the results."
        problems.append(Problem(what, where, fix, "warning", "tags-are-numbers"))
    try:
        scheme = scheme_of(even)
        entities = [entity for row in even for entity in read_tags(row, scheme)]
    except UserError as error:
        return [*problems, *error.problems]
    wrong = [count for row in even if (count := invalid_transitions(row, scheme))]
    if wrong:
        problems.append(
            Problem(
                f"{sum(wrong):,} tags in {_count(len(wrong), 'row')} cannot follow the tag before them in {scheme}, "
                "such as an I- that nothing began. Such a tag is read as the beginning of an entity.",
                where,
                "Correct them, or go on.",
                "warning",
                "tags-invalid",
            )
        )
    labels = [entity.label for entity in entities]
    return problems + _check_labels(labels, len(even), where, f'every tag is "{OUTSIDE}"')


def check_spans(frame: pd.DataFrame, text: str, spans: str) -> list[Problem]:
    """Cells missing or unreadable, spans outside of their text, overlapping or inside words, too few or no entities."""
    where = f'columns "{text}" and "{spans}"'
    read = [
        (document_of_text(words), found)
        for words, cell in zip(frame[text], frame[spans], strict=True)
        if isinstance(words, str) and words.strip() and (found := as_spans(cell)) is not None
    ]
    if not read:
        fix = 'Choose the column with lists such as [{"start": 0, "end": 5, "label": "PER"}].'
        return [Problem("No row has a text and a list of spans.", where, fix, code="spans-all-missing")]
    problems = _missing(len(frame) - len(read), len(frame), "text or spans", where)
    made = [read_spans(document, found) for document, found in read]
    for name, what, fix in (
        (
            "outside",
            "lie outside of their text or hold no word; they are left out",
            "Count characters from 0.",
        ),
        (
            "overlapping",
            "share a word with another span; of such spans the first and longest is kept",
            "Give spans that do not overlap.",
        ),
        (
            "widened",
            "begin or end inside a word; they are widened to whole words",
            "Let spans begin and end where words do, or go on.",
        ),
    ):
        if count := sum(getattr(item, name) for item in made):
            problems.append(
                Problem(f"{_count(count, 'span')} {what}.", where, fix, "warning", f"spans-{name}")
            )
    labels = [entity.label for item in made for entity in item.entities]
    return problems + _check_labels(labels, len(read), where, "no row has a span")


def _missing(missing: int, rows: int, what: str, where: str) -> list[Problem]:
    if not missing:
        return []
    said = f"{missing:,} of {rows:,} rows have no {what} that can be read; they are left out."
    return [Problem(said, where, "Fill them in, or go on without them.", "warning", "tags-missing")]


def _check_labels(labels: Sequence[str], rows: int, where: str, nothing: str) -> list[Problem]:
    counts = Counter(labels)
    if not counts:
        what = f"There is nothing to find: {nothing}."
        return [Problem(what, where, "Bring rows with entities.", code="no-entities")]
    if len(counts) > MAX_LABELS:
        what = f"There are {len(counts):,} different labels: that is free text, not a label."
        return [Problem(what, where, f"Use at most {MAX_LABELS:,}.", code="too-many-labels")]
    problems = []
    rare = sorted(label for label, count in counts.items() if count < FEW_ENTITIES)
    if rare:
        named = ", ".join(f'"{label}"' for label in rare[:3])
        more = f" and {len(rare) - 3:,} more labels" if len(rare) > 3 else ""
        problems.append(
            Problem(
                f"{named}{more} {'occurs' if len(rare) == 1 else 'occur'} fewer than {FEW_ENTITIES} times; "
                "scores for so few entities are mostly chance.",
                where,
                "Add rows, or merge small labels.",
                "warning",
                "labels-rare",
            )
        )
    if rows < FEW_ROWS:
        what = f"There are only {_count(rows, 'annotated row')}; a test set of a tenth would tell almost nothing."
        problems.append(Problem(what, where, "Bring at least a few hundred rows.", "warning", "few-rows"))
    return problems


def _is_number(item: str) -> bool:
    return item.lstrip("-").isdigit()


def _rows(numbers: Sequence[int]) -> str:
    named = ", ".join(f"{number:,}" for number in numbers[:_ROWS_NAMED])
    more = f" and {len(numbers) - _ROWS_NAMED:,} more" if len(numbers) > _ROWS_NAMED else ""
    return f"row{'' if len(numbers) == 1 else 's'} {named}{more}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
