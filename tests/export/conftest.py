"""One home for all tests of exports, with the runs that they export; made when first asked for."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lib.export import hub_push
from lib.runs.folder import RunFolder
from lib.settings import get_settings
from tests.export.finished import finished_run
from tests.export.push_hub import WRITES, PushHub

Finished = Callable[..., RunFolder]


@pytest.fixture(scope="session")
def _made(tmp_path_factory: pytest.TempPathFactory) -> dict[Any, Any]:
    return {"home": tmp_path_factory.mktemp("export-home"), "bases": tmp_path_factory.mktemp("bases")}


@pytest.fixture
def finished(_made: dict[Any, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Finished]:
    """A function (task, method name, **method options) that gives a finished run, in a home that all tests share."""
    monkeypatch.setenv("ATELIER_HOME", str(_made["home"]))
    get_settings.cache_clear()

    def run(task: str, method: str = "full", **settings: Any) -> RunFolder:
        key = (task, method, *sorted(settings.items()))
        if key not in _made:
            bases: Path = _made["bases"]
            _made[key] = finished_run(task, bases, method={"name": method, **settings})
        return _made[key]

    yield run
    get_settings.cache_clear()


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[PushHub]:
    """The Hub, with Ada's token in the environment; the client's pauses between its tries take no time."""
    from huggingface_hub import constants
    from huggingface_hub.utils import _http

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(_http, "time", SimpleNamespace(sleep=lambda seconds: None, time=time.time))
    monkeypatch.setattr(hub_push, "LARGE", 1_000)
    for name in ("HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "ATELIER_VISIT_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with PushHub() as server:
        for name, value in {
            "HF_ENDPOINT": server.url,
            "HF_HUB_OFFLINE": "0",
            "HF_HOME": str(tmp_path / "hf"),
            "HF_TOKEN": WRITES,
        }.items():
            monkeypatch.setenv(name, value)
        yield server
