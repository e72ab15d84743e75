"""The same run with several seeds: specs that differ in the seed and in their name, and in nothing else."""

from lib.errors import Problem, UserError
from lib.runs.spec import Spec

MOST_SEEDS = 20


def check_seeds(count: int) -> None:
    """Raises UserError for no seed at all, or for more than are sensible."""
    if not 1 <= count <= MOST_SEEDS:
        fix = f"Give a whole number from 1 to {MOST_SEEDS}; 3 or 5 are usual."
        raise UserError(Problem(f"{count} seeds are not possible.", "seeds", fix, code="seeds"))


def seeded(spec: Spec, count: int) -> list[Spec]:
    """The planned spec as it is when `count` is 1, else one spec a seed, counted up from its own.

    Raises UserError like `check_seeds`.
    """
    check_seeds(count)
    if count == 1:
        return [spec]
    first = int(spec.options["seed"])
    return [
        spec.changed(name=f"{spec.name}, seed {seed}", options={**spec.options, "seed": seed})
        for seed in range(first, first + count)
    ]
