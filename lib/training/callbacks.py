"""What happens after each step: telling progress, stopping when asked, ending early, marking checkpoints."""

import math
import time
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from lib.errors import Problem, UserError
from lib.training.checkpoints import mark_complete
from lib.training.progress import Progress
from lib.training.ranks import agreed
from lib.training.stopwatch import Stopwatch


class Teller(TrainerCallback):
    """Writes metrics and state after each log, score and step.

    `rows_per_step` is how many rows one optimizer step learns from; `trained_before` the training seconds
    that earlier sessions of a resumed run took.
    """

    def __init__(
        self, progress: Progress, *, rows_per_step: int, trained_before: float, watch: Stopwatch
    ) -> None:
        self._progress, self._rows_per_step, self._watch = progress, rows_per_step, watch
        self.trained_before = trained_before
        self._begun = self._first_step = 0.0

    @property
    def trained_seconds(self) -> float:
        """Seconds of training so far, earlier sessions included."""
        return self.trained_before + (time.monotonic() - self._begun)

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kw: Any
    ) -> None:
        """Start the clock."""
        self._begun, self._first_step = time.monotonic(), state.global_step
        self._progress.tell(
            now=True,
            phase="training",
            step=state.global_step,
            total_steps=state.max_steps,
            epochs=args.num_train_epochs,
        )

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kw: Any
    ) -> None:
        """Say how far it is, and end the training when asked to."""
        steps = state.global_step - self._first_step
        seconds = time.monotonic() - self._begun
        self._progress.tell(
            step=state.global_step,
            epoch=round(state.epoch or 0.0, 3),
            eta_seconds=seconds / steps * (state.max_steps - state.global_step),
            examples_per_second=round(steps * self._rows_per_step / seconds, 1),
        )
        if agreed(self._progress.stop_wanted) and state.global_step < state.max_steps:
            control.should_log = control.should_save = control.should_training_stop = True

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: Any = None,
        **kw: Any,
    ) -> None:
        """Keep the training loss, the gradient's length and the learning rate."""
        if not logs or "loss" not in logs:
            return
        if not math.isfinite(logs["loss"]):
            raise UserError(
                Problem(
                    f"The training loss became {logs['loss']} at step {state.global_step:,}: the model diverged.",
                    where="options.learning_rate",
                    fix=f"Start again with a learning rate of {args.learning_rate / 5:.1g} or less.",
                    code="diverged",
                )
            )
        names = {"loss": "loss", "grad_norm": "gradient_norm", "learning_rate": "learning_rate"}
        values = {ours: float(logs[theirs]) for theirs, ours in names.items() if theirs in logs}
        self._progress.add_metrics(values, split="train", step=state.global_step, epoch=state.epoch or 0.0)

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        metrics: Any = None,
        **kw: Any,
    ) -> None:
        """Keep the validation scores."""
        timing = ("_runtime", "_per_second", "_time")
        values = {
            name.removeprefix("eval_"): float(value)
            for name, value in (metrics or {}).items()
            if name.startswith("eval_") and not name.endswith(timing)
        }
        self._progress.add_metrics(
            values, split="validation", step=state.global_step, epoch=state.epoch or 0.0
        )

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kw: Any
    ) -> None:
        """A checkpoint counts only once all of it is on disk."""
        if not state.is_world_process_zero:
            return
        folder = Path(str(args.output_dir)) / f"checkpoint-{state.global_step}"
        mark_complete(folder, trained_seconds=self.trained_seconds, parts=self._watch.training_parts())


class EarlyStopping(TrainerCallback):
    """Ends the training after `patience` validations without a better main score.

    Judged from the history in the trainer's state, so a resumed run decides as an uninterrupted one would.
    """

    def __init__(self, score: str, *, patience: int, higher_is_better: bool) -> None:
        self._name, self._patience, self._higher = f"eval_{score}", patience, higher_is_better

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kw: Any
    ) -> None:
        """Count the validations since the best one."""
        values = [record[self._name] for record in state.log_history if self._name in record]
        if not self._higher:
            values = [-value for value in values]
        since_best = len(values) - 1 - max(range(len(values)), key=values.__getitem__) if values else 0
        if self._patience and since_best >= self._patience:
            control.should_training_stop = True
