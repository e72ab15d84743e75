"""Rows whose tags break the rules of their scheme, such as an I- that nothing began."""

from lib.data.checks.case import Case
from lib.data.checks.finding import Edits, Finding, Fix
from lib.data.checks.words import counted, test_rows_said


def invalid_tags(case: Case) -> list[Finding]:
    """Rows with tags that cannot follow each other."""
    if case.mended_tags is None:
        return []
    rows, written, values = case.mended_tags()
    if not len(rows):
        return []
    fix = Fix(
        "mend-tags",
        f"Write the tags of {counted(len(written), 'row')} anew",
        "They are written as they are read: where an entity goes on that nothing began, it begins. The "
        "entities stay what "
        f"every run takes them for.{test_rows_said(case.part[written])}",
        Edits(column=case.answer_column, rows=written, values=values),
    )
    return [
        Finding(
            check="invalid-tags",
            what=f"{counted(len(rows), 'row has', 'rows have')} tags that cannot follow the tag before them.",
            why="Such a tag is read as the beginning of an entity. If a B- was lost, that is right; if the "
            "label is a slip, an "
            "entity is cut in two.",
            rows=rows,
            where=case.answer_column,
            fixes=(fix,),
        )
    ]
