"""Atelier from a terminal: `python -m lib train SPEC.yaml`, and the rest of what the pages can do."""

import argparse
import json
import sys
from pathlib import Path

from lib.cli import chatting, datasets, doctor, exporting, models, predicting, registry, running, serving
from lib.errors import Problem, UserError

# Exit codes, as the contract has them.
REFUSED = 2


def build_parser() -> argparse.ArgumentParser:
    """Every command with its options."""
    parser = argparse.ArgumentParser(prog="python -m lib", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for part in (running, datasets, registry, predicting, chatting, serving, exporting, models, doctor):
        part.add_commands(commands)
    for command in commands.choices.values():
        command.add_argument(
            "--json", action="store_true", help="print the outcome as one JSON object, last on stdout"
        )
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code is its outcome."""
    options = build_parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except UserError as error:
        tell_problems(error.problems)
        if options.json:
            print(
                json.dumps(
                    {"state": "refused", "problems": [problem.to_json() for problem in error.problems]}
                )
            )
        return REFUSED
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output (`head`, a pager) has gone; nothing is left to say.
        sys.stderr.close()
        return 0


def tell_problems(problems: tuple[Problem, ...]) -> None:
    """Print problems as sentences to stderr."""
    for problem in problems:
        mark = "error" if problem.severity == "error" else "note"
        print(f"{mark}: {problem}", file=sys.stderr)


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    sys.exit(main())
