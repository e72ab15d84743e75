"""Text regression: how numbers are read, what is checked, scaled and unscaled, judged and scored."""

import contextlib
import io
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from lib.analysis.judged import score_intervals
from lib.data.number_cells import NumberFormat, number_format, read_number
from lib.plan.columns import choose_columns
from lib.tasks.brief import Brief
from lib.tasks.text_regression import TextRegression

TASK = TextRegression()
COLUMNS = {"text": "text", "target": "price"}
TARGET = {"mean": 100.0, "std": 20.0, "low": 50.0, "high": 150.0, "unit": "€", "decimal": "."}
LEARNED = {"mean": 150.0}
QUICK_OPTIONS = {"epochs": 5, "learning_rate": 3e-4}


def frame(numbers: Sequence[str | None], texts: Sequence[str | None] | None = None) -> pd.DataFrame:
    said = texts or [f"a text with words {number}" for number in range(len(numbers))]
    return pd.DataFrame(
        {"text": pd.Series(list(said), dtype="str"), "price": pd.Series(list(numbers), dtype="str")}
    )


CELLS = [
    ("plain", ["1.5", "-2", "1e3"], "", [1.5, -2.0, 1000.0]),
    ("German", ["1.234,50 €", "12,00 €", "99 €"], "€", [1234.5, 12.0, 99.0]),
    ("English", ["$1,250", "$3,400.50", "-$5"], "$", [1250.0, 3400.5, -5.0]),
    ("French", ["1 234,5", "1\u202f000", "7"], "", [1234.5, 1000.0, 7.0]),
    ("Swiss", ["CHF 1'250.50", "CHF 9"], "CHF", [1250.5, 9.0]),
    ("Indian", ["1,00,000", "2.5"], "", [100000.0, 2.5]),
    ("a decimal comma", ["3,5", "4,25"], "", [3.5, 4.25]),
    ("per cent", ["12 %", "3.5%"], "%", [12.0, 3.5]),
    ("a measure", ["5 km", "7.5 km", "9"], "km", [5.0, 7.5, 9.0]),
    ("another unit", ["5 km", "3 m", "7 km"], "km", [5.0, None, 7.0]),
    ("a typographic minus", ["−3", "4"], "", [-3.0, 4.0]),
    ("thousands with points in a currency", ["1.250 €", "2.980 €"], "€", [1250.0, 2980.0]),
    ("three decimals", ["3.000", "4.500"], "", [3.0, 4.5]),
    ("millions", ["1,250,000", "-1,250"], "", [1250000.0, -1250.0]),
    ("no numbers", ["three", "12 May 2020", "", None, "1.2.3,4,5"], None, [None] * 5),
]


@pytest.mark.parametrize(("cells", "unit", "numbers"), [c[1:] for c in CELLS], ids=[c[0] for c in CELLS])
def test_numbers_are_read_as_the_column_writes_them(
    cells: list[str | None], unit: str | None, numbers: list[float | None]
) -> None:
    form = number_format(cells)
    assert [read_number(cell, form) for cell in cells] == numbers
    assert unit is None or form.unit == unit


def test_the_decimal_mark_of_the_column_decides_what_a_cell_alone_would_not() -> None:
    assert read_number("1,234", NumberFormat(",")) == 1.234
    assert read_number("1,234", NumberFormat(".")) == 1234


def many(count: int = 60) -> list[str | None]:
    return [str(100 + number % 17) for number in range(count)]


BAD_ROWS = [
    ("no number at all", frame(["cheap"] * 50), "no-numbers", "error"),
    ("nothing at all", frame([None] * 50), "no-numbers", "error"),
    ("mostly words", frame(["12", "cheap", "dear"] * 20), "not-numbers", "error"),
    ("some words", frame([*many(), "cheap"]), "not-numbers", "warning"),
    ("another unit", frame([f"{n} km" for n in range(60)] + ["3 m"]), "not-numbers", "warning"),
    ("some cells empty", frame([*many(), None]), "numbers-missing", "warning"),
    ("always the same", frame(["4"] * 50), "one-number", "error"),
    ("one far away", frame([*many(), "1000000"]), "outliers", "warning"),
    ("few rows", frame(many(20)), "few-rows", "warning"),
    ("no texts", frame(many(), [None] * 60), "texts-all-missing", "error"),
]


