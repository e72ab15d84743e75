"""A run in words, for every state."""

from pathlib import Path

import pytest

from lib.runs.folder import RunFolder
from lib.runs.spec import DataSpec, Spec
from lib.runs.state import State
from lib.ui.run_words import (
    ending_words,
    list_state,
    log_words,
    look,
    matches,
    model_title,
    running_words,
    waiting_words,
)
from lib.ui.runs_list import RunLine

SPEC = Spec(
    "text-classification", DataSpec(dataset="tweets@1"), "starter:minilm-l6", options={"preset": "quick"}
)


def line(state: str, *, result: dict | None = None, spec: Spec | None = SPEC, **parts: object) -> RunLine:
    told = State(state=state, total_steps=100, step=40, **parts)  # type: ignore[arg-type]
    return RunLine(RunFolder(Path("/nowhere/20260101-a")), "tweets", told, spec, result or {})


@pytest.mark.parametrize(
    ("before", "running", "said"),
    [
        (0, 0, "Next in line. It starts in a moment."),
        (0, 1, "Next in line."),
        (1, 1, "1 run in"),
        (3, 1, "3 runs in"),
    ],
)
def test_a_waiting_run_says_its_place(before: int, running: int, said: str) -> None:
    assert waiting_words(before, running).startswith(said)


def test_a_running_run_says_phase_step_and_time_left() -> None:
    assert running_words(line("running", phase="training", eta_seconds=120)) == (
        "Training · step 40 of 100 · about 2 minutes left"
    )


def test_a_run_without_steps_yet_says_only_what_it_does() -> None:
    early = RunLine(RunFolder(Path("/nowhere/a")), "a", State("running", phase="reading the data"), SPEC)
    assert running_words(early) == "Reading the data"


@pytest.mark.parametrize(
    ("state", "checkpoint", "result", "said"),
    [
        ("stopped", 40, {"scores": {}, "run": "a"}, "is kept and was scored. Resume goes on from step 40."),
        ("stopped", None, None, "had learned nothing to keep yet. Resume starts it from the beginning."),
        ("failed", 20, None, "Failed at step 40 of 100"),
        ("lost", 20, None, "The process of this run is gone at step 40 of 100"),
        ("lost", 20, None, "Resume goes on from step 20."),
        ("succeeded", None, {"run": "a"}, "Finished"),
    ],
)
def test_how_a_run_ended_and_what_to_do(
    state: str, checkpoint: int | None, result: dict | None, said: str
) -> None:
    assert said in ending_words(line(state, result=result, finished=1.0, started=0.0), checkpoint=checkpoint)


def test_an_early_end_says_which_model_was_kept() -> None:
    ended = line("succeeded", result={"steps": 60, "best_step": 40}, finished=1.0)
    assert "ended early, at step 60 of 100" in ending_words(ended, checkpoint=None)
    assert "step 40" in ending_words(ended, checkpoint=None)


def test_a_run_without_a_spec_is_damaged() -> None:
    damaged = line("failed", spec=None)
    assert damaged.standing == "damaged"
    assert not damaged.active
    assert look(damaged.standing).word == "Damaged"


def test_a_resumed_run_does_not_show_the_scores_of_its_last_stop() -> None:
    assert line("stopped", result={"run": "a"}).has_result
    assert not line("running", result={"run": "a"}).has_result


def test_a_list_shows_the_share_done() -> None:
    assert list_state(line("running")) == "Running, 40 %"
    assert list_state(line("failed")) == "Failed"


def test_log_loses_colours_and_lines_drawn_over_and_is_cut_to_its_end() -> None:
    text = "\x1b[1mBold\x1b[0m\n10 %\r50 %\r100 %\r\n" + "\n".join(f"line {number}" for number in range(300))
    shown = log_words(text, lines=301).split("\n")
    assert shown[0] == "100 %"
    assert log_words("\x1b[1mBold\x1b[0m") == "Bold"
    assert log_words(text, lines=3) == "line 297\nline 298\nline 299"


@pytest.mark.parametrize(
    ("wanted", "standings", "found"),
    [("", [], True), ("TWEETS", [], True), ("  minilm-l6 ·  tweets", [], True), ("mars", [], False),
     ("", ["failed"], True), ("", ["running"], False)],
)  # fmt: skip
def test_filter_looks_at_name_data_model_and_state(wanted: str, standings: list[str], found: bool) -> None:
    assert matches(line("failed"), wanted, standings) is found


@pytest.mark.parametrize(
    ("ref", "title"),
    [
        ("starter:minilm-l6", "MiniLM-L6"),
        ("starter:smollm2-135m-instruct", "SmolLM2-135M-Instruct"),
        ("scratch:bert-tiny", "BERT tiny (untrained)"),
        ("scratch:gone", "gone"),
        ("folder:/models/bert", "bert"),
        ("run:x", "run x"),
        ("hub:a/b", "hub:a/b"),
    ],
)
def test_model_references_have_names(ref: str, title: str) -> None:
    assert model_title(ref) == title


def test_a_finished_run_is_held_against_what_was_said_before_it() -> None:
    spec = Spec("text-classification", DataSpec(dataset="d@1"), "starter:minilm-l6")
    spec = spec.changed(estimate={"memory_mb": 1400, "seconds": [118, 241], "measured": False})
    state = State("succeeded", started=0.0, finished=180.0)
    line = RunLine(RunFolder(Path("/r")), "r", state, spec, {"peak_memory_mb": 1500})
    said = ending_words(line, checkpoint=None)
    assert "About 2 to 4 minutes and 1.4 GB were predicted before the start; it needed 1.5 GB." in said
