"""What a run will cost, by formula: memory and time before anything starts."""

import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import psutil

from lib.models.sources import ModelInfo
from lib.runs.files import read_json, write_json
from lib.runs.options import TrainingOptions
from lib.settings import get_settings

# Resident memory of a worker that has imported everything and loaded nothing.
BASE_MB = 780.0
# fp32 weights, gradients and the two moments of AdamW.
BYTES_PER_TRAINED_PARAMETER = 16
# Of the matrix product rate that numpy reaches, what a training step of an encoder keeps.
EFFICIENCY = {"fp32": 0.45, "bf16": 0.6}
# Imports, loading, tokenising, scoring and saving around the steps themselves.
SECONDS_AROUND = 25.0


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

    def to_json(self) -> dict[str, Any]:
        """The estimate as plain JSON data."""
        return asdict(self) | {"seconds": self.seconds}


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


def estimate_run(
    model: ModelInfo,
    options: TrainingOptions,
    *,
    rows: int,
    mean_tokens: float,
    longest_tokens: int,
    method: Mapping[str, Any],
) -> Estimate:
    """By formula: `mean_tokens` and `longest_tokens` are per row, after cutting at max_length.

    Time: 6 floating-point operations per parameter and token (forward 2, backward 4; Kaplan et al. 2020), embedding
    tables left out. Memory: weights, gradients, AdamW's moments, and activations of the longest batch.
    """
    config = model.config
    hidden, layers = int(config.get("hidden_size", 768)), int(config.get("num_hidden_layers", 12))
    inner = int(config.get("intermediate_size", 4 * hidden))
    heads = int(config.get("num_attention_heads", 12))
    # A model of pictures has no vocabulary, and one of convolutions none of these sizes.
    vocabulary = int(config.get("vocab_size", 0 if model.kind == "image" else 30_000))
    parameters = model.parameters or 100_000_000
    in_matrices = parameters - vocabulary * hidden
    if model.kind != "image":
        in_matrices = max(in_matrices, layers * (4 * hidden**2 + 2 * hidden * inner))
    bf16 = options.precision != "fp32" and has_bf16()
    attention = 4 * layers * hidden * mean_tokens  # scores and their use, per token
    per_token = 3 * (2 * in_matrices + attention)
    steps = total_steps(options, rows)
    tokens = steps * options.batch_size * options.gradient_accumulation * mean_tokens
    seconds = tokens * per_token / (matrix_rate() * EFFICIENCY["bf16" if bf16 else "fp32"])
    batch_tokens = options.batch_size * longest_tokens
    # Per token and layer: inputs of the products and norms, and one attention row per head, kept for backward.
    kept = layers * (14 * hidden + 3 * inner + 2 * heads * longest_tokens) * (2 if bf16 else 4)
    memory = BASE_MB + (parameters * BYTES_PER_TRAINED_PARAMETER + batch_tokens * kept) / 1e6
    return Estimate(
        memory_mb=memory,
        seconds_low=SECONDS_AROUND + 0.6 * seconds,
        seconds_high=SECONDS_AROUND + 1.7 * seconds,
        steps=steps,
        free_memory_mb=psutil.virtual_memory().available / 1e6,
    )


@lru_cache(maxsize=1)
def has_bf16() -> bool:
    """Whether the processor multiplies bf16 numbers itself, as Linux reports it; False where that is unknown."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123
            flags = next((line for line in file if line.startswith("flags")), "")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags
