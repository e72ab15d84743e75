"""What an export starts from: a finished run with its model, and the base model of an adapter."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lib.errors import Problem, UserError
from lib.models.adapted import base_folder, is_adapter
from lib.runs.files import read_json
from lib.runs.folder import RunFolder
from lib.runs.spec import Spec
from lib.tasks import find_task
from lib.tasks.base import Brief, Task

# A run that was stopped has saved the best model it had.
FINISHED = ("succeeded", "stopped")


@dataclass(frozen=True)
class Source:
    """A finished run. `model` is its model folder and `about` what atelier.json in it says.

    Of an adapter (`is_adapter`), `base` is the folder of the model it lies on; None, with `base_problems`, where that
    is gone or has changed, and None for whole models. `result` is the contract's result.
    """

    run: RunFolder
    spec: Spec
    task: Task
    brief: Brief
    result: Mapping[str, Any]
    model: Path
    about: Mapping[str, Any]
    is_adapter: bool
    base: Path | None = None
    base_problems: tuple[Problem, ...] = ()

    @property
    def name(self) -> str:
        """The run's name on screen."""
        return self.run.name

    @property
    def slug(self) -> str:
        """The run's name as part of a file name: plain letters, digits and hyphens."""
        plain = unicodedata.normalize("NFKD", self.name).encode("ascii", "ignore").decode().lower()
        return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60] or self.task.slug


def open_source(run: RunFolder) -> Source:
    """The finished run as a source of exports. Raises UserError when there is no model to take along."""
    spec, state = run.spec, run.state().state
    if spec.audit:
        raise _nothing(run, "checked labels and made no model", "Choose a run that trained a model.")
    if state not in FINISHED:
        fix = (
            "Wait until it has finished."
            if state in ("queued", "running")
            else "Resume it, or choose another."
        )
        raise _nothing(run, f"is {state}, so it has no finished model", fix)
    about, result = read_json(run.model_path / "atelier.json"), run.result()
    if not isinstance(about, dict) or not isinstance(result, dict):
        raise _nothing(run, "has no finished model", "Choose another run, or train this one again.")
    task, model = find_task(spec.task), run.model_path
    try:
        brief = Brief.from_json(about)
    except (KeyError, TypeError, ValueError) as error:
        raise _nothing(run, "has a damaged atelier.json", "Train it again.") from error
    adapted, base = is_adapter(model), None
    problems: tuple[Problem, ...] = ()
    if adapted:
        try:
            base = base_folder(model)
        except UserError as error:
            problems = error.problems
    return Source(run, spec, task, brief, result, model, about, adapted, base, problems)


def _nothing(run: RunFolder, what: str, fix: str) -> UserError:
    return UserError(Problem(f"The run {run.name} {what}.", where="run", fix=fix, code="nothing-to-export"))
