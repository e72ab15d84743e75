"""What a run will cost, by formula: memory and time before anything starts."""

import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from lib.errors import UserError
from lib.methods.qlora import QloraOptions
from lib.methods.repair import MOST_OF_16_BITS
from lib.models.sources import ModelInfo, find_model
from lib.plan.shape import Shape, shape_of
from lib.runs.files import read_json, write_json
from lib.runs.memory import memory_here
from lib.runs.options import TrainingOptions, options_from
from lib.settings import get_settings
from lib.tasks.base import Task
from lib.tasks.outputs import Continuation, MaskedTokens

# Resident memory of a worker that has imported everything and loaded nothing but the rows.
BASE_MB = 640.0
# fp32 weights, gradients and the two moments of AdamW.
BYTES_PER_TRAINED_PARAMETER = 16
# Of a weight that stays as it is: fp32, or NF4 with its doubly quantised constants (Dettmers et al., 2023), or int8.
BYTES_PER_FROZEN_WEIGHT = {0: 4.0, 4: 0.52, 8: 1.01}
# What is kept beyond the tensors counted in `_layer_bytes`, measured on a processor: autocast's own copies of what it
# casts (BERT, T5 with and without adapters: 1.6 to 2.0 times), and what the allocator does not give back.
KEPT_BESIDE = {"fp32": 1.3, "bf16": 1.8}
# Copies of the logits that a loss over a vocabulary holds at once: as they come, in fp32, their logarithms, a gradient.
COPIES_OF_LOGITS = 3.5
# Of the fp32 matrix product rate that numpy reaches, what a training step keeps. Fitted, as the constants of time
# below are, to runs of `python -m tests.benchmarks costs` on a quiet processor with AMX.
EFFICIENCY = {"fp32": 0.45, "bf16": 1.0}
# Adapters' thin matrices, and dropout's copies of their inputs, take far longer than their arithmetic. How many times
# as long a training step takes, fitted to layers 384 to 576 wide; and a width, because what they cost grows with the
# layers' width, and the layers' own cost with its square.
ADAPTERS_SLOW, ADAPTERS_WIDTH = 3.8, 1_600
# Imports, loading, tokenising and saving around the steps themselves.
SECONDS_AROUND = 7.0
SECONDS_PER_STEP_AND_LAYER = 0.002
# Bytes a second that a processor reads weights with when it writes one token after the other, and what a layer adds.
WEIGHT_BYTES_PER_SECOND = 12e9
SECONDS_PER_TOKEN_AND_LAYER = 0.0006
# Quantised weights are made whole again for each product: so many parameters a second.
UNPACKED_PER_SECOND = 2e9
# How far the truth may lie from the formula, which knows no machine exactly.
LOW, HIGH = 0.65, 1.55


@dataclass(frozen=True)
class Estimate:
    """Memory and time of a run. `seconds` is a range: the formula knows no machine exactly."""

    memory_mb: float
    seconds_low: float
    seconds_high: float
    steps: int
    measured: bool = False
    free_memory_mb: float = 0.0

    @property
    def seconds(self) -> float:
        """The middle of the range (geometric)."""
        return math.sqrt(self.seconds_low * self.seconds_high)

    def short(self) -> dict[str, Any]:
        """What a run keeps of it, to be held against what it took."""
        return {
            "memory_mb": round(self.memory_mb),
            "seconds": [round(self.seconds_low), round(self.seconds_high)],
            "measured": self.measured,
        }

    def to_json(self) -> dict[str, Any]:
        """The estimate as plain JSON data."""
        return asdict(self) | {"seconds": self.seconds}


@dataclass(frozen=True)
class How:
    """What a method does to a model's weights, as far as it costs: `bits` is 0 for fp32; `rank` is 0 without adapters.

    `repair` is the rank of what is laid beside weights in four bits, 0 for none. `frozen`: only what is fresh or added
    learns. `reaches_inside`: gradients go through the layers all the same.
    """

    frozen: bool
    bits: int = 0
    rank: int = 0
    dropout: bool = False
    repair: int = 0

    @property
    def reaches_inside(self) -> bool:
        """Whether layers keep what they computed, for the gradient."""
        return not self.frozen or self.rank > 0


