"""Maps: vectors are means over what the model read, and alike rows lie together."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lib.errors import UserError
from lib.inference.embeddings import NEIGHBOURS, embedded, map_file, mapped
from lib.inference.models import HeldModel
from lib.tasks import find_task
from lib.tasks.base import Brief

TEXTS = [
    "the tea was calm",
    "rude",
    "our train was late and the garden was bright",
    "her report",
    "a song",
    "tea",
]


@pytest.fixture(scope="module")
def held(tiny_encoder: Path) -> HeldModel:
    task = find_task("text-classification")
    target = {"labels": ["calm", "cross"]}
    brief = Brief({"text": "text", "label": "label"}, target, 32, {})
    processor, model = task.load_processor(tiny_encoder), task.load_model(tiny_encoder, target)
    return HeldModel(task, brief, processor, model.eval(), "")


def test_a_rows_vector_is_the_mean_of_its_tokens_whatever_batch_it_is_in(held: HeldModel) -> None:
    import torch

    found = embedded(held, pd.DataFrame({"text": TEXTS}), held.brief)
    with torch.inference_mode():
        for text, vector in zip(TEXTS, found, strict=True):
            read = held.processor(text, return_tensors="pt")
            states = held.model(**read, output_hidden_states=True).hidden_states[-1][0]
            assert np.allclose(states.mean(dim=0).numpy(), vector, atol=1e-5)


def test_rows_of_two_kinds_lie_apart_and_are_each_others_neighbours() -> None:
    random = np.random.default_rng(0)
    kinds = np.repeat([0, 1], 40)
    vectors = (random.normal(size=(80, 64)) + 6 * kinds[:, None]).astype(np.float32)
    found = mapped(vectors)
    assert all(kinds[near] == kinds[row] for row, line in enumerate(found["nearest"]) for near in line)
    assert all(len(line) == NEIGHBOURS and row not in line for row, line in enumerate(found["nearest"]))
    middles = [found.loc[kinds == kind, ["x", "y"]].mean() for kind in (0, 1)]
    spread = found.loc[kinds == 0, ["x", "y"]].std().max()
    assert np.linalg.norm(middles[0] - middles[1]) > 2 * spread
    assert mapped(vectors).equals(found)


def test_equal_rows_are_neighbours_and_never_their_own() -> None:
    found = mapped(np.ones((12, 8), dtype=np.float32))
    assert all(row not in line for row, line in enumerate(found["nearest"]))
    assert np.isfinite(found[["x", "y"]].to_numpy()).all()


def test_too_few_rows_are_refused_with_the_number_needed(held: HeldModel, tmp_path: Path) -> None:
    pd.DataFrame({"text": TEXTS[:4]}).to_parquet(tmp_path / "rows.parquet")
    request = {
        "rows": str(tmp_path / "rows.parquet"),
        "out": str(tmp_path / "map"),
        "columns": {"text": "text"},
    }
    with pytest.raises(UserError, match="at least 5 rows"):
        map_file(held, request, on_rows=lambda done: None)


def test_a_map_is_written_with_one_line_a_row(held: HeldModel, tmp_path: Path) -> None:
    pd.DataFrame({"text": TEXTS}).to_parquet(tmp_path / "rows.parquet")
    request = {
        "rows": str(tmp_path / "rows.parquet"),
        "out": str(tmp_path / "map"),
        "columns": {"text": "text"},
    }
    assert map_file(held, request, on_rows=lambda done: None) == {"rows": len(TEXTS)}
    assert len(pd.read_parquet(tmp_path / "map")) == len(TEXTS)
