"""`runs`: the list of runs, and showing, stopping, resuming and deleting one."""

import argparse
import json
import time
from typing import Any

from lib.cli.running import follow
from lib.errors import UserError
from lib.plan.checkup import checkup
from lib.runs.folder import RunFolder, list_runs, open_run


def add_commands(commands: Any) -> None:
    """Register the command and its verbs."""
    runs = commands.add_parser("runs", help="the runs there are; show, stop, resume or delete one")
    runs.set_defaults(run=run_list)
    verbs = runs.add_subparsers(dest="verb", metavar="VERB")
    for name, function, words in (
        ("show", run_show, "everything about one run"),
        ("stop", run_stop, "stop a run; the best checkpoint so far is kept"),
        ("resume", run_resume, "go on from the newest checkpoint and follow the run"),
        ("delete", run_delete, "remove a run with its model"),
    ):
        verb = verbs.add_parser(name, help=words)
        verb.add_argument("id", metavar="RUN")
        # SUPPRESS: a verb's own default would overwrite a --json given before it.
        verb.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        verb.set_defaults(run=function)


def _summary(run: RunFolder) -> dict[str, Any]:
    state, result = run.state(), run.result() or {}
    try:
        spec = run.spec
    except UserError as error:
        return {
            "run": run.id,
            "state": "failed",
            "problems": [problem.to_json() for problem in error.problems],
        }
    return {
        "run": run.id,
        "name": run.name,
        "state": state.state,
        "task": spec.task,
        "model": spec.model,
        "method": spec.method["name"],
        "dataset": spec.data.dataset,
        "step": state.step,
        "total_steps": state.total_steps,
        "scores": result.get("scores", {}),
        "problems": state.problems,
    }


def run_list(options: argparse.Namespace) -> int:
    """All runs, newest first."""
    summaries = [_summary(run) for run in list_runs()]
    if options.json:
        print(json.dumps({"runs": summaries}))
        return 0
    if not summaries:
        print("No runs yet. Start one with: python -m lib train SPEC.yaml")
    for item in summaries:
        test = item.get("scores", {}).get("test", {})
        score = next((f"{name} {value:.3f}" for name, value in test.items()), "")
        print(f"{item['run']:<60} {item['state']:<10} {score}")
    return 0


def run_show(options: argparse.Namespace) -> int:
    """One run: its spec, state and result."""
    run = open_run(options.id)
    state = run.state()
    if options.json:
        answer = _summary(run) | {"folder": str(run.path), "spec": run.spec.to_json(), "result": run.result()}
        found = [problem.to_json() for problem in checkup(run)]
        print(json.dumps(answer | {"findings": found, "details": state.to_json()}))
        return 0
    print(f"{run.name} ({run.id}): {state.state}{', ' + state.phase if state.phase else ''}")
    if state.total_steps:
        print(f"step {state.step:,} of {state.total_steps:,}")
    if state.updated:
        print(f"last heard of {time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(state.updated))}")
    for problem in checkup(run):
        print(f"{problem.severity}: {problem.what} {problem.fix}".rstrip())
    print(run.spec.to_yaml())
    return 0


def run_stop(options: argparse.Namespace) -> int:
    """Ask a run to stop."""
    run = open_run(options.id)
    run.request_stop()
    return _said(options, run, "Asked to stop; it ends after its current step.")


def run_resume(options: argparse.Namespace) -> int:
    """Queue a run again and follow it."""
    run = open_run(options.id)
    run.request_resume()
    return follow(run, as_json=options.json)


def run_delete(options: argparse.Namespace) -> int:
    """Remove a run."""
    run = open_run(options.id)
    run.delete()
    if options.json:
        print(json.dumps({"run": run.id, "state": "deleted"}))
    else:
        print(f"Deleted {run.id}.")
    return 0


def _said(options: argparse.Namespace, run: RunFolder, words: str) -> int:
    if options.json:
        print(json.dumps({"run": run.id, "state": run.state().state}))
    else:
        print(words)
    return 0
