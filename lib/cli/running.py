"""`train` and `estimate`: a run from a spec file, followed to its end; and what it would cost."""

import argparse
import json
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from lib.analysis.seeds import spread, spread_words
from lib.analysis.trials import search_verdict
from lib.methods import find_method
from lib.plan.checkup import checkup
from lib.plan.control import control_of
from lib.plan.fitting import memory_problems
from lib.plan.planner import Plan, plan_run
from lib.plan.search import with_search
from lib.plan.seeds import check_seeds, seeded
from lib.runs.folder import RunFolder, create_run
from lib.runs.queue import start_waiting_runs
from lib.runs.spec import read_spec

EXIT_CODES = {"succeeded": 0, "failed": 1, "lost": 1, "stopped": 130}
SECONDS_BETWEEN_LOOKS = 0.5


def add_commands(commands: Any) -> None:
    """Register the commands."""
    train = commands.add_parser("train", help="train a model as a spec says and follow the run to its end")
    train.add_argument("spec", type=Path, metavar="SPEC.yaml")
    train.add_argument("--name", help="the run's name, instead of the spec's")
    train.add_argument(
        "--control",
        action="store_true",
        help="of a distilled run: also queue the same student without its teacher",
    )
    train.add_argument(
        "--seeds",
        type=int,
        default=1,
        metavar="K",
        help="train K runs that differ in the seed alone, and say how much the score varies",
    )
    train.set_defaults(run=run_train)
    estimate = commands.add_parser("estimate", help="memory and time of a run before it starts")
    estimate.add_argument("spec", type=Path, metavar="SPEC.yaml")
    estimate.add_argument(
        "--measure", action="store_true", help="make the run in miniature instead of a formula"
    )
    estimate.set_defaults(run=run_estimate)


def _planned(options: argparse.Namespace) -> Plan:
    wish = read_spec(options.spec)
    plan = plan_run(replace(wish, name=getattr(options, "name", None) or wish.name))
    for problem in plan.problems:
        print(f"note: {problem}", file=sys.stderr)
    return plan


def run_train(options: argparse.Namespace) -> int:
    """Queue the run, start it when its turn comes, follow it; Ctrl-C stops it and keeps the best so far."""
    check_seeds(options.seeds)  # before any row is read
    plan = _planned(options)
    runs = [create_run(spec) for spec in seeded(plan.spec, options.seeds)]
    print("\n".join([plan.sentence, *(f"run {run.id}" for run in runs)]), file=sys.stderr)
    if options.control and find_method(str(plan.spec.method["name"])).has_teacher:
        controls = [create_run(plan_run(control_of(run.spec, run.id)).spec) for run in runs]
        print("\n".join(f"control: run {control.id}" for control in controls), file=sys.stderr)
    if len(runs) == 1:
        return follow(runs[0], as_json=options.json)
    return follow_seeds(runs, plan.task.main_score.name, as_json=options.json)


def follow(run: RunFolder, *, as_json: bool) -> int:
    """Show a run's progress until it ends; returns the exit code of its outcome."""
    result = _followed(run)
    if as_json:
        print(json.dumps(result))
    else:
        _print_scores(run, result)
    return EXIT_CODES[result["state"]]


def follow_seeds(runs: list[RunFolder], score: str, *, as_json: bool) -> int:
    """Follow runs that differ in the seed, one after another, and say how much `score` varies on the test rows.

    Ctrl-C stops those that still wait, too. The exit code is 0 only when all have succeeded.
    """
    results: list[dict[str, Any]] = []
    for place, run in enumerate(runs):
        results.append(_followed(run, *runs[place + 1 :]))
        if not as_json:
            _print_scores(run, results[-1])
    outcome = next((result["state"] for result in results if result["state"] != "succeeded"), "succeeded")
    summary: dict[str, Any] = {"state": outcome, "score": score, "runs": results}
    values = [result["scores"]["test"][score] for result in results if result["state"] == "succeeded"]
    if len(values) > 1:
        found = spread(values)
        summary["seeds"] = asdict(found)
        if not as_json:
            print(spread_words(score, found, rows=results[0]["rows"]["test"]))
    if as_json:
        print(json.dumps(summary))
    return EXIT_CODES[outcome]


