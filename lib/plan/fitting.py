"""Making a run fit: the smallest change that brings its memory below what there is, found by the formula."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lib.errors import Problem
from lib.methods import find_method
from lib.models.families import NO_CHECKPOINTING
from lib.models.sources import ModelInfo
from lib.option import options_of
from lib.plan.estimate import memory_of
from lib.plan.fit import check_method
from lib.plan.presets import learning_rate_factor
from lib.runs.memory import Memory, memory_here
from lib.tasks.base import Task

# A run should leave this share of what is free to everything else.
USED_SHARE = 0.9
SHORTEST_TOKENS = 64
# What is tried, in this order: the batch in parts, computing again, shorter texts, then less of the weights in memory.
LIGHTER_METHODS: tuple[dict[str, Any], ...] = (
    {"name": "lora"},
    {"name": "qlora", "bits": 8},
    {"name": "qlora", "bits": 4},
)


@dataclass(frozen=True)
class Run:
    """What the memory of a run depends on: `values` are the training's and the task's options."""

    model: ModelInfo
    task: Task
    values: Mapping[str, Any]
    method: Mapping[str, Any]
    longest_tokens: int

    @property
    def memory_mb(self) -> float:
        """Its peak by formula."""
        return memory_of(
            self.model,
            self.values,
            task=self.task,
            longest_tokens=self.longest_tokens,
            method=self.method,
        )

    def changed(self, changes: Mapping[str, Any]) -> "Run":
        """The run with the changes of a problem made."""
        values = {**self.values, **changes.get("options", {})}
        longest = min(self.longest_tokens, int(values["max_length"]))
        return Run(self.model, self.task, values, changes.get("method") or self.method, longest)


@dataclass(frozen=True)
class Relief:
    """A change that makes a run smaller: for the spec, in words after "You can", and the memory it leaves."""

    changes: dict[str, Any]
    words: str
    memory_mb: float


def smallest_change(run: Run, *, most_mb: float) -> Relief | None:
    """The first change in the order above that needs at most that much by formula; None when none does."""
    for changes, words in _changes(run):
        if (memory := run.changed(changes).memory_mb) <= most_mb:
            return Relief(
                changes, ", ".join(words[:-1]) + (" and " if words[:-1] else "") + words[-1], memory
            )
    return None


def memory_problems(
    run: Run, need_mb: float, here: Memory | None = None, *, measured: bool = False
) -> list[Problem]:
    """What is wrong with needing so much memory: a warning above what is free, an error above what there is at all.

    With the smallest change that puts it right; the formula is scaled to `need_mb` where that was measured.
    """
    here = here or memory_here()
    if need_mb <= here.free_mb:
        return []
    impossible = need_mb > here.total_mb
    scale = run.memory_mb / need_mb
    relief = smallest_change(run, most_mb=USED_SHARE * here.free_mb * scale)
    if relief is None and not impossible:  # when other programs are closed, perhaps
        relief = smallest_change(run, most_mb=USED_SHARE * here.usable_mb * scale)
    how = "measured here" if measured else "by formula"
    there = f"this machine allows {_gb(here.total_mb)}" if impossible else f"{_gb(here.free_mb)} are free now"
    what = f"It needs about {_gb(need_mb)} of memory, {how}, and {there}."
    if relief is None:
        fix = "Choose a smaller model." if impossible else "Close other programs, or choose a smaller model."
    else:
        close = "" if impossible else "Close other programs, or "
        words = relief.words if close else relief.words[0].upper() + relief.words[1:]
        fix = f"{close}{words}: then it needs about {_gb(relief.memory_mb / scale)}."
    return [
        Problem(
            what,
            "memory",
            fix,
            "error" if impossible else "warning",
            "memory",
            changes=relief.changes if relief else {},
        )
    ]


def _gb(megabytes: float) -> str:
    return f"{megabytes / 1000:.1f} GB"


def _changes(run: Run) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """Every combination of changes with its words, the smallest first."""
    for method, length, again, halvings in itertools.product(
        _methods(run), _lengths(run), _checkpointing(run), range(11)
    ):
        batch = int(run.values["batch_size"]) >> halvings
        if batch < 1 or (method, length, again, halvings) == (None, None, None, 0):
            continue
        options: dict[str, Any] = {}
        words: list[str] = []
        if halvings:
            added = min(1024, int(run.values["gradient_accumulation"]) << halvings)
            options |= {"batch_size": batch, "gradient_accumulation": added}
            rows = f"{batch} rows" if batch > 1 else "1 row"
            words.append(f"take {rows} at a time and add up {added} batches for each step")
        if again:
            options["gradient_checkpointing"] = True
            words.append("compute layers again instead of keeping them (gradient checkpointing)")
        if length:
            options["max_length"] = length
            words.append(f"cut texts at {length:,} tokens")
        changes: dict[str, Any] = {"options": options} if options else {}
        if method:
            factor = learning_rate_factor(method["name"]) / learning_rate_factor(str(run.method["name"]))
            if factor != 1:
                rate = min(0.1, float(run.values["learning_rate"]) * factor)
                changes["options"] = {**options, "learning_rate": rate}
            changes["method"] = method
            bits = f" in {method['bits']} bits" if "bits" in method else ""
            words.append(f"learn with {find_method(method['name']).title}{bits}")
        yield changes, words


def _methods(run: Run) -> list[dict[str, Any] | None]:
    """The run's own (None), then the lighter ones that fit the task and the model."""
    own = str(run.method["name"])
    bits = int(run.method.get("bits", 4)) if own == "qlora" else 32
    found: list[dict[str, Any] | None] = [None]
    for lighter in LIGHTER_METHODS if own in ("full", "lora", "qlora") else ():
        method = find_method(lighter["name"])
        if (own == "lora" and lighter["name"] == "lora") or lighter.get("bits", 16) >= bits:
            continue
        if check_method(method, run.task, run.model):
            continue
        kept = {
            name: value
            for name, value in run.method.items()
            if name in options_of(method.option_class) and name != "bits"
        }
        found.append({**kept, **lighter})
    return found


def _lengths(run: Run) -> list[int | None]:
    """As it is (None), then half and a quarter of the longest text."""
    if "max_length" in run.task.hidden_options:
        return [None]
    shorter = [run.longest_tokens // 2 // 8 * 8, run.longest_tokens // 4 // 8 * 8]
    return [None, *(length for length in shorter if length >= SHORTEST_TOKENS)]


def _checkpointing(run: Run) -> list[bool | None]:
    """As it is (None), then with what layers computed forgotten and computed again."""
    known = str(run.model.config.get("model_type")) in NO_CHECKPOINTING
    off = run.values.get("gradient_checkpointing") or known or run.method["name"] == "head"
    return [None] if off else [None, True]
