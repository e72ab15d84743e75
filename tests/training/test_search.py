"""A search tries options on the validation rows, then trains as a plain run with the best of them would."""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from lib.analysis.trials import Trial
from lib.plan.planner import plan_run
from lib.runs.folder import RunFolder, create_run
from lib.runs.queue import start_waiting_runs
from lib.runs.spec import DataSpec, Spec
from lib.training.progress import Progress
from lib.training.proposals import propose
from lib.training.search import Watch, chosen_spec, heading, try_options
from tests.training.test_resume import wait, weights

SPACES: dict[str, Any] = {
    "learning_rate": {"low": 1e-4, "high": 1e-2, "log": True},
    "batch_size": {"choices": [4, 8]},
}
OWN = {"learning_rate": 1e-3, "batch_size": 8}


def wish(csv_file: Path, model: Path, **parts: Any) -> Spec:
    options = {"epochs": 2, "batch_size": 8, "learning_rate": 3e-4, "patience": 0, **parts.pop("options", {})}
    return Spec(
        task="text-classification",
        data=DataSpec(file=str(csv_file)),
        model=f"folder:{model}",
        options=options,
        search={
            "trials": 4,
            "minutes": 60,
            "over": ["learning_rate", "batch_size"],
            **parts.pop("search", {}),
        },
        **parts,
    )


def started(spec: Spec) -> RunFolder:
    run = create_run(plan_run(spec).spec)
    assert start_waiting_runs() == [run]
    return run


def wait_for_end(run: RunFolder) -> None:
    wait(run, lambda: not run.state().is_active, seconds=280)


def told(run: RunFolder) -> Progress:
    return Progress(run, device="cpu")


def ticking(step: float = 1.0) -> Callable[[], float]:
    """A clock that is later by so many seconds each time it is looked at."""
    looks = iter(range(10**9))
    return lambda: next(looks) * step


def trial(number: int, value: float | None, *, rate: float, outcome: str = "finished") -> Trial:
    values = () if value is None else (value / 2, value)
    return Trial(number, outcome, {"learning_rate": rate, "batch_size": 8}, values, value, seconds=1.0)


# --- what is tried next


def test_the_first_trial_is_the_runs_own_options() -> None:
    first = propose([], SPACES, OWN, seed=1, higher_is_better=True)
    assert first is not None and first.options == OWN


def test_what_is_proposed_depends_on_the_trials_so_far_and_the_seed_alone() -> None:
    def proposed(seed: int) -> list[dict[str, Any]]:
        trials: list[Trial] = []
        for number in range(1, 9):
            found = propose(trials, SPACES, OWN, seed=seed, higher_is_better=True)
            assert found is not None
            trials.append(Trial(number, "finished", found.options, (0.5,), 0.1 * (number % 3), seconds=1.0))
        return [dict(item.options) for item in trials]

    assert proposed(1) == proposed(1)
    assert proposed(1) != proposed(2)


def test_what_is_proposed_lies_in_the_spaces_and_is_new_each_time() -> None:
    trials: list[Trial] = []
    for number in range(1, 21):
        found = propose(trials, SPACES, OWN, seed=3, higher_is_better=False)
        assert found is not None
        assert 1e-4 <= found.options["learning_rate"] <= 1e-2
        assert found.options["batch_size"] in (4, 8)
        assert found.options not in [item.options for item in trials]
        trials.append(Trial(number, "finished", found.options, (1.0,), 1.0, seconds=1.0))


def test_a_small_space_that_was_tried_completely_ends_the_search() -> None:
    spaces = {"batch_size": {"choices": [4, 8]}}
    trials = [Trial(n, "finished", {"batch_size": size}, (0.5,), 0.5) for n, size in ((1, 8), (2, 4))]
    assert propose(trials[:1], spaces, {"batch_size": 8}, seed=0, higher_is_better=True) is not None
    assert propose(trials, spaces, {"batch_size": 8}, seed=0, higher_is_better=True) is None


@pytest.mark.parametrize("higher", [True, False])
def test_later_trials_come_nearer_to_what_was_good(higher: bool) -> None:
    """Scores have their best in the middle of six powers of ten; at random, half of the trials are within 1.5."""
    from math import log10
    from statistics import median

    spaces = {"learning_rate": {"low": 1e-6, "high": 1.0, "log": True}}
    trials: list[Trial] = []
    for number in range(1, 41):
        found = propose(trials, spaces, {"learning_rate": 1e-5}, seed=5, higher_is_better=higher)
        assert found is not None
        away = abs(log10(found.options["learning_rate"]) + 3)
        value = -away if higher else away
        trials.append(Trial(number, "finished", found.options, (value,), value))
    distances = [abs(item.value or 0.0) for item in trials]
    assert median(distances[20:]) < 0.8


