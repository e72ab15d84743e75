"""`models`: what can be trained from."""

import argparse
import json
from typing import Any

from lib.models.sources import list_models


def add_commands(commands: Any) -> None:
    """Register the command."""
    models = commands.add_parser("models", help="the models at hand")
    models.set_defaults(run=run_models)


def run_models(options: argparse.Namespace) -> int:
    """List starters, the folders in ATELIER_MODELS, what the Hub's cache holds, and what can be built from scratch."""
    found = list_models()
    if options.json:
        print(json.dumps({"models": [model.to_json() for model in found]}))
        return 0
    for model in found:
        millions = f"{model.parameters / 1e6:.1f} M parameters" if model.parameters else ""
        print(f"{model.ref:<40} {millions:<22} {model.size_mb:,.0f} MB   {model.licence}")
    print(
        "Also: hub:ORG/NAME for any model of the Hugging Face Hub, folder:PATH for a model folder, "
        "run:RUN to go on from a finished run."
    )
    return 0
