"""Ways to teach, chosen with the mouse alone: an adapter; a student with its teacher and its control."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from lib.data.examples import EXAMPLES
from lib.models.adapted import is_adapter
from lib.plan.planner import plan_run
from lib.runs.folder import RunFolder, create_run, list_runs
from lib.runs.spec import DataSpec, Spec
from tests.browser.conftest import App, settle
from tests.browser.test_every_task_by_hand import no_fault
from tests.browser.test_whole_path import predict_one, press, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]


@pytest.fixture
def teacher(app: App, window: Page) -> RunFolder:
    """A quick classifier of the bundled tickets, trained by the app's own queue."""
    example = next(item for item in EXAMPLES if item.name == "support-tickets")
    wish = Spec("text-classification", DataSpec(file=str(example.path)), "starter:minilm-l6", name="The teacher",
                options={"preset": "quick", "epochs": 3})  # fmt: skip
    window.goto(app.url)
    run = create_run(plan_run(wish).spec)
    wait_for_end(run)
    return run


def wait_for_end(run: RunFolder) -> None:
    wait_for(lambda: not run.state().is_active, seconds=600, words=f"{run.id} did not end")
    assert run.state().state == "succeeded", run.read_log()


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_role("combobox", name=re.compile(label)).first.click()
    page.get_by_role("option", name=option, exact=True).click()
    settle(page)


def test_an_adapter_is_chosen_trained_and_asked(app: App, window: Page, teacher: RunFolder) -> None:
    page = window
    page.goto(f"{app.url}/Train?data={teacher.spec.data.dataset}")
    settle(page)
    choose(page, "How it learns", "LoRA")
    expect(page.get_by_text(re.compile("Train an adapter on MiniLM-L6"))).to_be_visible()
    page.get_by_text("Quick look", exact=True).click()
    settle(page)
    press(page, "Start training")
    page.wait_for_url(re.compile("/Runs.*run="))
    run = list_runs()[0]
    assert run.spec.method["name"] == "lora"
    wait_for_end(run)
    assert is_adapter(run.model_path)
    press(page, "Look at its mistakes")
    page.wait_for_url(re.compile("/Evaluate.*run="))
    settle(page)
    predict_one(page)
    no_fault(page, app.home)


def test_a_student_is_distilled_and_compared_with_its_teacher_and_its_control(
    app: App, window: Page, teacher: RunFolder
) -> None:
    page = window
    page.goto(f"{app.url}/Train?data={teacher.spec.data.dataset}")
    settle(page)
    choose(page, "How it learns", "Distillation")
    # The teacher and half of its layers are proposed: nothing needs to be typed.
    expect(page.get_by_role("combobox", name=re.compile("Teacher"))).to_have_value(
        re.compile("The teacher.*Macro-F1")
    )
    expect(page.get_by_text(re.compile("Distil into 3 layers of “The teacher”"))).to_be_visible()
    page.get_by_text("Quick look", exact=True).click()
    settle(page)
    press(page, "Start training")
    page.wait_for_url(re.compile("/Runs.*run="))
    wait_for(lambda: len(list_runs()) == 3, seconds=30, words="the control was not queued")
    control, student = list_runs()[:2]
    if student.spec.parent:
        student, control = control, student
    assert (student.spec.model, control.spec.parent) == ("cut:3", student.id)
    wait_for_end(student)
    wait_for_end(control)

    page.goto(f"{app.url}/Evaluate?run={student.id}")
    settle(page)
    expect(page.get_by_text(re.compile("keeps .* of the teacher")).first).to_be_visible()
    expect(page.get_by_text(re.compile("without (a|the) teacher")).first).to_be_visible()
    no_fault(page, app.home)


def test_without_a_teacher_the_page_says_how_to_get_one(app: App, window: Page) -> None:
    page = window
    page.goto(f"{app.url}/Data")
    settle(page)
    page.get_by_role("button", name="Support tickets").first.click()
    settle(page)
    press(page, "Save the data set")
    press(page, "Train a model on this")
    choose(page, "How it learns", "Distillation")
    expect(page.get_by_text("There is no teacher yet.", exact=False)).to_be_visible()
    expect(page.get_by_role("button", name="Start training")).to_be_disabled()


def test_the_methods_offered_are_those_that_serve_the_task(app: App, window: Page, tmp_path: Path) -> None:
    page = window
    page.goto(f"{app.url}/Data")
    settle(page)
    page.get_by_role("button", name="Chats with a pottery studio").first.click()
    settle(page)
    press(page, "Save the data set")
    press(page, "Train a model on this")
    page.get_by_role("combobox", name=re.compile("How it learns")).first.click()
    offered = page.get_by_role("option").all_inner_texts()
    assert "QLoRA" in offered and "Head only" not in offered
