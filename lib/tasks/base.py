"""What a task must say and do: the one contract behind every page, the worker and the command line."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import pandas as pd

from lib.errors import Problem
from lib.option import NoOptions
from lib.tasks.brief import Brief, Columns, Target
from lib.tasks.elsewhere import Elsewhere, Known
from lib.tasks.outputs import Output

RoleKind = Literal[
    "text", "label", "labels", "number", "tokens", "tags", "spans", "answers", "messages", "image"
]
ModelKind = Literal["encoder", "seq2seq", "causal", "image"]
Rows = Mapping[str, Sequence[Any]]
# Lists with one entry per feature. A feature is what the model reads at once: usually a row, else part of one.
Features = dict[str, list[Any]]
# Told how many rows are done; may raise to end the work.
OnRows = Callable[[int], Any]

__all__ = [
    "Brief",
    "Columns",
    "Features",
    "ModelKind",
    "OnRows",
    "Role",
    "RoleKind",
    "Rows",
    "Score",
    "Target",
    "Task",
]


@dataclass(frozen=True)
class Role:
    """A part that a column of the data plays, such as the text to read or the label to learn.

    `synonyms` are column names, in lower case, that usually mean this role. `required`: every layout with this
    role needs it.
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
    `auto_class` names the transformers class that loads a saved model; `shape` is what `output` is.
    `model_kind` is what the base model must be;
    `model_input` names the roles a model reads, in order; `preset_group` the entry in plan/presets.yaml.
    `layouts` are the ways a table may be laid out, as names of roles; none means one layout of all roles.
    `together` names roles whose equal content keeps rows on one side of the split (all inputs when empty).
    """

    slug: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    roles: ClassVar[tuple[Role, ...]]
    scores: ClassVar[tuple[Score, ...]]
    model_input: ClassVar[tuple[str, ...]]
    starters: ClassVar[tuple[str, ...]]
    auto_class: ClassVar[str]
    shape: ClassVar[type[Output]]
    example: ClassVar[str]
    model_kind: ClassVar[ModelKind] = "encoder"
    preset_group: ClassVar[str] = "encoder"
    layouts: ClassVar[tuple[tuple[str, ...], ...]] = ()
    together: ClassVar[tuple[str, ...]] = ()
    option_class: ClassVar[type] = NoOptions
    # Training options that mean nothing here, so no form asks for them.
    hidden_options: ClassVar[tuple[str, ...]] = ()
    # The Hub's name for what the model does, where it is not the slug.
    pipeline_tag: ClassVar[str] = ""
    # The model can already do the task a little: it is scored untuned too, as a baseline.
    scores_untuned: ClassVar[bool] = False
    # Validation rows scored while training, a seeded sample; None for all. Writing texts takes long.
    most_validated: ClassVar[int | None] = None
    # Rows that are written for when a part is scored at the end, the first ones; None for all, where any are.
    most_written: ClassVar[int | None] = None
    # Training batches are random: each feature comes with `draw`, a whole number to seed its changes with.
    draws: ClassVar[bool] = False
    # What a model predicts can be learned as if it were the truth (rows without one, texts written by a teacher).
    takes_answers: ClassVar[bool] = True
    # What is learned are tokens of a vocabulary: `labels` are token ids, and every one of them counts alike.
    learns_tokens: ClassVar[bool] = False
    # Rows longer than the model are read in pieces, so that nothing of them is cut off.
    reads_all: ClassVar[bool] = False
    # Features per batch when predicting.
    prediction_batch: ClassVar[int] = 64

    @property
    def main_score(self) -> Score:
        """The score that decides which checkpoint is best."""
        return self.scores[0]

    def role(self, name: str) -> Role:
        """The role of that name. Raises KeyError."""
        return {role.name: role for role in self.roles}[name]

    def all_layouts(self) -> list[list[Role]]:
        """The roles of each way that a table may be laid out, the most usual first."""
        names = self.layouts or (tuple(role.name for role in self.roles),)
        return [[self.role(name) for name in layout] for layout in names]

    def inputs(self, columns: Columns) -> list[str]:
        """The columns a model reads, in order."""
        return [columns[name] for name in self.model_input if columns.get(name)]

    def truths(self, columns: Columns) -> list[Role]:
        """The roles that hold the answers to learn, as far as they have a column."""
        return [role for role in self.roles if role.name in columns and role.name not in self.model_input]

    def kept_together(self, columns: Columns) -> list[str]:
        """The columns whose equal content keeps rows on one side of the split."""
        names = self.together or self.model_input
        return [columns[name] for name in names if columns.get(name)]

    def stratum(self, columns: Columns) -> str | None:
        """The column whose values every part of the split should have in the same shares, if there is one."""
        return next((columns[role.name] for role in self.truths(columns) if role.kind == "label"), None)

    def asked(self, columns: Columns) -> list[Role]:
        """What a person gives to get one prediction: the inputs that the model was trained with."""
        return [self.role(name) for name in self.model_input if columns.get(name)]

    @abstractmethod
    def check(self, frame: pd.DataFrame, columns: Columns) -> list[Problem]:
        """Everything about the rows that would spoil a run, all at once, before any run."""

    @abstractmethod
    def usable_rows(self, frame: pd.DataFrame, columns: Columns) -> "pd.Series[bool]":
        """True for the rows that can be learned from or scored (no missing input or target)."""

    def askable_rows(self, frame: pd.DataFrame, columns: Columns) -> "pd.Series[bool]":
        """True for the rows with all that a model reads, whether or not they hold what it should say."""
        read = [columns[name] for name in self.model_input if columns.get(name)]
        return frame[read].apply(lambda cells: cells.astype("str").str.strip().fillna("") != "").all(axis=1)

    def with_answers(self, rows: pd.DataFrame, predictions: pd.DataFrame, brief: Brief) -> pd.DataFrame:
        """The rows with a model's predictions in the place of the truth, to learn from them as if they were true.

        Only where `takes_answers`, of rows that have one column of truth.
        """
        [truth] = self.truths(brief.columns)
        return rows.assign(**{brief.columns[truth.name]: predictions["predicted"].astype("str").to_numpy()})

    def as_examples(
        self, frame: pd.DataFrame, columns: Columns, *, seed: int
    ) -> tuple[pd.DataFrame, Columns]:
        """The rows of one part of the split as examples to learn, and their columns: usually the rows themselves.

        Tasks whose examples are made from rows (pairs from documents, conversations from instructions) make them
        here, after the split, so that nothing crosses it. The index says which row an example comes from.
        """
        return frame, columns

    def texts(self, frame: pd.DataFrame, columns: Columns) -> Iterable[str]:
        """All texts of the rows, to train the tokenizer of a model from scratch."""
        used = [columns[role.name] for role in self.roles if columns.get(role.name) and role.kind == "text"]
        return (text for name in used for text in frame[name].dropna())

    @abstractmethod
    def describe_target(self, train: pd.DataFrame, columns: Columns) -> Target:
        """What there is to predict, learned from the training examples only, as plain JSON data."""

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
    def load_model(self, folder: Path, target: Target | None, **settings: Any) -> Any:
        """The torch model in fp32: with a fresh head for `target`, or as saved when it is None.

        `settings` are passed on to from_pretrained: how a method wants the weights held, such as in four bits.
        """

    def known_elsewhere(self, model: Elsewhere) -> Known | None:
        """What a model that was taught elsewhere can do of this task; None where its head does something else."""
        return None

    def writing(self, brief: Brief) -> dict[str, Any]:
        """The settings of a GenerationConfig that the brief's options stand for; none where nothing is written."""
        return {}

    def settled(self, model: Any, processor: Any, brief: Brief) -> Brief:
        """The brief with what its options leave to the model, fixed once, before any row is encoded.

        What must be saved with the model (how it writes, how it is told what to do) is written into its own configs.
        """
        return brief

    @abstractmethod
    def encode(self, processor: Any, rows: Rows, brief: Brief) -> Features:
        """What the model reads to predict, for a batch of rows; inputs only, cut at `brief.max_length` tokens.

        Among the lists are `length` (int, tokens after cutting) and `truncated` (bool), when learning also
        `target_truncated` where the text to learn may be cut; `row` (int, which row of the
        batch a feature comes from, rising) where a row may become several features. Names that begin with an
        underscore are for `decode` and `encode_training` and never reach the model.
        """

    def encode_training(self, processor: Any, rows: Rows, brief: Brief) -> Features:
        """What the model learns from: the features with `labels` (−100 where the loss must not look).

        As the name `row` says which row a feature comes from, a task may drop, split and pack rows here.
        """
        features = self.encode(processor, rows, brief)
        return features | self.encode_target(processor, features, rows, brief)

    def encode_target(self, processor: Any, features: Features, rows: Rows, brief: Brief) -> Features:
        """The `labels` of the features of a batch of rows (−100 where the loss must not look)."""
        raise NotImplementedError(f"{self.slug} has neither encode_target nor encode_training")

    def judged_features(self, processor: Any, rows: Rows, brief: Brief) -> Features:
        """The features whose labels a judged row's loss is about, of a task that `learns_tokens`.

        Where a row is read in overlapping windows, `row` says which one a feature comes from, and `_new` from which
        place on its tokens were not in the window before.
        """
        return self.encode_training(processor, rows, brief)

    @abstractmethod
    def collator(
        self, processor: Any, brief: Brief, *, training: bool
    ) -> Callable[[list[dict[str, Any]]], dict[str, Any]]:
        """Makes a padded batch of torch tensors from features; only with `training` may it be random."""

    def loss(self, model: Any, batch: dict[str, Any], brief: Brief) -> Any:
        """The training loss and the model's outputs; None (the usual case) to take the model's own loss."""
        return None

    def predict_batch(self, model: Any, batch: dict[str, Any], processor: Any, brief: Brief) -> list[Any]:
        """What the model says of each feature of a batch, on the CPU: usually float32 logits."""
        return list(model(**batch).logits.float().cpu().numpy())

    @abstractmethod
    def decode(self, raw: list[Any], features: Features, rows: Rows, brief: Brief) -> pd.DataFrame:
        """Predictions in the user's units, one per row, from what `predict_batch` said of the features."""

    @abstractmethod
    def judge(self, predictions: pd.DataFrame, rows: pd.DataFrame, brief: Brief) -> pd.DataFrame:
        """The predictions beside the truth, as the output describes it: adds `gold`, `correct`, `loss` and more."""

    def evaluate(
        self,
        model: Any,
        processor: Any,
        rows: pd.DataFrame,
        brief: Brief,
        *,
        on_rows: OnRows | None = None,
    ) -> pd.DataFrame:
        """Judged predictions of the rows, one each, in their order. The model's own precision is used."""
        from lib.tasks.predict import predict_rows

        return self.judge(predict_rows(self, model, processor, rows, brief, on_rows=on_rows), rows, brief)

    def tuned_target(self, judged: pd.DataFrame, brief: Brief) -> Target:
        """The target after training, with what is fitted on judged validation rows (thresholds); usually unchanged."""
        return brief.target

    def finish(self, model: Any, brief: Brief) -> None:
        """Write into the trained model's config what its answers need outside Atelier (thresholds, a scale)."""
        return None

    def samples(self, model: Any, processor: Any, rows: pd.DataFrame, brief: Brief) -> list[dict[str, str]]:
        """What the model writes for a few rows, as {"input", "expected", "written"}; shown after every validation."""
        return []

    @abstractmethod
    def score(self, judged: pd.DataFrame, brief: Brief) -> dict[str, float]:
        """Every score of the task on judged predictions."""

    @abstractmethod
    def baselines(self, train: pd.DataFrame, test: pd.DataFrame, brief: Brief) -> dict[str, pd.DataFrame]:
        """Judged predictions of simple methods fitted on the training examples, by name of the method."""

    @abstractmethod
    def usage(self, model: str, brief: Brief) -> str:
        """A runnable Python snippet that predicts with the saved model in plain transformers."""
