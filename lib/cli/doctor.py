"""`doctor`: the hardware, the versions, what is missing and how to get it."""

import argparse
import json
import platform
import shutil
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import psutil

from lib import __version__
from lib.errors import UserError
from lib.models.hub_cache import cache_folder
from lib.models.hub_web import endpoint, is_offline, is_reachable
from lib.models.starters import STARTERS
from lib.plan.estimate import has_bf16
from lib.runs.devices import list_devices
from lib.settings import get_settings

PACKAGES = (
    "streamlit",
    "transformers",
    "torch",
    "datasets",
    "evaluate",
    "accelerate",
    "plotly",
    "pandas",
    "scikit-learn",
)
LEAST_FREE_GB = 2.0


def add_commands(commands: Any) -> None:
    """Register the command."""
    doctor = commands.add_parser("doctor", help="check this machine and this installation")
    doctor.set_defaults(run=run_doctor)


def examine() -> dict[str, Any]:
    """Everything the doctor looks at, as plain JSON data; `problems` are sentences with their remedy.

    `notes` are about what Atelier can do without: a starter that only some machines can fetch.
    """
    settings = get_settings()
    problems: list[str] = []
    notes: list[str] = []
    versions: dict[str, str | None] = {}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = None
            problems.append(f"{package} is not installed. Run `make setup`.")
    for starter in STARTERS:
        try:
            starter.folder()
        except UserError as error:
            (problems if starter.package else notes).append(str(error))
    free_gb = None
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        probe = settings.home / ".doctor"
        probe.touch()
        probe.unlink()
        free_gb = shutil.disk_usage(settings.home).free / 1e9
        if free_gb < LEAST_FREE_GB:
            problems.append(
                f"Only {free_gb:.1f} GB are free in {settings.home}. Free some, or set ATELIER_HOME."
            )
    except OSError as error:
        problems.append(
            f"{settings.home} cannot be written: {error.strerror}. Set ATELIER_HOME to another folder."
        )
    if settings.models is not None and not settings.models.is_dir():
        problems.append(f"ATELIER_MODELS is {settings.models}, which is not a folder.")
    hub = "offline" if is_offline() else ("reachable" if is_reachable() else "unreachable")
    if hub != "reachable":
        why = "HF_HUB_OFFLINE is set" if hub == "offline" else f"{endpoint()} does not answer"
        notes.append(
            f"Models of the Hugging Face Hub come from {cache_folder()} alone: {why}. Set HF_ENDPOINT to a mirror "
            "if there is one."
        )
    memory = psutil.virtual_memory()
    return {
        "atelier": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "devices": list(list_devices()),
        "cores": psutil.cpu_count(logical=False),
        "bf16": has_bf16(),
        "memory_gb": round(memory.total / 1e9, 1),
        "memory_free_gb": round(memory.available / 1e9, 1),
        "home": str(settings.home),
        "disk_free_gb": round(free_gb, 1) if free_gb is not None else None,
        "hub": hub,
        "hub_endpoint": endpoint(),
        "versions": versions,
        "notes": notes,
        "problems": problems,
    }


def run_doctor(options: argparse.Namespace) -> int:
    """Print the examination; 1 when something is wrong."""
    found = examine()
    if options.json:
        print(json.dumps(found))
        return 1 if found["problems"] else 0
    for key, value in found.items():
        if key == "versions":
            print("versions: " + ", ".join(f"{name} {number}" for name, number in value.items()))
        elif key not in ("notes", "problems"):
            print(f"{key}: {', '.join(map(str, value)) if isinstance(value, list) else value}")
    for note in found["notes"]:
        print(f"note: {note}")
    print("\n".join(f"problem: {problem}" for problem in found["problems"]) or "Nothing is missing.")
    return 1 if found["problems"] else 0
