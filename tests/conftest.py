"""Fixtures that many tests share: a home of its own for each test, and a tiny real encoder."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lib.runs.queue import QueueThread
from lib.settings import get_settings

os.environ.setdefault("HF_HUB_OFFLINE", "1")


def _take_one_core() -> None:
    """Give each of pytest's workers one core: torch and the runs it starts then use one thread, not all at once."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker and hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[int(worker.removeprefix("gw")) % len(cores)]})


_take_one_core()

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty ATELIER_HOME and an empty cache of the Hub; a model host that a test started in it is ended after it."""
    folder = tmp_path / "home"
    monkeypatch.setenv("ATELIER_HOME", str(folder))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    get_settings.cache_clear()
    yield folder
    from lib.inference.ask import stop_host

    stop_host()
    _end_queues()
    get_settings.cache_clear()


def _end_queues() -> None:
    """End the queues of pages that the test has opened here: they would start the runs of the tests that follow."""
    queues = [thread for thread in threading.enumerate() if isinstance(thread, QueueThread)]
    for queue in queues:
        queue.end()
        queue.join()
    if queues:
        import streamlit

        streamlit.cache_resource.clear()  # so that the next page starts one of its own


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an untrained two-layer BERT and the starter's tokenizer: real parts, quick to train."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertModel

    from lib.models.sources import find_model

    folder = tmp_path_factory.mktemp("models") / "tiny"
    tokenizer = AutoTokenizer.from_pretrained(find_model("starter:minilm-l6").folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=128,
    )
    BertModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture
def shared_data() -> Path:
    """The folder of real data sets beside the checkout; the test is skipped where there is none."""
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip(f"needs the real data sets in {folder}")
    return folder


def example_rows(count: int = 120) -> list[tuple[str, str]]:
    """Rows that a tiny model can learn: the label follows from the words."""
    subjects = ("the tea", "our train", "this song", "my garden", "the report", "her bicycle")
    good, bad = ("wonderful", "bright", "kind", "calm"), ("awful", "broken", "rude", "late")
    rows = []
    for number in range(count):
        words = (good, bad)[number % 2]
        text = f"{subjects[number % 6]} was {words[number % 4]} on day {number}"
        rows.append((text, ("happy", "cross")[number % 2]))
    return rows


def write_rows(path: Path, count: int = 120) -> Path:
    """Write example rows as a CSV with the columns text and label."""
    path.write_text("text,label\n" + "".join(f"{text},{label}\n" for text, label in example_rows(count)))
    return path


@pytest.fixture
def csv_file(tmp_path: Path) -> Path:
    """A small CSV with the columns text and label."""
    return write_rows(tmp_path / "moods.csv")
