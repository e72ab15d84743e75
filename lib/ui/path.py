"""The path strip: the pages in working order, where you are, what is done and what comes next."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parents[2]
_NUMBERED = re.compile(r"^(\d+)_(\w+)\.py$")

Mark = Literal["done", "next", "later"]


@dataclass(frozen=True)
class Step:
    """One page of the path: its title, its file below the root, and how it stands."""

    title: str
    file: str
    mark: Mark = "later"
    here: bool = False


def page_files(root: Path = ROOT) -> list[tuple[str, str]]:
    """(title, file) of the numbered pages that exist, in order: [("Data", "pages/1_Data.py"), …]."""
    found = []
    for path in (root / "pages").glob("*.py"):
        if match := _NUMBERED.match(path.name):
            found.append((int(match[1]), match[2].replace("_", " "), f"pages/{path.name}"))
    return [(title, file) for _, title, file in sorted(found)]


def page_file(title: str, root: Path = ROOT) -> str | None:
    """The file of the page of that title ("Train" → "pages/2_Train.py"), if it exists."""
    return dict(page_files(root)).get(title)


def steps(
    files: Sequence[tuple[str, str]],
    *,
    here: str,
    has_data: bool,
    run_state: str | None,
    seen: frozenset[str],
) -> list[Step]:
    """How each page stands for what is in hand.

    `run_state` is the state of the run in hand; `seen` names the pages visited with that run. One page
    at most is next: the first that is not done and can be done now.
    """
    finished = run_state == "succeeded" or run_state == "stopped"
    done = {
        "Data": has_data,
        "Train": run_state is not None,
        "Runs": finished,
    } | {title: finished and title in seen for title, _ in files if title not in ("Data", "Train", "Runs")}
    result: list[Step] = []
    taken = False
    for title, file in files:
        mark: Mark = "done" if done[title] else "later" if taken else "next"
        taken = taken or mark == "next"
        result.append(Step(title, file, mark, here=title == here))
    return result


def next_words(path: Sequence[Step], *, data: str | None, run: str | None, run_state: str | None) -> str:
    """What comes next, as a sentence in plain text, or nothing when the way is clear."""
    following = next((step for step in path if step.mark == "next"), None)
    if data is None and run is None:
        return "Start with a table of texts and labels." if following and not following.here else ""
    if run_state in ("queued", "running"):
        return "The run is waiting for its turn." if run_state == "queued" else "The run is training."
    if following is None or following.here:
        return ""
    return {
        "Data": "Next: choose the data.",
        "Train": "Next: train a model on it.",
        "Runs": "Next: see how the run ended." if run_state else "",
        "Evaluate": "Next: look at the scores and the mistakes.",
        "Explain": "Next: look inside the model, at one row.",
        "Predict": "Next: try the model.",
        "Export": "Next: take the model along.",
    }.get(following.title, f"Next: {following.title}.")
