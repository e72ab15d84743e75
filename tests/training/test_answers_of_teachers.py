"""What a teacher says is kept for each training feature, and meets the student at the very place it was said of."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset

from lib.methods.soft_losses import BY_ROW, student_logits
from lib.models.sources import find_model
from lib.runs.files import write_json
from lib.tasks import TASKS
from lib.tasks.base import Task
from lib.tasks.outputs import MaskedTokens
from lib.tasks.predict import BOOKKEEPING
from lib.training import answers as answers_module
from lib.training.answers import kept_answers
from lib.training.distiller import NUMBER, Distiller, layer_map
from lib.training.teacher import Teacher, load_teacher, reads_alike
from tests.models.tiny import tiny_checkpoint
from tests.tasks.test_every_architecture import examples

BY_KIND = {"encoder": "BERT", "seq2seq": "T5", "causal": "Llama", "image": "ViT"}
KEPT = [task for task in TASKS if task.shape is not MaskedTokens]
each_kept = pytest.mark.parametrize("task", KEPT, ids=lambda task: task.slug)
# Where teacher and student read the very same: pictures are changed for the student alone.
each_alike = pytest.mark.parametrize(
    "task", [task for task in KEPT if not task.draws], ids=lambda task: task.slug
)
# Where the teacher is asked with the student's own features, not row by row with its own processor.
each_by_place = pytest.mark.parametrize(
    "task", [task for task in KEPT if task.shape.kind not in BY_ROW], ids=lambda task: task.slug
)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("teachers")


@pytest.fixture(autouse=True)
def whole_vocabulary(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Everything the teacher says is kept, so that nothing but the place can be wrong."""
    monkeypatch.setattr(answers_module, "KEPT_TOKENS", 10_000)
    yield


def taught(task: Task, folders: Path) -> tuple[Teacher, Any, Any]:
    """A teacher saved as Atelier saves models, with the brief and the training features of a run it teaches."""
    frame, brief = examples(task.slug)
    folder = folders / task.slug
    if not folder.is_dir():
        torch.manual_seed(1)
        source = tiny_checkpoint(BY_KIND[task.model_kind], folders / f"{task.slug}-base")
        processor, model = task.load_processor(source), task.load_model(source, brief.target)
        settled = task.settled(model, processor, brief)
        model.save_pretrained(folder)
        processor.save_pretrained(folder)
        write_json(
            folder / "atelier.json", {"task": task.slug, "method": {"name": "full"}} | settled.to_json()
        )
    teacher = load_teacher(find_model(f"folder:{folder}"), task, brief, device="cpu")
    brief = task.settled(teacher.model, teacher.processor, brief)
    plain = {str(column): frame[column].tolist() for column in frame}
    features = task.encode_training(teacher.processor, plain, brief)
    kept = {name: values for name, values in features.items() if name != "row" and name[0] != "_"}
    return teacher, brief, Dataset.from_dict(kept)


def distiller_of(
    task: Task, folders: Path, work: Path, **method: float
) -> tuple[Distiller, Any, list[Any], Any]:
    teacher, brief, features = taught(task, folders)
    frame, _ = examples(task.slug)
    online = any(method.get(name) for name in ("hidden_loss", "attention_loss", "cosine_loss"))
    collate = task.collator(teacher.processor, brief, training=online or not task.draws)
    said = None
    if not online:
        said = kept_answers(
            work / "answers", teacher, features, frame, collate, bf16=False, on_features=lambda done: None
        )
    distiller = Distiller(task, brief, method, teacher, said, teacher.model)
    rows = features.remove_columns([name for name in BOOKKEEPING if name in features.column_names])
    numbered = [rows[number] | ({NUMBER: number} if said else {}) for number in range(len(rows))]
    if task.draws and online:
        numbered = [row | {"draw": number} for number, row in enumerate(numbered)]
    return distiller, distiller.collator(collate), numbered, teacher


@each_alike
def test_a_student_that_is_its_teacher_learns_nothing_from_it(
    task: Task, folders: Path, tmp_path: Path
) -> None:
    """Were an answer kept for another place than it was said of, there would be something to learn."""
    distiller, collate, rows, teacher = distiller_of(task, folders, tmp_path, alpha=1.0, temperature=1.0)
    teacher.model.eval()
    chosen = rows[::-1][:7]  # in another order than they were asked in
    loss, _ = distiller.loss(teacher.model, collate(chosen))
    assert loss.item() == pytest.approx(0, abs=2e-3)


@each_kept
def test_another_model_learns_from_it(task: Task, folders: Path, tmp_path: Path) -> None:
    distiller, collate, rows, _ = distiller_of(task, folders, tmp_path, alpha=1.0, temperature=2.0)
    torch.manual_seed(5)
    other = task.load_model(folders / f"{task.slug}-base", examples(task.slug)[1].target)
    for weight in other.parameters():
        weight.data += 0.05 * torch.randn_like(weight)
    loss, _ = distiller.loss(other, collate(rows[:6]))
    assert loss.item() > 1e-4
    loss.backward()
    assert any(weight.grad is not None and weight.grad.abs().max() > 0 for weight in other.parameters())


@each_by_place
def test_what_is_kept_is_what_it_says_of_the_same_batch(task: Task, folders: Path, tmp_path: Path) -> None:
    _, collate, rows, teacher = distiller_of(task, folders, tmp_path, alpha=1.0)
    batch = collate(rows[3:8])
    said = {name: batch.pop(name) for name in list(batch) if name.startswith("teacher_")}
    with torch.inference_mode():
        logits = student_logits(task.shape.kind, teacher.model(**batch), batch)
    if "teacher_tokens" in said:
        logits = logits.log_softmax(dim=-1).gather(-1, said["teacher_tokens"].long())
    known = torch.isfinite(said["teacher_values"])
    torch.testing.assert_close(said["teacher_values"].float()[known], logits[known], rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("loss", ["hidden_loss", "attention_loss", "cosine_loss"])
@pytest.mark.parametrize(
    "slug", ["text-classification", "token-classification", "summarization", "chat", "fill-mask"]
)
def test_the_insides_of_equals_are_equal(slug: str, loss: str, folders: Path, tmp_path: Path) -> None:
    task = next(task for task in TASKS if task.slug == slug)
    distiller, collate, rows, teacher = distiller_of(task, folders, tmp_path, alpha=1.0, **{loss: 1.0})
    teacher.model.eval()
    found, _ = distiller.loss(teacher.model, collate(rows[:5]))
    assert found.item() == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize(
    ("student", "teacher", "mapped"),
    [(3, 6, [1, 3, 5]), (4, 12, [2, 5, 8, 11]), (6, 6, [0, 1, 2, 3, 4, 5]), (1, 6, [5])],
)
def test_layers_are_compared_at_even_distances_the_last_with_the_last(
    student: int, teacher: int, mapped: list[int]
) -> None:
    """TinyBERT's four layers learn from layers 3, 6, 9 and 12 of BERT (Jiao et al., 2020)."""
    assert layer_map(student, teacher) == mapped


def test_a_tokenizer_with_other_words_reads_otherwise(tmp_path: Path) -> None:
    task = next(task for task in TASKS if task.slug == "text-classification")
    one, same, other = (
        task.load_processor(tiny_checkpoint(name, tmp_path / f"{name}{number}"))
        for number, name in enumerate(("BERT", "BERT", "RoBERTa"))
    )
    assert reads_alike(one, same)
    assert not reads_alike(one, other)