@pytest.mark.parametrize(
    ("values", "behind"),
    [([0.1], True), ([0.9], False), ([0.9, 0.1], False), ([0.1, 0.1], True)],
    ids=["worse", "better", "once better", "worse twice"],
)
def test_a_trial_is_given_up_when_its_best_is_below_the_median_of_the_others(
    values: list[float], behind: bool
) -> None:
    trials = [trial(n, value, rate=n * 1e-3) for n, value in ((1, 0.8), (2, 0.7), (3, 0.9))]
    proposal = propose(trials, SPACES, OWN, seed=0, higher_is_better=True)
    assert proposal is not None
    answers = [proposal.falls_behind(values[: place + 1]) for place in range(len(values))]
    assert answers[-1] is behind


def test_nothing_is_given_up_before_three_trials_were_trained_to_the_end() -> None:
    trials = [trial(1, 0.8, rate=1e-3), trial(2, 0.9, rate=2e-3)]
    proposal = propose(trials, SPACES, OWN, seed=0, higher_is_better=True)
    assert proposal is not None and not proposal.falls_behind([0.0])


def test_the_heading_says_which_trial_it_is_and_the_best_so_far() -> None:
    from lib.tasks import find_task

    main = find_task("text-classification").main_score
    assert heading([], 8, main) == "trial 1 of 8"
    trials = [trial(1, 0.7, rate=1e-3), trial(2, 0.7834, rate=2e-3)]
    assert heading(trials, 8, main) == "trial 3 of 8, best macro-F1 0.783 so far"


# --- real searches


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory, tiny_encoder: Path) -> Any:
    """A finished run with a search, in a home of its own, and a plain run with the options that it found."""
    from lib.settings import get_settings
    from tests.conftest import write_rows

    root = tmp_path_factory.mktemp("searched")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATELIER_HOME", str(root / "home"))
        get_settings.cache_clear()
        run = started(wish(write_rows(root / "moods.csv"), tiny_encoder))
        wait_for_end(run)
        assert run.state().state == "succeeded", run.read_log()
        best = (run.result() or {})["search"]["best"]["options"]
        plain = started(wish(root / "moods.csv", tiny_encoder, options=best).changed(search=None))
        wait_for_end(plain)
        assert plain.state().state == "succeeded", plain.read_log()
    get_settings.cache_clear()
    return run, plain


def test_the_run_ends_with_the_weights_and_scores_of_a_plain_run_with_the_best_options(searched: Any) -> None:
    run, plain = searched
    found, expected = run.result() or {}, plain.result() or {}
    for part in ("scores", "intervals", "baselines", "steps", "best_step", "rows"):
        assert found[part] == expected[part], part
    assert weights(run) == weights(plain)
    assert [(r["step"], r["name"], r["value"]) for r in run.read_metrics()] == [
        (r["step"], r["name"], r["value"]) for r in plain.read_metrics()
    ]


def test_the_best_options_are_never_worse_on_validation_than_the_runs_own(searched: Any) -> None:
    run, _ = searched
    report = (run.result() or {})["search"]
    first = report["trials"][0]
    assert first["options"] == {"learning_rate": 3e-4, "batch_size": 8}
    assert report["gain"] == pytest.approx(report["best"]["value"] - first["value"])
    assert report["gain"] >= 0


def test_what_the_trial_saw_is_what_the_training_sees_again(searched: Any) -> None:
    run, _ = searched
    best = (run.result() or {})["search"]["best"]
    curve = [
        record["value"]
        for record in run.read_metrics()
        if (record["split"], record["name"]) == ("validation", "macro_f1")
    ]
    assert best["values"] == pytest.approx(curve[: len(best["values"])])
    assert best["value"] == max(best["values"])
    low, high = best["interval"]
    assert low <= best["value"] <= high


