import numpy as np
import pandas as pd
import pytest
from seqeval.metrics import f1_score

from lib.analysis.entity_intervals import entity_intervals
from lib.analysis.intervals import wilson
from lib.errors import UserError
from lib.tasks.tags import entities_of, entity_counts, entity_scores

COLUMNS = ["tp", "fp", "fn", "tokens_correct", "tokens"]


def tagged(rows: int, *, right: float = 0.8, seed: int = 0) -> tuple[list[list[str]], list[list[str]]]:
    random = np.random.default_rng(seed)
    pieces = [["O"], ["B-PER"], ["B-PER", "I-PER"], ["B-LOC"]]
    gold = [
        [tag for piece in random.integers(0, 4, random.integers(1, 5)) for tag in pieces[piece]]
        for _ in range(rows)
    ]
    guess = [[tag if random.random() < right else "O" for tag in row] for row in gold]
    return gold, guess


def counted(gold: list[list[str]], guess: list[list[str]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            (
                *entity_counts(entities_of(one), entities_of(other)),
                sum(a == b for a, b in zip(one, other, strict=True)),
                len(one),
            )
            for one, other in zip(gold, guess, strict=True)
        ],
        columns=COLUMNS,
    )


def test_the_interval_is_that_of_sentences_drawn_and_scored_again():
    gold, guess = tagged(25)
    fast = entity_intervals(counted(gold, guess), draws=150, seed=3)
    random, f1, tokens = np.random.default_rng(3), [], []
    for _ in range(150):
        rows = random.integers(0, 25, 25)
        f1.append(f1_score([gold[row] for row in rows], [guess[row] for row in rows]))
        pairs = [pair for row in rows for pair in zip(gold[row], guess[row], strict=True)]
        tokens.append(np.mean([one == other for one, other in pairs]))
    assert fast["entity_f1"] == pytest.approx(tuple(np.quantile(f1, (0.025, 0.975))))
    assert fast["token_accuracy"] == pytest.approx(tuple(np.quantile(tokens, (0.025, 0.975))))


def test_intervals_hold_the_scores_and_repeat_with_the_seed():
    counts = counted(*tagged(300))
    found = entity_intervals(counts)
    scores = entity_scores(tuple(counts[["tp", "fp", "fn"]].sum()))
    scores["token_accuracy"] = counts["tokens_correct"].sum() / counts["tokens"].sum()
    assert found.keys() == scores.keys()
    for name, value in scores.items():
        assert found[name][0] < value < found[name][1]
    assert entity_intervals(counts) == found != entity_intervals(counts, seed=1)


def test_documents_are_drawn_whole():
    counts = counted(*tagged(40))
    groups = np.arange(40) // 8
    together = counts.groupby(groups).sum()
    assert entity_intervals(counts, groups=groups)["entity_f1"] == entity_intervals(together)["entity_f1"]


@pytest.mark.parametrize(
    ("row", "score", "rows", "expected"),
    [
        # All right: as many rows as hold an entity, all successes.
        ((2, 0, 0, 5, 5), "entity_f1", 10, wilson(10, 10)),
        # All missed.
        ((0, 0, 2, 3, 5), "entity_recall", 10, wilson(0, 10)),
        # Nothing given: of precision nothing is known.
        ((0, 0, 2, 3, 5), "entity_precision", 10, (0, 1)),
        # No entity anywhere.
        ((0, 0, 0, 5, 5), "entity_f1", 10, (0, 1)),
        ((0, 0, 0, 5, 5), "token_accuracy", 10, wilson(10, 10)),
        # A single row.
        ((1, 0, 0, 5, 5), "entity_f1", 1, wilson(1, 1)),
    ],
)
def test_what_is_all_alike_is_not_taken_for_certain(row, score, rows, expected):
    found = entity_intervals(pd.DataFrame([row] * rows, columns=COLUMNS))
    assert found[score] == pytest.approx(tuple(float(end) for end in expected))


def test_no_rows_have_no_interval():
    with pytest.raises(UserError, match="no rows"):
        entity_intervals(pd.DataFrame(columns=COLUMNS, dtype=float))
