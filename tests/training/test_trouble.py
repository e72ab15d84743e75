"""Memory that runs out in a worker is known as such, however it is said, and told with what to change."""

from pathlib import Path

import pytest
import torch

from lib.plan.planner import plan_run
from lib.runs.folder import create_run
from lib.runs.spec import DataSpec, Spec
from lib.training.trouble import explain, is_out_of_memory, wanted_words

# What torch 2.13 says of a GPU, which this machine may not have.
GPU = "CUDA out of memory. Tried to allocate 1.50 GiB. GPU 0 has a capacity of 79.10 GiB, 512.00 MiB is free."


def of_the_processor() -> BaseException:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**52, dtype=torch.uint8)
    return caught.value


def test_a_processor_without_memory_says_so() -> None:
    error = of_the_processor()
    assert is_out_of_memory(error)
    assert wanted_words(str(error)) == " when another 4,503,599,627.4 MB were asked for"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (torch.OutOfMemoryError(GPU), True),
        (OSError(12, "Cannot allocate memory"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (KeyboardInterrupt(), False),
    ],
    ids=repr,
)
def test_only_memory_counts_as_memory(error: BaseException, expected: bool) -> None:
    assert is_out_of_memory(error) is expected


def test_what_a_gpu_asked_for_is_said_in_the_units_of_the_app() -> None:
    assert wanted_words(GPU) == " when another 1,610.6 MB were asked for"
    assert wanted_words("") == ""


def test_the_worker_tells_what_to_change(home: Path, csv_file: Path, tiny_encoder: Path) -> None:
    options = {"batch_size": 1024, "max_length": 128}
    wish = Spec(
        "text-classification", DataSpec(file=str(csv_file)), f"folder:{tiny_encoder}", options=options
    )
    run = create_run(plan_run(wish).spec)
    problem = explain(of_the_processor(), run)
    assert problem.code == "out-of-memory"
    assert problem.changes["options"]["batch_size"] < 1024