def _followed(run: RunFolder, *later: RunFolder) -> dict[str, Any]:
    """Show a run's progress until it ends; returns its result, with its state and every problem.

    Ctrl-C asks it to stop, after those that are to come `later`, so that none of them starts in between.
    """
    asked = False
    while True:
        try:
            start_waiting_runs()
            state = run.state()
            if not state.is_active:
                break
            _show(state)
            time.sleep(SECONDS_BETWEEN_LOOKS)
        except KeyboardInterrupt:
            if asked:
                raise
            asked = True
            for one in (*reversed(later), run):
                one.request_stop()
            print(
                "\nStopping after this step; the best checkpoint is kept. Ctrl-C again leaves it alone.",
                file=sys.stderr,
            )
    print(file=sys.stderr)
    result = run.result() or {"run": run.id, "folder": str(run.path)}
    problems = [problem.to_json() for problem in checkup(run)]
    result |= {"state": state.state, "problems": problems}
    for problem in problems:
        print(f"{problem['severity']}: {problem['what']} {problem['fix']}".rstrip(), file=sys.stderr)
    if state.state == "lost" and not problems:
        print(f"error: The worker ended without a word. Its log is {run.log_path}.", file=sys.stderr)
    return result


def _show(state: Any) -> None:
    """One line of progress; on a terminal it is drawn over itself."""
    if not sys.stderr.isatty():
        return
    if state.total_steps:
        share = state.step / state.total_steps
        bar = "█" * round(24 * share) + "░" * (24 - round(24 * share))
        eta = f", about {state.eta_seconds:.0f} s left" if state.eta_seconds else ""
        words = f"{bar} step {state.step:,} of {state.total_steps:,}, {state.phase}{eta}"
    else:
        words = state.phase or state.state
    sys.stderr.write(f"\r\033[K{words}")
    sys.stderr.flush()


def _show_phase(phase: str) -> None:
    """What a measurement does just now, on a terminal."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[Kmeasuring: {phase}")
        sys.stderr.flush()


def _print_scores(run: RunFolder, result: dict[str, Any]) -> None:
    print(f"{result['state']}: {run.id}")
    print(f"folder: {run.path}")
    for split, scores in result.get("scores", {}).items():
        rows = result["rows"][split]
        intervals = result.get("intervals", {}).get(split, {})
        print(f"scores on {rows:,} {split} rows:")
        for name, value in scores.items():
            low, high = intervals.get(name, (None, None))
            interval = f"   95 % interval {low:.3f} to {high:.3f}" if low is not None else ""
            print(f"  {name:<12} {value:.4f}{interval}")
    if search := result.get("search"):
        print(f"search: {search_verdict(search)}")
    for name, scores in result.get("baselines", {}).items():
        first = next(iter(scores))
        print(f"baseline {name}: {first} {scores[first]:.4f}")


def run_estimate(options: argparse.Namespace) -> int:
    """Print what the run would cost, by formula or measured."""
    plan = _planned(options)
    estimate = plan.estimate
    if options.measure:
        from lib.plan.measure import measure_run

        estimate = with_search(measure_run(plan, tell=_show_phase), plan.spec.search)
        print(file=sys.stderr)
        for problem in memory_problems(plan.run, estimate.memory_mb, measured=True):
            print(f"note: {problem}", file=sys.stderr)
    if options.json:
        print(json.dumps(estimate.to_json() | {"rows": plan.rows, "options": plan.spec.options}))
        return 0
    how = "measured" if estimate.measured else "by formula"
    print(plan.sentence)
    print(f"steps:  {estimate.steps:,}")
    print(f"time:   {estimate.seconds_low:.0f} to {estimate.seconds_high:.0f} s ({how})")
    print(f"memory: {estimate.memory_mb:,.0f} MB of {estimate.free_memory_mb:,.0f} MB free ({how})")
    return 0
