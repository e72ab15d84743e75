"""What an export must say and do: one way in which a finished run's model leaves Atelier."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

import pandas as pd

from lib.errors import Problem
from lib.export.source import Source
from lib.option import NoOptions, check_values

# Told what is being done and which share of the work is done by then, 0 to 1. Raises `Stopped` when someone asked.
Step = Callable[[str, float], None]


class Stopped(Exception):
    """Someone asked the export to stop; raised by `step`, or anywhere when the worker is terminated politely.

    What an export holds open (a temporary folder, a child process) it closes in a `finally`.
    """


@dataclass(frozen=True)
class Made:
    """What an export has made: a file or folder at `path`, or a page at `url`; `bytes` is its size.

    `facts` are plain JSON data that the receipt keeps: how it was made and what must be known to use it. Of them
    `use`, a snippet of Python, and `notes`, a list of sentences, are shown as they are.
    """

    path: Path | None = None
    url: str | None = None
    bytes: int = 0
    facts: dict[str, Any] = field(default_factory=dict)


class Export(ABC):
    """A format. `name` stands before the colon in `--to NAME:PATH`; `serves` is one sentence on whom it serves.

    `makes` says what `to` names: a new file, which ends with `suffix`, a new folder, or an address such as
    NAMESPACE/NAME on a hub. `option_class` is a frozen dataclass of `lib.option.option` fields.
    `measuring` is the share of the time that `measure` takes, for the progress bar.
    `takes_token`: the form offers a field for an access token. It reaches the worker by its environment alone, where
    `lib.models.hub_token.find_token` finds it.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    serves: ClassVar[str]
    icon: ClassVar[str] = ":material/ios_share:"
    makes: ClassVar[Literal["file", "folder", "address"]] = "folder"
    suffix: ClassVar[str] = ""
    option_class: ClassVar[type] = NoOptions
    measuring: ClassVar[float] = 0.0
    takes_token: ClassVar[bool] = False

    def refused(self, source: Source) -> str | None:
        """Why this run cannot leave in this format, as one sentence with what to do instead; None when it can.

        Asked by pages for every run that is looked at, so it reads small files at most and never imports torch.
        """
        return None

    def check(self, options: Mapping[str, Any]) -> list[Problem]:
        """Everything wrong with the options."""
        problems = check_values(options, (self.option_class,), where="export")
        if self.option_class is not NoOptions:
            return problems
        return [replace(problem, fix="Remove it.") for problem in problems]

    def check_to(self, to: str) -> list[Problem]:
        """Everything wrong with where it should go; for addresses, only their form."""
        from lib.export.place import path_problems

        return path_problems(to, suffix=self.suffix) if self.makes != "address" else []

    def suggested(self, source: Source) -> str:
        """The name of what is made where nobody has given one."""
        return f"{source.slug}{self.suffix}" if self.makes == "file" else f"{source.slug}-{self.name}"

    @abstractmethod
    def write(self, source: Source, to: Path, options: Any, step: Step) -> Made:
        """Make it, complete or not at all (see `lib.export.place.placed`). Runs in the worker, where torch may load.

        `options` is an `option_class`; of an address, `to.as_posix()` is what was given. Raises UserError for what the person can put right.
        """

    def answers(self, made: Made, source: Source, rows: pd.DataFrame) -> pd.DataFrame | None:
        """What the thing made says of the rows, as `Task.decode` gives it; None when it cannot be asked."""
        return None

    def measure(self, made: Made, source: Source, step: Step) -> dict[str, Any]:
        """What the receipt says of the thing made beside the original, as plain JSON data: size, speed, quality.

        A failure here does not undo the export; its sentences stand in the receipt.
        """
        return {}
