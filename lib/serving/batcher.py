"""The one thread that asks the model: what came in while it was at work is done together next."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any


class BusyError(Exception):
    """So much waits already that nothing more is taken."""


class EndedError(Exception):
    """The server is going down."""


@dataclass(eq=False)
class Job:
    """One request's part for the model. Jobs of one `kind` are done together; `weight` is how many rows it has.

    `wanted` is cleared when the asker has gone.
    """

    kind: str
    what: Any
    weight: int = 1
    result: "Future[Any]" = field(default_factory=Future)
    wanted: bool = True


class Batcher:
    """Takes jobs from any thread and does them in one, many at once: no waiting for company, only for the model.

    `do[kind]` takes the `what` of several jobs and returns as many results. When it fails for several, each is tried
    alone, so that one bad job fails by itself.
    """

    def __init__(
        self, do: dict[str, Callable[[Sequence[Job]], list[Any]]], *, most: dict[str, int], waiting: int
    ) -> None:
        self._do, self._most, self._waiting = do, most, waiting
        self._jobs: deque[Job] = deque()
        self._changed = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="model", daemon=True)
        self._thread.start()

    def put(self, job: Job) -> "Future[Any]":
        """Queue a job. Raises BusyError when too much waits, EndedError when no more is done."""
        with self._changed:
            if self._ended:
                raise EndedError
            if sum(waiting.weight for waiting in self._jobs) + job.weight > self._waiting:
                raise BusyError
            self._jobs.append(job)
            self._changed.notify()
        return job.result

    def end(self, timeout: float) -> None:
        """Take no more, and wait that long (seconds) for what is under way; what still waits is given up."""
        with self._changed:
            self._ended = True
            for job in self._jobs:
                job.result.set_exception(EndedError())
            self._jobs.clear()
            self._changed.notify()
        self._thread.join(timeout)

    def _next(self) -> list[Job]:
        with self._changed:
            while not self._jobs and not self._ended:
                self._changed.wait()
            if not self._jobs:
                return []
            first = self._jobs.popleft()
            taken, weight = [first], first.weight
            left: deque[Job] = deque()
            for job in self._jobs:
                if job.kind == first.kind and weight + job.weight <= self._most[first.kind]:
                    taken.append(job)
                    weight += job.weight
                else:
                    left.append(job)
            self._jobs = left
        return taken

    def _run(self) -> None:
        while taken := self._next():
            jobs = [job for job in taken if job.wanted]
            for job in taken:
                if not job.wanted:
                    job.result.cancel()
            if jobs:
                self._together(jobs)

    def _together(self, jobs: list[Job]) -> None:
        try:
            results = self._do[jobs[0].kind](jobs)
        except Exception as error:
            if len(jobs) == 1:
                logging.getLogger(__name__).exception("the model failed")
                jobs[0].result.set_exception(error)
                return
            for job in jobs:
                self._together([job])
            return
        for job, result in zip(jobs, results, strict=True):
            job.result.set_result(result)