def test_trials_are_kept_as_lines_that_anyone_can_read_and_nothing_else_of_them_stays(searched: Any) -> None:
    run, _ = searched
    lines = [json.loads(line) for line in run.trials_path.read_text().splitlines()]
    assert lines == (run.result() or {})["search"]["trials"]
    assert [line["trial"] for line in lines] == [1, 2, 3, 4]
    assert {line["outcome"] for line in lines} <= {"finished", "pruned"}
    assert not run.checkpoints_path.exists()


def test_the_model_card_repeats_the_run_without_a_search_and_says_that_there_was_one(searched: Any) -> None:
    run, _ = searched
    card = (run.model_path / "README.md").read_text()
    assert "4 trials" in card
    assert "search:" not in card


def test_the_test_rows_are_not_looked_at_before_the_search_is_over(
    home: Path, csv_file: Path, tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every row that is scored while options are tried is a validation row."""
    from lib.tasks.text_classification import TextClassification

    run = create_run(plan_run(wish(csv_file, tiny_encoder, search={"trials": 2})).spec)
    scored: list[Any] = []
    evaluate = TextClassification.evaluate

    def listening(self: Any, model: Any, processor: Any, rows: Any, *more: Any, **how: Any) -> Any:
        scored.append(rows)
        return evaluate(self, model, processor, rows, *more, **how)

    monkeypatch.setattr(TextClassification, "evaluate", listening)
    spec = chosen_spec(run, told(run))
    assert spec is not None and spec.search is None
    from lib.plan.run_rows import load_rows
    from lib.tasks import find_task

    frames = load_rows(run.spec, find_task("text-classification")).frames
    assert len(scored) == 2 * 2
    assert {row for rows in scored for row in rows.index} == set(frames["validation"].index)


def test_a_search_that_is_killed_goes_on_with_the_trials_it_has_and_ends_the_same(
    searched: Any, home: Path, csv_file: Path, tiny_encoder: Path
) -> None:
    uninterrupted, _ = searched
    run = started(wish(csv_file, tiny_encoder))
    wait(run, lambda: len(run.trials()) >= 2, seconds=280)
    os.kill(run.state().pid or 0, signal.SIGKILL)
    wait(run, lambda: run.state().state == "lost", seconds=10)
    with run.trials_path.open("a") as file:
        file.write('{"trial": 3, "outc')  # as a killed worker leaves it
    before = run.trials()

    run.request_resume()
    assert start_waiting_runs() == [run]
    wait_for_end(run)

    assert run.state().state == "succeeded", run.read_log()
    assert len(before) < 4 and run.trials()[: len(before)] == before
    assert without_times(run.trials()) == without_times(uninterrupted.trials())
    assert weights(run) == weights(uninterrupted)


def without_times(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in record.items() if name != "seconds"} for record in records]


def test_a_stopped_search_keeps_its_trials_and_trains_nothing_more(
    home: Path, csv_file: Path, tiny_encoder: Path
) -> None:
    run = started(wish(csv_file, tiny_encoder, search={"trials": 50}))
    wait(run, lambda: len(run.trials()) >= 1, seconds=280)
    run.request_stop()
    wait_for_end(run)
    assert run.state().state == "stopped"
    assert (run.state().step, run.state().total_steps) == (0, 0)
    assert 1 <= len(run.trials()) < 50 and run.result() is None
    assert not run.model_path.exists()


def test_the_search_ends_with_its_minutes_and_the_trial_that_goes_on_then_is_cut(
    home: Path, csv_file: Path, tiny_encoder: Path
) -> None:
    """Counted in looks at the clock, one a step and a few a trial: 96 rows in batches of 8 are 24 steps a trial."""
    run = create_run(
        plan_run(wish(csv_file, tiny_encoder, search={"minutes": 1, "over": ["learning_rate"]})).spec
    )
    assert chosen_spec(run, told(run), clock=ticking()) is not None
    trials = run.trials()
    assert [record["outcome"] for record in trials] == ["finished", "finished", "cut"]
    assert trials[0]["steps"] == trials[1]["steps"] == 24
    assert trials[2]["steps"] == 60 - 2 * 25
    assert sum(record["seconds"] for record in trials) >= 60


def test_a_resumed_search_whose_minutes_are_over_tries_nothing_more(
    home: Path, csv_file: Path, tiny_encoder: Path
) -> None:
    run = create_run(plan_run(wish(csv_file, tiny_encoder, search={"minutes": 1})).spec)
    best = Trial(1, "cut", {"learning_rate": 5e-4, "batch_size": 4}, (0.9,), 0.9, seconds=61.0)
    run.trials_path.write_text(json.dumps(best.to_json()) + "\n")
    spec = chosen_spec(run, told(run), attempt=never)
    assert spec is not None
    assert (spec.options["learning_rate"], spec.options["batch_size"]) == (5e-4, 4)


def never(*_: Any) -> None:
    raise AssertionError("nothing may be tried")


def test_a_trial_that_is_behind_is_given_up_and_written_down_as_pruned(
    home: Path, csv_file: Path, tiny_encoder: Path
) -> None:
    """Three good trials are known; the next one is real and learns next to nothing in its first epoch."""
    space = {"learning_rate": {"low": 1e-7, "high": 1e-6, "log": True}}
    own = wish(csv_file, tiny_encoder, options={"learning_rate": 1e-7}, search={"trials": 4, "over": space})
    run = create_run(plan_run(own).spec)
    known = [
        Trial(n, "finished", {"learning_rate": n * 1e-7}, (0.99, 1.0), 1.0, seconds=1.0) for n in (1, 2, 3)
    ]
    run.trials_path.write_text("".join(json.dumps(item.to_json()) + "\n" for item in known))
    chosen_spec(run, told(run))
    last = run.trials()[-1]
    assert (last["trial"], last["outcome"], last["steps"]) == (4, "pruned", 12)
    assert len(last["values"]) == 1 and last["value"] == last["values"][0] < 0.99


def test_a_trial_that_diverges_is_written_down_and_never_chosen(
    home: Path, csv_file: Path, tiny_encoder: Path
) -> None:
    run = create_run(plan_run(wish(csv_file, tiny_encoder, search={"trials": 2})).spec)

    def breaking(run: RunFolder, spec: Spec, progress: Progress, watch: Watch) -> None:
        if spec.options["learning_rate"] == 3e-4:
            try_options(run, spec, progress, watch)
        else:
            watch.validated(0.999, watch.judged)  # type: ignore[arg-type]
            watch.validated(float("nan"), watch.judged)  # type: ignore[arg-type]

    spec = chosen_spec(run, told(run), attempt=breaking)
    assert [record["outcome"] for record in run.trials()] == ["finished", "diverged"]
    assert spec is not None and spec.options["learning_rate"] == 3e-4


def test_a_methods_own_options_are_searched_too(home: Path, csv_file: Path, tiny_encoder: Path) -> None:
    asked = wish(csv_file, tiny_encoder, method={"name": "lora"}, search={"trials": 3, "over": ["rank"]})
    run = create_run(plan_run(asked).spec)
    spec = chosen_spec(run, told(run))
    ranks = [record["options"]["rank"] for record in run.trials()]
    assert ranks[0] == 16 and len(set(ranks)) == 3
    assert spec is not None and spec.method["rank"] in ranks and "rank" not in spec.options


class Killed(BaseException):
    """The end of a worker in the middle of a trial."""


def reckoned(killed_in: int | None = None) -> Callable[..., None]:
    """Trials whose score follows from the learning rate alone, so that a search takes no time; one may be killed."""
    begun = iter(range(1, 1_000))

    def attempt(run: RunFolder, spec: Spec, progress: Progress, watch: Watch) -> None:
        if next(begun) == killed_in:
            raise Killed
        value = 1 - abs(spec.options["learning_rate"] - 8e-4) * 100
        for part in (0.5, 1.0):
            watch.validated(value * part, pd.DataFrame())
            if part < 1 and watch.falls_behind():
                return

    return attempt


def test_a_search_killed_in_any_trial_tries_and_finds_what_an_uninterrupted_one_does(
    home: Path, csv_file: Path, tiny_encoder: Path
) -> None:
    planned = plan_run(wish(csv_file, tiny_encoder, search={"trials": 8})).spec
    whole = create_run(planned)
    expected = chosen_spec(whole, told(whole), attempt=reckoned())
    outcomes = {record["outcome"] for record in whole.trials()}
    assert len(whole.trials()) == 8 and outcomes == {"finished", "pruned"}
    for killed_in in (1, 5, 8):
        run = create_run(planned)
        with pytest.raises(Killed):
            chosen_spec(run, told(run), attempt=reckoned(killed_in))
        with run.trials_path.open("a") as file:
            file.write('{"trial": 99, "outc')  # as a killed worker may leave it
        assert chosen_spec(run, told(run), attempt=reckoned()) == expected
        assert without_times(run.trials()) == without_times(whole.trials())
