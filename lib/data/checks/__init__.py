"""What is looked for in a data set before anything is trained on it: one file a check, one line each below.

A check is a function from a `Case` to its findings, none where all is well. To add one: its file, its line here, and
its test in tests/data/checks/. The order here is the order on screen: what spoils scores first.
"""

from collections.abc import Callable
from dataclasses import dataclass

from lib.data.checks.across_splits import across_splits
from lib.data.checks.case import Case
from lib.data.checks.conflicting_labels import conflicting_labels
from lib.data.checks.corrupt_images import corrupt_images
from lib.data.checks.exact_duplicates import exact_duplicates
from lib.data.checks.finding import Edits, Finding, Fix
from lib.data.checks.imbalance import imbalance
from lib.data.checks.invalid_tags import invalid_tags
from lib.data.checks.leaking_columns import leaking_columns
from lib.data.checks.long_rows import long_rows
from lib.data.checks.missing_answers import missing_answers
from lib.data.checks.missing_inputs import missing_inputs
from lib.data.checks.near_conflicts import near_conflicts
from lib.data.checks.near_duplicates import near_duplicates
from lib.data.checks.rare_labels import rare_labels
from lib.data.checks.similar_labels import similar_labels
from lib.data.checks.small_test import small_test
from lib.data.checks.telling_words import telling_words

__all__ = ["CHECKS", "Case", "Check", "Edits", "Finding", "Fix"]


@dataclass(frozen=True)
class Check:
    """A check: what it does, in words that follow "Looking for", and the function that does it."""

    looks_for: str
    find: Callable[[Case], list[Finding]]


CHECKS: tuple[Check, ...] = (
    Check("copies on both sides of the split", across_splits),
    Check("columns that give the label away", leaking_columns),
    Check("words that give the label away", telling_words),
    Check("equal rows with different labels", conflicting_labels),
    Check("nearly equal rows with different labels", near_conflicts),
    Check("labels that differ in spelling only", similar_labels),
    Check("rows without a label or a text to learn", missing_answers),
    Check("rows with nothing to read", missing_inputs),
    Check("tags that break their scheme", invalid_tags),
    Check("pictures that cannot be opened", corrupt_images),
    Check("repeated rows", exact_duplicates),
    Check("nearly repeated rows", near_duplicates),
    Check("rare labels", rare_labels),
    Check("labels out of balance", imbalance),
    Check("rows too long to be read whole", long_rows),
    Check("a test set too small to tell models apart", small_test),
)
