"""The words of the Train page."""

import pytest

from lib.models.sources import find_model
from lib.plan.estimate import Estimate
from lib.plan.fitting import Run
from lib.plan.preview import Preview
from lib.runs.options import TrainingOptions
from lib.tasks import find_task
from lib.ui.train_words import model_words, option_value, preset_words, summary_sentence, time_range


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (27, 36, "about 30 to 40 seconds"),
        (31, 33, "about 30 seconds"),
        (40, 100, "about 1 to 2 minutes"),
        (118, 241, "about 2 to 4 minutes"),
        (50, 100, "about 1 to 2 minutes"),
        (1750, 4860, "about 30 to 80 minutes"),
        (4000, 12_000, "about 1.1 to 3.3 hours"),
    ],
)
def test_a_range_of_times_is_spoken(low: float, high: float, said: str) -> None:
    assert time_range(low, high) == said


PREVIEW = Preview(
    TrainingOptions(epochs=1.47),
    TrainingOptions(epochs=1.47).to_json(),
    {"train": 3257, "validation": 374, "test": 1421},
    Estimate(1400, 118, 241, 408, free_memory_mb=1000),
    "Fine-tune MiniLM-L6 on 3,257 rows to tell labels apart",
    Run(
        find_model("scratch:bert-tiny"),
        find_task("text-classification"),
        TrainingOptions().to_json(),
        {"name": "full"},
        128,
    ),
)


def test_the_summary_says_what_and_at_what_cost() -> None:
    assert summary_sentence(PREVIEW) == (
        "Fine-tune MiniLM-L6 on 3,257 rows to tell labels apart; "
        "about 2 to 4 minutes and 1.4 GB of memory on this machine."
    )


def test_a_preset_says_time_epochs_and_steps() -> None:
    assert preset_words("quick", PREVIEW).startswith("About 2 to 4 minutes: 1.5 epochs, 408 steps.")
    assert preset_words("quick", None) == "To see whether there is something to learn."


def test_a_model_says_what_it_is_good_for_and_where_it_comes_from() -> None:
    words = model_words(find_model("starter:minilm-l6")).replace("\\", "")
    assert "A good first choice" in words
    assert "Apache-2.0" in words
    assert words.count("million parameters") == 1


def test_a_model_from_scratch_says_that_it_is_untrained_and_how_large_it_will_be() -> None:
    words = model_words(find_model("scratch:bert-tiny")).replace("\\", "")
    assert "knows nothing yet" in words
    assert "1.51 million parameters" in words
    assert "made when the run starts" in words


def test_option_values_read_as_they_are_typed() -> None:
    assert [option_value(value) for value in (4.0, 0.00015, 32, "linear")] == ["4", "0.00015", "32", "linear"]
