"""`train` and `estimate`: a run from a spec file, followed to its end; and what it would cost."""

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from lib.plan.checkup import checkup
from lib.plan.fitting import memory_problems
from lib.plan.planner import Plan, plan_run
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
    plan = _planned(options)
    run = create_run(plan.spec)
    print(f"{plan.sentence}\nrun {run.id}", file=sys.stderr)
    return follow(run, as_json=options.json)


def follow(run: RunFolder, *, as_json: bool) -> int:
    """Show a run's progress until it ends; returns the exit code of its outcome."""
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
            run.request_stop()
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
    if as_json:
        print(json.dumps(result))
    else:
        _print_scores(run, result)
    return EXIT_CODES[state.state]


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
    for name, scores in result.get("baselines", {}).items():
        first = next(iter(scores))
        print(f"baseline {name}: {first} {scores[first]:.4f}")


def run_estimate(options: argparse.Namespace) -> int:
    """Print what the run would cost, by formula or measured."""
    plan = _planned(options)
    estimate = plan.estimate
    if options.measure:
        from lib.plan.measure import measure_run

        estimate = measure_run(plan, tell=_show_phase)
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
