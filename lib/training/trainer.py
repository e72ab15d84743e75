"""transformers' Trainer, set up from a run's options."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from torch.utils.data import Sampler, SequentialSampler
from transformers import Trainer, TrainerCallback, TrainingArguments
from transformers.trainer_callback import PrinterCallback

from lib.runs.options import TrainingOptions
from lib.tasks.base import Task
from lib.training.sampler import LengthBuckets

# Curves never need more points than this, and each costs a synchronisation with the device.
MOST_LOGGED_STEPS = 2_000


class BucketTrainer(Trainer):
    """A Trainer whose batches hold texts of similar length, in an order that a resumed run repeats exactly."""

    def _get_train_sampler(self, train_dataset: Any = None) -> Sampler[int]:
        # The rows passed in have lost their lengths already: Trainer drops what the model does not read.
        train: Any = self.train_dataset
        return LengthBuckets(
            train["length"][:],
            batch_size=self.args.train_batch_size,
            seed=self.args.seed,
            epoch=lambda: int(self.state.epoch or 0),
        )

    def _get_eval_sampler(self, eval_dataset: Any) -> Sampler[int]:
        # The validation rows come sorted by length already; their order must be known to score them.
        return SequentialSampler(eval_dataset)


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
        per_device_train_batch_size=options.batch_size,
        per_device_eval_batch_size=min(256, 2 * options.batch_size),
        gradient_accumulation_steps=options.gradient_accumulation,
        learning_rate=options.learning_rate,
        weight_decay=options.weight_decay,
        warmup_steps=options.warmup,
        lr_scheduler_type="constant_with_warmup" if options.schedule == "constant" else options.schedule,
        label_smoothing_factor=options.label_smoothing,
        max_grad_norm=options.max_gradient_norm,
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
        dataloader_pin_memory=device != "cpu",
        remove_unused_columns=True,
        label_names=["labels"],
    )


def make_trainer(
    model: Any,
    arguments: TrainingArguments,
    *,
    task: Task,
    processor: Any,
    train: Dataset,
    validation: Dataset,
    compute_metrics: Callable[[Any], dict[str, float]],
    callbacks: list[TrainerCallback],
) -> BucketTrainer:
    """A trainer that is ready to train."""
    trainer = BucketTrainer(
        model=model,
        args=arguments,
        data_collator=task.collator(processor),
        train_dataset=train,
        eval_dataset=validation,
        compute_metrics=compute_metrics,
        callbacks=callbacks,
        processing_class=processor,
    )
    trainer.remove_callback(PrinterCallback)
    return trainer
