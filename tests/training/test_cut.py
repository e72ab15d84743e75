"""Students cut from their teachers: the right layers, of every architecture that has plain stacks."""

from pathlib import Path

import pytest
import torch

from lib.errors import UserError
from lib.models.cut import depth_of, describe_cut, layers_kept, layers_of
from lib.models.sources import find_model
from lib.tasks import TASKS
from lib.tasks.base import Task
from lib.training.cut import cut_model, cut_student
from tests.models.tiny import ARCHITECTURES, tiny_checkpoint

TARGETS = {"encoder": "text-classification", "image": "image-classification"}
WITHOUT_STACKS = {"ALBERT", "Swin", "ConvNeXt", "MobileNetV2"}


@pytest.mark.parametrize(
    ("layers", "of", "kept"),
    [
        (3, 6, [0, 3, 5]),
        (6, 12, [0, 2, 4, 7, 9, 11]),
        (1, 6, [0]),
        (2, 6, [0, 5]),
        (5, 6, [0, 1, 3, 4, 5]),
        (15, 30, [0, 2, 4, 6, 8, 10, 12, 15, 17, 19, 21, 23, 25, 27, 29]),
    ],
)
def test_layers_are_kept_at_even_distances_from_the_first_to_the_last(
    layers: int, of: int, kept: list[int]
) -> None:
    assert layers_kept(layers, of) == kept


@pytest.mark.parametrize(("ref", "layers"), [("cut:3", 3), ("starter:minilm-l6", None), ("run:cut:3", None)])
def test_a_reference_says_how_many_layers(ref: str, layers: int | None) -> None:
    assert layers_of(ref) == layers


@pytest.mark.parametrize("ref", ["cut:", "cut:0", "cut:three", "cut:-1"])
def test_a_number_of_layers_that_is_none_is_refused(ref: str) -> None:
    with pytest.raises(UserError, match="how many layers"):
        layers_of(ref)


def test_without_a_teacher_there_is_nothing_to_cut_from() -> None:
    with pytest.raises(UserError, match="distill"):
        find_model("cut:3")


def loaded(name: str, folder: Path) -> tuple[Task, object, object]:
    task = next(
        task
        for task in TASKS
        if task.model_kind == ARCHITECTURES[name] and task.slug != "next-sentence-prediction"
    )
    target = {"labels": ["one", "two"], "counts": {}} if task.shape.kind == "label-scores" else None
    return task, task.load_model(folder, target), task.load_processor(folder)


@pytest.mark.parametrize("name", [name for name in ARCHITECTURES if name not in WITHOUT_STACKS])
def test_a_student_is_a_model_of_its_own_with_the_weights_of_the_kept_layers(
    name: str, tmp_path: Path
) -> None:
    folder = tiny_checkpoint(name, tmp_path / "teacher")
    task, teacher, processor = loaded(name, folder)
    depth = depth_of(teacher.config.to_dict())  # type: ignore[attr-defined]
    assert depth is not None and depth > 1
    student = cut_model(teacher, 1)
    assert student.num_parameters() < teacher.num_parameters()  # type: ignore[attr-defined]
    cut_student(teacher, processor, 1, tmp_path / "student")
    again = task.load_model(tmp_path / "student", None)
    assert getattr(again, "fresh_modules", ()) == ()
    for key, weight in again.state_dict().items():
        assert torch.equal(weight, student.state_dict()[key]), key
    # The first layer is the teacher's first, with everything around the layers.
    for key, weight in student.state_dict().items():
        assert torch.equal(weight, teacher.state_dict()[key]), key  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", sorted(WITHOUT_STACKS))
def test_what_is_no_plain_stack_is_not_cut(name: str, tmp_path: Path) -> None:
    info = find_model(f"folder:{tiny_checkpoint(name, tmp_path / 'teacher')}")
    with pytest.raises(UserError, match="not a plain stack"):
        describe_cut(info, 1)


@pytest.mark.parametrize("name", ["BERT", "T5", "Llama", "GPT-2", "ViT"])
def test_its_size_is_known_before_it_is_made(name: str, tmp_path: Path) -> None:
    folder = tiny_checkpoint(name, tmp_path / "teacher")
    _, teacher, processor = loaded(name, folder)
    teacher.save_pretrained(tmp_path / "whole")  # type: ignore[attr-defined]
    processor.save_pretrained(tmp_path / "whole")  # type: ignore[attr-defined]
    info = describe_cut(find_model(f"folder:{tmp_path / 'whole'}"), 1)
    student = cut_student(teacher, processor, 1, tmp_path / "student")
    assert info.parameters == find_model(f"folder:{student}").parameters
    assert info.ref == "cut:1"
    assert depth_of(info.config) == 1


def test_a_student_as_deep_as_its_teacher_is_refused(tmp_path: Path) -> None:
    info = find_model(f"folder:{tiny_checkpoint('BERT', tmp_path / 'teacher')}")
    with pytest.raises(UserError, match="would not be smaller"):
        describe_cut(info, 2)
