"""Takes the pictures that README shows: `python -m tests.browser.screenshots HOME` with a home that has a finished run
of tweets, and one of the support tickets that come with Atelier.

Every page at 1440 and 390 px, light and dark, into the folder given as a second argument; without one, the few that
README shows go beside this file.
"""

import os
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from lib.data.examples import load_example
from lib.data.roles import guess_columns
from lib.data.split import SplitPlan
from lib.data.store import save
from lib.tasks import TASKS
from tests.browser.conftest import CHROMIUM, settle, start_app, stop_app

PLACE = Path(__file__).with_name("screenshots")
SHOWN = {
    "data-1440-light", "train-1440-light", "runs-1440-light", "evaluate-1440-light", "predict-1440-light",
    "evaluate-1440-dark", "evaluate-390-light", "explain-1440-light", "export-1440-light",
}  # fmt: skip
PAGES = {
    "home": "/",
    "data": "/Data",
    "train": "/Train",
    "runs": "/Runs",
    "evaluate": "/Evaluate",
    "explain": "/Explain",
    "predict": "/Predict",
    "export": "/Export",
}
SIZES = ((1440, 900), (390, 844))


def take(home: Path, place: Path, *, only: set[str] | None) -> None:
    """Open every page in every size and theme and keep the pictures that are wanted."""
    os.environ["ATELIER_HOME"] = str(home)
    from lib.runs.folder import list_runs

    done = [run for run in list_runs() if run.state().state == "succeeded"]
    # The example written for Atelier is fit to be shown to anybody; tweets are not.
    tickets = next((run for run in done if "support-tickets" in str(run.spec.data.dataset)), done[0])
    other = next((run for run in done if run != tickets), tickets)
    of_rows = {"explain", "predict"}
    example = load_example("support-tickets")
    columns = guess_columns(example.frame, TASKS[0].roles)
    save(example, name="support-tickets", task=TASKS[0].slug, columns=columns, split=SplitPlan())
    place.mkdir(parents=True, exist_ok=True)
    app = start_app(home)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
            )
            for theme in ("light", "dark"):
                for width, height in SIZES:
                    context = browser.new_context(
                        viewport={"width": width, "height": height}, color_scheme=theme
                    )
                    page = context.new_page()
                    for name, path in PAGES.items():
                        picture = f"{name}-{width}-{theme}"
                        if only is not None and picture not in only:
                            continue
                        run = tickets if name in of_rows else other
                        address = f"?run={run.id}&data={run.spec.data.dataset}"
                        page.goto(
                            f"{app.url}{path}{'?data=support-tickets@1' if name == 'data' else address}"
                        )
                        settle(page)
                        if name == "predict":
                            page.get_by_label("Text", exact=True).fill(
                                "I was charged twice for the same order."
                            )
                            page.get_by_role("button", name="Predict").first.click()
                            page.get_by_text("How likely is each label?").wait_for(timeout=90_000)
                        page.wait_for_timeout(1_500)
                        settle(page)
                        page.screenshot(path=place / f"{picture}.png")
                    context.close()
            browser.close()
    finally:
        stop_app(app)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        take(Path(sys.argv[1]), Path(sys.argv[2]), only=None)
    else:
        take(Path(sys.argv[1]), PLACE, only=SHOWN)
