"""A real, tiny run keeps the temperature that fits its validation rows; its scores stay those of the model as it is."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lib.analysis.chances import Chances
from lib.analysis.temperature import fit_temperature
from lib.cards.calibration import calibration_lines
from lib.plan.planner import plan_run
from lib.runs.folder import RunFolder, create_run
from lib.runs.spec import DataSpec, Spec
from lib.tasks.outputs import LabelScores, ManyLabels, Number
from lib.training.calibrating import calibrated
from lib.training.progress import Progress
from lib.training.session import train_run
from tests.conftest import example_rows


def trained(folder: Path, model: Path, *, rows: int) -> RunFolder:
    """A run on rows of which every fifth has the other label, so that being sure of an answer does not pay."""
    other = {"happy": "cross", "cross": "happy"}
    data = [
        (text, other[label] if n % 5 == 0 else label) for n, (text, label) in enumerate(example_rows(rows))
    ]
    file = folder / "moods.csv"
    file.write_text("text,label\n" + "".join(f"{text},{label}\n" for text, label in data))
    options = {"preset": "balanced", "epochs": 2.0, "batch_size": 16, "learning_rate": 2e-3, "patience": 0}
    wish = Spec("text-classification", DataSpec(file=str(file)), f"folder:{model}", options=options)
    run = create_run(plan_run(wish).spec)
    progress = Progress(run, device="cpu")
    progress.sign_in()
    train_run(run, progress)
    return run


def test_the_temperature_is_kept_with_the_result_beside_the_model_and_in_the_card(
    home: Path, tmp_path: Path, tiny_encoder: Path
) -> None:
    run = trained(tmp_path, tiny_encoder, rows=400)
    result = run.result()
    assert result is not None
    said = result["calibration"]
    judged = pd.read_parquet(run.predictions_path)
    parts = {name: part for name, part in judged.groupby("split")}
    labels = run.target()["labels"]  # type: ignore[index]
    chances = {
        name: Chances.of(part["scores"].to_list(), part["gold"], labels) for name, part in parts.items()
    }
    fitted = fit_temperature(chances["validation"])
    assert fitted is not None and said["temperature"] == pytest.approx(fitted.value, abs=1e-3)
    assert said["rows"] == len(parts["validation"]) and said["test"]["rows"] == len(parts["test"])
    # The loss among the scores is the model's as it is.
    assert said["test"]["before"]["nll"] == pytest.approx(result["scores"]["test"]["loss"], abs=1e-4)
    about = json.loads((run.model_path / "atelier.json").read_text())
    assert about["temperature"] == said["temperature"]
    card = (run.model_path / "README.md").read_text()
    assert "## Calibration" in card and f"logits / {said['temperature']:.3f}" in card


def judged_rows(count: int) -> pd.DataFrame:
    random = np.random.default_rng(0)
    chance = random.random(count)
    scores = [np.array([one, 1 - one], dtype=np.float32) for one in chance]
    return pd.DataFrame({"scores": scores, "gold": np.where(random.random(count) < chance, "a", "b")})


def test_only_one_label_a_row_has_a_temperature() -> None:
    frame = judged_rows(300)
    parts = {"validation": frame, "test": frame}
    assert "calibration" in calibrated(LabelScores(("a", "b")), parts)
    assert calibrated(ManyLabels(("a", "b"), (0.5, 0.5)), parts) == {}
    assert calibrated(Number(), parts) == {}


@pytest.mark.parametrize("rows", [0, 19])
def test_few_validation_rows_have_none(rows: int) -> None:
    frame = judged_rows(300)
    assert calibrated(LabelScores(("a", "b")), {"validation": frame.iloc[:rows], "test": frame}) == {}
    assert calibration_lines(None) == []


def test_no_test_rows_leave_the_temperature_without_a_table() -> None:
    frame = judged_rows(300)
    found = calibrated(LabelScores(("a", "b")), {"validation": frame, "test": frame.iloc[:0]})["calibration"]
    assert "test" not in found
    assert not any(line.startswith("|") for line in calibration_lines(found))
    json.dumps(found, allow_nan=False)
