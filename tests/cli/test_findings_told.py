"""The terminal says what the doctor finds, as the page does."""

import json
from pathlib import Path

import pytest

from lib.__main__ import main
from lib.errors import Problem
from lib.runs.files import write_json
from lib.runs.folder import RunFolder, create_run
from lib.runs.spec import DataSpec, Spec
from lib.runs.state import State
from tests.analysis.curves import OPTIONS, flat, records


@pytest.fixture
def run(home: Path) -> RunFolder:
    return create_run(
        Spec("text-classification", DataSpec(dataset="moods@1"), "starter:minilm-l6", options=OPTIONS)
    )


def test_a_run_that_failed_is_shown_with_what_to_change(
    run: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    died = Problem("The training loss became nan at step 51.", "options.learning_rate", code="diverged")
    with run.metrics_path.open("w") as file:
        file.writelines(json.dumps(record) + "\n" for record in records([1.39, *flat(6.0, 50)]))
    run.write_state(State(state="failed", step=51, total_steps=200, problems=[died.to_json()]))
    main(["runs", "show", run.id])
    shown = capsys.readouterr().out
    assert (
        "error: The training loss became nan at step 51. Train again with a learning rate of 3e-5." in shown
    )


def test_findings_of_a_finished_run_are_in_the_json(
    run: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = Problem(
        "Many texts are cut.", code="truncated", severity="warning", changes={"options": {"max_length": 256}}
    )
    write_json(run.path / "result.json", {"problems": [kept.to_json()]})
    run.write_state(State(state="succeeded"))
    main(["runs", "show", run.id, "--json"])
    assert json.loads(capsys.readouterr().out)["findings"] == [kept.to_json()]
