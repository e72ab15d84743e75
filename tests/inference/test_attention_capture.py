"""Attention of every architecture as the host works it out, against transformers' own on an eager copy."""

import copy
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lib.data.examples import load_example
from lib.errors import UserError
from lib.inference.attention import attend
from lib.inference.attention_capture import watched
from lib.inference.attention_input import input_of
from lib.inference.models import HeldModel
from lib.option import values_as
from lib.plan.columns import choose_columns, whole_paths
from lib.tasks import find_task
from lib.tasks.base import Brief, Task
from lib.tasks.predict import predict_rows
from tests.models.tiny import ARCHITECTURES, tiny_checkpoint

SLUGS = {
    "encoder": "text-classification",
    "seq2seq": "text2text-generation",
    "causal": "text-generation",
    "image": "image-classification",
}
WITHOUT = ("Swin", "ConvNeXt", "MobileNetV2")
WITH = [name for name in ARCHITECTURES if name not in WITHOUT]
Held = Callable[[str], HeldModel]


@cache
def example(slug: str) -> tuple[pd.DataFrame, Brief]:
    """Some rows of the task's example, and the brief of a run on them."""
    task = find_task(slug)
    table = load_example(task.example)
    columns, _ = choose_columns(task, table.frame)
    frame = whole_paths(table.frame, task, columns, table.files).head(24)
    target = task.describe_target(frame, columns)
    options = vars(values_as(task.option_class, {}))
    options |= {name: 6 for name in ("max_target_length", "max_new_tokens") if name in options}
    return frame, Brief(columns, target, 64, options)


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Held:
    """An untrained model of an architecture, as the host holds one."""
    root = tmp_path_factory.mktemp("tiny")

    @cache
    def make(name: str) -> HeldModel:
        import torch

        task: Task = find_task(SLUGS[ARCHITECTURES[name]])
        _, brief = example(task.slug)
        folder = tiny_checkpoint(name, root / name.replace(" ", "-"))
        torch.manual_seed(0)
        processor, model = task.load_processor(folder), task.load_model(folder, brief.target)
        return HeldModel(task, task.settled(model, processor, brief), processor, model.eval(), "stamp")

    return make


def cells_of(task: Task) -> dict[str, str]:
    frame, brief = example(task.slug)
    return {role.name: str(frame[brief.columns[role.name]].iloc[0]) for role in task.asked(brief.columns)}


