"""The loss of a distilled run: the teacher's answers, the labels and, if asked for, the insides of both models."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from lib.analysis.teacher_attention import layer_map
from lib.methods.distill import DistillOptions, looks_inside
from lib.methods.soft_losses import BY_WORD, soft_loss, soft_loss_of_kept, student_logits
from lib.option import values_as
from lib.tasks.base import Brief, Task
from lib.training.answers import Answers
from lib.training.teacher import Teacher

# In a feature: its number among the teacher's answers. In a batch: what begins so is the teacher's.
NUMBER, PREFIX = "teacher_number", "teacher_"
# The student's attribute for the layer that brings its hidden states to the teacher's width (TinyBERT's W).
PROJECTION = "distill_projection"

Batch = dict[str, Any]


class Distiller:
    """Adds what the teacher says to the loss: its `answers` given before, or else it reads each batch too."""

    def __init__(
        self,
        task: Task,
        brief: Brief,
        method: Mapping[str, Any],
        teacher: Teacher,
        answers: Answers | None,
        student: Any,
    ) -> None:
        self._task, self._brief, self._teacher, self._answers = task, brief, teacher, answers
        self._options = values_as(DistillOptions, method)
        self._looks_inside = looks_inside(method)
        self._kind = task.shape.kind
        self._projection: Any = None
        if self._looks_inside:
            own, theirs = int(student.config.hidden_size), int(teacher.model.config.hidden_size)
            if own != theirs:
                self._projection = nn.Linear(own, theirs, bias=False)
                setattr(student, PROJECTION, self._projection)
            if self._options.attention_loss:
                # The fused kernels do not say where they looked.
                student.set_attn_implementation("eager")
                teacher.model.set_attn_implementation("eager")

    @property
    def has_answers(self) -> bool:
        """Whether features carry their number, so that batches can be given the teacher's answers."""
        return self._answers is not None

    def collator(self, collate: Callable[[list[Batch]], Batch]) -> Callable[[list[Batch]], Batch]:
        """The task's collator, with the teacher's answers added to the batch."""
        answers = self._answers
        if answers is None:
            return collate

        def with_answers(features: list[Batch]) -> Batch:
            numbers = [int(feature[NUMBER]) for feature in features]
            plain = [{name: value for name, value in row.items() if name != NUMBER} for row in features]
            batch = collate(plain)
            width = batch["input_ids"].shape[1] if "input_ids" in batch else 0
            said = answers.batch(numbers, width=width)
            return batch | {f"{PREFIX}{name}": values for name, values in said.items()}

        return with_answers

    def loss(self, model: Any, batch: Batch) -> tuple[Any, Any]:
        """The loss, a mean over the batch, and the student's outputs."""
        options = self._options
        said = {name: batch.pop(name) for name in list(batch) if name.startswith(PREFIX)}
        inside = {"output_hidden_states": True} if self._looks_inside else {}
        inside |= {"output_attentions": True} if options.attention_loss else {}
        own = self._task.loss(model, {**batch, **inside}, self._brief)
        if own is None:
            outputs = model(**batch, **inside)
            hard = outputs.loss
        else:
            hard, outputs = own
        loss = (1 - options.alpha) * hard
        if self._answers is None:
            with torch.no_grad():
                shown = self._teacher.model(**batch, **inside)
        if options.alpha:
            logits = student_logits(self._kind, outputs, batch)
            if self._answers is None:
                answers = student_logits(self._kind, shown, batch)
                soft = soft_loss(self._kind, logits, answers, temperature=options.temperature)
            elif self._kind in BY_WORD:
                tokens, values = said["teacher_tokens"], said["teacher_values"]
                soft = soft_loss_of_kept(logits, tokens, values, temperature=options.temperature)
            else:
                soft = soft_loss(self._kind, logits, said["teacher_values"], temperature=options.temperature)
            loss = loss + options.alpha * soft
        if self._looks_inside:
            loss = loss + self._inner(outputs, shown, batch)
        return loss, outputs

    def _inner(self, student: Any, teacher: Any, batch: Batch) -> Any:
        options = self._options
        loss: Any = 0.0
        for own, theirs, kept in _stacks(student, teacher, batch, "hidden_states"):
            if options.hidden_loss:
                loss = loss + options.hidden_loss * self._hidden(own, theirs, kept)
            if options.cosine_loss:
                one, other = self._widened(own[-1])[kept], theirs[-1][kept].float()
                loss = (
                    loss + options.cosine_loss * (1 - functional.cosine_similarity(one, other, dim=-1)).mean()
                )
        if options.attention_loss:
            for own, theirs, kept in _stacks(student, teacher, batch, "attentions"):
                pairs = zip(own, layer_map(len(own), len(theirs)), strict=True)
                # One head after the other, of the tokens that are no padding.
                each = [
                    functional.mse_loss(
                        mine.float().transpose(1, 2)[kept], theirs[place].float().transpose(1, 2)[kept]
                    )
                    for mine, place in pairs
                ]
                loss = loss + options.attention_loss * torch.stack(each).mean()
        return loss

    def _hidden(self, own: Any, theirs: Any, kept: Any) -> Any:
        """TinyBERT's: the mean squared difference of the embeddings and of the mapped layers."""
        places = [0, *(place + 1 for place in layer_map(len(own) - 1, len(theirs) - 1))]
        each = [
            functional.mse_loss(self._widened(mine)[kept], theirs[place][kept].float())
            for mine, place in zip(own, places, strict=True)
        ]
        return torch.stack(each).mean()

    def _widened(self, states: Any) -> Any:
        states = states.float()
        return states if self._projection is None else self._projection(states)


def _stacks(student: Any, teacher: Any, batch: Batch, name: str) -> list[tuple[Any, Any, Any]]:
    """The student's and the teacher's layers of each stack, with a mask[rows, tokens] of what is no padding."""
    stacks = {"": "attention_mask", "encoder_": "attention_mask", "decoder_": "labels"}
    found = []
    for prefix, by in stacks.items():
        own, theirs = student.get(f"{prefix}{name}"), teacher.get(f"{prefix}{name}")
        if not own or not theirs:
            continue
        like = own[-1]
        tokens = like.shape[1] if name == "hidden_states" else like.shape[2]
        kept = torch.ones((like.shape[0], tokens), dtype=torch.bool, device=like.device)
        if by in batch:
            kept = batch[by] != (-100 if by == "labels" else 0)
        found.append((own, theirs, kept))
    return found


def forget_projection(model: Any) -> None:
    """Take away what only the loss needed, before the model is judged and saved."""
    if hasattr(model, PROJECTION):
        delattr(model, PROJECTION)
