"""Whether validation or test rows are copies, or nearly, of rows that are learned from: their scores flatter."""

import numpy as np

from lib.data.checks.case import Case
from lib.data.checks.finding import Edits, Finding, Fix
from lib.data.checks.groups import differing, members
from lib.data.checks.words import by_part, counted, per_cent

_TRAIN, _VALIDATION, _TEST = 0, 1, 2


def across_splits(case: Case) -> list[Finding]:
    """Copies on both sides of the split, exact and near ones in one finding."""
    near, part = case.near_together, case.part
    rows, groups = members(near, differing(near, part.astype(np.int64)))
    if not len(rows):
        return []
    parts, held = part[rows], np.flatnonzero(part >= _VALIDATION)
    said, flattered, exact = [], 0, 0
    for code, name in ((_TEST, "test"), (_VALIDATION, "validation")):
        total = int((part == code).sum())
        copies = _with_a_lower_copy(parts, groups, code)
        if len(copies):
            flattered += len(copies)
            exact += _exact(case, rows[copies], code)
            said.append(f"{len(copies):,} of {total:,} {name} rows ({per_cent(len(copies), total)})")
    how = "the very same file" if case.pictures is not None else "word for word"
    how = f"all {how}" if exact == flattered else f"{f'{exact:,}' if exact else 'none'} of them {how}"
    are = "is a copy of a row" if flattered == 1 else "are copies of rows"
    what = f"{' and '.join(said)} {are} in another part, {how}."
    drop = rows[_copies_to_drop(parts, groups)]
    moved, part_of = rows[parts != _lowest(parts, groups)], _lowest(parts, groups)
    fixes = [
        Fix(
            "drop-copies",
            f"Leave out {counted(len(drop), 'copy', 'copies')}",
            f"Leaves out {by_part(part[drop])} that a row held back repeats; the test rows stay as they are, so scores "
            "before and after are on the same rows.",
            Edits(drop=np.sort(drop)),
        ),
    ]
    if (part_of == _TRAIN).all() and len(moved):
        fixes.append(
            Fix(
                "one-side",
                "Move copies to one side",
                f"Makes {by_part(part[moved])} training rows, where their copies are. Nothing is lost, but "
                "the rows held "
                "back become fewer, and their scores are on other rows than before.",
                Edits(moves=np.sort(moved), to="train"),
            )
        )
    if case.split.column is None:
        fixes.append(
            Fix(
                "group",
                "Divide anew, copies together",
                "Adds a column that says which rows are copies of each other, and divides the rows so that these stay "
                "together. Many rows change sides, so scores are on other rows than before.",
                Edits(group=near),
            )
        )
    why = (
        "A model that knows the answer by heart scores on them like one that understands, so the score is "
        "better than it "
        f"will be on new rows. {counted(len(held) - flattered, 'row')} held back are not affected."
    )
    return [
        Finding(
            check="copies-across-splits",
            what=what,
            why=why,
            rows=rows,
            groups=groups,
            where="split",
            fixes=tuple(fixes),
        )
    ]


def _lowest(parts: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """The first part, in the order train, validation, test, that the group of each row has a row in."""
    lowest = np.full(int(groups.max(initial=-1)) + 1, _TEST, dtype=np.int8)
    np.minimum.at(lowest, groups, parts)
    return lowest[groups]


def _with_a_lower_copy(parts: np.ndarray, groups: np.ndarray, code: int) -> np.ndarray:
    """Places of the rows of a part whose group has a row in a part before it."""
    return np.flatnonzero((parts == code) & (_lowest(parts, groups) < code))


def _copies_to_drop(parts: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """bool[rows]: whether the group of a row has a row in a part behind its own; those that are held back most stay."""
    highest = np.full(int(groups.max(initial=-1)) + 1, _TRAIN, dtype=np.int8)
    np.maximum.at(highest, groups, parts)
    return parts < highest[groups]


def _exact(case: Case, rows: np.ndarray, code: int) -> int:
    """How many of the rows equal a row of a part before theirs."""
    same = case.same_together
    before = np.unique(same[(case.part >= 0) & (case.part < code)])
    return int(np.isin(same[rows], before).sum())
