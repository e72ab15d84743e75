"""Where a run's time goes: seconds by part of the work, for its result and for whoever wants it faster."""

import contextlib
import time
from collections.abc import Iterator, Mapping

# Parts of the training itself; what is left of it is bookkeeping.
TRAINING_PARTS = ("model", "batches", "validating", "saving")


class Stopwatch:
    """Adds up seconds by name. Starting and stopping costs about a microsecond.

    `model` is forward, backward and optimizer step, `batches` is reading and padding rows. On a GPU the work is only
    handed over in `model`, and some of it is waited for elsewhere, so there the parts are a rough guide.
    """

    def __init__(self, seconds: Mapping[str, float] | None = None) -> None:
        self.seconds: dict[str, float] = dict(seconds or {})

    @contextlib.contextmanager
    def time(self, part: str) -> Iterator[None]:
        """Count the block's seconds for the part."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.add(part, time.perf_counter() - begun)

    def add(self, part: str, seconds: float) -> None:
        """Count seconds for the part."""
        self.seconds[part] = self.seconds.get(part, 0.0) + seconds

    def training_parts(self) -> dict[str, float]:
        """Seconds of the parts of the training so far, to go on from when it is resumed."""
        return {part: self.seconds.get(part, 0.0) for part in TRAINING_PARTS}

    def told(self) -> dict[str, float]:
        """Seconds by part, rounded as in a result."""
        return {part: round(seconds, 2) for part, seconds in self.seconds.items()}
