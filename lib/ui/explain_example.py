"""The one row that the Explain page is about: its cells as the model is given them, and what is known of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from lib.runs.folder import RunFolder
from lib.tasks.base import Task
from lib.tasks.outputs import Output


@dataclass(frozen=True)
class Example:
    """One input of a run's model.

    `cells` maps role names to what is given (a text, a path of a picture), as `lib.inference.inputs.one_row` takes
    them; `source` says in words where it comes from ("test row 17"); `gold` is what is true, if that is known.
    """

    run: RunFolder
    task: Task
    output: Output
    cells: Mapping[str, str]
    source: str
    gold: str | None = None

    @property
    def ref(self) -> str:
        """The model, as the host is asked for it."""
        return f"run:{self.run.id}"
