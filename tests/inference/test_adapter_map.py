"""The map of an adapter: norms and singular values equal those of the full product, also scaled and in few bits."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lib.analysis.adapter_map import adapter_table, effective_rank
from lib.errors import UserError
from lib.inference.adapter_work import map_adapter, place_of
from lib.inference.models import HeldModel
from lib.methods import find_method
from lib.tasks import find_task
from lib.tasks.brief import Brief
from tests.models.tiny import tiny_checkpoint


def adapted(architecture: str, task: str, folder: Path, method: str, **how: Any) -> HeldModel:
    import torch

    found = find_task(task)
    of = find_method(method)
    target = {"labels": ["a", "b"]} if task == "text-classification" else {}
    torch.manual_seed(0)
    model = found.load_model(
        tiny_checkpoint(architecture, folder), target, **of.load_settings(how, device="cpu")
    )
    model = of.prepare(model, how)
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.1)
    return HeldModel(found, Brief({}, target, 32), None, model, "now")


CASES = [
    ("Llama", "chat", "lora", {"rank": 4}),
    ("GPT-2", "chat", "lora", {"rank": 3, "rslora": True}),
    ("T5", "summarization", "lora", {"rank": 40}),
    ("BERT", "text-classification", "lora", {"rank": 2, "target_modules": "query, value"}),
    ("Llama", "chat", "qlora", {"rank": 4, "bits": 4}),
]


@pytest.mark.parametrize(("architecture", "task", "method", "how"), CASES, ids=lambda part: str(part))
def test_norms_and_singular_values_equal_those_of_the_full_product(
    architecture: str, task: str, method: str, how: dict[str, Any], tmp_path: Path
) -> None:
    import torch
    from peft.utils.integrations import dequantize_module_weight

    held = adapted(architecture, task, tmp_path / "base", method, **how)
    told = map_adapter(held, {}, on_rows=lambda done: None)["modules"]
    modules = dict(held.model.get_base_model().named_modules())
    assert len(told) == sum(hasattr(module, "lora_B") for module in modules.values())
    for one in told:
        module = modules[one["name"]]
        with torch.no_grad():
            # peft's own product, formed in full.
            full = module.get_delta_weight("default").double()
            whole = dequantize_module_weight(module.get_base_layer()).double()
        values = torch.linalg.svdvals(full)[: len(one["spectrum"])].numpy()
        np.testing.assert_allclose(one["spectrum"], values, rtol=1e-4, atol=1e-7)
        assert one["change"] == pytest.approx(float(full.norm()), rel=1e-5)
        assert one["whole"] == pytest.approx(float(whole.norm()), rel=1e-6)
        assert len(one["spectrum"]) == min(one["rank"], one["rows"], one["columns"])


def test_an_adapter_that_has_learned_nothing_changes_nothing(tmp_path: Path) -> None:
    import torch

    held = adapted("Llama", "chat", tmp_path / "base", "lora", rank=4)
    for name, weight in held.model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.zeros_(weight)
    table = adapter_table(map_adapter(held, {}, on_rows=lambda done: None)["modules"])
    assert (table["share"] == 0).all() and (table["effective_rank"] == 0).all()


def test_a_model_without_an_adapter_is_refused_in_a_sentence(tmp_path: Path) -> None:
    task = find_task("chat")
    model = task.load_model(tiny_checkpoint("Llama", tmp_path / "base"), {})
    with pytest.raises(UserError, match="no adapter"):
        map_adapter(HeldModel(task, Brief({}, {}, 32), None, model, "now"), {}, on_rows=lambda done: None)


RANKS = [([1.0, 1.0, 1.0, 1.0], 4.0), ([5.0, 0.0, 0.0], 1.0), ([0.0, 0.0], 0.0), ([3.0, 1.0], 1.7548)]


@pytest.mark.parametrize(("values", "expected"), RANKS)
def test_the_effective_rank_is_e_to_the_entropy_of_the_shares(values: list[float], expected: float) -> None:
    assert effective_rank(values) == pytest.approx(expected, abs=1e-4)


PLACES = [
    ("base_model.model.model.layers.7.self_attn.q_proj", ("model.layers", 7, "self_attn.q_proj")),
    ("encoder.block.3.layer.0.SelfAttention.q", ("encoder.block", 3, "layer.0.SelfAttention.q")),
    ("bert.pooler.dense", ("", -1, "bert.pooler.dense")),
]


@pytest.mark.parametrize(("name", "expected"), PLACES)
def test_a_module_s_name_says_where_it_stands(name: str, expected: tuple[str, int, str]) -> None:
    found = place_of(name)
    assert (found["stack"], found["layer"], found["matrix"]) == expected


def test_the_lines_of_the_map_are_stacks_then_layers_then_what_lies_outside() -> None:
    names = [
        "pooler.dense",
        "decoder.block.1.q",
        "encoder.block.10.q",
        "encoder.block.2.q",
        "encoder.block.2.k",
    ]
    modules = [place_of(name) | {"change": 1.0, "whole": 2.0, "spectrum": [1.0], "rank": 1} for name in names]
    assert adapter_table(modules)["place"].tolist() == [3, 0, 2, 1, 1]
