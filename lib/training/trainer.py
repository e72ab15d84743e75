"""transformers' Trainer, set up from a run's options."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from torch.utils.data import Dataset as TorchDataset
from torch.utils.data import Sampler
from transformers import Trainer, TrainerCallback, TrainingArguments
from transformers.trainer_callback import PrinterCallback

from lib.errors import Problem, UserError
from lib.runs.options import TrainingOptions
from lib.tasks.base import Brief, Task
from lib.tasks.predict import BOOKKEEPING
from lib.tasks.token_loss import token_loss
from lib.training import ranks
from lib.training.distiller import NUMBER, Distiller
from lib.training.sampler import LengthBuckets
from lib.training.stopwatch import Stopwatch

# Curves never need more points than this, and each costs a synchronisation with the device.
MOST_LOGGED_STEPS = 2_000


class DrawnRows(TorchDataset[dict[str, Any]]):
    """Features with `draw`, a number of their own for each epoch, from which random changes are made.

    A generator kept by the collator would be elsewhere in a resumed run: batches are fetched ahead of checkpoints.
    """

    def __init__(self, rows: Dataset, *, seed: int, epoch: Callable[[], int]) -> None:
        self._rows, self._seed, self._epoch = rows, seed, epoch

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, number: int) -> dict[str, Any]:
        return self._rows[number] | {"draw": (self._seed * 10_007 + self._epoch()) * len(self) + number}


class NumberedRows(TorchDataset[dict[str, Any]]):
    """Features with their number, by which the teacher's answer to each is found."""

    def __init__(self, rows: Any) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, number: int) -> dict[str, Any]:
        return self._rows[number] | {NUMBER: number}


class BucketTrainer(Trainer):
    """A Trainer whose batches hold texts of similar length, in an order that a resumed run repeats exactly.

    Validation is the task's own: the code that predicts later, so that what is scored is what will be seen.
    """

    def __init__(
        self,
        *arguments: Any,
        task: Task,
        brief: Brief,
        lengths: Any,
        validate: Callable[[Any], dict[str, float]],
        distiller: Distiller | None,
        watch: Stopwatch,
        **settings: Any,
    ) -> None:
        super().__init__(*arguments, **settings)
        self._watch = watch
        self._task, self._brief, self._lengths, self._validate = task, brief, lengths, validate
        self._distiller = distiller
        if task.draws:
            train: Any = self.train_dataset
            self.train_dataset = DrawnRows(
                train, seed=self.args.seed, epoch=lambda: int(self.state.epoch or 0)
            )
        if distiller is not None and distiller.has_answers:
            self.train_dataset = NumberedRows(self.train_dataset)

    def _get_train_sampler(self, train_dataset: Any = None) -> Sampler[int]:
        return LengthBuckets(
            self._lengths,
            # Of all processes together: each takes its share of every batch.
            batch_size=self.args.train_batch_size * ranks.ranks(),
            seed=self.args.seed,
            epoch=lambda: int(self.state.epoch or 0),
        )

    def get_batch_samples(self, epoch_iterator: Any, num_batches: int, device: Any) -> Any:
        """The batches of one step, timed."""
        with self._watch.time("batches"):
            return super().get_batch_samples(epoch_iterator, num_batches, device)

    def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> Any:
        """Forward and backward, timed."""
        with self._watch.time("model"):
            return super().training_step(model, inputs, num_items_in_batch)

    def create_optimizer(self, model: Any = None) -> Any:
        """The optimizer, its steps timed as part of the model's work."""
        optimizer = super().create_optimizer(model)
        begun = 0.0

        def begin(*_: Any) -> None:
            nonlocal begun
            begun = time.perf_counter()

        optimizer.register_step_pre_hook(begin)
        optimizer.register_step_post_hook(lambda *_: self._watch.add("model", time.perf_counter() - begun))
        return optimizer

    def _clip_grad_norm(self, model: Any) -> Any:
        with self._watch.time("model"):
            return super()._clip_grad_norm(model)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        with self._watch.time("saving"):
            super()._save_checkpoint(model, trial)
            ranks.wait_for_all()

    def _save(self, output_dir: str | None = None, state_dict: dict[str, Any] | None = None) -> None:
        # Checkpoints are read back name by name, but `save_pretrained` writes vision models under the names of older
        # versions: nothing would fit, and the best checkpoint would silently not be restored.
        model: Any = self.model
        save = model.save_pretrained
        # Of new tokens an adapter learns the rows alone; peft would write the whole table into every checkpoint.
        adapted = {"save_embedding_layers": False} if hasattr(model, "peft_config") else {}
        model.save_pretrained = partial(save, save_original_format=False, **adapted)
        try:
            super()._save(output_dir, state_dict)
        finally:
            del model.save_pretrained

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """The distiller's, or the task's own, else the model's; either is that of whole batches added up."""
        if self._distiller is not None:
            own = self._distiller.loss(model, inputs)
        else:
            own = self._task.loss(model, inputs, self._brief)
        # A loss of the task's own is a mean over its batch, to be divided when batches are added up.
        self.loss_is_scaled_for_ga = False
        if own is None and self._task.learns_tokens:
            loss, outputs = token_loss(model, inputs, kind=self._task.model_kind, items=num_items_in_batch)
            if num_items_in_batch is not None:
                # Every token counts alike, in whichever batch and on whichever device it is.
                self.loss_is_scaled_for_ga = True
                loss = loss * self.accelerator.num_processes
            return (loss, outputs) if return_outputs else loss
        if own is None:
            # Without the number of labels: most models would not divide by it, and then nothing would be divided.
            return super().compute_loss(model, inputs, return_outputs)
        return own if return_outputs else own[0]

    def evaluate(
        self, eval_dataset: Any = None, ignore_keys: Any = None, metric_key_prefix: str = "eval"
    ) -> dict[str, float]:
        """Score the validation rows and tell the callbacks."""
        with self._watch.time("validating"):
            scores = ranks.agreed(self._validate(self.model) if ranks.rank() == 0 else None)
        found = {f"{metric_key_prefix}_{name}": value for name, value in scores.items()}
        self.log(found)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, found)
        return found