def how_of(method: Mapping[str, Any]) -> How:
    """What the method's part of a spec means for the cost."""
    name = str(method.get("name", "full"))
    if name not in ("lora", "qlora"):
        return How(frozen=name == "head")
    bits = int(method.get("bits", 4)) if name == "qlora" else 0
    repair = 0 if bits != 4 or method.get("dora") else int(method.get("repair", QloraOptions().repair))
    return How(True, bits, int(method.get("rank", 16)), float(method.get("dropout", 0.05)) > 0, repair)


@lru_cache(maxsize=1)
def matrix_rate() -> float:
    """Floating-point operations per second of a fp32 matrix product here, measured once in each process.

    The best ever seen is kept on disk and returned: a measurement while a run is training would halve it.
    """
    path = get_settings().cache / "matrix-rate.json"
    kept = read_json(path)
    size = 1_024
    left = np.random.default_rng(0).random((size, size), dtype=np.float32)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        left @ left
        times.append(time.perf_counter() - start)
    rate = max(2 * size**3 / min(times), float(kept) if isinstance(kept, int | float) else 0.0)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, rate)
    return rate


def total_steps(options: TrainingOptions, rows: int) -> int:
    """Optimizer steps of a run over that many training rows."""
    per_epoch = max(1, math.ceil(math.ceil(rows / options.batch_size) / options.gradient_accumulation))
    return max(1, math.ceil(options.epochs * per_epoch))


