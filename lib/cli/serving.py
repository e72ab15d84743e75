"""`serve`: a run's model over HTTP, for programs on this machine or others."""

import argparse
import json
import sys
from typing import Any

from lib.runs.folder import open_run


def add_commands(commands: Any) -> None:
    """Register the command."""
    command = commands.add_parser("serve", help="serve a run's model over HTTP, with documentation at /docs")
    command.add_argument("id", metavar="RUN")
    command.add_argument("--port", type=int, default=8600, help="0 takes a free one (default: 8600)")
    command.add_argument("--host", default="127.0.0.1", help="who may reach it (default: this machine alone)")
    command.add_argument(
        "--key",
        nargs="?",
        const="ATELIER_SERVE_KEY",
        metavar="VARIABLE",
        help="ask for the key in this environment variable (default: ATELIER_SERVE_KEY)",
    )
    command.set_defaults(run=run_serve)


def run_serve(options: argparse.Namespace) -> int:
    """Serve until Ctrl-C; with `--json` one object when it is ready."""
    from lib.serving.server import is_local, key_from, serve

    run = open_run(options.id)
    key = key_from(options.key) if options.key else ""
    if not is_local(options.host):
        asked = "must send the key" if key else "may ask the model, as no key is set (--key)"
        print(
            f"note: {options.host} is not this machine alone: everybody who reaches it {asked}. What they send travels "
            "unencrypted.",
            file=sys.stderr,
        )
    print(f"Loading the model of {run.name}", file=sys.stderr)

    def ready(address: str) -> None:
        if options.json:
            print(json.dumps({"run": run.id, "url": address}), flush=True)
        else:
            print(
                f"Serving {run.name} on {address} (documentation: {address}/docs). Ctrl-C ends it.",
                flush=True,
            )

    serve(run, host=options.host, port=options.port, key=key, on_ready=ready)
    return 0
