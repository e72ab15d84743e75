"""Runs: the trials of a search, and the spread over seeds."""

import json
import os
import time
from typing import Any

import psutil

from lib.analysis.trials import Trial, search_report
from lib.runs.folder import RunFolder, create_run
from lib.runs.state import State
from tests.pages.test_runs_page import RESULT, SPEC, no_queue, open_page, words  # noqa: F401

SEARCH = {
    "trials": 8,
    "minutes": 20,
    "over": {
        "learning_rate": {"low": 1e-5, "high": 1e-3, "log": True},
        "batch_size": {"choices": [8, 16]},
    },
}
TRIALS = [
    Trial(1, "finished", {"learning_rate": 1e-4, "batch_size": 16}, (0.6, 0.7), 0.7, (0.66, 0.74), 20, 60.0),
    Trial(2, "pruned", {"learning_rate": 1e-5, "batch_size": 8}, (0.3,), 0.3, (0.2, 0.4), 10, 30.0),
    Trial(
        3, "finished", {"learning_rate": 3e-4, "batch_size": 16}, (0.7, 0.78), 0.78, (0.74, 0.82), 20, 60.0
    ),
]


def make(state: str, trials: list[Trial] = TRIALS, *, result: bool = False, **parts: Any) -> RunFolder:
    run = create_run(SPEC.changed(search=SEARCH))
    now = time.time()
    told = {"queued": now, "started": now - 60, "updated": now, **parts}
    run.write_state(State(state=state, **told))
    run.trials_path.write_text("".join(json.dumps(trial.to_json()) + "\n" for trial in trials))
    if result:
        found = search_report(trials, score="macro_f1", higher_is_better=True, rows=12)
        (run.path / "result.json").write_text(json.dumps(RESULT | {"search": found}))
    return run


def test_a_search_that_goes_on_says_which_trial_it_is_and_how_long_it_takes() -> None:
    run = make(
        "running",
        pid=os.getpid(),
        process_started=psutil.Process().create_time(),
        phase="trial 4 of 8, best macro-F1 0.78 so far: training",
        step=5,
        total_steps=20,
        eta_seconds=300.0,
    )
    app = open_page(run=run.id)
    assert "Trial 4 of 8, best macro-F1 0.78 so far: training · step 5 of 20 · about 5 minutes left" in words(
        app
    )
    assert "3 trials of at most 8 done in 2 min of at most 20 min." in words(app)
    assert list(app.dataframe[0].value["How it ended"]) == [
        "to the end",
        "given up early",
        "to the end",
    ]
    assert list(app.dataframe[0].value["Learning rate"]) == ["0.0001", "1e-05", "0.0003"]


def test_before_its_first_trial_is_over_it_says_what_will_be_there() -> None:
    run = make("queued", [])
    assert "The first one is the run's own options." in words(open_page(run=run.id))


def test_a_finished_search_says_what_it_won_and_that_the_winner_is_flattered() -> None:
    run = make("succeeded", result=True, finished=time.time())
    app = open_page(run=run.id)
    assert "Of 3 trials, number 3 did best: macro-F1 0.780 on 12 validation rows, against 0.700" in words(app)
    assert "its score there flatters it" in words(app)
    assert len(app.get("plotly_chart")) == 1


def test_a_search_that_was_stopped_says_where_it_goes_on() -> None:
    run = make("stopped", finished=time.time())
    assert "Resume goes on after the 3 trials that the search has done." in words(open_page(run=run.id))


def test_lines_that_another_program_left_in_the_trials_are_passed_over() -> None:
    run = make("stopped", finished=time.time())
    with run.trials_path.open("a") as file:
        file.write('{"trial": 4}\n[1]\nhalf a li')
    assert "3 trials of at most 8" in words(open_page(run=run.id))


def finished(seed: int, value: float, **parts: Any) -> RunFolder:
    spec = SPEC.changed(name=f"moods, seed {seed}", options={**SPEC.options, "seed": seed}, **parts)
    run = create_run(spec)
    now = time.time()
    run.write_state(State(state="succeeded", queued=now, started=now, finished=now))
    scores = {"test": {"macro_f1": value, "accuracy": value}}
    interval = {"test": {"macro_f1": [value - 0.03, value + 0.03]}}
    (run.path / "result.json").write_text(json.dumps(RESULT | {"scores": scores, "intervals": interval}))
    return run


def test_runs_that_differ_in_the_seed_show_their_spread_and_what_it_means() -> None:
    run = finished(1, 0.70)
    finished(2, 0.72)
    finished(3, 0.77)
    finished(4, 0.10, model="starter:other")
    app = open_page(run=run.id)
    assert "The same run with other seeds" in words(app)
    assert "Over 3 seeds macro-F1 is 0.73 on average" in words(app)
    assert "may differ by the seed alone" in words(app)
    assert len(app.get("plotly_chart")) == 1


def test_one_seed_alone_shows_no_spread() -> None:
    run = finished(1, 0.7)
    assert "other seeds" not in words(open_page(run=run.id))


def test_with_one_seed_done_and_others_waiting_it_says_what_is_to_come() -> None:
    run = finished(1, 0.7)
    create_run(SPEC.changed(options={**SPEC.options, "seed": 2}))
    assert "When two of these runs have finished" in words(open_page(run=run.id))
