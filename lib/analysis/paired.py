"""Several models judged on the same rows: one score of each, and of each when the rows are drawn again for all alike.

Rows that are hard for one model are mostly hard for the others, so what two models differ by is known far better
from shared draws than their own intervals suggest.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lib.analysis.confusion import ConfusionMatrix
from lib.analysis.entities import entity_pairs
from lib.analysis.entity_intervals import ENTITY_SHARES, share_of
from lib.analysis.intervals import Interval, wilson
from lib.analysis.label_sets import known_labels, membership
from lib.analysis.margins import Margins, resampled
from lib.analysis.multilabel_intervals import MARGIN_SCORES
from lib.analysis.number_intervals import NUMBER_STATISTICS, number_sums
from lib.analysis.resampling import DRAWS, Statistic, ratio, resampled_sums
from lib.analysis.scores import SCORES
from lib.analysis.text_intervals import ANSWER_SCORES, ROUGE, bleu_of_sums, chrf_of_sums, mean_of
from lib.tasks.outputs import (
    Continuation,
    LabelScores,
    ManyLabels,
    MaskedTokens,
    Number,
    Output,
    Spans,
    Text,
    TokenLabels,
)

_A_POINT = 1e-12


@dataclass(frozen=True)
class PairedScores:
    """One score of each model: `values` float64[models], and `draws` float64[draws, models] on shared draws of rows."""

    values: np.ndarray
    draws: np.ndarray


@dataclass(frozen=True)
class PairedLabels:
    """How well models find each label: `exact` Margins[labels] a model, `f1_draws` float64[draws, models, labels]."""

    labels: list[str]
    exact: tuple[Margins, ...]
    f1_draws: np.ndarray


def paired_scores(
    output: Output, score: str, judged: Sequence[pd.DataFrame], *, draws: int = DRAWS, seed: int = 0
) -> PairedScores | None:
    """A score of several models on the same rows in the same order; None for a score that no draws can be made of.

    `judged` are rows as the output describes them. The values equal those of the task's own `score`.
    """
    match output:
        case LabelScores():
            if score not in SCORES:
                return None
            return _of_margins(output, judged, SCORES[score], draws=draws, seed=seed)
        case ManyLabels() if score != "accuracy":
            if score not in MARGIN_SCORES:
                return None
            return _of_margins(output, judged, MARGIN_SCORES[score], draws=draws, seed=seed)
    found = _sums_of(output, score, judged)
    if found is None:
        return None
    values, statistic, groups = found
    width = values.shape[1] // len(judged)

    def of_sums(sums: np.ndarray) -> np.ndarray:
        parts = [sums[:, place * width : (place + 1) * width] for place in range(len(judged))]
        return np.stack([statistic(part) for part in parts], axis=1)

    chunks = [of_sums(sums) for sums in resampled_sums(values, draws=draws, seed=seed, groups=groups)]
    return PairedScores(of_sums(values.sum(axis=0, keepdims=True))[0], _whole(np.concatenate(chunks)))


def paired_labels(
    output: Output, judged: Sequence[pd.DataFrame], *, draws: int = DRAWS, seed: int = 0
) -> PairedLabels | None:
    """How well several models find each label or type of span on the same rows; None for outputs without labels."""
    if not isinstance(output, LabelScores | ManyLabels | TokenLabels):
        return None
    labels, exact, drawn = _margins(output, judged, draws=draws, seed=seed)
    f1 = np.concatenate([np.stack([margins.f1 for margins in models], axis=1) for models in drawn])
    return PairedLabels(labels, exact, f1)


def middle(values: np.ndarray) -> Interval:
    """The 95 % percentile interval of draws: float64[draws]; not a number where there are none."""
    known = values[np.isfinite(values)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, (0.025, 0.975))
    return float(low), float(high)


def unseen(rows: int) -> float:
    """How large a share of rows could be of a kind that none of `rows` rows is, as far as Wilson's interval knows."""
    return float(1 - wilson(rows, rows)[0])


def not_a_point(value: float, interval: Interval, rows: int) -> Interval:
    """The interval of a comparison of shares; where all draws agree, as wide as what so many rows cannot show."""
    low, high = interval
    if not high - low <= _A_POINT:
        return interval
    return value - unseen(rows), value + unseen(rows)


def is_share(score: str) -> bool:
    """Whether a score is a share of what there is, so that draws that all agree still leave room for doubt."""
    return score not in ("perplexity", "loss", "mae", "rmse")


def _whole(drawn: np.ndarray) -> np.ndarray:
    """Without the draws in which nothing could be scored."""
    return drawn[np.isfinite(drawn).all(axis=1)]


def _of_margins(
    output: Output,
    judged: Sequence[pd.DataFrame],
    score: Callable[[Margins], np.ndarray],
    *,
    draws: int,
    seed: int,
) -> PairedScores:
    _, exact, drawn = _margins(output, judged, draws=draws, seed=seed)
    chunks = [np.stack([score(margins) for margins in models], axis=1) for models in drawn]
    values = np.array([float(score(margins)) for margins in exact])
    return PairedScores(values, _whole(np.concatenate(chunks)))


def _margins(
    output: Output, judged: Sequence[pd.DataFrame], *, draws: int, seed: int
) -> tuple[list[str], tuple[Margins, ...], Iterator[tuple[Margins, ...]]]:
    """The labels, each model's margins on all rows, and on each draw."""
    if isinstance(output, LabelScores):
        return _cells(output, judged, draws=draws, seed=seed)
    labels, support, sides = (_set_counts if isinstance(output, ManyLabels) else _span_counts)(output, judged)
    values = np.hstack([support, *(part for pair in sides for part in pair)]).astype(np.float64)

    def split(sums: np.ndarray) -> tuple[Margins, ...]:
        true, *parts = np.split(sums, 1 + 2 * len(judged), axis=-1)
        return tuple(
            Margins(right, true, given) for right, given in zip(parts[::2], parts[1::2], strict=True)
        )

    drawn = (split(sums) for sums in resampled_sums(values, draws=draws, seed=seed))
    return labels, split(values.sum(axis=0)), drawn