def validations(options: TrainingOptions, rows: int) -> int:
    """How often a run over that many training rows scores the validation rows and keeps a checkpoint."""
    per_epoch = max(1, math.ceil(math.ceil(rows / options.batch_size) / options.gradient_accumulation))
    steps = total_steps(options, rows)
    return math.ceil(steps / max(1, min(steps, per_epoch // options.evaluations_per_epoch)))


def estimate_run(
    model: ModelInfo,
    values: Mapping[str, Any],
    *,
    task: Task,
    rows: Mapping[str, int],
    lengths: tuple[float, int],
    method: Mapping[str, Any],
) -> Estimate:
    """By formula: `values` are the training's and the task's options, `rows` the examples of each part.

    `lengths` are the mean and the longest tokens of a row, cut at max_length.
    """
    options = options_from(values)
    seconds = seconds_of(model, values, task=task, rows=rows, mean_tokens=lengths[0], method=method)
    return Estimate(
        memory_mb=memory_of(model, values, task=task, longest_tokens=lengths[1], method=method),
        seconds_low=LOW * seconds,
        seconds_high=HIGH * seconds,
        steps=total_steps(options, max(1, rows["train"])),
        free_memory_mb=memory_here().free_mb,
    )


def memory_of(
    model: ModelInfo,
    values: Mapping[str, Any],
    *,
    task: Task,
    longest_tokens: int,
    method: Mapping[str, Any],
) -> float:
    """Peak memory in MB: weights, gradients, AdamW's moments, what the longest batch keeps, and the process itself."""
    options, shape, how = options_from(values), shape_of(model), how_of(method)
    learned = shape.matrix_sizes * how.rank if how.frozen else shape.parameters
    if how.frozen:
        # Tables, and what a quantised model keeps whole, are in fp32.
        weights = 4 * shape.tables + BYTES_PER_FROZEN_WEIGHT[how.bits] * shape.in_layers
        # Corrections of what rounding took, in 16 bits.
        weights += min(2 * how.repair * shape.matrix_sizes, MOST_OF_16_BITS * 2 * shape.in_layers)
        weights += BYTES_PER_TRAINED_PARAMETER * learned
    else:
        weights = BYTES_PER_TRAINED_PARAMETER * learned
    # The best checkpoint is read beside the model at the end, when the gradients are gone.
    weights += _teacher_bytes(method)
    training = weights + options.batch_size * _kept_bytes(shape, how, values, options, longest_tokens, task)
    scoring = weights + _scoring_bytes(shape, options, longest_tokens, task)
    return BASE_MB + max(training, scoring) / 1e6


def _teacher_bytes(method: Mapping[str, Any]) -> float:
    """A teacher's frozen weights, where the method has one."""
    teacher = _teacher(method)
    return 4.0 * (teacher.parameters or 0) if teacher else 0.0


def _teacher(method: Mapping[str, Any]) -> ModelInfo | None:
    named = str(method.get("teacher") or "")
    if not named:
        return None
    try:
        return find_model(named)
    except UserError:  # the plan says so
        return None


def _kept_bytes(
    shape: Shape, how: How, values: Mapping[str, Any], options: TrainingOptions, tokens: int, task: Task
) -> float:
    """What one row of the longest batch keeps for the gradient, in bytes."""
    bf16 = options.precision != "fp32" and has_bf16()
    written = min(int(values.get("max_target_length", 0)), 4_096) if shape.decoder_layers else 0
    logits = 4.0 * COPIES_OF_LOGITS * shape.vocabulary * _tokens_with_logits(shape, task, tokens, written)
    encoder = _layer_bytes(shape, how, tokens, tokens, bf16) * tokens
    decoder = _layer_bytes(shape, how, written, written + tokens, bf16, attentions=2) * written
    if not how.reaches_inside:
        return encoder + decoder + logits  # one layer at work, none kept
    if options.gradient_checkpointing:
        inputs = 4.0 * shape.hidden * (shape.layers * tokens + shape.decoder_layers * written)
        return max(encoder, decoder) + inputs + logits
    return shape.layers * encoder + shape.decoder_layers * decoder + logits


def _layer_bytes(shape: Shape, how: How, tokens: int, seen: int, bf16: bool, *, attentions: int = 1) -> float:
    """Bytes that a layer keeps per token: inputs of its products and norms, and attention where it is kept."""
    width = 2 if bf16 else 4
    # Products: inputs of the attention's (1), queries, keys, values (3), what comes out (2); inputs of the others (1).
    products = (6 * attentions + 1) * shape.hidden + (4 if shape.gated else 2) * shape.inner
    norms = 3 * (attentions + 1) * shape.hidden
    found = float(width * products + 4 * norms)
    if shape.keeps_attention:
        found += 3 * width * shape.heads * seen
    if how.rank:
        # Each adapter keeps its input, with dropout a copy of its own.
        inputs = (4 * attentions + 2) * shape.hidden + shape.inner
        found += (5 if how.dropout else 0) * inputs
    return found * KEPT_BESIDE["bf16" if bf16 else "fp32"]


def _tokens_with_logits(shape: Shape, task: Task, tokens: int, written: int) -> float:
    """Places of a row for which the loss needs a number for every token of the vocabulary."""
    if shape.decoder_layers:
        return float(written)
    if task.shape in (Continuation, MaskedTokens):
        return float(tokens)
    return 0.0


def _scoring_bytes(shape: Shape, options: TrainingOptions, tokens: int, task: Task) -> float:
    """What predicting needs at once: one layer of a batch, and logits of a vocabulary."""
    batch = task.prediction_batch * tokens
    return 4.0 * batch * (4 * shape.hidden + 2 * shape.inner)


def seconds_of(
    model: ModelInfo,
    values: Mapping[str, Any],
    *,
    task: Task,
    rows: Mapping[str, int],
    mean_tokens: float,
    method: Mapping[str, Any],
) -> float:
    """Seconds of the whole run.

    Forward 2 floating-point operations per parameter and token, backward 4 (Kaplan et al., 2020), 2 through weights
    that stay; embedding tables are looked up. Validations and scores are forward; writing reads all weights per token.
    """
    options, shape, how = options_from(values), shape_of(model), how_of(method)
    bf16 = options.precision != "fp32" and has_bf16()
    rate = matrix_rate() * EFFICIENCY["bf16" if bf16 else "fp32"]
    exact = matrix_rate() * EFFICIENCY["fp32"]  # scores are computed in fp32
    written = int(values.get("max_target_length", 0)) / 2 if shape.decoder_layers else 0.0
    layers = shape.layers + shape.decoder_layers
    forward = _forward(shape, task, mean_tokens, written)
    passes = 1.0 + (0.0 if not how.reaches_inside else 1.0 if how.frozen else 2.0)
    passes += 1.0 if options.gradient_checkpointing and how.reaches_inside else 0.0
    steps = total_steps(options, max(1, rows["train"]))
    batches = steps * options.gradient_accumulation
    training = (
        batches * options.batch_size * forward * passes / rate * slowed_by_adapters(shape.hidden, how.rank)
    )
    training += batches * layers * SECONDS_PER_STEP_AND_LAYER * passes
    training += steps * (0.0 if how.frozen else shape.parameters * 28 / WEIGHT_BYTES_PER_SECOND)
    if how.bits:
        training += batches * 2 * shape.in_layers / UNPACKED_PER_SECOND
    checked = min(rows["validation"], task.most_validated or math.inf)
    checks = validations(options, max(1, rows["train"]))
    scored = rows["validation"] + rows["test"] * (2 if task.scores_untuned else 1)
    judging = (checks * checked + scored) * forward / exact
    seconds = SECONDS_AROUND + training + judging + checks * shape.parameters * 8 / 1e9
    if shape.writes:
        calls = [rows["validation"], rows["test"], *([rows["test"]] if task.scores_untuned else [])]
        texts = [min(count, task.most_written or math.inf) for count in calls]
        if task.most_written is None:
            texts += [checked] * checks
        seconds += sum(math.ceil(count / task.prediction_batch) for count in texts) * _writing(
            shape, how, values
        )
    if (teacher := _teacher(method)) is not None:
        seconds += rows["train"] * _forward(shape_of(teacher), task, mean_tokens, written) / exact
    return seconds


def slowed_by_adapters(hidden: int, rank: int) -> float:
    """How many times as long a training step takes for the adapters beside layers so wide; 1 without any."""
    return min(ADAPTERS_SLOW, 1 + ADAPTERS_WIDTH / max(hidden, 1)) if rank else 1.0


def _forward(shape: Shape, task: Task, tokens: float, written: float) -> float:
    """Floating-point operations of one row, forward."""
    logits = shape.vocabulary * shape.hidden * _tokens_with_logits(shape, task, int(tokens), int(written))
    layers = shape.layers + shape.decoder_layers
    read = shape.in_layers * (shape.layers / layers if shape.decoder_layers else 1.0)
    attention = 2 * shape.layers * shape.hidden * tokens  # scores and their use, per token
    return 2 * ((read + attention) * tokens + (shape.in_layers - read) * written + logits)


def _writing(shape: Shape, how: How, values: Mapping[str, Any]) -> float:
    """Seconds for one batch of texts, written token by token to their usual end."""
    longest = int(values.get("max_target_length", 0)) or int(values.get("max_new_tokens", 64))
    share = 0.6 if shape.decoder_layers else 1.0
    weights = shape.in_layers * (0.6 if shape.decoder_layers else 1.0) + shape.vocabulary * shape.hidden
    each = 4 * weights / WEIGHT_BYTES_PER_SECOND
    each += (shape.decoder_layers or shape.layers) * SECONDS_PER_TOKEN_AND_LAYER * (2 if how.rank else 1)
    if how.bits:
        each += shape.in_layers / UNPACKED_PER_SECOND
    return share * longest * each * max(1, int(values.get("num_beams", 1))) ** 0.5


@lru_cache(maxsize=1)
def has_bf16() -> bool:
    """Whether the processor multiplies bf16 numbers itself, as Linux reports it; False where that is unknown."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123
            flags = next((line for line in file if line.startswith("flags")), "")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags
