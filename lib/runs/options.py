"""Every knob of a training run: its type, its sane range and a plain explanation, in one place."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from lib.errors import Problem
from lib.option import check_values, option, values_as


@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """The options of a run; what a spec leaves out comes from the preset.

    Each field's metadata holds `title`, `help` (one sentence: what it is, what to try, what goes wrong), `group`,
    `low` and `high` (inclusive), `choices`. Forms, checks and the command line all read them from here.
    """

    preset: str = option(
        "balanced",
        title="Preset",
        help="A set of options that fits the task, the model and this machine.",
        group="Preset",
        choices=("quick", "balanced", "best"),
    )
    epochs: float = option(
        4.0,
        title="Epochs",
        help="How often the model sees every training row. 2 to 5 is usual; too many and it learns rows by heart.",
        group="Learning",
        low=0.01,
        high=100,
    )
    batch_size: int = option(
        32,
        title="Batch size",
        help="Rows per step. Larger is steadier and uses more memory; halve it when memory runs out.",
        group="Learning",
        low=1,
        high=1024,
    )
    learning_rate: float = option(
        5e-5,
        title="Learning rate",
        help="How far each step moves the weights. Too high and the loss jumps or stays flat; too low and it creeps.",
        group="Learning",
        low=1e-7,
        high=1e-1,
    )
    weight_decay: float = option(
        0.01,
        title="Weight decay",
        help="Pulls weights gently towards zero. 0 to 0.1; rarely worth changing.",
        group="Learning",
        low=0.0,
        high=1.0,
    )
    warmup: float = option(
        0.1,
        title="Warm-up share",
        help="The share of steps in which the learning rate rises from zero. 0.05 to 0.1 avoids early jumps.",
        group="Learning",
        low=0.0,
        high=0.9,
    )
    schedule: str = option(
        "linear",
        title="Learning-rate schedule",
        help="How the learning rate falls after warm-up: linear and cosine end at zero, constant does not fall.",
        group="Learning",
        choices=("linear", "cosine", "constant"),
    )
    gradient_accumulation: int = option(
        1,
        title="Gradient accumulation",
        help="Batches added up before each step: a larger batch in the same memory, at no gain in speed.",
        group="Memory",
        low=1,
        high=1024,
    )
    gradient_checkpointing: bool = option(
        False,
        title="Gradient checkpointing",
        help="Forgets what layers computed and computes it again for the gradient: far less memory, a third slower.",
        group="Memory",
    )
    max_length: int = option(
        128,
        title="Longest text, in tokens",
        help="Longer texts are cut here. Twice the length costs more than twice the time; the data page shows lengths.",
        group="Memory",
        low=8,
        high=8192,
    )
    precision: str = option(
        "auto",
        title="Precision",
        help="bf16 is faster where the processor has it, with weights kept in fp32; auto uses it there.",
        group="Memory",
        choices=("auto", "fp32", "bf16"),
    )
    devices: str = option(
        "one",
        title="Devices",
        help="All uses every GPU of the machine for this run: each computes its share of every batch.",
        group="Memory",
        choices=("one", "all"),
    )
    max_gradient_norm: float = option(
        1.0,
        title="Gradient clipping",
        help="The longest gradient that a step may follow. 1.0 is usual; lower it when the loss jumps.",
        group="Robustness",
        low=0.01,
        high=100,
    )
    evaluations_per_epoch: int = option(
        1,
        title="Validations per epoch",
        help="How often the validation rows are scored and a checkpoint is kept. More often may find a better one.",
        group="Checking",
        low=1,
        high=100,
    )
    patience: int = option(
        3,
        title="Early stopping",
        help="Stop after this many validations without a better score. 0 never stops early.",
        group="Checking",
        low=0,
        high=100,
    )
    seed: int = option(
        13,
        title="Seed",
        help="Fixes every random choice. Another seed gives another model; their spread shows how sure a score is.",
        group="Checking",
        low=0,
        high=2**31 - 1,
    )

    def to_json(self) -> dict[str, Any]:
        """The options as plain JSON data."""
        return asdict(self)


def check_options(values: Mapping[str, Any], *more: type) -> list[Problem]:
    """Everything wrong with a mapping of options; `more` are a task's own dataclasses of options."""
    return check_values(values, (TrainingOptions, *more))


def options_from(values: Mapping[str, Any]) -> TrainingOptions:
    """Checked options as the dataclass, with numbers as the types the fields have; a task's own are left out."""
    return values_as(TrainingOptions, values)
