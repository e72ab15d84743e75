"""What a method must say and do: how a loaded model is made ready to learn."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from lib.errors import Problem


class Method(ABC):
    """How to learn. `name` is the tag of the `method` union in a spec; `outputs` are the kinds it serves."""

    name: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    outputs: ClassVar[frozenset[str]]

    @abstractmethod
    def check(self, options: Mapping[str, Any]) -> list[Problem]:
        """Everything wrong with the method's own options."""

    @abstractmethod
    def prepare(self, model: Any, options: Mapping[str, Any]) -> Any:
        """The model, wrapped or frozen as the method wants; its trainable parameters require gradients."""
