"""Which models the host keeps: two at most, and fewer where their memory is more than it may fill."""

import gc
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from lib.inference import models
from lib.inference.models import HeldModel, HeldModels, used_mb

MB = 1_000_000


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, list[str]]]:
    """Models of 150 MB of real memory each; what is loaded, and what was held at that moment."""
    seen: list[tuple[str, list[str]]] = []

    def find(ref: str) -> SimpleNamespace:
        folder = tmp_path / ref
        folder.mkdir(exist_ok=True)
        return SimpleNamespace(folder=folder, revision="1")

    def load(ref: str, info: Any, slug: str, stamp: str) -> HeldModel:
        seen.append((ref, HELD[0].names()))
        return HeldModel(None, None, None, np.ones(150 * MB, dtype=np.uint8), stamp)  # type: ignore[arg-type]

    monkeypatch.setattr(models, "find_model", find)
    monkeypatch.setattr(models, "_held", load)
    return seen


HELD: list[HeldModels] = []


def holding(room_mb: float) -> HeldModels:
    """A host's models that may fill so much more than this process takes now."""
    HELD.clear()  # what the test before has loaded
    gc.collect()
    HELD.append(HeldModels(most_mb=used_mb() + room_mb))
    return HELD[0]


def test_two_models_are_held_where_there_is_room(loaded: list[tuple[str, list[str]]]) -> None:
    held = holding(1_000)
    for ref in ("a", "b", "a"):
        held.get(ref)
    assert held.names() == ["b", "a"] and [ref for ref, _ in loaded] == ["a", "b"]
    held.get("c")
    assert held.names() == ["a", "c"]


def test_the_model_used_longest_ago_goes_when_two_fill_more_than_they_may(
    loaded: list[tuple[str, list[str]]],
) -> None:
    held = holding(230)
    before = used_mb()
    held.get("a")
    assert held.names() == ["a"]
    held.get("b")
    assert held.names() == ["b"]
    assert used_mb() < before + 230, "its memory did not go with it"


def test_a_model_whose_weights_would_not_fit_beside_another_is_loaded_after_that_one_has_gone(
    loaded: list[tuple[str, list[str]]], tmp_path: Path
) -> None:
    held = holding(400)
    held.get("a")
    (tmp_path / "large").mkdir()
    with (tmp_path / "large" / "model.safetensors").open("wb") as file:
        file.truncate(300 * MB)  # a hole: as long, on no disk
    held.get("large")
    assert loaded == [("a", []), ("large", [])]


def test_a_model_larger_than_all_that_may_be_filled_is_held_alone(
    loaded: list[tuple[str, list[str]]],
) -> None:
    held = holding(-used_mb() + 1)
    held.get("a")
    held.get("b")
    assert held.names() == ["b"]


def test_the_limit_is_a_setting(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lib.settings import get_settings

    assert get_settings().host_memory_mb is None
    monkeypatch.setenv("ATELIER_HOST_MEMORY_MB", "700")
    get_settings.cache_clear()
    assert get_settings().host_memory_mb == 700
