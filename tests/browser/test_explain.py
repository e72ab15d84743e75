"""Clicking through a model's attention in a real browser, over the host with a real tiny model."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import App, settle
from tests.pages.fake_finished_runs import finished_run


@pytest.fixture
def run(app: App, tiny_encoder: Path) -> str:
    """A finished run whose model is an untrained BERT of two layers of two heads."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    made = finished_run(rows=40, texts=("the tea was wonderful <script>window.hit = 1</script> today",))
    labels = ["anger", "joy", "sadness"]
    torch.manual_seed(0)
    model = AutoModelForSequenceClassification.from_pretrained(
        tiny_encoder,
        num_labels=3,
        id2label=dict(enumerate(labels)),
        label2id={label: n for n, label in enumerate(labels)},
    )
    model.save_pretrained(made.model_path)
    AutoTokenizer.from_pretrained(tiny_encoder).save_pretrained(made.model_path)
    about = json.loads((made.model_path / "atelier.json").read_text())
    about["target"]["counts"] = dict.fromkeys(labels, 10)
    (made.model_path / "atelier.json").write_text(json.dumps(about))
    return made.id


def click_inside(page: Page, key: str, x: float, y: float) -> None:
    """Click a chart's drawing at shares of its width and height."""
    plot = page.locator(f".st-key-{key} .nsewdrag").first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * x - 3, box["y"] + box["height"] * y)
    page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
    page.mouse.click(box["x"] + box["width"] * x, box["y"] + box["height"] * y)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_click_on_a_head_and_on_a_row_opens_them_and_the_link_reopens_both(
    app: App, run: str, window: Page
) -> None:
    sizes: list[int] = []
    window.on("websocket", lambda socket: socket.on("framereceived", lambda data: sizes.append(len(data))))
    # The host starts, imports torch and loads the model: minutes where the machine is busy.
    window.set_default_timeout(300_000)
    window.goto(f"{app.url}/Explain?run={run}&split=test&row=30")
    window.get_by_text("Layer 2, head 1: who reads from whom").wait_for()
    settle(window)
    # The second head of the first layer: right and upper half.
    click_inside(window, "attention-mosaic", 0.75, 0.25)
    window.get_by_text("Layer 1, head 2: who reads from whom").wait_for()
    assert "layer=1" in window.url and "head=2" in window.url
    settle(window)
    click_inside(window, "attention-head", 0.6, 0.12)
    window.wait_for_function("location.search.includes('token=')")
    settle(window)
    address = window.url
    window.goto(address)
    window.get_by_text("Layer 1, head 2: who reads from whom").wait_for()
    settle(window)
    assert window.url == address
    assert window.evaluate("window.hit") is None
    assert max(sizes) < 5_000_000
    assert window.evaluate("document.querySelectorAll('*').length") < 15_000
