"""The training itself, and what it comes to beside the run that it repeats."""

import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from lib.export.repeating.labels import collator, encode, load, own_loss, score
from lib.export.repeating.shared import HERE, read_rows


def order(lengths: "np.ndarray[Any, Any]", *, batch_size: int, seed: int, epoch: int) -> list[int]:
    """The rows of one epoch: batches of similar length, shuffled by seed and epoch, the longest first of all."""
    generator = np.random.Generator(np.random.Philox(key=[seed, epoch]))
    rows = np.argsort(generator.random(len(lengths)), kind="stable")
    pool = 50 * batch_size
    batches: list[np.ndarray[Any, Any]] = []
    for start in range(0, len(rows), pool):
        chunk = rows[start : start + pool]
        chunk = chunk[np.argsort(-lengths[chunk], kind="stable")]
        batches += [chunk[at : at + batch_size] for at in range(0, len(chunk), batch_size)]
    last = batches.pop() if batches and len(batches[-1]) < batch_size else None
    batches = [batches[index] for index in np.argsort(generator.random(len(batches)), kind="stable")]
    if epoch == 0 and batches:
        longest = max(range(len(batches)), key=lambda index: int(lengths[batches[index]].max()))
        batches.insert(0, batches.pop(longest))
    if last is not None:
        batches.append(last)
    return [int(row) for batch in batches for row in batch]


def arguments(settings: dict[str, Any], rows: int, folder: Path) -> Any:
    """The settings of transformers' Trainer."""
    from transformers import TrainingArguments

    batches = -(-rows // settings["batch_size"])
    steps_per_epoch = max(1, -(-batches // settings["gradient_accumulation"]))
    total = max(1, -(-int(settings["epochs"] * steps_per_epoch * 1_000) // 1_000))
    every = max(1, min(total, steps_per_epoch // settings["evaluations_per_epoch"]))
    log_every = max(1, total // 2_000)
    every = max(log_every, every // log_every * log_every)
    schedule = settings["schedule"]
    return TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=settings["epochs"],
        per_device_train_batch_size=settings["batch_size"],
        per_device_eval_batch_size=min(256, 2 * settings["batch_size"]),
        gradient_accumulation_steps=settings["gradient_accumulation"],
        learning_rate=settings["learning_rate"],
        weight_decay=settings["weight_decay"],
        warmup_steps=settings["warmup"],
        lr_scheduler_type="constant_with_warmup" if schedule == "constant" else schedule,
        max_grad_norm=settings["max_gradient_norm"],
        activation_checkpointing=settings["gradient_checkpointing"],
        bf16=settings["precision"] == "bf16",
        use_cpu=settings["device"] == "cpu",
        seed=settings["seed"],
        eval_strategy="steps",
        eval_steps=every,
        save_strategy="steps",
        save_steps=every,
        save_total_limit=2,
        load_best_model_at_end=True,
        metric_for_best_model=settings["main_score"],
        greater_is_better=settings["higher_is_better"],
        logging_steps=log_every,
        logging_nan_inf_filter=False,
        disable_tqdm=True,
        report_to="none",
        dataloader_pin_memory=settings["device"] != "cpu",
        remove_unused_columns=False,
    )


def make_trainer(settings: dict[str, Any], reader: Any, model: Any, folder: Path) -> Any:
    """Trainer with the run's order of rows, loss, validation and patience."""
    from torch.utils.data import Dataset, Sampler
    from transformers import Trainer, TrainerCallback

    features, lengths = encode(reader, read_rows("train"), settings, learn=True)
    validation = read_rows("validation")
    if settings["validated"] is not None:  # a sample of them, as the run took while it learned
        validation = [validation[place] for place in settings["validated"]]
    seed, main = settings["seed"], f"eval_{settings['main_score']}"

    class Rows(Dataset[dict[str, Any]]):
        def __len__(self) -> int:
            return len(features)

        def __getitem__(self, number: int) -> dict[str, Any]:
            if not settings["draws"]:
                return features[number]
            draw = (seed * 10_007 + int(trainer.state.epoch or 0)) * len(features) + number
            return features[number] | {"draw": draw}

    class InOrder(Sampler[int]):
        def __len__(self) -> int:
            return len(features)

        def __iter__(self) -> Any:
            size, epoch = settings["batch_size"], int(trainer.state.epoch or 0)
            return iter(order(np.asarray(lengths), batch_size=size, seed=seed, epoch=epoch))

    class Repeating(Trainer):
        def _get_train_sampler(self, train_dataset: Any = None) -> Any:
            return InOrder()

        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            self.loss_is_scaled_for_ga = False
            own = own_loss(model, inputs, settings, num_items_in_batch)
            if own is None:
                return super().compute_loss(model, inputs, return_outputs)
            self.loss_is_scaled_for_ga = len(own) > 2
            return own[:2] if return_outputs else own[0]

        def evaluate(self, *given: Any, **more: Any) -> dict[str, float]:
            found = {
                f"eval_{name}": value
                for name, value in score(self.model, reader, validation, settings).items()
            }
            self.log(found)
            self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, found)
            return found

        def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
            # Vision models are saved under older names, and a checkpoint would not be read back.
            model: Any = self.model
            model.save_pretrained = partial(model.save_pretrained, save_original_format=False)
            try:
                super()._save(output_dir, state_dict)
            finally:
                del model.save_pretrained

    class Patience(TrainerCallback):
        def on_evaluate(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            values = [record[main] for record in state.log_history if main in record]
            values = values if settings["higher_is_better"] else [-value for value in values]
            since = len(values) - 1 - max(range(len(values)), key=values.__getitem__) if values else 0
            if settings["patience"] and since >= settings["patience"]:
                control.should_training_stop = True

    trainer = Repeating(
        model=model,
        args=arguments(settings, len(features), folder),
        data_collator=collator(reader, settings, training=True),
        train_dataset=Rows(),
        eval_dataset=features[:1],
        callbacks=[Patience()],
        processing_class=reader,
    )
    return trainer


def main() -> None:
    """Train, score, save, and say how it compares with the run."""
    from transformers import set_seed

    settings = json.loads((HERE / "run.json").read_text(encoding="utf-8"))
    if not settings["is_on_hub"]:
        settings["base"] = str(HERE / settings["base"])
    out = HERE / "out"
    set_seed(settings["seed"])
    reader, model = load(settings)
    trainer = make_trainer(settings, reader, model, out / "checkpoints")
    trainer.train()
    model = trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False).float()
    found = {part: score(model, reader, read_rows(part), settings) for part in ("validation", "test")}
    model.save_pretrained(out / "model")
    reader.save_pretrained(out / "model")
    (out / "scores.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
    for part, scores in found.items():
        for name, value in scores.items():
            said = settings["expected"][part].get(name)
            beside = "" if said is None else f"   the run had {said:.4f}, a difference of {value - said:+.4f}"
            sys.stdout.write(f"{part:<11} {name:<16} {value:.4f}{beside}\n")


if __name__ == "__main__":
    main()
