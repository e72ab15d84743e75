"""Each finding is said of curves that have it, with the change that helps, and not of similar ones that do not."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss

from lib.analysis.doctor import findings
from lib.analysis.findings.adapter import idle_adapter
from lib.analysis.findings.baseline import nothing_learned
from lib.analysis.findings.case import Case, TestScore, short
from lib.analysis.findings.collapsed import collapsed_label, label_answers
from lib.analysis.findings.learning_rate import chance_loss, diverging, rate_too_high, rate_too_low
from lib.analysis.findings.overfitting import overfitting
from lib.analysis.findings.reading import cut_texts, padding_waste, unlearned_rows
from lib.analysis.findings.underfitting import still_learning, too_few_steps
from lib.tasks.outputs import LabelScores, ManyLabels, Number
from tests.analysis.curves import case, falling, flat, noisy

GOOD = falling(1.39, 0.3, 200)
# What the finding is asked, the case, and the options (or method) it wants changed; None: nothing is wrong.
Row = tuple[str, Callable[[Case], Any], Case, dict[str, Any] | None]


def rate(value: float) -> dict[str, Any]:
    return {"options": {"learning_rate": value}}


def epochs(value: float) -> dict[str, Any]:
    return {"options": {"epochs": value}}


def scored(value: float, baseline: float = 0.1, name: str = "majority", *, half: float = 0.05) -> TestScore:
    return TestScore(value, 400, (value - half, value + half), {name: baseline})


CLIPPED = [9.0] * 60
RATES: list[Row] = [
    ("the loss runs away", diverging, case([1.4, 1.5, *flat(4.5, 30)], options={"learning_rate": 1.5e-4}), rate(3e-5)),
    ("far above the usual rate the usual one is better than a fifth", diverging,
     case([1.4, *flat(6, 30)], options={"learning_rate": 0.1}), rate(1.5e-4)),
    ("without a usual rate a fifth", diverging, case([1.4, *flat(6, 30)], options={"learning_rate": 0.1}, usual={}),
     rate(0.02)),
    ("while it goes on", diverging, case([1.4, 2, 3, 5, 6, 6, 7, 7], ended=False, total_steps=500), rate(3e-5)),
    ("the gradient is no number", diverging, case(flat(1.3, 5), norms=[1, 2, math.nan]), rate(3e-5)),
    ("it is at the lowest rate already", diverging, case([1.4, *flat(6, 30)], options={"learning_rate": 1e-7}), {}),
    ("it learns", diverging, case(GOOD), None),
    ("single hard batches", diverging, case([*GOOD[:100], 6.0, *GOOD[100:], 5.0]), None),
    ("batches of one row vary", diverging, case(noisy(GOOD, spread=1.0), options={"batch_size": 1}), None),
    ("an easy first batch of one row", diverging, case([0.01, *flat(1.3, 40)], options={"batch_size": 1}), None),
    ("rare labels have a low chance, which a fresh head is above", diverging,
     case(noisy(np.linspace(0.75, 0.5, 40)), label_counts={"a": 985, "b": 15}), None),
    ("too few steps to say", diverging, case([1.4, 5.0, 6.0]), None),
    ("small losses double easily", diverging, case([0.1, *flat(0.3, 40)], label_counts={}), None),
    ("stuck at chance far above the usual rate", rate_too_high,
     case(flat(1.42, 60), norms=CLIPPED, options={"learning_rate": 5e-3}), rate(1.5e-4)),
    ("fell and came back to chance", rate_too_high, case([*falling(1.39, 0.8, 40), *flat(1.4, 80)]), rate(3e-5)),
    ("jumps again and again", rate_too_high,
     case([1.39, *(3.2 if step % 5 == 0 else 1.0 for step in range(99))]), rate(3e-5)),
    ("a loss without a level of chance rose and stayed", rate_too_high,
     case([2.0, *flat(2.4, 60)], options={"learning_rate": 1e-2}, label_counts={}), rate(1.5e-4)),
    ("at chance at the usual rate: there may be nothing to learn", rate_too_high, case(flat(1.39, 60)), None),
    ("a writing model's loss falls by little", rate_too_high,
     case(noisy(np.linspace(3.3, 3.1, 90), spread=0.01), options={"learning_rate": 1e-3}, label_counts={}), None),
    ("it learns at a rate far above the usual one", rate_too_high, case(GOOD, options={"learning_rate": 2e-3}), None),
    ("clipped at every step, but it learns", rate_too_high, case(GOOD, norms=[9.0] * 200), None),
    ("batches of one row jump", rate_too_high, case(noisy(GOOD, spread=1.2), options={"batch_size": 1}), None),
    ("the loss does not move at a tiny rate", rate_too_low, case(flat(1.39, 60), options={"learning_rate": 1e-7}),
     rate(1.5e-4)),
    ("it does not move at the usual rate", rate_too_low, case(flat(1.39, 60)), None),
    ("it moves at a low rate", rate_too_low, case(falling(1.39, 1.0, 60), options={"learning_rate": 2e-5}), None),
    ("the run has only begun", rate_too_low,
     case(flat(1.39, 60), options={"learning_rate": 1e-7}, total_steps=500, ended=False), None),
    ("what is usual is not known", rate_too_low, case(flat(1.39, 60), options={"learning_rate": 1e-7}, usual={}), None),
]  # fmt: skip

HELD = {50: 1.0, 100: 0.8, 150: 0.78, 200: 0.77}
RISING = {50: 0.6, 100: 0.8, 150: 1.0, 200: 1.2}
FLAT_SCORE = {50: 0.7, 100: 0.71, 150: 0.7, 200: 0.69}
STEEP = noisy(np.linspace(1.39, 0.4, 200), spread=0.05)
CLIMBING = {"macro_f1": {50: 0.3, 100: 0.42, 150: 0.5, 200: 0.58}, "loss": HELD}
FITS: list[Row] = [
    ("far apart at the step that is kept, where the loss was lower before", overfitting,
     case([*flat(1.3, 50), *flat(0.2, 150)], validation={"loss": RISING}, best_step=200), epochs(1.0)),
    ("far apart though the validation loss still fell", overfitting,
     case(falling(1.39, 0.1, 200), validation={"loss": HELD}, best_step=200), {"options": {"weight_decay": 0.1}}),
    ("decay is strong already", overfitting,
     case(falling(1.39, 0.1, 200), validation={"loss": HELD}, best_step=200, options={"weight_decay": 0.1}),
     rate(7.5e-5)),
    ("rising while it goes on, with no better score", overfitting,
     case(falling(1.39, 0.5, 200), validation={"loss": {50: 0.65, 100: 0.7, 150: 0.8, 200: 0.85},
          "macro_f1": {50: 0.7, 100: 0.6, 150: 0.6, 200: 0.6}}, ended=False, total_steps=400), epochs(1.0)),
    ("close together", overfitting, case(flat(0.7, 200), validation={"loss": HELD}, best_step=200), None),
    ("a large ratio of tiny losses", overfitting,
     case(flat(0.01, 200), validation={"loss": {200: 0.2}}, best_step=200), None),
    ("apart only after the step that is kept", overfitting,
     case([*flat(1.0, 50), *flat(0.2, 150)], validation={"loss": RISING}, best_step=50), None),
    ("rising while the score still rises", overfitting,
     case(falling(1.39, 0.5, 200), validation={"loss": {50: 0.65, 100: 0.7, 150: 0.8, 200: 0.85},
          "macro_f1": {50: 0.5, 100: 0.6, 150: 0.7, 200: 0.8}}, ended=False), None),
    ("far apart, but a teacher's answers are in the training loss", overfitting,
     case(flat(0.1, 200), validation={"loss": HELD}, best_step=200, plain_loss=False), None),
    ("no validation loss", overfitting, case(GOOD, best_step=200), None),
    ("nothing measured", overfitting, case(), None),
    ("ended while it was still getting better", still_learning, case(STEEP, validation=CLIMBING), epochs(8.0)),
    ("a quick look gets the usual epochs at least", still_learning,
     case(STEEP, validation=CLIMBING, options={"epochs": 1.0}, usual={"epochs": 12.0}), epochs(12.0)),
    ("an error that still falls", still_learning,
     case(STEEP, validation={"mae": {100: 4.0, 200: 3.0}}, score="mae", higher_is_better=False), epochs(8.0)),
    ("the score has settled", still_learning,
     case(STEEP, validation={"macro_f1": {50: 0.5, 100: 0.7, 150: 0.75, 200: 0.76}}), None),
    ("the training loss has settled", still_learning, case(GOOD, validation=CLIMBING), None),
    ("the validation loss rises already", still_learning,
     case(STEEP, validation=CLIMBING | {"loss": RISING}), None),
    ("somebody stopped it", still_learning, case(STEEP, validation=CLIMBING, ended=False), None),
    ("it ended early", still_learning, case(STEEP, validation=CLIMBING, total_steps=400), None),
    ("two steps", too_few_steps, case([1.39, 1.38], options={"epochs": 0.1}, test=scored(0.2)), epochs(4.0)),
    ("few steps and no better than the majority", too_few_steps,
     case(falling(1.39, 0.9, 20), options={"epochs": 1.0}, test=scored(0.1)), epochs(4.0)),
    ("few steps that were enough", too_few_steps,
     case(falling(1.39, 0.5, 40), options={"epochs": 2.0}, test=scored(0.8)), None),
    ("few steps of all the epochs that are usual", too_few_steps,
     case([1.39, 1.38], options={"epochs": 4.0}, test=scored(0.1)), None),
    ("no better than the majority at a strange rate", nothing_learned,
     case(GOOD, test=scored(0.1), options={"learning_rate": 1e-3}), rate(1.5e-4)),
    ("no better with few epochs", nothing_learned, case(GOOD, test=scored(0.1), options={"epochs": 2.0}), epochs(4.0)),
    ("no better and nothing else to try", nothing_learned, case(GOOD, test=scored(0.12)), {}),
    ("worse than before training", nothing_learned,
     case(GOOD, test=scored(12.0, 11.0, "untuned"), higher_is_better=False, score="perplexity"), {}),
    ("a little better than before training", nothing_learned,
     case(GOOD, test=scored(10.9, 11.0, "untuned", half=3), higher_is_better=False, score="perplexity"), None),
    ("clearly better, though few rows make the interval wide", nothing_learned,
     case(GOOD, test=scored(0.75, 0.33, half=0.5)), None),
    ("worse than TF-IDF, which has learned too", nothing_learned, case(GOOD, test=scored(0.5, 0.6, "tfidf")), None),
]  # fmt: skip

LORA = {"name": "lora", "rank": 16, "alpha": 32}
BALANCED = {"options": {"class_weights": "balanced"}}


def answered(**answers: tuple[int, int]) -> dict[str, Any]:
    return {"answers": answers, "validation_rows": sum(true for true, _ in answers.values())}


OTHERS: list[Row] = [
    ("an adapter that stayed at zero", idle_adapter,
     case(flat(1.39, 60), method=LORA, adapter_change=1e-5, options={"learning_rate": 1e-7}), rate(1.5e-4)),
    ("a flat loss and no better than before", idle_adapter,
     case(flat(1.39, 60), method=LORA, adapter_change=0.05, test=scored(0.1)),
     rate(7.5e-4) | {"method": {"rank": 32, "alpha": 64}}),
    ("an adapter that has changed a chat model a little", idle_adapter,
     case(GOOD, method=LORA, adapter_change=8e-4, test=scored(0.8)), None),
    ("an adapter that learned", idle_adapter, case(GOOD, method=LORA, adapter_change=0.05, test=scored(0.8)), None),
    ("a flat loss, but better than before", idle_adapter,
     case(flat(3.1, 60), method=LORA, adapter_change=0.05, test=scored(0.8)), None),
    ("the whole model learns", idle_adapter, case(flat(1.39, 60), test=scored(0.1)), None),
    ("a label is never answered", collapsed_label, case(GOOD, **answered(common=(90, 100), rare=(10, 0))), BALANCED),
    ("one label is always answered", collapsed_label, case(GOOD, **answered(a=(50, 99), b=(50, 1))), BALANCED),
    ("weights are balanced already", collapsed_label,
     case(GOOD, options={"class_weights": "balanced"}, **answered(common=(90, 100), rare=(10, 0))), epochs(8.0)),
    ("a label of few rows is missed", collapsed_label, case(GOOD, **answered(common=(91, 100), rare=(9, 0))), None),
    ("nearly all rows have the label", collapsed_label, case(GOOD, **answered(a=(95, 98), b=(5, 2))), None),
    ("a label without rows", collapsed_label, case(GOOD, **answered(a=(50, 50), b=(50, 50), c=(0, 0))), None),
    ("a third of the texts is cut", cut_texts, case(lengths={"truncated": 0.3}, model_max_length=512),
     {"options": {"max_length": 256}}),
    ("nearly all texts are cut", cut_texts,
     case(lengths={"truncated": 0.9}, model_max_length=512, options={"max_length": 8}),
     {"options": {"max_length": 32}}),
    ("the model reads no more", cut_texts, case(lengths={"truncated": 0.3}, model_max_length=128), {}),
    ("a few texts are cut", cut_texts, case(lengths={"truncated": 0.05}, model_max_length=512), None),
    ("a run of an earlier version", cut_texts, case(), None),
    ("rows without labels that count", unlearned_rows, case(lengths={"unlearned": 0.2}, model_max_length=512),
     {"options": {"max_length": 256}}),
    ("every row teaches", unlearned_rows, case(lengths={"unlearned": 0.0}, model_max_length=512), None),
    ("half is padding", padding_waste, case(lengths={"padding": 0.5}),
     {"options": {"batch_size": 8, "gradient_accumulation": 2}}),
    ("batches of two cannot be halved", padding_waste, case(lengths={"padding": 0.5}, options={"batch_size": 2}), {}),
    ("padding as usual", padding_waste, case(lengths={"padding": 0.15}), None),
]  # fmt: skip
ALL = [*RATES, *FITS, *OTHERS]


@pytest.mark.parametrize(
    ("words", "find", "given", "changes"), ALL, ids=[f"{row[1].__name__}: {row[0]}" for row in ALL]
)
def test_it_is_said_only_where_it_is_so(
    words: str, find: Callable[[Case], Any], given: Case, changes: dict[str, Any] | None
) -> None:
    found = find(given)
    assert (found is None) == (changes is None)
    if found is not None:
        assert found.changes == changes
        assert found.severity == "warning" and found.code and found.where
        assert found.what.endswith(".") and found.fix.endswith((".", "?"))


def test_a_run_that_learns_well_is_left_in_peace() -> None:
    well = case(
        GOOD, norms=noisy([2.0] * 200), test=scored(0.8), validation={"macro_f1": FLAT_SCORE, "loss": HELD},
        lengths={"truncated": 0.01, "padding": 0.1, "unlearned": 0.0}, best_step=100,
        **answered(anger=(50, 45), joy=(50, 55)),
    )  # fmt: skip
    assert findings(well) == []


def test_a_cause_is_said_without_what_follows_from_it() -> None:
    """A rate far too high also leaves labels out, beats no baseline and may look like anything else."""
    broken = case(
        [1.4, *flat(6, 60)], options={"learning_rate": 0.1}, test=scored(0.1), lengths={"truncated": 1.0},
        model_max_length=512, **answered(anger=(50, 100), joy=(50, 0)),
    )  # fmt: skip
    assert [problem.code for problem in findings(broken)] == ["diverging", "truncated"]


@pytest.mark.parametrize(
    ("counts", "smoothing", "weighted", "expected"),
    [
        ({"a": 1, "b": 1, "c": 1, "d": 1}, 0.0, False, math.log(4)),
        ({"a": 9, "b": 1}, 0.0, False, log_loss([0] * 9 + [1], [[0.9, 0.1]] * 10)),
        ({"a": 9, "b": 1}, 0.0, True, math.log(2)),
        # Half of the truth is spread over two labels: (0.9, 0.1) becomes (0.7, 0.3).
        ({"a": 9, "b": 1}, 0.5, False, -(0.7 * math.log(0.7) + 0.3 * math.log(0.3))),
    ],
)
def test_chance_is_the_loss_of_the_best_constant_answer(
    counts: dict[str, int], smoothing: float, weighted: bool, expected: float
) -> None:
    assert chance_loss(counts, smoothing=smoothing, weighted=weighted) == pytest.approx(expected)


def test_one_label_has_no_chance_to_speak_of() -> None:
    assert chance_loss({"a": 5, "b": 0}) is None


def test_answers_are_counted_by_label() -> None:
    one = pd.DataFrame({"gold": ["a", "a", "b"], "predicted": ["a", "a", "a"]})
    assert label_answers(LabelScores(("a", "b")), one) == {"a": (2, 3), "b": (1, 0)}
    many = pd.DataFrame({"gold": ['["a", "b"]', "[]"], "predicted": ['["b"]', '["b"]']})
    assert label_answers(ManyLabels(("a", "b")), many) == {"a": (1, 0), "b": (1, 2)}
    assert label_answers(Number(), pd.DataFrame({"gold": [1.0], "predicted": [2.0]})) == {}


def test_a_step_that_is_measured_twice_counts_once() -> None:
    again = case([1.0, 2.0])
    doubled = Case(metrics=[*again.metrics, {**again.metrics[0], "value": 5.0}])
    assert list(doubled.losses.values) == [5.0, 2.0]


@pytest.mark.parametrize(
    ("value", "expected"),
    [(3e-5, "3e-5"), (0.00015, "1.5e-4"), (1e-7, "1e-7"), (0.1, "0.1"), (128, "128"), (4.0, "4")],
)
def test_settings_are_written_as_they_are_typed(value: float, expected: str) -> None:
    assert short(value) == expected
