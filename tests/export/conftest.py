"""One home for all tests of exports, with the runs that they export; made when first asked for."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lib.runs.folder import RunFolder
from lib.settings import get_settings
from tests.export.finished import finished_run

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
