"""What a method must say and do: how a loaded model is made ready to learn."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from lib.errors import Problem
from lib.option import NoOptions, check_values


class Method(ABC):
    """How to learn. `name` is the tag of the `method` union in a spec; `outputs` are the kinds it serves.

    `option_class` is a dataclass of `lib.option.option` fields: the method's own part of the union.
    `needs` says what a task must have that it does not serve, after "it has no".
    `saves_adapter`: what is saved is small and lies on top of the base model, which stays as it is.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    # What is done with the model, before its name in a sentence.
    verb: ClassVar[str] = "Fine-tune"
    outputs: ClassVar[frozenset[str]]
    needs: ClassVar[str] = ""
    option_class: ClassVar[type] = NoOptions
    saves_adapter: ClassVar[bool] = False
    # Learns from another model too, named by the option `teacher`.
    has_teacher: ClassVar[bool] = False
    # Options that a form asks for before all others, not among the advanced ones.
    asked_apart: ClassVar[tuple[str, ...]] = ()

    def check(self, options: Mapping[str, Any]) -> list[Problem]:
        """Everything wrong with the method's own options."""
        problems = check_values(options, (self.option_class,), where="method")
        return [
            replace(
                problem, code="unknown-method-option", fix=problem.fix if self._has_options else "Remove it."
            )
            if problem.code == "unknown-option"
            else problem
            for problem in problems
        ]

    @property
    def _has_options(self) -> bool:
        return self.option_class is not NoOptions

    def unfit(self, *, kind: str | None, is_scratch: bool, config: Mapping[str, Any]) -> Problem | None:
        """Why the method makes no sense for a base model of this kind with this config.json; None when it does."""
        if not config.get("quantization_config"):
            return None
        what = "The model's weights were put into few bits before, so they can no longer learn."
        fix = "Choose the model that it was made from; QLoRA puts that into 4 or 8 bits itself."
        return Problem(what, "model", fix, code="model-quantised")

    def load_settings(self, options: Mapping[str, Any], *, device: str) -> dict[str, Any]:
        """How the base model is loaded: settings of from_pretrained."""
        return {}

    def loaded(self, model: Any) -> None:
        """What must be done to a base model just loaded, to learn as well as to predict; `prepare` begins with it."""
        return None

    def complete(self, model: Any, options: Mapping[str, Any], *, again: Callable[..., Any]) -> None:
        """What a base model just loaded gets before `prepare`, where it takes its weights as they were.

        `again` loads the same model; its keywords are settings of from_pretrained.
        """
        return None

    @abstractmethod
    def prepare(self, model: Any, options: Mapping[str, Any]) -> Any:
        """The model, wrapped or frozen as the method wants; its trainable parameters require gradients."""