@pytest.mark.parametrize(
    ("rows", "code", "severity"), [r[1:] for r in BAD_ROWS], ids=[r[0] for r in BAD_ROWS]
)
def test_rows_that_would_spoil_a_run_are_named(rows: pd.DataFrame, code: str, severity: str) -> None:
    found = {problem.code: problem for problem in TASK.check(rows, COLUMNS)}
    assert found[code].severity == severity and found[code].fix


def test_good_rows_raise_no_problem() -> None:
    assert TASK.check(frame(many()), COLUMNS) == []


def test_cells_that_are_no_numbers_are_counted_and_named() -> None:
    [problem] = TASK.check(frame([*many(), "cheap", "on request"]), COLUMNS)
    assert problem.what.startswith("2 of 62 rows hold no number") and '"on request"' in problem.what


def test_rows_need_every_text_and_a_number_in_the_columns_unit() -> None:
    rows = frame(["5 €", "6 €", None, "7 $", "8"], ["a", None, "c", "d", "e"])
    assert TASK.usable_rows(rows, COLUMNS).tolist() == [True, False, False, False, True]


def test_a_column_of_prices_is_recognised_as_the_number() -> None:
    rows = frame([f"€{1000 + n:,}" for n in range(60)])
    assert choose_columns(TASK, rows) == (COLUMNS, [])


def test_the_scale_is_learned_from_the_training_rows_and_undone_in_the_users_unit() -> None:
    rows = frame(["1.000 €", "3.000 €", "2.500 €", "500 €"])
    target = TASK.describe_target(rows, COLUMNS)
    numbers = np.array([1000.0, 3000.0, 2500.0, 500.0])
    assert (target["mean"], target["std"]) == pytest.approx((numbers.mean(), numbers.std()))
    assert (target["low"], target["high"], target["unit"]) == (500.0, 3000.0, "€")
    told = Brief(COLUMNS, target)
    encoded = TASK.encode_target(None, {}, {"price": rows["price"].tolist()}, told)["labels"]
    assert (np.mean(encoded), np.std(encoded)) == pytest.approx((0, 1))
    decoded = TASK.decode([np.array([value]) for value in encoded], {}, {}, told)
    assert decoded["predicted"].tolist() == pytest.approx(numbers.tolist())


def test_numbers_that_never_change_are_learned_without_dividing_by_nothing() -> None:
    target = TASK.describe_target(frame(["4", "4"]), COLUMNS)
    assert TASK.encode_target(None, {}, {"price": ["4", "5"]}, Brief(COLUMNS, target))["labels"] == [0.0, 1.0]


def test_a_row_is_right_when_it_is_off_by_a_tenth_of_the_spread_at_most() -> None:
    told = Brief(COLUMNS, TARGET)
    judged = TASK.judge(pd.DataFrame({"predicted": [101.9, 102.1]}), frame(["100 €", "100 €"]), told)
    assert judged["correct"].tolist() == [True, False]
    assert judged["error"].tolist() == pytest.approx([1.9, 2.1])
    assert judged["loss"].tolist() == pytest.approx([(1.9 / 20) ** 2, (2.1 / 20) ** 2])


def test_scores_agree_with_scikit_learn_and_scipy_and_lie_in_their_intervals() -> None:
    random = np.random.default_rng(2)
    gold = np.round(random.normal(100, 20, 300), 2)
    guess = gold + random.normal(0, 8, 300)
    told = Brief(COLUMNS, TARGET)
    judged = TASK.judge(pd.DataFrame({"predicted": guess}), frame([f"{value}" for value in gold]), told)
    found = TASK.score(judged, told)
    assert found == pytest.approx(
        {
            "mae": mean_absolute_error(gold, guess),
            "rmse": root_mean_squared_error(gold, guess),
            "r2": r2_score(gold, guess),
            "pearson": pearsonr(gold, guess).statistic,
            "spearman": spearmanr(gold, guess).statistic,
        }
    )
    intervals = score_intervals(TASK.output(TARGET), judged)
    assert set(intervals) == set(found)
    assert all(low <= found[name] <= high for name, (low, high) in intervals.items())


