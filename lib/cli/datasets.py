"""`data`: what a file holds, what had to be repaired, and what is wrong with it."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from lib.cli.reading import add_reading, keep_aside, read_given
from lib.data.checks import Finding
from lib.data.profile import find_split_column, profile_table
from lib.data.split import SplitPlan
from lib.data.table import Table
from lib.errors import errors_in
from lib.plan.columns import choose_columns, suggested_task, whole_paths
from lib.plan.data_checks import case_of, find_all
from lib.tasks import TASKS
from lib.tasks.base import Task

# Of a finding so many rows are listed; how many there are is said beside them.
MOST_ROWS_NAMED = 1_000


def add_commands(commands: Any) -> None:
    """Register the command."""
    data = commands.add_parser("data", help="read a file and say what is in it")
    data.add_argument("file", type=Path, metavar="FILE", help="a file, a folder, or hub:NAME")
    data.add_argument("more", type=Path, nargs="*", metavar="FILE", help="more files: the parts of a split")
    add_reading(data)
    data.add_argument("--rejected", type=Path, metavar="CSV", help="write what was set aside to a file")
    data.add_argument(
        "--originals", type=Path, metavar="CSV", help="write the cells that were mended to a file"
    )
    data.set_defaults(run=run_data)


def run_data(options: argparse.Namespace) -> int:
    """Read, profile and check a file; nothing is stored."""
    table = read_given([options.file, *options.more], options)
    profile = profile_table(table.frame)
    problems = list(table.problems)
    findings: list[Finding] = []
    guesses: dict[str, dict[str, str]] = {}
    meant = suggested_task(profile)
    for task in TASKS:
        columns, missing = choose_columns(task, profile)
        if not missing:
            guesses[task.slug] = columns
    if meant.slug in guesses:
        columns = guesses[meant.slug]
        problems += meant.check(whole_paths(table.frame, meant, columns, table.files), columns)
        if not errors_in(problems):
            findings = _findings(table, meant, columns)
    keep_aside(table, options)
    if options.json:
        answer = {
            "file": str(options.file),
            "format": table.format,
            "repairs": list(table.repairs),
            "mended_cells": 0 if table.originals is None else len(table.originals),
            "rejected": [line.to_json() for line in table.rejected],
            "profile": profile.to_json(),
            "task": meant.slug if meant.slug in guesses else None,
            "columns": guesses,
            "split_column": find_split_column(table.frame),
            "problems": [problem.to_json() for problem in problems],
            "checks": [_finding_json(finding) for finding in findings],
        }
        print(json.dumps(answer, ensure_ascii=False))
        return 0
    print(f"{options.file.name}: {profile.rows:,} rows, {len(profile.columns)} columns")
    for sentence in table.repairs:
        print(f"  {sentence}")
    for line in table.rejected[:10]:
        print(f"  line {line.line} set aside: {line.reason}")
    for column in profile.columns:
        print(f"  {column.name}: {column.kind}, {column.distinct:,} different, {column.missing:,} missing")
    for slug, columns in guesses.items():
        print(
            f"{slug}{' (most likely)' if slug == meant.slug else ''}: "
            + ", ".join(f"{role} = {name}" for role, name in columns.items())
        )
    for problem in problems:
        print(f"{problem.severity}: {problem}", file=sys.stderr)
    for finding in findings:
        print(f"check: {finding.problem()}")
    return 0


def _findings(table: Table, task: Task, columns: dict[str, str]) -> list[Finding]:
    """What the checks find, with a line of progress for whoever watches."""
    column = find_split_column(table.frame)
    split = SplitPlan(column=column) if column else SplitPlan()

    def tell(looks_for: str, done: int, share: float) -> None:
        if sys.stderr.isatty():
            print(f"\r\033[Klooking for {looks_for} ({share:.0%})", end="", file=sys.stderr, flush=True)

    found = find_all(
        lambda part: case_of(table.frame, task, columns, split, files=table.files, tell=part), tell=tell
    )
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    return found


def _finding_json(finding: Finding) -> dict[str, Any]:
    """A finding for scripts: its sentences, how many rows and which (from 1), and what would put it right."""
    return {
        "check": finding.check,
        "severity": finding.severity,
        "what": finding.what,
        "why": finding.why,
        "where": finding.where,
        "count": len(finding.rows),
        "rows": (finding.rows[:MOST_ROWS_NAMED] + 1).tolist(),
        "fixes": [{"name": fix.name, "title": fix.title, "what": fix.explanation} for fix in finding.fixes],
        "advice": finding.advice,
    }
