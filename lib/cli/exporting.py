"""`export`: a finished run's model in a format that others can use, followed to its end."""

import argparse
import json
import sys
import time
from typing import Any

import yaml

from lib.errors import Problem, UserError
from lib.export import EXPORTS, find_export
from lib.export.job import Job, create_job, list_jobs, start_job
from lib.export.source import Source, open_source
from lib.export.state import ExportState
from lib.option import options_of
from lib.runs.folder import open_run

EXIT_CODES = {"succeeded": 0, "failed": 1, "lost": 1, "stopped": 130}
SECONDS_BETWEEN_LOOKS = 0.2


def add_commands(commands: Any) -> None:
    """Register the command."""
    command = commands.add_parser("export", help="write a finished run's model for use elsewhere")
    command.add_argument("id", metavar="RUN")
    command.add_argument(
        "--to",
        metavar="FORMAT:PLACE",
        help=f"one of {', '.join(_usage(export.name) for export in EXPORTS)}; "
        "without it, the formats are listed",
    )
    command.add_argument("--private", action="store_true", help="of a hub: only you can see it")
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="OPTION=VALUE",
        help="an option of the format",
        dest="chosen",
    )
    command.set_defaults(run=run_export)


def _usage(name: str) -> str:
    return f"{name}:{'NAMESPACE/NAME' if find_export(name).makes == 'address' else 'PATH'}"


def run_export(options: argparse.Namespace) -> int:
    """Start the export in a process of its own and follow it; Ctrl-C stops it and leaves nothing behind."""
    source = open_source(open_run(options.id))
    if options.to is None:
        return _list(source, as_json=options.json)
    name, colon, place = options.to.partition(":")
    export = find_export(name)
    if not colon or not place:
        fix = f"Write {_usage(name)}."
        raise UserError(Problem(f"{options.to!r} does not say where to.", "--to", fix, code="export-path"))
    chosen = _options(name, options.chosen)
    if options.private:
        if "private" not in options_of(export.option_class):
            what = f"The format {name} knows no --private."
            raise UserError(Problem(what, "--private", "Leave it out.", code="unknown-option"))
        chosen["private"] = True
    elif "private" in options_of(export.option_class):
        # As everywhere on a command line: what is not asked for is not done. The page's form has it on.
        chosen.setdefault("private", False)
    job = create_job(source, name, to=place, options=chosen)
    start_job(job)
    state = _followed(job)
    answer = {"run": source.run.id, "job": job.id, "state": state.state} | (job.receipt() or {"to": place})
    answer["problems"] = state.problems
    for problem in state.problems:
        print(f"{problem['severity']}: {Problem(**problem)}", file=sys.stderr)
    if options.json:
        print(json.dumps(answer, ensure_ascii=False))
    elif state.state == "succeeded":
        print(f"{answer.get('url') or answer.get('path')}  {answer['bytes'] / 1e6:,.1f} MB")
        print("\n".join(answer["facts"].get("notes", [])))
    else:
        print(f"{state.state}; the log is {job.log_path}")
    return EXIT_CODES[state.state]


def _options(name: str, given: list[str]) -> dict[str, Any]:
    """`--set` as options; numbers and true or false are read as such where the option is one."""
    known = options_of(find_export(name).option_class)
    chosen: dict[str, Any] = {}
    for text in given:
        key, sign, value = text.partition("=")
        if not sign:
            problem = Problem(f"{text!r} has no value.", "--set", "Write OPTION=VALUE.", code="option-form")
            raise UserError(problem)
        is_text = key in known and isinstance(known[key].default, str)
        try:
            chosen[key] = value if is_text else yaml.safe_load(value)
        except yaml.YAMLError:
            chosen[key] = value
    return chosen


def _list(source: Source, *, as_json: bool) -> int:
    """The formats with why one is refused, and the exports made so far."""
    formats = [
        {"name": export.name, "summary": export.summary, "refused": export.refused(source)}
        for export in EXPORTS
    ]
    made = [
        {"job": job.id, "export": job.request.export, "to": job.request.to, "state": job.state().state}
        for job in list_jobs(source.run)
    ]
    if as_json:
        print(json.dumps({"run": source.run.id, "formats": formats, "exports": made}, ensure_ascii=False))
        return 0
    for one in formats:
        print(f"{one['name']:<10} {one['refused'] or one['summary']}")
    for known in made:
        print(f"made: {known['export']:<10} {known['state']:<10} {known['to']}")
    return 0


def _followed(job: Job) -> ExportState:
    """Show the progress until it ends."""
    asked = False
    while True:
        try:
            state = job.state()
            if not state.is_active:
                break
            _show(state)
            time.sleep(SECONDS_BETWEEN_LOOKS)
        except KeyboardInterrupt:
            if asked:
                raise
            asked = True
            job.request_stop()
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return state


def _show(state: ExportState) -> None:
    if not sys.stderr.isatty():
        return
    bar = "█" * round(24 * state.share) + "░" * (24 - round(24 * state.share))
    eta = f", about {state.eta_seconds:.0f} s left" if state.eta_seconds else ""
    sys.stderr.write(f"\r\033[K{bar} {state.phase}{eta}")
    sys.stderr.flush()