def uses_bf16(precision: str, *, device: str) -> bool:
    """Whether to compute in bf16 under autocast: when asked for, or when the hardware multiplies bf16 itself."""
    if precision != "auto":
        return precision == "bf16"
    if device.startswith("cuda"):
        return torch.cuda.is_bf16_supported()
    return bool(torch.backends.mkldnn.is_available() and torch.cpu._is_avx512_bf16_supported())


def training_arguments(
    folder: Path, options: TrainingOptions, *, device: str, rows: int, main_score: str, higher_is_better: bool
) -> TrainingArguments:
    """Trainer's settings; `rows` is the number of training rows, `folder` where checkpoints go."""
    batches = -(-rows // options.batch_size)
    steps_per_epoch = max(1, -(-batches // options.gradient_accumulation))
    total = max(1, -(-int(options.epochs * steps_per_epoch * 1_000) // 1_000))
    every = max(1, min(total, steps_per_epoch // options.evaluations_per_epoch))
    log_every = max(1, total // MOST_LOGGED_STEPS)
    # Checkpoints fall on logged steps, so that a resumed run logs the same averages as an uninterrupted one.
    every = max(log_every, every // log_every * log_every)
    return TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=options.epochs,
        per_device_train_batch_size=max(1, options.batch_size // ranks.ranks()),
        per_device_eval_batch_size=min(256, 2 * options.batch_size),
        gradient_accumulation_steps=options.gradient_accumulation,
        learning_rate=options.learning_rate,
        weight_decay=options.weight_decay,
        warmup_steps=options.warmup,
        lr_scheduler_type="constant_with_warmup" if options.schedule == "constant" else options.schedule,
        max_grad_norm=options.max_gradient_norm,
        activation_checkpointing=options.gradient_checkpointing,
        bf16=uses_bf16(options.precision, device=device),
        use_cpu=device == "cpu",
        seed=options.seed,
        eval_strategy="steps",
        eval_steps=every,
        save_strategy="steps",
        save_steps=every,
        save_total_limit=2,
        load_best_model_at_end=True,
        metric_for_best_model=main_score,
        greater_is_better=higher_is_better,
        logging_steps=log_every,
        logging_nan_inf_filter=False,
        disable_tqdm=True,
        report_to="none",
        ddp_backend=None if ranks.ranks() == 1 else "gloo" if device == "cpu" else "nccl",
        dataloader_pin_memory=device != "cpu",
        # The features hold what the collator needs and no more.
        remove_unused_columns=False,
    )


def make_trainer(
    model: Any,
    arguments: TrainingArguments,
    *,
    task: Task,
    processor: Any,
    brief: Brief,
    train: Dataset,
    validate: Callable[[Any], dict[str, float]],
    callbacks: list[TrainerCallback],
    distiller: Distiller | None = None,
    watch: Stopwatch | None = None,
) -> BucketTrainer:
    """A trainer that is ready to train; `validate(model)` scores the validation rows.

    Raises UserError when gradient checkpointing is asked for and the architecture cannot do it.
    """
    if arguments.activation_checkpointing and not model.supports_gradient_checkpointing:
        raise UserError(
            Problem(
                f"{type(model).__name__} cannot forget and compute again what its layers computed.",
                "options.gradient_checkpointing",
                "Turn gradient checkpointing off.",
                code="no-checkpointing",
                changes={"options": {"gradient_checkpointing": False}},
            )
        )
    extra = [name for name in BOOKKEEPING if name in train.column_names]
    features = train.remove_columns(extra)
    collate = task.collator(processor, brief, training=True)
    trainer = BucketTrainer(
        model=model,
        args=arguments,
        data_collator=distiller.collator(collate) if distiller else collate,
        train_dataset=features,
        # Trainer wants to see some; what is scored is what `validate` has.
        eval_dataset=features.select([0]),
        callbacks=callbacks,
        processing_class=processor,
        task=task,
        brief=brief,
        lengths=np.asarray(train["length"][:]),
        validate=validate,
        distiller=distiller,
        watch=watch or Stopwatch(),
    )
    trainer.remove_callback(PrinterCallback)
    return trainer
