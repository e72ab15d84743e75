"""QLoRA holds the base model in few bits and still learns right, on a CPU too."""

from pathlib import Path
from typing import Any

import pytest

from lib.methods import find_method
from lib.methods.qlora import keep_gradients, unpack_layers
from lib.methods.weights import count_weights, matrices_mb, weights_mb
from lib.models.sources import find_model
from lib.plan.fit import check_method
from lib.tasks import find_task
from tests.models.tiny import tiny_checkpoint

METHOD = find_method("qlora")
TARGET = {"labels": ["cross", "happy"], "counts": {"cross": 1, "happy": 1}}
each_bits = pytest.mark.parametrize("bits", [4, 8])


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT with layers wide enough that bitsandbytes would repack them, and with biases that are not zero."""
    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=200, hidden_size=128, num_hidden_layers=2, num_attention_heads=2, intermediate_size=256
    )
    model = BertModel(config)
    for name, weight in model.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.normal_(weight, std=0.1)
    folder = tmp_path_factory.mktemp("qlora") / "encoder"
    model.save_pretrained(folder)
    return folder


def learning(folder: Path, bits: int) -> Any:
    import torch

    options = {"bits": bits, "dropout": 0.0}
    torch.manual_seed(1)
    model = find_task("text-classification").load_model(
        folder, TARGET, **METHOD.load_settings(options, device="cpu")
    )
    return METHOD.prepare(model, options)


def batch() -> dict[str, Any]:
    import torch

    numbers = torch.Generator().manual_seed(2)
    ids = torch.randint(5, 200, (8, 12), generator=numbers)
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": torch.arange(8) % 2}


def train(model: Any, *, looking: bool, steps: int = 4, bf16: bool = False) -> dict[str, Any]:
    """What has learned after some steps; `looking`: with a prediction in eval mode after each, as validations do."""
    import torch

    learns = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
    optimizer = torch.optim.AdamW(learns.values(), lr=1e-2)
    torch.manual_seed(3)
    for _ in range(steps):
        model.train()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            loss = model(**batch()).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if looking:
            model.eval()
            with torch.inference_mode():
                model(**batch())
    return {name: weight.detach().clone() for name, weight in learns.items()}


@each_bits
def test_validations_in_between_change_nothing_of_what_is_learned(encoder: Path, bits: int) -> None:
    import torch

    without, with_them = (
        train(learning(encoder, bits), looking=False),
        train(learning(encoder, bits), looking=True),
    )
    for name, weight in without.items():
        assert torch.equal(weight, with_them[name]), name


@each_bits
def test_gradients_reach_every_adapter_and_the_head(encoder: Path, bits: int) -> None:
    model = learning(encoder, bits)
    train(model, looking=True, steps=2)  # B begins at zero, so A learns from the second step on
    model.train()
    model(**batch()).loss.backward()
    learns = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
    assert {name for name, weight in learns.items() if weight.grad is None or not weight.grad.any()} == set()
    assert sum("lora_A" in name for name in learns) == 13
    assert sum("modules_to_save" in name for name in learns) == 2


@each_bits
def test_the_base_models_biases_stay_exact_under_bf16(encoder: Path, bits: int) -> None:
    import torch

    model = learning(encoder, bits)
    before = {
        name: weight.detach().clone() for name, weight in model.named_parameters() if not weight.requires_grad
    }
    train(model, looking=True, bf16=True)
    for name, weight in model.named_parameters():
        if name in before:
            assert weight.dtype == before[name].dtype and torch.equal(weight, before[name]), name


@each_bits
def test_a_fresh_pooler_and_the_classifier_are_held_whole(encoder: Path, bits: int, tmp_path: Path) -> None:
    from torch import nn
    from transformers import BertModel

    BertModel.from_pretrained(encoder, add_pooling_layer=False).save_pretrained(tmp_path / "bare")
    model = learning(tmp_path / "bare", bits).get_base_model()
    for layer in (model.bert.pooler.dense, model.classifier):
        assert type(layer.modules_to_save["default"]) is nn.Linear


@pytest.mark.parametrize(("bits", "most"), [(4, 0.45), (8, 0.61)])
def test_weights_in_few_bits_take_little_memory_and_are_counted_whole(
    encoder: Path, bits: int, most: float
) -> None:
    model = learning(encoder, bits)
    whole = find_task("text-classification").load_model(encoder, TARGET)
    held = matrices_mb(model)
    assert held["held"] <= most * held["bf16"]
    assert weights_mb(model) < weights_mb(whole)
    own = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
    assert count_weights(model) == {"total": count_weights(whole)["total"] + own, "trainable": own}


@pytest.mark.parametrize("bits", [2, 5, 16])
def test_other_bits_are_refused(bits: int) -> None:
    assert [problem.where for problem in METHOD.check({"bits": bits})] == ["method.bits"]


def test_models_that_pass_grids_through_their_layers_are_refused_with_the_reason(tmp_path: Path) -> None:
    folder = tiny_checkpoint("ConvNeXt", tmp_path / "convnext")
    problems = check_method(METHOD, find_task("image-classification"), find_model(f"folder:{folder}"))
    assert [problem.code for problem in problems] == ["method-unfit"]
    assert "grids" in problems[0].what


def test_weights_are_not_repacked_on_cpus_that_would(encoder: Path) -> None:
    from bitsandbytes.nn import Linear4bit

    model = learning(encoder, 4)
    layers = [module for module in model.modules() if isinstance(module, Linear4bit)]
    for module in layers:
        module.support_avx512bf16_for_cpu = True
    keep_gradients(model)
    assert layers and not any(module.support_avx512bf16_for_cpu for module in layers)


@each_bits
def test_a_layer_whose_name_was_not_foreseen_is_brought_back_to_full_precision(
    encoder: Path, bits: int
) -> None:
    import torch
    from torch import nn
    from transformers import BertModel

    name = "encoder.layer.0.attention.self.query"
    exact = BertModel.from_pretrained(encoder, dtype=torch.float32).get_submodule(name)
    model = BertModel.from_pretrained(
        encoder, dtype=torch.float32, **METHOD.load_settings({"bits": bits}, device="cpu")
    )
    assert type(model.get_submodule(name)) is not nn.Linear
    unpack_layers(model, [name])
    layer = model.get_submodule(name)
    assert type(layer) is nn.Linear and torch.equal(layer.bias, exact.bias)
    lost = (layer.weight - exact.weight).norm() / exact.weight.norm()
    assert lost < {4: 0.12, 8: 0.01}[bits]
