"""Brings tables that say the same in other ways into the shapes that tasks read: lists, sentences, spans."""

from dataclasses import replace

import pandas as pd

from lib.data.account import plural
from lib.data.cells import as_list, to_cell
from lib.data.formats.inline_spans import marks_in, without_marks
from lib.data.formats.printed_cells import as_json_cell
from lib.data.formats.word_rows import gathered_words
from lib.data.names import plain_name
from lib.data.table import Table

_LOOKED_AT = 200
# So many of a column's texts must hold marked spans before the marks are taken for spans.
_MARKED = 0.2
_SPANS = frozenset(["spans", "entities", "tokens", "tags"])


def shaped(table: Table) -> Table:
    """The table with printed lists as JSON, words gathered into sentences and marked spans taken out of texts."""
    if table.files is not None or not len(table.frame):
        return table
    return _spans_out_of_texts(gathered_words(_printed_as_json(table)))


def _printed_as_json(table: Table) -> Table:
    frame, done = table.frame, []
    for name in frame.columns:
        cells = frame[name].dropna()
        head = [cell for cell in cells.head(_LOOKED_AT) if cell.lstrip()[:1] in ("[", "{", "a")]
        if len(head) < 0.9 * min(len(cells), _LOOKED_AT) or not head:
            continue
        if not any(as_json_cell(cell) for cell in head):
            continue
        found = cells.map(lambda cell: as_json_cell(cell) or (cell if _is_structured(cell) else None))
        if found.notna().mean() < 0.95:
            continue
        whole = frame[name].copy()
        whole.loc[found.dropna().index] = found.dropna().astype("str")
        frame = frame.assign(**{str(name): whole})
        done.append(str(name))
    if not done:
        return table
    shown = ", ".join(f"“{name}”" for name in done[:5])
    said = f"Lists that a program had printed were understood in {plural(len(done), 'column')} ({shown})."
    return replace(table, frame=frame, repairs=(*table.repairs, said))


def _is_structured(cell: str) -> bool:
    """Whether a cell is a list that is understood as it is, or an object."""
    return as_list(cell) is not None or cell.lstrip().startswith("{")


def _spans_out_of_texts(table: Table) -> Table:
    frame = table.frame
    if {plain_name(str(name)) for name in frame.columns} & _SPANS:
        return table
    least = 0.0 if table.format.get("format") == "phrases" else _MARKED
    for name in frame.columns:
        cells = frame[name].dropna()
        if not len(cells):
            continue
        head = cells.head(2_000)
        marked = sum(marks_in(cell) > 0 for cell in head)
        if not marked or marked < least * len(head) or (least and marked < 2):
            continue
        texts: list[str | None] = []
        spans: list[str | None] = []
        number = rows = 0
        for cell in frame[name]:
            if not isinstance(cell, str):
                texts.append(None)
                spans.append(None)
                continue
            text, found = without_marks(cell)
            texts.append(text if text.strip() else None)
            spans.append(to_cell(found))
            number += len(found)
            rows += bool(found)
        frame = frame.assign(**{str(name): pd.array(texts, dtype="str")})
        frame.insert(list(frame.columns).index(name) + 1, "spans", pd.Series(spans, dtype="str"))
        said = (
            f"{plural(number, 'span')} marked in “{name}”, such as [word](label), became the column spans "
            f"({plural(rows, 'row')})."
        )
        return replace(table, frame=frame, repairs=(*table.repairs, said))
    return table
