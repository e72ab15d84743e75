"""What rounding to four bits took is given back beside each matrix, never learns, and travels with the adapter."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lib.methods import find_method
from lib.methods.adapters import save_adapter, with_adapter
from lib.methods.repair import MOST_OF_16_BITS, corrections, read_repair
from lib.methods.weights import matrices_mb, weights_mb
from lib.tasks import find_task
from tests.models.tiny import tiny_checkpoint

METHOD = find_method("qlora")
TARGET = {"labels": ["cross", "happy"], "counts": {"cross": 1, "happy": 1}}


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT whose inputs have sizes of their own, as trained ones have: some are ten times the others."""
    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=200, hidden_size=128, num_hidden_layers=2, num_attention_heads=2, intermediate_size=256
    )
    model = BertModel(config)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "LayerNorm.weight" in name:
                weight[::8] *= 10
    folder = tmp_path_factory.mktemp("repair") / "encoder"
    model.save_pretrained(folder)
    return folder


def load(folder: Path, task: str = "text-classification", **options: Any) -> Any:
    """The base model in few bits, completed as a run completes it, and not yet wrapped."""
    import torch

    target = TARGET if task == "text-classification" else None
    again: Callable[..., Any] = lambda **settings: find_task(task).load_model(folder, target, **settings)  # noqa: E731
    torch.manual_seed(1)
    model = again(**METHOD.load_settings(options, device="cpu"))
    METHOD.complete(model, options, again=again)
    return model


def outputs(model: Any) -> Any:
    import torch

    numbers = torch.Generator().manual_seed(2)
    ids = torch.randint(5, 200, (8, 12), generator=numbers)
    model.eval()
    with torch.no_grad():
        return model(
            input_ids=ids, attention_mask=torch.ones_like(ids), output_hidden_states=True
        ).hidden_states[-1]


def test_the_model_is_nearer_to_itself_in_full_precision(encoder: Path) -> None:
    exact = outputs(find_task("text-classification").load_model(encoder, TARGET))
    lost = {rank: (outputs(load(encoder, bits=4, repair=rank)) - exact).norm() for rank in (0, 4, 64)}
    assert lost[64] < lost[4] < lost[0]
    assert lost[64] < 0.8 * lost[0]


def test_a_correction_is_the_best_of_its_rank_for_inputs_of_such_sizes(encoder: Path) -> None:
    """No other matrix of that rank comes nearer to the weighed error (Eckart–Young), up to bf16 and a random start."""
    import torch
    from bitsandbytes.functional import dequantize_4bit

    from lib.methods.repair import _sizes_of_inputs

    model = load(encoder, bits=4)
    exact = find_task("text-classification").load_model(encoder, TARGET)
    plain = load(encoder, bits=4, repair=0)
    METHOD.loaded(plain)
    sizes = _sizes_of_inputs(plain)
    assert len(corrections(model)) == 12
    for name, (a, b) in corrections(model).items():
        layer = plain.get_submodule(name)
        error = exact.get_submodule(name).weight.data - dequantize_4bit(
            layer.weight.data, layer.weight.quant_state
        )
        weighed = error * sizes[name]
        best = torch.linalg.svdvals(weighed)[len(a) :].norm()
        left = (weighed - (b.float() @ a.float()) * sizes[name]).norm()
        assert left <= 1.02 * best, name


def test_all_corrections_together_stay_within_their_share(encoder: Path) -> None:
    model = load(encoder, bits=4, repair=256)
    before = load(encoder, bits=4, repair=0)
    more = weights_mb(model) - weights_mb(before)
    held, plain = (matrices_mb(METHOD.prepare(one, {"bits": 4})) for one in (model, before))
    assert 0.5 * MOST_OF_16_BITS < more / held["bf16"] <= MOST_OF_16_BITS
    assert held["held"] - plain["held"] == pytest.approx(more)


def test_a_correction_never_learns_and_is_no_part_of_a_checkpoint(encoder: Path) -> None:
    model = METHOD.prepare(load(encoder, bits=4), {"bits": 4})
    assert not [name for name, _ in model.named_parameters() if "repair" in name]
    assert not [name for name in model.state_dict() if "repair" in name]
    assert len(corrections(model)) == 12


@pytest.mark.parametrize("options", [{"bits": 8}, {"bits": 4, "repair": 0}, {"bits": 4, "dora": True}])
def test_without_rounding_to_four_bits_or_unwanted_there_is_none(
    encoder: Path, options: dict[str, Any]
) -> None:
    assert corrections(load(encoder, **options)) == {}


def test_random_numbers_that_come_after_are_the_same_with_and_without(encoder: Path) -> None:
    import torch

    drawn = []
    for rank in (0, 64):
        load(encoder, bits=4, repair=rank)
        drawn.append(torch.rand(4).tolist())
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize(
    ("task", "name"),
    [("chat", "Llama"), ("chat", "GPT-2"), ("summarization", "Flan-T5"), ("image-classification", "ViT")],
)
def test_every_kind_of_model_gets_corrections(tmp_path: Path, task: str, name: str) -> None:
    import torch

    folder = tiny_checkpoint(name, tmp_path / "base")
    target = TARGET if task == "image-classification" else None
    torch.manual_seed(0)
    again: Callable[..., Any] = lambda **settings: find_task(task).load_model(folder, target, **settings)  # noqa: E731
    model = again(**METHOD.load_settings({"bits": 4}, device="cpu"))
    METHOD.complete(model, {"bits": 4}, again=again)
    found = corrections(model)
    assert found
    assert all(a.isfinite().all() and b.isfinite().all() for a, b in found.values())


def test_it_travels_with_the_adapter_and_is_read_back_as_it_was(encoder: Path, tmp_path: Path) -> None:
    import torch

    wrapped = METHOD.prepare(load(encoder, bits=4), {"bits": 4})
    with torch.no_grad():
        for name, weight in wrapped.named_parameters():
            if "lora_B" in name:
                weight.normal_(std=0.05)
    save_adapter(wrapped, tmp_path, base=str(encoder), revision=None)

    found = []
    for repaired in (True, False):
        base = load(encoder, bits=4, repair=0)
        METHOD.loaded(base)
        if repaired:
            read_repair(base, tmp_path)
        found.append(outputs(with_adapter(base, tmp_path)))
    assert torch.equal(found[0], outputs(wrapped))
    assert not torch.allclose(found[1], found[0], atol=1e-2)
