"""A running app and a real Chromium."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from lib.settings import get_settings

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# What is on screen is complete when the script has run through and every element has been drawn.
READY = "[data-testid=stApp][data-test-script-state=notRunning][data-test-connection-state=CONNECTED]"


@dataclass
class App:
    """The app under test: its address and its home folder."""

    url: str
    home: Path
    process: subprocess.Popen[bytes]


def start_app(home: Path) -> App:
    """Serve the checkout's app on a free port and wait until it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home.mkdir(parents=True, exist_ok=True)
    with (home / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "streamlit",
                "run",
                "Home.py",
                "--server.port",
                str(port),
                "--server.headless",
                "true",
            ],
            cwd=ROOT,
            env=os.environ | {"ATELIER_HOME": str(home)},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, (home / "server.log").read_text()
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
                return App(url, home, process)
        except OSError:
            time.sleep(0.1)
    raise AssertionError((home / "server.log").read_text())


def stop_app(app: App) -> None:
    """End the server; runs that it started go on, as they should."""
    os.killpg(app.process.pid, signal.SIGTERM)
    app.process.wait(timeout=30)


@pytest.fixture
def app(home: Path) -> Iterator[App]:
    """The app over an empty home; what still runs at the end is killed."""
    served = start_app(home)
    yield served
    stop_app(served)
    from lib.runs.folder import list_runs

    get_settings.cache_clear()
    for run in list_runs():
        state = run.state()
        if state.state == "running" and state.pid:
            os.kill(state.pid, signal.SIGKILL)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    if CHROMIUM is None:
        pytest.skip("needs Chromium: `make test` installs it")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
            ],
        )
        yield chromium
        chromium.close()


@pytest.fixture
def window(browser: Browser) -> Iterator[Page]:
    """A laptop's window."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme="light")
    page = context.new_page()
    page.set_default_timeout(60_000)
    yield page
    context.close()


def settle(page: Page) -> None:
    """Wait until the page has run through and nothing is left to draw."""
    page.wait_for_timeout(150)
    page.wait_for_selector(READY)
    page.wait_for_function("document.querySelectorAll('[data-stale=true]').length === 0")
