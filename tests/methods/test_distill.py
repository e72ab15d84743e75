"""Distillation: its options, and its losses checked against their definitions."""

import math

import pytest
import torch

from lib.methods import find_method
from lib.methods.distill import Distill, listens, looks_inside, without_teacher
from lib.methods.soft_losses import soft_loss, soft_loss_of_kept, student_logits
from lib.tasks.outputs import Continuation, LabelScores, ManyLabels, Number, Spans, Text, TokenLabels


def test_without_a_teacher_it_is_refused() -> None:
    assert [problem.code for problem in Distill().check({})] == ["no-teacher"]
    assert Distill().check({"teacher": "run:x", "temperature": 2, "alpha": 0.5, "hidden_loss": 1}) == []


@pytest.mark.parametrize(
    ("options", "heard", "inside"),
    [
        ({"alpha": 0.7}, True, False),
        ({"alpha": 0.0}, False, False),
        ({"alpha": 0.0, "hidden_loss": 0.1}, True, True),
        ({"alpha": 0.5, "attention_loss": 0.1}, True, True),
        ({"alpha": 0.5, "cosine_loss": 0.1}, True, True),
    ],
)
def test_the_teacher_is_heard_where_a_part_of_the_loss_is_its(
    options: dict, heard: bool, inside: bool
) -> None:
    assert (listens(options), looks_inside(options)) == (heard, inside)


def test_the_control_keeps_student_and_teacher_and_hears_nothing() -> None:
    control = without_teacher({"name": "distill", "teacher": "run:x", "alpha": 0.7, "hidden_loss": 1.0})
    assert control["teacher"] == "run:x"
    assert not listens({name: value for name, value in control.items() if name != "name"})
    assert find_method("distill").check({k: v for k, v in control.items() if k != "name"}) == []


def by_hand(student: list[float], teacher: list[float], temperature: float) -> float:
    """T² · Σ p ln(p/q) with p, q the softmax of logits / T, in plain Python."""

    def softmax(logits: list[float]) -> list[float]:
        powers = [math.exp(value / temperature) for value in logits]
        return [value / sum(powers) for value in powers]

    pairs = zip(softmax(teacher), softmax(student), strict=True)
    return temperature**2 * sum(p * math.log(p / q) for p, q in pairs)


@pytest.mark.parametrize("kind", [LabelScores.kind, TokenLabels.kind])
@pytest.mark.parametrize("temperature", [1.0, 2.0, 5.0])
def test_one_choice_of_several_is_kullback_leibler_times_the_square_of_the_temperature(
    kind: str, temperature: float
) -> None:
    students, teachers = [[1.0, -0.5, 0.2], [0.0, 3.0, 1.0]], [[2.0, 0.1, -1.0], [0.5, 0.5, 0.5]]
    expected = sum(
        by_hand(one, other, temperature) for one, other in zip(students, teachers, strict=True)
    ) / len(students)
    found = soft_loss(kind, torch.tensor(students), torch.tensor(teachers), temperature=temperature)
    assert found.item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    "kind", [LabelScores.kind, ManyLabels.kind, Number.kind, TokenLabels.kind, Spans.kind]
)
def test_a_student_that_says_the_same_has_no_loss_and_no_gradient(kind: str) -> None:
    teacher = torch.randn(6, 4)
    student = teacher.clone().requires_grad_()
    loss = soft_loss(kind, student, teacher, temperature=2.0)
    loss.backward()
    assert loss.item() == pytest.approx(0, abs=1e-6)
    assert student.grad is not None and student.grad.abs().max() < 1e-6


def test_each_choice_for_itself_is_the_kullback_leibler_distance_of_two_coins() -> None:
    student, teacher = 0.3, 1.7
    p, q = 1 / (1 + math.exp(-teacher / 2)), 1 / (1 + math.exp(-student / 2))
    expected = 4 * (p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q)))
    found = soft_loss(ManyLabels.kind, torch.tensor([[student]]), torch.tensor([[teacher]]), temperature=2.0)
    assert found.item() == pytest.approx(expected, rel=1e-5)


def test_numbers_are_compared_by_their_squares() -> None:
    found = soft_loss(
        Number.kind, torch.tensor([[1.0], [2.0]]), torch.tensor([[0.0], [4.0]]), temperature=3.0
    )
    assert found.item() == pytest.approx((1 + 4) / 2)


def test_padding_of_a_span_has_no_part_in_the_teachers_answer() -> None:
    student = torch.tensor([[0.4, 0.1, 2.0]])
    teacher = torch.tensor([[1.0, 0.0, -torch.inf]])
    found = soft_loss(Spans.kind, student, teacher, temperature=1.0)
    assert found.item() == pytest.approx(by_hand([0.4, 0.1], [1.0, 0.0], 1.0), abs=1e-5)


@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_with_the_whole_vocabulary_kept_the_loss_is_the_full_one(temperature: float) -> None:
    student, teacher = torch.randn(5, 30), torch.randn(5, 30)
    kept = teacher.log_softmax(dim=-1).topk(30, dim=-1)
    found = soft_loss_of_kept(student, kept.indices, kept.values, temperature=temperature)
    full = soft_loss(LabelScores.kind, student, teacher, temperature=temperature)
    assert found.item() == pytest.approx(full.item(), rel=1e-4)


def test_of_a_peaked_teacher_few_tokens_are_enough() -> None:
    torch.manual_seed(0)
    student, teacher = torch.randn(5, 500), 6 * torch.randn(5, 500)
    kept = teacher.log_softmax(dim=-1).topk(64, dim=-1)
    found = soft_loss_of_kept(student, kept.indices, kept.values, temperature=1.0)
    full = soft_loss(LabelScores.kind, student, teacher, temperature=1.0)
    assert found.item() == pytest.approx(full.item(), rel=0.02)


class Said(dict):
    """Outputs as transformers gives them."""

    __getattr__ = dict.__getitem__


@pytest.mark.parametrize(
    ("kind", "labels", "places"),
    [
        # What is said at a place is about the token after it.
        (
            Continuation.kind,
            [[-100, -100, 5, 7, -100], [1, 2, -100, -100, 3]],
            [(0, 1), (0, 2), (1, 0), (1, 3)],
        ),
        (Text.kind, [[4, 5, -100, -100, -100]], [(0, 0), (0, 1)]),
        (TokenLabels.kind, [[-100, 0, -100, 2, -100]], [(0, 1), (0, 3)]),
    ],
)
def test_the_student_is_taught_where_it_learns(
    kind: str, labels: list[list[int]], places: list[tuple[int, int]]
) -> None:
    logits = torch.randn(len(labels), 5, 9)
    found = student_logits(kind, Said(logits=logits), {"labels": torch.tensor(labels)})
    assert torch.equal(found, torch.stack([logits[row, place] for row, place in places]))


def test_a_batch_without_a_place_to_learn_has_a_loss_of_nothing() -> None:
    empty = torch.zeros((0, 4), requires_grad=True)
    assert soft_loss(TokenLabels.kind, empty, torch.zeros((0, 4)), temperature=1.0).item() == 0
    none = torch.zeros((0, 3))
    assert soft_loss_of_kept(empty, none.long(), none, temperature=1.0).item() == 0
