"""Every knob of a training run: its type, its sane range and a plain explanation, in one place."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from lib.errors import Problem


def _option(
    default: Any,
    *,
    title: str,
    help: str,
    group: str,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    return field(
        default=default,
        metadata={"title": title, "help": help, "group": group, "low": low, "high": high, "choices": choices},
    )


@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """The options of a run; what a spec leaves out comes from the preset.

    Each field's metadata holds `title`, `help` (one sentence: what it is, what to try, what goes wrong), `group`,
    `low` and `high` (inclusive), `choices`. Forms, checks and the command line all read them from here.
    """

    preset: str = _option(
        "balanced",
        title="Preset",
        help="A set of options that fits the task, the model and this machine.",
        group="Preset",
        choices=("quick", "balanced", "best"),
    )
    epochs: float = _option(
        4.0,
        title="Epochs",
        help="How often the model sees every training row. 2 to 5 is usual; too many and it learns rows by heart.",
        group="Learning",
        low=0.01,
        high=100,
    )
    batch_size: int = _option(
        32,
        title="Batch size",
        help="Rows per step. Larger is steadier and uses more memory; halve it when memory runs out.",
        group="Learning",
        low=1,
        high=1024,
    )
    learning_rate: float = _option(
        5e-5,
        title="Learning rate",
        help="How far each step moves the weights. Too high and the loss jumps or stays flat; too low and it creeps.",
        group="Learning",
        low=1e-7,
        high=1e-1,
    )
    weight_decay: float = _option(
        0.01,
        title="Weight decay",
        help="Pulls weights gently towards zero. 0 to 0.1; rarely worth changing.",
        group="Learning",
        low=0.0,
        high=1.0,
    )
    warmup: float = _option(
        0.1,
        title="Warm-up share",
        help="The share of steps in which the learning rate rises from zero. 0.05 to 0.1 avoids early jumps.",
        group="Learning",
        low=0.0,
        high=0.9,
    )
    schedule: str = _option(
        "linear",
        title="Learning-rate schedule",
        help="How the learning rate falls after warm-up: linear and cosine end at zero, constant does not fall.",
        group="Learning",
        choices=("linear", "cosine", "constant"),
    )
    gradient_accumulation: int = _option(
        1,
        title="Gradient accumulation",
        help="Batches added up before each step: a larger batch in the same memory, at no gain in speed.",
        group="Memory",
        low=1,
        high=1024,
    )
    max_length: int = _option(
        128,
        title="Longest text, in tokens",
        help="Longer texts are cut here. Twice the length costs more than twice the time; the data page shows lengths.",
        group="Memory",
        low=8,
        high=8192,
    )
    precision: str = _option(
        "auto",
        title="Precision",
        help="bf16 is faster where the processor has it, with weights kept in fp32; auto uses it there.",
        group="Memory",
        choices=("auto", "fp32", "bf16"),
    )
    label_smoothing: float = _option(
        0.0,
        title="Label smoothing",
        help="Asks for a little less certainty. 0.05 to 0.1 helps with noisy labels; probabilities become milder.",
        group="Robustness",
        low=0.0,
        high=0.5,
    )
    max_gradient_norm: float = _option(
        1.0,
        title="Gradient clipping",
        help="The longest gradient that a step may follow. 1.0 is usual; lower it when the loss jumps.",
        group="Robustness",
        low=0.01,
        high=100,
    )
    evaluations_per_epoch: int = _option(
        1,
        title="Validations per epoch",
        help="How often the validation rows are scored and a checkpoint is kept. More often may find a better one.",
        group="Checking",
        low=1,
        high=100,
    )
    patience: int = _option(
        3,
        title="Early stopping",
        help="Stop after this many validations without a better score. 0 never stops early.",
        group="Checking",
        low=0,
        high=100,
    )
    seed: int = _option(
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


def check_options(values: Mapping[str, Any]) -> list[Problem]:
    """Everything wrong with a mapping of options: unknown names, wrong types, values out of range."""
    known = {item.name: item for item in fields(TrainingOptions)}
    problems = []
    for name, value in values.items():
        where = f"options.{name}"
        if name not in known:
            problems.append(
                Problem(
                    f"There is no option {name!r}.",
                    where,
                    f"Choose from: {', '.join(known)}.",
                    code="unknown-option",
                )
            )
            continue
        kind, rule = type(known[name].default), known[name].metadata
        if kind is str:
            if value not in rule["choices"]:
                problems.append(
                    Problem(f"{value!r} is not a choice.", where, f"Choose one of: {', '.join(rule['choices'])}.",
                            code="option-choice")
                )  # fmt: skip
        elif (
            isinstance(value, bool)
            or not isinstance(value, (int, float))
            or (kind is int and value != int(value))
        ):
            noun = "a whole number" if kind is int else "a number"
            problems.append(Problem(f"{value!r} is not {noun}.", where, f"Give {noun}.", code="option-type"))
        elif not rule["low"] <= value <= rule["high"]:
            problems.append(
                Problem(f"{value:g} is out of range.", where, f"Stay between {rule['low']:g} and {rule['high']:g}.",
                        code="option-range")
            )  # fmt: skip
    return problems


def options_from(values: Mapping[str, Any]) -> TrainingOptions:
    """Checked options as the dataclass, with numbers as the types the fields have."""
    kinds: dict[str, type] = {item.name: type(item.default) for item in fields(TrainingOptions)}
    return TrainingOptions(**{name: kinds[name](value) for name, value in values.items()})
