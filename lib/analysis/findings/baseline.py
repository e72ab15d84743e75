"""Whether a model is better than one that has learned nothing."""

from lib.analysis.findings.case import Case, short
from lib.analysis.intervals import described, number
from lib.analysis.scores import title
from lib.analysis.verdict import baseline_title
from lib.errors import Problem

# Baselines that need no learning. Others, such as TF-IDF or a first sentence, are hard to beat with few rows.
IGNORANT = ("majority", "mean", "untuned")
# Inside the interval and this close (of what is left to gain) it is no better. Few test rows make wide intervals, in
# which a clearly better model can lie too.
CLOSE = 0.05


def no_better(case: Case) -> str | None:
    """The sentence with the figures when the test score is no better than that of a baseline that knows nothing."""
    test = case.test
    if test is None:
        return None
    for name in IGNORANT:
        if name not in test.baselines:
            continue
        baseline = test.baselines[name]
        gain = test.value - baseline if case.higher_is_better else baseline - test.value
        left = abs(1 - baseline) if case.higher_is_better else abs(baseline)
        inside = test.interval is not None and test.interval[0] <= baseline <= test.interval[1]
        # What a model could before training is scored on the same rows, so the smallest gain counts.
        if gain <= 0 or (name != "untuned" and inside and gain < CLOSE * left):
            return (
                f"{title(case.score)[0].upper()}{title(case.score)[1:]} is {described(test.value, test.interval)} "
                f"on {test.rows:,} test rows, and that of {_words(name)} is {number(baseline)}."
            )
    return None


def nothing_learned(case: Case) -> Problem | None:
    """No better than a baseline that knows nothing, for no reason that another finding gives."""
    evidence = no_better(case)
    if not case.ended or evidence is None:
        return None
    now, usual = case.rate, case.usual_rate
    epochs = float(case.options.get("epochs", 1.0))
    if usual is not None and not usual / 2 <= now <= usual * 2:
        wanted = case.within("learning_rate", usual)
        changes = case.option_change("learning_rate", wanted)
        fix = f"Train again with the learning rate that is usual for such a run, {short(wanted)}."
    elif epochs < float(case.usual.get("epochs", 0.0)):
        wanted = case.within("epochs", float(case.usual["epochs"]))
        changes = case.option_change("epochs", wanted)
        fix = f"Train again for {short(wanted)} epochs."
    else:
        changes = {}
        fix = (
            "Look at its mistakes: do the inputs say what the answers are, and are the right columns chosen?"
        )
    return Problem(
        f"The model is no better than one that has learned nothing. {evidence}",
        "scores",
        fix,
        "warning",
        "nothing-learned",
        changes,
    )


def _words(name: str) -> str:
    return "the model before training" if name == "untuned" else baseline_title(name)
