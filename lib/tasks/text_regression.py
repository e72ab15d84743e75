"""Text regression: predict a number from each text, or pair of texts, in the user's own unit."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lib.data.number_cells import NumberFormat, number_format, read_numbers
from lib.errors import Problem
from lib.option import option, values_as
from lib.tasks.base import Brief, Columns, Features, Role, Rows, Score, Target, Task
from lib.tasks.baselines import tfidf_ridge_regression
from lib.tasks.checks import check_texts
from lib.tasks.elsewhere import Elsewhere, Known
from lib.tasks.encoder import WANTED_ENCODER, batch_of_texts, padding_collator
from lib.tasks.loading import load_pretrained, load_tokenizer
from lib.tasks.number_checks import check_numbers
from lib.tasks.outputs import Number
from lib.tasks.regression import number_scores

# An error of at most this share of the training rows' spread counts as right.
CLOSE = 0.1


@dataclass(frozen=True, kw_only=True)
class RegressionOptions:
    """What may be changed about the loss of a task that predicts numbers."""

    regression_loss: str = option(
        "mse",
        title="Loss",
        help="mse squares the errors; mae and huber let single wild values count less. Try huber when some are wrong.",
        group="Robustness",
        choices=("mse", "mae", "huber"),
    )


class TextRegression(Task):
    """A number per text; the model learns it in units of the training rows' spread, people only see their own unit."""

    slug = "text-regression"
    title = "Text regression"
    summary = "Predict a number from each text: a price, a rating, a duration. Works on pairs of texts too."
    roles = (
        Role(
            "text",
            "text",
            "Text",
            "The text the model reads.",
            synonyms=("text", "sentence", "message", "review", "comment", "content", "body", "document",
                      "description", "title", "sentence1", "text1", "premise", "essay", "full_text", "excerpt"),
        ),
        Role(
            "text_pair",
            "text",
            "Second text",
            "Only for pairs, such as two sentences of which the likeness is judged.",
            required=False,
            synonyms=("text_pair", "text2", "sentence2", "hypothesis", "second_text"),
        ),
        Role(
            "target",
            "number",
            "Number",
            "The number to predict. Decimal commas, thousands set apart and units such as € are understood.",
            synonyms=("target", "price", "rent", "rating", "score", "value", "amount", "stars", "salary", "cost",
                      "points", "grade", "duration", "similarity", "y", "number", "label", "prix", "preis", "precio"),
        ),
    )  # fmt: skip
    scores = (
        Score(
            "mae",
            "Mean absolute error",
            "How far a prediction is off on average, in the unit of the numbers.",
            higher_is_better=False,
        ),
        Score(
            "rmse",
            "Root mean squared error",
            "As the mean absolute error, but large errors weigh more.",
            higher_is_better=False,
        ),
        Score(
            "r2",
            "R²",
            "The share of the numbers' variance that is explained: 1 is perfect, 0 is no better than their mean.",
        ),
        Score("pearson", "Pearson correlation", "How nearly predictions and truth lie on a line, −1 to 1."),
        Score("spearman", "Spearman correlation", "How well the order of the rows is predicted, −1 to 1."),
    )
    model_input = ("text", "text_pair")
    starters = ("starter:minilm-l6",)
    auto_class = "AutoModelForSequenceClassification"
    shape = Number
    pipeline_tag = "text-classification"
    example = "flat-rents"
    option_class = RegressionOptions

    def check(self, frame: pd.DataFrame, columns: Columns) -> list[Problem]:
        """Missing texts, cells without a number or in another unit, numbers that never change, wild ones."""
        texts = self.inputs(columns)
        return [
            *(problem for text in texts for problem in check_texts(frame, text)),
            *check_numbers(frame[frame[texts].notna().all(axis=1)], columns["target"]),
        ]

    def usable_rows(self, frame: pd.DataFrame, columns: Columns) -> "pd.Series[bool]":
        """Rows with every text and a number in the column's unit."""
        return (
            frame[self.inputs(columns)].notna().all(axis=1) & read_numbers(frame[columns["target"]]).notna()
        )

    def describe_target(self, train: pd.DataFrame, columns: Columns) -> Target:
        """Mean, spread (standard deviation) and range of the training rows' numbers, and how they are written."""
        form = number_format(train[columns["target"]])
        numbers = read_numbers(train[columns["target"]], form).dropna().to_numpy()
        # A spread of 0 would divide by nothing; what never changes is learned in its own unit.
        return {
            "mean": float(numbers.mean()),
            "std": float(numbers.std()) or 1.0,
            "low": float(numbers.min()),
            "high": float(numbers.max()),
            "unit": form.unit,
            "decimal": form.decimal,
        }

    def output(self, target: Target) -> Number:
        """A number with its unit, and the range of the training rows."""
        return Number(
            unit=target["unit"], low=target["low"], high=target["high"], spread=target["std"]
        )  # fmt: skip

    def sentence(self, target: Target | None) -> str:
        """To predict a number."""
        unit = f" ({target['unit']})" if target and target["unit"] else ""
        return f"predict a number{unit} from each text"

    def load_processor(self, folder: Path) -> Any:
        """The tokenizer of the model folder."""
        return load_tokenizer(folder)

    def load_model(self, folder: Path, target: Target | None, **settings: Any) -> Any:
        """The encoder with a head of one number; what it says is in units of the spread, from the mean."""
        head = {"num_labels": 1, "problem_type": "regression", "ignore_mismatched_sizes": True}
        settings |= head if target else {}
        return load_pretrained(folder, auto_class=self.auto_class, wanted=WANTED_ENCODER, **settings)

    def finish(self, model: Any, brief: Brief) -> None:
        """Mean, spread and unit go into the config, for those who use the model without Atelier."""
        model.config.atelier_scaling = {name: brief.target[name] for name in ("mean", "std", "unit")}

    def known_elsewhere(self, model: Elsewhere) -> Known | None:
        """The number of a head with one logit, as the head gives it."""
        if not model.has_head("ForSequenceClassification") or model.problem_type != "regression":
            return None
        target = {"mean": 0.0, "std": 1.0, "low": 0.0, "high": 1.0, "unit": "", "decimal": "."}
        return Known(target, remark="The number is the head's own; its unit and range are not in its config.")

    def encode(self, processor: Any, rows: Rows, brief: Brief) -> Features:
        """Token ids of the text (and pair: the longer of the two is cut first)."""
        texts, pair = rows[brief.columns["text"]], brief.columns.get("text_pair")
        return batch_of_texts(processor, texts, rows[pair] if pair else None, max_length=brief.max_length)

    def encode_target(self, processor: Any, features: Features, rows: Rows, brief: Brief) -> Features:
        """Each row's number as its distance from the training rows' mean, in units of their spread."""
        cells = pd.Series(list(rows[brief.columns["target"]]), dtype="object")
        return {"labels": ((_numbers(cells, brief) - brief.target["mean"]) / brief.target["std"]).tolist()}

    def collator(
        self, processor: Any, brief: Brief, *, training: bool
    ) -> Callable[[list[dict[str, Any]]], dict[str, Any]]:
        """Pads to the longest text of the batch."""
        return padding_collator(processor)

    def loss(self, model: Any, batch: dict[str, Any], brief: Brief) -> Any:
        """The mean absolute or Huber error when the options ask for one."""
        kind = values_as(RegressionOptions, brief.options).regression_loss
        if kind == "mse":
            return None
        from torch.nn import functional

        outputs = model(**{name: values for name, values in batch.items() if name != "labels"})
        said, truths = outputs.logits.float().reshape(-1), batch["labels"].float().reshape(-1)
        error = functional.l1_loss if kind == "mae" else functional.smooth_l1_loss
        return error(said, truths), outputs

    def decode(self, raw: list[Any], features: Features, rows: Rows, brief: Brief) -> pd.DataFrame:
        """Numbers in the user's unit."""
        said = np.asarray(raw, dtype=np.float64).reshape(len(raw))
        return pd.DataFrame({"predicted": brief.target["mean"] + brief.target["std"] * said})

    def with_answers(self, rows: pd.DataFrame, predictions: pd.DataFrame, brief: Brief) -> pd.DataFrame:
        """The numbers, written as the column writes its own."""
        written = [
            f"{value:.10g}".replace(".", brief.target["decimal"]) for value in predictions["predicted"]
        ]
        return rows.assign(**{brief.columns["target"]: written})

    def judge(self, predictions: pd.DataFrame, rows: pd.DataFrame, brief: Brief) -> pd.DataFrame:
        """Adds `gold`, `error` (predicted minus true), `correct` and `loss`, the squared error in spreads."""
        judged = predictions.reset_index(drop=True)
        judged.insert(0, "gold", _numbers(rows[brief.columns["target"]], brief).to_numpy())
        error = (judged["predicted"] - judged["gold"]).to_numpy()
        judged["error"] = error
        judged["correct"] = np.abs(error) <= CLOSE * brief.target["std"]
        judged["loss"] = (error / brief.target["std"]) ** 2
        return judged

    def score(self, judged: pd.DataFrame, brief: Brief) -> dict[str, float]:
        """The scores by name, in the user's unit; rows without a true number do not count."""
        known = judged[judged["gold"].notna()]
        return number_scores(known["gold"], known["predicted"])

    def baselines(self, train: pd.DataFrame, test: pd.DataFrame, brief: Brief) -> dict[str, pd.DataFrame]:
        """Always the training rows' mean; ridge regression on TF-IDF of words and word pairs."""
        texts, truths = self.inputs(brief.columns), _numbers(train[brief.columns["target"]], brief)
        guesses = {
            "mean": np.full(len(test), brief.target["mean"]),
            "tfidf": tfidf_ridge_regression(train[texts], truths.to_numpy(), test[texts]),
        }
        return {
            name: self.judge(pd.DataFrame({"predicted": found}), test, brief)
            for name, found in guesses.items()
        }

    def usage(self, model: str, brief: Brief) -> str:
        """A snippet in plain transformers that gives the number in its unit."""
        texts = '"First text", "Second text"' if brief.columns.get("text_pair") else '"A text"'
        return (
            "import torch\n"
            "from transformers import AutoModelForSequenceClassification, AutoTokenizer\n\n"
            f"folder = {model!r}\n"
            "tokenizer = AutoTokenizer.from_pretrained(folder)\n"
            "model = AutoModelForSequenceClassification.from_pretrained(folder).eval()\n"
            "# The model learned (number - mean) / std; one taught elsewhere says the number itself.\n"
            'plain = {"mean": 0, "std": 1, "unit": ""}\n'
            'scale = getattr(model.config, "atelier_scaling", plain)\n\n'
            f'batch = tokenizer({texts}, truncation=True, max_length={brief.max_length}, return_tensors="pt")\n'
            "with torch.inference_mode():\n"
            "    said = model(**batch).logits[0, 0].item()\n"
            'print(scale["mean"] + scale["std"] * said, scale["unit"])\n'
        )


def _numbers(cells: "pd.Series[Any]", brief: Brief) -> "pd.Series[float]":
    return read_numbers(cells, NumberFormat(brief.target["decimal"], brief.target["unit"]))
