"""Whether the model reads what it should: texts that are cut, answers that are cut away, batches full of padding."""

from lib.analysis.findings.case import Case
from lib.errors import Problem

# Below one text in ten the cut ends seldom decide; the data page shows all lengths anyway.
MANY_CUT = 0.1
# Half of the texts cut: the usual one is longer than is read, so twice the length would not do.
MOST_CUT = 0.5
# Rows that teach nothing cost time and make the loss say less than it seems.
MANY_UNLEARNED = 0.05
# With batches of similar length padding takes 2 to 15 % in the data sets measured.
MUCH_PADDING = 0.4
SMALLEST_BATCH = 2


def cut_texts(case: Case) -> Problem | None:
    """Many training texts are longer than what is read of them."""
    share = float(case.lengths.get("truncated", 0.0))
    if share < MANY_CUT:
        return None
    now = int(case.options.get("max_length", 0))
    changes = _longer(case, 4 if share >= MOST_CUT else 2)
    return Problem(
        f"Many texts are cut: their ends are never read. {100 * share:.0f} % of the training texts are longer than "
        f"{now:,} tokens.",
        "options.max_length",
        f"Train again reading up to {changes['options']['max_length']:,} tokens of a text."
        if changes
        else "The model reads no more than that: split the texts, or choose a model that reads longer ones.",
        "warning",
        "truncated",
        changes,
    )


def unlearned_rows(case: Case) -> Problem | None:
    """Rows in which no token is learned: every label is −100."""
    share = float(case.lengths.get("unlearned", 0.0))
    if share < MANY_UNLEARNED:
        return None
    changes = _longer(case, 2)
    return Problem(
        f"Many rows teach nothing: what should be learned in them is cut off or empty. That is so in "
        f"{100 * share:.0f} % of the training rows, whose labels are all −100.",
        "options.max_length",
        f"Train again reading up to {changes['options']['max_length']:,} tokens."
        if changes
        else "Check that the column with the answers is the right one and filled.",
        "warning",
        "unlearned-rows",
        changes,
    )


def padding_waste(case: Case) -> Problem | None:
    """Much of what is computed is padding, because texts of very different length share a batch."""
    share = float(case.lengths.get("padding", 0.0))
    if share < MUCH_PADDING:
        return None
    batch = int(case.options.get("batch_size", 1))
    changes = {}
    if batch // 2 >= SMALLEST_BATCH:
        steps = case.within("gradient_accumulation", 2 * int(case.options.get("gradient_accumulation", 1)))
        changes = {"options": {"batch_size": batch // 2, "gradient_accumulation": int(steps)}}
    return Problem(
        f"Much of the time is spent on padding. {100 * share:.0f} % of what a batch holds is there only to fill "
        f"texts up to the longest one of their batch.",
        "options.batch_size",
        f"Train again with batches of {batch // 2}, two for each step: what is learned stays the same."
        if changes
        else "Bring texts of more even length.",
        "warning",
        "padding",
        changes,
    )


def _longer(case: Case, times: int) -> dict[str, dict[str, int]]:
    """Reading so many times as much, as far as the model and the option go; nothing when it is there already."""
    now = int(case.options.get("max_length", 0))
    most = case.model_max_length or now
    wanted = int(min(times * now, most, case.ranges.get("max_length", (0, most))[1]))
    return {"options": {"max_length": wanted}} if wanted > now else {}