def _cells(
    output: LabelScores, judged: Sequence[pd.DataFrame], *, draws: int, seed: int
) -> tuple[list[str], tuple[Margins, ...], Iterator[tuple[Margins, ...]]]:
    gold = judged[0]["gold"]
    predicted = [frame["predicted"] for frame in judged]
    there = {str(label) for column in (gold, *predicted) for label in column.unique()}
    labels = [*(label for label in output.labels if label in there), *sorted(there - set(output.labels))]
    matrices = [ConfusionMatrix.of(gold, column, labels=tuple(labels)) for column in predicted]
    place = {label: position for position, label in enumerate(labels)}
    codes = np.array([column.astype(str).map(place).to_numpy() for column in (gold, *predicted)])
    (true, *guesses), rows = np.unique(codes, axis=1, return_counts=True)
    drawn = resampled(true, tuple(guesses), rows, len(labels), draws=draws, seed=seed)
    return labels, tuple(Margins.of(matrix) for matrix in matrices), drawn


_Counts = tuple[list[str], np.ndarray, list[tuple[np.ndarray, np.ndarray]]]


def _set_counts(output: Any, judged: Sequence[pd.DataFrame]) -> _Counts:
    """Labels, which rows truly have them, and for each model which were given rightly and which at all."""
    names = known_labels(judged[0], output.labels)
    true = membership(judged[0]["gold"], names)
    given = [membership(frame["predicted"], names) for frame in judged]
    occurs = np.logical_or.reduce([true.any(axis=0), *(part.any(axis=0) for part in given)])
    true, given = true[:, occurs], [part[:, occurs] for part in given]
    labels = [name for name, there in zip(names, occurs, strict=True) if there]
    return labels, true, [(true & part, part) for part in given]


def _span_counts(output: Any, judged: Sequence[pd.DataFrame]) -> _Counts:
    """As `_set_counts`, with how many spans of each type a row has."""
    found = [entity_pairs(frame["gold"].tolist(), frame["predicted"].tolist()) for frame in judged]
    there = {
        str(label) for pairs in found for side in ("true", "predicted") for label in pairs[side].dropna()
    }
    labels = [*(label for label in output.labels if label in there), *sorted(there - set(output.labels))]
    rows, number = len(judged[0]), {label: place for place, label in enumerate(labels)}

    def counted(pairs: pd.DataFrame, side: str) -> np.ndarray:
        table, lines = np.zeros((rows, len(labels))), pairs[pairs[side].notna()]
        np.add.at(table, (lines["place"].to_numpy(dtype=int), lines[side].map(number).to_numpy(dtype=int)), 1)
        return table

    sides = [
        (counted(pairs[pairs["outcome"] == "right"], "predicted"), counted(pairs, "predicted"))
        for pairs in found
    ]
    return labels, counted(found[0], "true"), sides


def _sums_of(
    output: Output, score: str, judged: Sequence[pd.DataFrame]
) -> tuple[np.ndarray, Statistic, Any] | None:
    """What each row adds for all models side by side, the score of one model's sums, and the groups of rows."""
    groups = None
    match output:
        case TokenLabels() if score in ENTITY_SHARES:
            columns = ["tp", "fp", "fn", "words_correct", "words"]
            values = [frame[columns].to_numpy(dtype=float) for frame in judged]
            statistic = share_of(*ENTITY_SHARES[score])
        case Number() if score in NUMBER_STATISTICS:
            known = judged[0]["gold"].notna().to_numpy()
            values = [
                number_sums(*(frame[name].to_numpy(dtype=float)[known] for name in ("gold", "predicted")))
                for frame in judged
            ]
            statistic = NUMBER_STATISTICS[score]
        case Spans() if score in ANSWER_SCORES:
            values = [_means(frame[score]) for frame in judged]
            # A hard text makes all questions about it hard.
            statistic, groups = mean_of(0, 1), judged[0]["text"]
        case Text() if score in ROUGE:
            values, statistic = [_means(frame[score]) for frame in judged], mean_of(0, 1)
        case Text() if score in ("bleu", "chrf"):
            values = [np.stack(frame[f"{score}_stats"].to_list()).astype(float) for frame in judged]
            statistic = bleu_of_sums if score == "bleu" else chrf_of_sums
        case Text() | ManyLabels() if score in ("exact_match", "accuracy"):
            values, statistic = [_means(frame["correct"]) for frame in judged], mean_of(0, 1)
        case Continuation() | MaskedTokens() if score in ("perplexity", "loss"):
            values = [frame[["nll", "tokens_judged"]].to_numpy(dtype=float) for frame in judged]
            statistic = _perplexity if score == "perplexity" else _loss
        case MaskedTokens() if score == "token_accuracy":
            values = [frame[["hits", "tokens_judged"]].to_numpy(dtype=float) for frame in judged]
            statistic = _loss  # a share of tokens, as the loss is a mean over them
        case _:
            return None
    return np.hstack(values), statistic, groups


def _means(column: "pd.Series[Any]") -> np.ndarray:
    return np.column_stack([column.to_numpy(dtype=float), np.ones(len(column))])


def _loss(sums: np.ndarray) -> np.ndarray:
    return ratio(sums[:, 0], sums[:, 1], nothing=np.nan)


def _perplexity(sums: np.ndarray) -> np.ndarray:
    return np.exp(_loss(sums))
