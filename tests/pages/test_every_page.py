"""Promises about every page: it starts on nothing and on something, stays thin, and never imports torch."""

import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from lib.data.examples import EXAMPLES, load_example
from lib.data.split import SplitPlan
from lib.data.store import StoredDataset, save
from lib.settings import get_settings
from lib.ui.path import page_files

ROOT = Path(__file__).resolve().parents[2]
PAGES = [file for _, file in page_files(ROOT)]
EVERY_PAGE = ["Home.py", *PAGES]
SECONDS = 60


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ATELIER_HOME", str(tmp_path / "home"))
    # The queue's thread would outlive the test and look into a folder that is gone.
    monkeypatch.setattr("lib.runs.queue.start_queue", lambda: None)
    monkeypatch.chdir(ROOT)
    get_settings.cache_clear()
    return tmp_path / "home"


def open_page(file: str, **params: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "Home.py"), default_timeout=SECONDS)
    for name, value in params.items():
        app.query_params[name] = value
    app.run()
    if file != "Home.py":
        app.switch_page(str(ROOT / file))
        for name, value in params.items():
            app.query_params[name] = value
        app.run()
    return app


def store_example() -> StoredDataset:
    example = EXAMPLES[0]
    return save(
        load_example(example.name),
        name="tickets",
        task=example.task,
        columns=example.columns,
        split=SplitPlan(),
    )


def links(app: AppTest) -> list[str]:
    return [link.proto.label for link in app.get("page_link")]


def faults(home: Path) -> str:
    log = home / "app.log"
    return log.read_text() if log.exists() else ""


@pytest.mark.parametrize("file", EVERY_PAGE)
def test_every_page_starts_with_an_empty_home(file: str, home: Path) -> None:
    app = open_page(file)
    assert not app.exception
    assert faults(home) == ""
    assert app.title


@pytest.mark.parametrize("file", EVERY_PAGE)
def test_every_page_starts_with_a_stored_data_set_in_hand(file: str, home: Path) -> None:
    app = open_page(file, data=store_example().ref)
    assert not app.exception
    assert faults(home) == ""
    assert app.title


@pytest.mark.parametrize("file", EVERY_PAGE)
def test_every_page_shows_the_path_to_every_page(file: str) -> None:
    assert links(open_page(file))[: len(PAGES) + 1] == ["Atelier", *(title for title, _ in page_files(ROOT))]


@pytest.mark.parametrize("file", EVERY_PAGE)
@pytest.mark.parametrize("param", ["data", "run"])
@pytest.mark.parametrize("value", ["gone@7", "../../etc/passwd", "<b>*x*</b>", "x" * 300])
def test_a_link_to_something_that_is_gone_is_no_fault(file: str, param: str, value: str, home: Path) -> None:
    app = open_page(file, **{param: value})
    assert not app.exception
    assert faults(home) == ""


@pytest.mark.parametrize("file", EVERY_PAGE)
def test_every_page_is_thin(file: str) -> None:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 120
    assert lines[0].startswith('"""')


@pytest.mark.parametrize("file", EVERY_PAGE)
def test_no_page_brings_a_heavy_library_into_the_app(file: str, home: Path) -> None:
    script = f"""
import sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file({str(ROOT / "Home.py")!r}, default_timeout={SECONDS})
app.run()
if {file!r} != "Home.py":
    app.switch_page({str(ROOT / file)!r}).run()
assert not app.exception, app.exception
heavy = [name for name in ("torch", "transformers", "sklearn", "evaluate", "datasets") if name in sys.modules]
assert not heavy, heavy
"""
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=180, check=False
    )
    assert ended.returncode == 0, ended.stderr[-2000:]


def test_no_page_is_missing_from_the_list() -> None:
    assert sorted(PAGES) == sorted(f"pages/{path.name}" for path in (ROOT / "pages").glob("*.py"))
