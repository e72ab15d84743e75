"""The model before training: an adapter turned off, or the base model loaded again, or gone; and what it writes."""

from pathlib import Path

import pandas as pd
import pytest

from lib.errors import UserError
from lib.inference.answer_work import write_answers
from lib.inference.models import HeldModel
from lib.inference.untuned import untuned
from lib.runs.folder import RunFolder, create_run
from lib.runs.spec import DataSpec, Spec
from tests.inference.test_token_losses import held_model
from tests.models.tiny import tiny_checkpoint

COLUMNS = {"prompt": "title", "completion": "body"}
ROWS = pd.DataFrame(
    {"title": ["the tea", "a", "our train was", "my garden", "café"], "body": ["was late"] * 5}, dtype="str"
)


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoint("Llama", tmp_path_factory.mktemp("tiny") / "llama")


def run_on(model: str) -> RunFolder:
    data = DataSpec(dataset="made-up@1", columns=COLUMNS)
    return create_run(Spec(task="text-generation", data=data, model=model, options={"seed": 5}))


def taught(llama: Path) -> HeldModel:
    """A model whose weights are no longer those of its base."""
    import torch

    held = held_model(llama, "text-generation", COLUMNS, max_new_tokens=6)
    with torch.no_grad():
        for weight in held.model.parameters():
            weight.mul_(1.7).add_(
                torch.randn(weight.shape, generator=torch.Generator().manual_seed(1)) * 0.05
            )
    return held


def answered(held: HeldModel, ref: str, folder: Path) -> pd.DataFrame:
    source, sink = folder / "rows.parquet", folder / "answers.parquet"
    ROWS.to_parquet(source, index=False)
    done: list[int] = []
    request = {"rows": str(source), "out": str(sink), "columns": COLUMNS, "model": ref}
    assert write_answers(held, request, on_rows=done.append) == {"rows": len(ROWS)}
    assert done == sorted(done) and done[-1] == len(ROWS)
    return pd.read_parquet(sink)


def test_a_whole_model_is_compared_with_the_base_its_run_began_with(
    llama: Path, home: Path, tmp_path: Path
) -> None:
    held, run = taught(llama), run_on(f"folder:{llama}")
    found = answered(held, f"run:{run.id}", tmp_path)
    base = held.task.load_model(llama, held.brief.target)
    for side, model in (("tuned", held.model), ("untuned", base)):
        expected = held.task.samples(model, held.processor, ROWS, held.brief)
        assert found[side].tolist() == [one["written"] for one in expected]
        assert found["input"].tolist() == ROWS["title"].tolist()
    assert found["tuned"].tolist() != found["untuned"].tolist()


def test_an_adapter_writes_with_and_without_its_change(llama: Path, tmp_path: Path) -> None:
    held = held_model(llama, "text-generation", COLUMNS, adapter=True, max_new_tokens=6)
    plain = held_model(llama, "text-generation", COLUMNS, max_new_tokens=6)
    found = answered(held, "folder:anywhere", tmp_path)
    expected = plain.task.samples(plain.model, plain.processor, ROWS, plain.brief)
    assert found["untuned"].tolist() == [one["written"] for one in expected]
    assert found["tuned"].tolist() != found["untuned"].tolist()


@pytest.mark.parametrize("model", ["folder:/nowhere", "scratch:llama-tiny", "cut:2"])
def test_without_the_model_it_began_with_nothing_is_compared(
    model: str, llama: Path, home: Path, tmp_path: Path
) -> None:
    held, run = taught(llama), run_on(model)
    with untuned(held, f"run:{run.id}") as base:
        assert base is None
    with pytest.raises(UserError, match="is gone"):
        answered(held, f"run:{run.id}", tmp_path)


def test_a_base_that_was_made_for_the_run_lies_in_its_folder(llama: Path, home: Path) -> None:
    import shutil

    import torch

    held, run = taught(llama), run_on("scratch:llama-tiny")
    shutil.copytree(llama, run.path / "scratch")
    with untuned(held, f"run:{run.id}") as base:
        plain = held.task.load_model(llama, held.brief.target)
        pairs = zip(base.parameters(), plain.parameters(), strict=True)
        assert all(torch.equal(one, other) for one, other in pairs)