def asked(model: HeldModel, folder: Path, **request: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    out = folder / "out.npz"
    request = {"cells": cells_of(model.task), "out": str(out)} | request
    answer = attend(model, request, on_rows=lambda done: None)
    with np.load(out) as file:
        return answer, {name: file[name] for name in file.files}


def own_attentions(model: HeldModel, stack: str, written: list[int] | None) -> list[np.ndarray]:
    """What transformers returns itself on an eager copy of the model: float[heads, queries, keys] of each layer."""
    import torch

    other = copy.deepcopy(model.model)
    plain = other.get_base_model() if hasattr(other, "peft_config") else other
    if plain._can_set_attn_implementation():
        plain.set_attn_implementation("eager")
    for module in plain.modules():
        if hasattr(module, "config"):
            module.config.output_attentions = True
    given: list[Any] = []
    hook = other.register_forward_hook(lambda module, inputs, output: given.append(output))
    with torch.inference_mode():
        input_of(replace(model, model=other), cells_of(model.task), written).run()
    hook.remove()
    name = {"decoder": "decoder_attentions", "cross": "cross_attentions"}.get(
        stack, "encoder_attentions" if model.task.model_kind == "seq2seq" else "attentions"
    )
    return [layer[0].float().numpy() for layer in getattr(given[-1], name)]


def stacks_of(name: str) -> list[str]:
    return ["encoder", "decoder", "cross"] if ARCHITECTURES[name] == "seq2seq" else ["encoder"]


@pytest.mark.parametrize(("name", "stack"), [(name, stack) for name in WITH for stack in stacks_of(name)])
def test_every_head_of_every_architecture_is_seen_as_transformers_returns_it(
    name: str, stack: str, held: Held, tmp_path: Path
) -> None:
    model = held(name)
    answer, arrays = asked(model, tmp_path, stack=stack)
    written = answer["written"] or None
    own = own_attentions(model, stack, written)
    assert (answer["layers"], answer["heads"]) == (len(own), own[0].shape[0])
    np.testing.assert_allclose(arrays["pooled"].sum(axis=-1), 1, atol=1e-5)
    queries, keys = len(answer["queries"]), len(answer["keys"])
    whole, arrays = asked(model, tmp_path, stack=stack, head=[len(own) - 1, 1], written=written)
    head = arrays["head"]
    assert head.shape == (queries, keys)
    np.testing.assert_allclose(head.sum(axis=1), 1, atol=1e-5)
    # Padding is on the right for these, and its keys get nothing.
    np.testing.assert_allclose(head, own[-1][1][:queries, :keys], atol=1e-6)
    assert np.abs(own[-1][1][:queries, keys:]).max(initial=0.0) < 1e-6
    assert whole["queries"] == answer["queries"]


@pytest.mark.parametrize("name", ["BERT", "DeBERTa-v3", "ViT", "T5", "Llama"])
def test_rollout_equals_a_product_of_matrices_worked_out_apart(name: str, held: Held, tmp_path: Path) -> None:
    model = held(name)
    answer, arrays = asked(model, tmp_path)
    size = len(answer["keys"])
    wanted = np.eye(size)
    for layer in own_attentions(model, "encoder", answer["written"] or None):
        mean = layer.mean(axis=0)[:size, :size].astype(float) / 2 + np.eye(size) / 2
        wanted = (mean / mean.sum(axis=1, keepdims=True)) @ wanted
    np.testing.assert_allclose(arrays["rollout"], wanted, atol=1e-5)
    np.testing.assert_allclose(arrays["rollout"].sum(axis=1), 1, atol=1e-5)


def with_adapter(model: HeldModel) -> HeldModel:
    import torch
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(1)
    settings = LoraConfig(r=2, target_modules="all-linear", init_lora_weights=False)
    return replace(model, model=get_peft_model(copy.deepcopy(model.model), settings).eval())


@pytest.mark.parametrize("name", ["BERT", "MiniLM", "ViT", "T5", "Llama", "SmolLM"])
def test_a_model_under_an_adapter_shows_the_adapted_attention(name: str, held: Held, tmp_path: Path) -> None:
    plain = held(name)
    adapted = with_adapter(plain)
    answer, arrays = asked(adapted, tmp_path, head=[1, 0])
    assert (answer["layers"], answer["heads"]) == (2, plain.model.config.num_attention_heads)
    size = len(answer["keys"])
    own = own_attentions(adapted, "encoder", answer["written"] or None)
    np.testing.assert_allclose(arrays["head"], own[1][0][:size, :size], atol=1e-6)
    _, other = asked(plain, tmp_path, head=[1, 0], written=answer["written"] or None)
    assert other["head"].shape != arrays["head"].shape or np.abs(other["head"] - arrays["head"]).max() > 1e-4


@pytest.mark.parametrize("adapter", [False, True], ids=["whole", "adapter"])
def test_the_model_before_training_is_the_one_it_started_from(
    adapter: bool, held: Held, tmp_path: Path
) -> None:
    plain = held("BERT")
    if adapter:
        taught, base = with_adapter(plain), "anything"
    else:
        taught = replace(plain, model=copy.deepcopy(plain.model))
        taught.model.bert.encoder.layer[0].attention.self.query.weight.data.mul_(-40)
        base = f"folder:{plain.model.name_or_path}"
    _, now = asked(taught, tmp_path)
    _, before = asked(taught, tmp_path, base=base)
    _, start = asked(plain, tmp_path)
    np.testing.assert_allclose(before["pooled"], start["pooled"], atol=1e-6)
    assert np.abs(before["pooled"] - now["pooled"]).max() > 1e-4
    _, again = asked(taught, tmp_path)
    np.testing.assert_array_equal(again["pooled"], now["pooled"])


@pytest.mark.parametrize("adapter", [False, True], ids=["plain", "adapter"])
@pytest.mark.parametrize("name", ["BERT", "MPNet-like", "ViT", "T5", "Llama"])
def test_predictions_are_the_same_bit_for_bit_before_and_after(
    name: str, adapter: bool, held: Held, tmp_path: Path
) -> None:
    # DeBERTa has one implementation of attention only, as MPNet does.
    model = held("DeBERTa-v3" if name == "MPNet-like" else name)
    model = with_adapter(model) if adapter else model
    frame, _ = example(model.task.slug)

    def predicted() -> pd.DataFrame:
        return predict_rows(model.task, model.model, model.processor, frame.head(3), model.brief)

    before = predicted()
    config = model.model.config
    was = (config._attn_implementation, config.output_attentions)
    asked(model, tmp_path)
    pd.testing.assert_frame_equal(predicted(), before, check_exact=True)
    assert (config._attn_implementation, config.output_attentions) == was
    assert not any(module._forward_hooks for module in model.model.modules())


def test_a_model_in_training_mode_is_watched_without_dropout_and_set_back(held: Held) -> None:
    import torch

    model = held("BERT")
    given = input_of(model, cells_of(model.task), None)
    seen: list[np.ndarray] = []
    model.model.train()
    try:
        with torch.inference_mode(), watched(model.model, lambda stack, weights: seen.append(weights)):
            given.run()
        assert model.model.training
    finally:
        model.model.eval()
    for weights in seen:
        np.testing.assert_allclose(weights.sum(axis=-1), 1, atol=1e-5)


@pytest.mark.parametrize("name", WITHOUT)
def test_an_architecture_without_attention_matrices_is_said_in_a_sentence(
    name: str, held: Held, tmp_path: Path
) -> None:
    with pytest.raises(UserError) as caught:
        asked(held(name), tmp_path)
    assert [problem.code for problem in caught.value.problems] == ["no-attention"]


@pytest.mark.parametrize(("request_", "code"), [
    ({"head": [2, 0]}, "no-such-head"), ({"head": [0, 2]}, "no-such-head"), ({"stack": "cross"}, "no-such-stack"),
])  # fmt: skip
def test_what_is_not_there_is_said(request_: dict[str, Any], code: str, held: Held, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        asked(held("BERT"), tmp_path, **request_)
    assert [problem.code for problem in caught.value.problems] == [code]


@pytest.mark.parametrize("name", ["T5", "Llama"])
def test_what_is_written_is_what_the_model_predicts(name: str, held: Held, tmp_path: Path) -> None:
    model = held(name)
    frame, _ = example(model.task.slug)
    answer, _ = asked(model, tmp_path)
    predicted = predict_rows(model.task, model.model, model.processor, frame.head(1), model.brief)
    said = model.processor.decode(answer["written"], skip_special_tokens=True).strip()
    assert said == predicted["predicted"].iloc[0]


def test_a_long_prompt_is_cut_and_says_so(held: Held, tmp_path: Path) -> None:
    model = held("Llama")
    model = replace(model, brief=model.brief.changed(max_length=2_000))
    cells = dict.fromkeys(cells_of(model.task), "the tea was wonderful " * 40)
    answer, _ = asked(model, tmp_path, cells=cells, written=[5, 6])
    assert len(answer["keys"]) == 256
    assert "last 254 alone" in " ".join(answer["notes"])
    assert answer["keys"][-1]["part"] is None, "what the model wrote stands in no text of the user"


def test_of_a_pair_the_attention_between_the_texts_and_special_tokens_is_told(
    held: Held, tmp_path: Path
) -> None:
    model = held("BERT")
    brief = model.brief.changed(columns={"text": "text", "text_pair": "reply", "label": "label"})
    pair = replace(model, brief=brief)
    cells = {"text": "the tea was cold", "text_pair": "so was the soup"}
    answer, arrays = asked(pair, tmp_path, cells=cells)
    assert answer["segments"] == ["text", "text_pair", "special tokens"]
    np.testing.assert_allclose(arrays["segments"].sum(axis=3), 1, atol=1e-5)
    _, one = asked(pair, tmp_path, cells=cells, head=[1, 0])
    parts = ["special" if token["special"] else token["part"] for token in answer["queries"]]
    first, second = (
        [place for place, part in enumerate(parts) if part == name] for name in ("text", "text_pair")
    )
    crossing = one["head"][np.ix_(first, second)].sum(axis=1).mean()
    assert arrays["segments"][1, 0, 0, 1] == pytest.approx(crossing, abs=1e-5)
    assert asked(model, tmp_path)[0]["segments"] == []