@pytest.mark.parametrize("kind", ["mae", "huber"])
def test_the_losses_agree_with_torch(kind: str) -> None:
    import torch

    logits, truths = torch.tensor([[0.5], [3.0], [-1.0]]), torch.tensor([0.0, 0.0, 0.0])

    class Said:
        def __call__(self, **inputs: object) -> object:
            return type("Outputs", (), {"logits": logits})

    loss, _ = TASK.loss(Said(), {"labels": truths}, Brief(COLUMNS, TARGET, 8, {"regression_loss": kind}))
    by_hand = {"mae": 4.5 / 3, "huber": (0.125 + 2.5 + 0.5) / 3}[kind]
    assert float(loss) == pytest.approx(by_hand)


def test_without_options_the_model_takes_its_own_loss_which_is_the_squared_error(tiny_encoder: Path) -> None:
    import torch

    told = Brief(COLUMNS, TARGET)
    assert TASK.loss(None, {}, told) is None
    model = TASK.load_model(tiny_encoder, TARGET).eval()
    tokenizer = TASK.load_processor(tiny_encoder)
    rows = {"text": ["one text", "another"], "price": ["120 €", "60 €"]}
    features = TASK.encode_training(tokenizer, rows, told)
    collate = TASK.collator(tokenizer, told, training=True)
    names = ("input_ids", "attention_mask", "labels")
    batch = collate([{name: features[name][row] for name in names} for row in range(2)])
    with torch.inference_mode():
        said = model(**batch)
    expected = ((said.logits[:, 0] - torch.tensor([1.0, -2.0])) ** 2).mean()
    assert float(said.loss) == pytest.approx(float(expected), rel=1e-5)


def test_baselines_say_the_mean_and_learn_from_words() -> None:
    train = frame(["10"] * 20 + ["30"] * 20, ["a small thing"] * 20 + ["a large thing"] * 20)
    told = Brief(COLUMNS, TASK.describe_target(train, COLUMNS))
    found = TASK.baselines(train, frame(["10", "30"], ["small", "large"]), told)
    assert found["mean"]["predicted"].tolist() == pytest.approx([20, 20])
    low, high = found["tfidf"]["predicted"]
    assert low < 17 and high > 23


def test_the_scale_is_saved_with_the_model_and_the_snippet_undoes_it(
    tiny_encoder: Path, tmp_path: Path
) -> None:
    told = Brief(COLUMNS, TARGET, 32)
    model = TASK.load_model(tiny_encoder, TARGET)
    TASK.finish(model, told)
    model.save_pretrained(tmp_path)
    tokenizer = TASK.load_processor(tiny_encoder)
    tokenizer.save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["atelier_scaling"] == {"mean": 100.0, "std": 20.0, "unit": "€"}
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(TASK.usage(str(tmp_path), told), {})
    number, unit = said.getvalue().split()
    from lib.tasks.predict import predict_rows

    ours = predict_rows(TASK, TASK.load_model(tmp_path, None), tokenizer, frame(["1"], ["A text"]), told)
    assert float(number) == pytest.approx(ours["predicted"].iloc[0], rel=1e-5) and unit == "€"


def plain(model: str, rows: list[dict[str, str]]) -> list[float]:
    """Predictions of a saved folder by transformers alone; test_every_method runs this in a process without Atelier."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model)
    network = AutoModelForSequenceClassification.from_pretrained(model).eval()
    scale = network.config.atelier_scaling
    with torch.inference_mode():
        batch = tokenizer([row["description"] for row in rows], padding=True, return_tensors="pt")
        said = network(**batch).logits[:, 0].tolist()
    return [scale["mean"] + scale["std"] * value for value in said]
