"""The formula of what a run costs, against counts made by the libraries and cases worked by hand."""

from pathlib import Path
from typing import Any

import pytest

from lib.models.sources import ModelInfo, describe_folder, find_model
from lib.plan.estimate import memory_of, seconds_of, slowed_by_adapters, validations
from lib.plan.shape import shape_of
from lib.runs.options import TrainingOptions
from lib.tasks import find_task

ROWS = {"train": 1_000, "validation": 100, "test": 100}
FULL, LORA, HEAD = {"name": "full"}, {"name": "lora"}, {"name": "head"}


def bert() -> ModelInfo:
    """BERT-base's sizes without its weights."""
    tiny = find_model("scratch:bert-tiny")
    sizes = {
        "hidden_size": 768,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "intermediate_size": 3072,
    }
    config = {**tiny.config, **sizes, "vocab_size": 30_522}
    return ModelInfo(**{**vars(tiny), "parameters": 109_482_240, "config": config})


def memory(method: dict[str, Any], *, tokens: int = 64, **options: Any) -> float:
    values = TrainingOptions(batch_size=16, precision="fp32").to_json() | options
    task = find_task("text-classification")
    return memory_of(bert(), values, task=task, longest_tokens=tokens, method=method)


def fixed(method: dict[str, Any], **options: Any) -> float:
    """What does not grow with the batch."""
    return 2 * memory(method, batch_size=32, **options) - memory(method, batch_size=64, **options)


def seconds(method: dict[str, Any], **options: Any) -> float:
    values = TrainingOptions(epochs=20, precision="fp32").to_json() | options
    task = find_task("text-classification")
    return seconds_of(bert(), values, task=task, rows=ROWS, mean_tokens=64.0, method=method)


def test_whole_weights_take_sixteen_bytes_each_and_frozen_ones_four() -> None:
    # With one token in a batch nothing else counts but the process.
    whole, frozen = (memory(method, tokens=1, batch_size=1) for method in (FULL, HEAD))
    assert whole - frozen == pytest.approx(109.5 * 12, rel=0.01)


@pytest.mark.parametrize(("bits", "byte_share"), [(8, 1.01), (4, 0.52)])
def test_quantised_layers_take_their_bits_and_tables_stay_whole(bits: int, byte_share: float) -> None:
    lora = memory(LORA, tokens=1, batch_size=1)
    quantised = memory({"name": "qlora", "bits": bits, "repair": 0}, tokens=1, batch_size=1)
    in_layers = 109.482 - 30.522 * 0.768
    assert lora - quantised == pytest.approx(in_layers * (4 - byte_share), rel=0.01)


@pytest.mark.parametrize(
    ("options", "megabytes"),
    [
        # Σ (inputs + outputs) of BERT-base's matrices is 12 · (4 · 1,536 + 2 · 3,840), two bytes each.
        ({"bits": 4, "repair": 8}, 2 * 8 * 0.165888),
        ({"bits": 4}, 2 * 64 * 0.165888),
        # It never takes more than its share of the matrices in 16 bits.
        ({"bits": 4, "repair": 256}, 0.18 * 2 * (109.482 - 30.522 * 0.768)),
        ({"bits": 8}, 0),
        ({"bits": 4, "dora": True}, 0),
    ],
)
def test_what_rounding_took_is_counted_where_it_is_given_back(
    options: dict[str, Any], megabytes: float
) -> None:
    with_it, without = (
        memory({"name": "qlora", **options, **more}, tokens=1, batch_size=1) for more in ({}, {"repair": 0})
    )
    assert with_it - without == pytest.approx(megabytes, rel=0.02, abs=0.01)


def test_what_is_kept_grows_with_the_batch_and_not_with_accumulation() -> None:
    kept = {rows: memory(FULL, batch_size=rows) - fixed(FULL) for rows in (16, 32)}
    assert kept[32] == pytest.approx(2 * kept[16])
    assert memory(FULL, gradient_accumulation=8) == memory(FULL)


def test_attention_makes_long_texts_cost_more_than_their_length() -> None:
    base = fixed(FULL)
    assert memory(FULL, tokens=512) - base > 9 * (memory(FULL, tokens=64) - base)


def test_computing_again_keeps_little_and_takes_longer() -> None:
    base = fixed(FULL)
    again = memory(FULL, gradient_checkpointing=True)
    assert again - base < 0.3 * (memory(FULL) - base)
    assert seconds(FULL) < seconds(FULL, gradient_checkpointing=True) < 1.5 * seconds(FULL)


def test_a_head_alone_keeps_next_to_nothing() -> None:
    assert memory(HEAD, batch_size=64) - fixed(HEAD) < 0.2 * (memory(FULL, batch_size=64) - fixed(FULL))


def test_methods_stand_in_the_order_of_their_cost() -> None:
    assert seconds(HEAD) < min(seconds(LORA), seconds(FULL))
    assert memory(HEAD) < memory({"name": "qlora"}) < memory(LORA) < memory(FULL)


def test_adapters_cost_time_beside_narrow_layers_and_hardly_any_beside_wide_ones() -> None:
    costs = [slowed_by_adapters(hidden, 16) for hidden in (384, 768, 4_096, 16_384)]
    assert costs == sorted(costs, reverse=True) and costs[0] > 3 and costs[-1] < 1.1
    assert slowed_by_adapters(384, 0) == 1


@pytest.mark.parametrize(("epochs", "each", "expected"), [(3.0, 1, 3), (3.0, 2, 6), (0.5, 1, 1), (2.5, 1, 3)])
def test_validations_are_counted_as_the_trainer_makes_them(epochs: float, each: int, expected: int) -> None:
    options = TrainingOptions(batch_size=10, epochs=epochs, evaluations_per_epoch=each)
    assert validations(options, 200) == expected


@pytest.mark.parametrize("name", ["BERT", "Llama", "T5", "BART", "ViT", "GPT-2"])
def test_an_adapter_has_as_many_parameters_as_peft_makes(name: str, tmp_path: Path) -> None:
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModel

    from lib.methods.lora import targets
    from tests.models.tiny import tiny_checkpoint

    folder = tiny_checkpoint(name, tmp_path / "model")
    info = describe_folder(folder, ref=f"folder:{folder}", title=name, origin="")
    model = AutoModel.from_pretrained(folder)
    matrices = targets(model, "all-linear", leave_out=[])
    wrapped = get_peft_model(model, LoraConfig(r=4, target_modules=matrices))
    learned = sum(weight.numel() for weight in wrapped.parameters() if weight.requires_grad)
    # Poolers and what else lies outside the layers is not in the formula.
    assert 4 * shape_of(info).matrix_sizes == pytest.approx(learned, rel=0.2)
