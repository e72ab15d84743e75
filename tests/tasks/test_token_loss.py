"""The loss of tokens with scores only where they are needed is the model's own loss, for every architecture."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM, AutoModelForSeq2SeqLM

from lib.tasks.token_loss import labelled, scores_at, sums_by_row, token_loss
from tests.models.tiny import ARCHITECTURES, tiny_checkpoint

CLASSES = {"encoder": AutoModelForMaskedLM, "seq2seq": AutoModelForSeq2SeqLM, "causal": AutoModelForCausalLM}
NAMES = [name for name, kind in ARCHITECTURES.items() if kind in CLASSES]


def load(name: str, folder: Path) -> Any:
    """A tiny model without dropout, so that two losses can be held against each other."""
    model = CLASSES[ARCHITECTURES[name]].from_pretrained(tiny_checkpoint(name, folder / "tiny"))
    return model.eval()


def a_batch(seed: int = 0) -> dict[str, Any]:
    """Three texts of which the last is padded, with labels for some of their tokens."""
    draw = torch.Generator().manual_seed(seed)
    ids = torch.randint(10, 100, (3, 12), generator=draw)
    mask = torch.ones_like(ids)
    mask[2, 8:] = 0
    labels = torch.where(torch.rand(ids.shape, generator=draw) < 0.4, ids, -100)
    labels[0, 0] = ids[0, 0]
    labels[mask == 0] = -100
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


def gradients(model: Any, loss: Any) -> dict[str, Any]:
    model.zero_grad()
    loss.backward()
    return {name: weight.grad.clone() for name, weight in model.named_parameters() if weight.grad is not None}


def assert_alike(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert ours.keys() == theirs.keys()
    for name, gradient in theirs.items():
        torch.testing.assert_close(ours[name], gradient, rtol=1e-4, atol=1e-6, msg=name)


@pytest.mark.parametrize("name", NAMES)
def test_the_loss_and_every_gradient_are_those_of_the_models_own_loss(name: str, tmp_path: Path) -> None:
    model, batch = load(name, tmp_path), a_batch()
    own = model(**batch).loss
    theirs = gradients(model, own)
    loss, _ = token_loss(model, batch, kind=ARCHITECTURES[name])
    ours = gradients(model, loss)
    torch.testing.assert_close(loss, own, rtol=1e-5, atol=1e-6)
    assert_alike(ours, theirs)


@pytest.mark.parametrize("name", ["GPT-2", "Llama", "Gemma"])
def test_batches_added_up_weigh_every_token_alike_as_transformers_does(name: str, tmp_path: Path) -> None:
    model, batches = load(name, tmp_path), [a_batch(0), a_batch(1)]
    items = sum(int((batch["labels"][:, 1:] != -100).sum()) for batch in batches)
    theirs = gradients(model, sum(model(**batch, num_items_in_batch=items).loss for batch in batches))
    ours = gradients(model, sum(token_loss(model, batch, kind="causal", items=items)[0] for batch in batches))
    assert_alike(ours, theirs)


@pytest.mark.parametrize("name", ["BERT", "RoBERTa", "ModernBERT", "T5", "BART", "GPT-2", "Llama", "Gemma"])
def test_the_vocabulary_is_scored_only_at_places_with_a_label(name: str, tmp_path: Path) -> None:
    model, batch = load(name, tmp_path), a_batch()
    seen = []
    model.get_output_embeddings().register_forward_hook(
        lambda _, given, said: seen.append(said.shape[:-1].numel())
    )
    token_loss(model, batch, kind=ARCHITECTURES[name])
    places, truths = labelled(batch["labels"], kind=ARCHITECTURES[name])
    assert seen == [int(places.sum())] == [len(truths)]


def test_the_hook_is_gone_afterwards_even_when_the_model_fails(tmp_path: Path) -> None:
    model, batch = load("Llama", tmp_path), a_batch()
    with pytest.raises(TypeError):
        scores_at(model, batch | {"unheard_of": 1, "position_ids": "wrong"}, batch["labels"] != -100)
    assert not model.get_output_embeddings()._forward_pre_hooks
    assert model(input_ids=batch["input_ids"]).logits.shape[:2] == batch["input_ids"].shape


@pytest.mark.parametrize("name", ["Llama", "BERT", "T5"])
def test_a_model_wrapped_by_lora_learns_the_same(name: str, tmp_path: Path) -> None:
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(0)
    settings = LoraConfig(target_modules="all-linear", init_lora_weights=False)
    model, batch = get_peft_model(load(name, tmp_path), settings).eval(), a_batch()
    own = model(**batch).loss
    theirs = gradients(model, own)
    loss, _ = token_loss(model, batch, kind=ARCHITECTURES[name])
    torch.testing.assert_close(loss, own, rtol=1e-5, atol=1e-6)
    assert_alike(gradients(model, loss), theirs)


def test_sums_by_row_add_up_each_rows_own_tokens(tmp_path: Path) -> None:
    model, batch = load("Llama", tmp_path), a_batch()
    with torch.inference_mode():
        places, truths = labelled(batch["labels"], kind="causal")
        found = sums_by_row(scores_at(model, batch, places)[1], truths, places)
        logs = torch.log_softmax(
            model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits, -1
        )
    by_hand = [
        -sum(
            float(logs[row, at - 1, batch["labels"][row, at]])
            for at in range(1, 12) if batch["labels"][row, at] != -100
        )
        for row in range(3)
    ]  # fmt: skip
    assert found.tolist() == pytest.approx(by_hand, rel=1e-5)
