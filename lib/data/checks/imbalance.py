"""Whether one label outnumbers others so much that always answering it looks good."""

from lib.data.checks.case import Case
from lib.data.checks.finding import Finding
from lib.data.checks.rare_labels import FEWEST
from lib.data.checks.words import per_cent

# Common rule of thumb: from ten to one on, plain training tends to give up the small label.
MANY_TIMES = 10.0


def imbalance(case: Case) -> list[Finding]:
    """The largest label against the smallest that is not rare."""
    if case.labels is None:
        return []
    counts = case.labels.value_counts()
    counts = counts[counts >= FEWEST]
    if len(counts) < 2 or counts.iloc[0] < MANY_TIMES * counts.iloc[-1]:
        return []
    most, least = counts.index[0], counts.index[-1]
    share = per_cent(counts.iloc[0], counts.sum())
    return [
        Finding(
            check="imbalance",
            what=f"“{most}” has {counts.iloc[0] / counts.iloc[-1]:,.0f} times the rows of “{least}” "
            f"({counts.iloc[0]:,} and {counts.iloc[-1]:,}).",
            why=f"Always answering “{most}” is right in {share} of the rows, so accuracy says little here, "
            "and small labels may "
            "never be given.",
            where=case.answer_column,
            advice="Nothing is wrong with the rows. Judge by macro-F1, and set class weights to balanced "
            "when small labels matter.",
        )
    ]
