"""Whether a model has given up a label: it never answers it, or answers nothing else."""

import json
from collections import Counter

import pandas as pd

from lib.analysis.findings.case import Case, short
from lib.errors import Problem
from lib.tasks.outputs import LabelScores, ManyLabels, Output

# A poor model that finds one row in three misses all of ten in 2 % of the cases; fewer rows would say nothing.
LEAST_SUPPORT = 10
# Nothing but one label: nearly all answers, though clearly fewer rows have it.
ALWAYS, SELDOM = 0.98, 0.8
MOST_NAMED = 3


def label_answers(output: Output, judged: pd.DataFrame) -> dict[str, tuple[int, int]]:
    """For each label how many judged rows truly have it and how many are given it; empty for other outputs."""
    if isinstance(output, LabelScores):
        gold, given = Counter(judged["gold"].astype(str)), Counter(judged["predicted"].astype(str))
    elif isinstance(output, ManyLabels):
        gold, given = (
            Counter(label for cell in judged[column].dropna() for label in json.loads(cell))
            for column in ("gold", "predicted")
        )
    else:
        return {}
    return {label: (gold[label], given[label]) for label in output.labels}


def collapsed_label(case: Case) -> Problem | None:
    """A label that validation rows have and the model never gives, or one that it always gives."""
    rows = case.validation_rows
    never = [name for name, (true, given) in case.answers.items() if true >= LEAST_SUPPORT and not given]
    always = [
        name
        for name, (true, given) in case.answers.items()
        if rows >= 2 * LEAST_SUPPORT and given >= ALWAYS * rows and true <= SELDOM * rows
    ]
    if not never and not always:
        return None
    if always:
        name = always[0]
        true, given = case.answers[name]
        what = (
            f"The model answers almost nothing but “{name}”. It does so on {given:,} of {rows:,} validation rows, "
            f"and {true:,} of them have that label."
        )
    else:
        named = ", ".join(f"“{name}” ({case.answers[name][0]:,})" for name in never[:MOST_NAMED])
        more = f" and {len(never) - MOST_NAMED} more" if len(never) > MOST_NAMED else ""
        labels = "a label" if len(never) == 1 else f"{len(never)} labels"
        what = (
            f"The model never answers {labels} that it should know. Of {rows:,} validation rows none is given "
            f"{named}{more}; in brackets the rows that have it."
        )
    if case.options.get("class_weights") == "none":
        changes = case.option_change("class_weights", "balanced")
        fix = "Train again with balanced class weights, so that rare labels count as much as common ones."
    else:
        now = float(case.options.get("epochs", 1.0))
        epochs = case.within("epochs", 2 * now)
        changes = case.option_change("epochs", epochs)
        fix = f"More rows of that label help most; {short(epochs)} epochs may help too."
    return Problem(what, "options.class_weights", fix, "warning", "collapsed-label", changes)
