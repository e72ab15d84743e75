"""What a task must say and do: the one contract behind every page, the worker and the command line."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd

from lib.errors import Problem
from lib.tasks.outputs import Output

RoleKind = Literal["text", "label"]
Columns = Mapping[str, str]
Target = dict[str, Any]


@dataclass(frozen=True)
class Role:
    """A part that a column of the data plays, such as the text to read or the label to learn.

    `synonyms` are column names, in lower case, that usually mean this role.
    """

    name: str
    kind: RoleKind
    title: str
    explanation: str
    required: bool = True
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Score:
    """A figure of merit: its contract name, its title on screen and one sentence on what it means."""

    name: str
    title: str
    meaning: str
    higher_is_better: bool = True


class Task(ABC):
    """What to learn. A task owns its own meaning and nothing else: no loop, no files, no widgets.

    `scores` lists the main score first: early stopping, the best checkpoint and comparisons use it.
    `auto_class` names the transformers class that loads a saved model; `architectures` is what the
    base model must be ("encoder" …); `model_input` names the roles a model reads, in order.
    """

    slug: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    roles: ClassVar[tuple[Role, ...]]
    scores: ClassVar[tuple[Score, ...]]
    model_input: ClassVar[tuple[str, ...]]
    starters: ClassVar[tuple[str, ...]]
    auto_class: ClassVar[str]
    example: ClassVar[str]

    @property
    def main_score(self) -> Score:
        """The score that decides which checkpoint is best."""
        return self.scores[0]

    def role(self, name: str) -> Role:
        """The role of that name. Raises KeyError."""
        return {role.name: role for role in self.roles}[name]

    @abstractmethod
    def check(self, frame: pd.DataFrame, columns: Columns) -> list[Problem]:
        """Everything about the rows that would spoil a run, all at once, before any run."""

    @abstractmethod
    def usable_rows(self, frame: pd.DataFrame, columns: Columns) -> "pd.Series[bool]":
        """True for the rows that can be learned from or scored (no missing input or target)."""

    @abstractmethod
    def describe_target(self, train: pd.DataFrame, columns: Columns) -> Target:
        """What there is to predict, learned from the training rows only, as plain JSON data."""

    @abstractmethod
    def output(self, target: Target) -> Output:
        """The shape of a prediction."""

    @abstractmethod
    def sentence(self, target: Target | None) -> str:
        """The goal in words that follow "Fine-tune MODEL on N rows to …"."""

    @abstractmethod
    def load_processor(self, folder: Path) -> Any:
        """The tokenizer or processor of a model folder."""

    @abstractmethod
    def load_model(self, folder: Path, target: Target | None) -> Any:
        """The torch model in fp32: with a fresh head for `target`, or as saved when it is None."""

    @abstractmethod
    def encode(
        self, processor: Any, rows: Mapping[str, Sequence[Any]], columns: Columns, *, max_length: int
    ) -> dict[str, list[Any]]:
        """What the model reads, for a batch of rows; inputs only, cut at `max_length` tokens.

        Returns lists as long as the rows, among them `length`: int, tokens after cutting, and
        `truncated`: bool.
        """

    @abstractmethod
    def encode_target(self, rows: Mapping[str, Sequence[Any]], columns: Columns, target: Target) -> list[Any]:
        """The `labels` of a batch of rows (−100 where the loss must not look)."""

    @abstractmethod
    def collator(self, processor: Any) -> Callable[[list[dict[str, Any]]], dict[str, Any]]:
        """Makes a padded batch of torch tensors from encoded rows."""

    @abstractmethod
    def decode(self, logits: np.ndarray, target: Target) -> pd.DataFrame:
        """Predictions in the user's units from the model's raw outputs, one row each."""

    @abstractmethod
    def judge(self, predictions: pd.DataFrame, gold: "pd.Series[Any]", target: Target) -> pd.DataFrame:
        """The predictions beside the truth: adds `gold`, `correct` and `loss`."""

    @abstractmethod
    def score(self, judged: pd.DataFrame, target: Target) -> dict[str, float]:
        """Every score of the task on judged predictions."""

    @abstractmethod
    def baselines(
        self, train: pd.DataFrame, test: pd.DataFrame, columns: Columns, target: Target
    ) -> dict[str, pd.DataFrame]:
        """Judged predictions of simple methods fitted on the training rows, by name of the method."""

    @abstractmethod
    def usage(self, model: str, columns: Columns, target: Target) -> str:
        """A runnable Python snippet that predicts with the saved model in plain transformers."""
