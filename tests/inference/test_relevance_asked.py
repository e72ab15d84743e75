"""Asking the host what a prediction rests on: a real process and a real tiny model, and a way out while it works."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lib.errors import UserError
from lib.inference.predict import predict
from lib.inference.relevance import relevance

LABELS = ("cross", "happy")
TEXT = "the tea was <b>kind</b> and late"


@pytest.fixture
def ref(home: Path, tiny_encoder: Path, tmp_path: Path) -> str:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    folder = tmp_path / "model"
    torch.manual_seed(1)
    model = AutoModelForSequenceClassification.from_pretrained(tiny_encoder, num_labels=2)
    torch.nn.init.normal_(model.classifier.weight, std=3.0)
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(tiny_encoder).save_pretrained(folder)
    about = {
        "task": "text-classification",
        "target": {"labels": LABELS},
        "columns": {"text": "t"},
        "max_length": 64,
    }
    (folder / "atelier.json").write_text(json.dumps(about))
    return f"folder:{folder}"


def test_predictions_are_the_same_before_and_after_asking_and_every_method_starts_from_them(ref: str) -> None:
    rows = pd.DataFrame({"text": [TEXT, "another text"]})
    before = predict(ref, rows, {"text": "text"}).frame
    for method in ("occlusion", "gradient", "chefer", "integrated"):
        found = relevance(ref, {"text": TEXT}, method, steps=8)
        assert found is not None
        assert found.target == found.predicted == before["predicted"][0]
        assert found.value == pytest.approx(before["confidence"][0], abs=1e-6)
        assert [found.text_of(word) for word in found.words][:4] == ["the", "tea", "was", "<"]
        assert np.isfinite(found.scores).all()
    pd.testing.assert_frame_equal(before, predict(ref, rows, {"text": "text"}).frame)
    contrast = relevance(ref, {"text": TEXT}, "gradient", target="happy", against="cross")
    assert contrast is not None and contrast.kind == "log-odds"
    chances = before["scores"][0].astype(float)
    assert contrast.value == pytest.approx(np.log(chances[1] / chances[0]), abs=1e-4)
    with pytest.raises(UserError, match="no method"):
        relevance(ref, {"text": TEXT}, "magic")


def test_it_can_be_cancelled_and_the_host_goes_on(ref: str) -> None:
    told = []

    def stop(done: int, phase: str) -> bool:
        told.append((done, phase))
        return False

    assert relevance(ref, {"text": TEXT}, "integrated", steps=1000, on_progress=stop) is None
    assert told
    assert relevance(ref, {"text": TEXT}, "gradient") is not None
