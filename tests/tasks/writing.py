"""What the tests of the tasks that write texts share: a tiny model, a brief, and plain transformers to compare with."""

from pathlib import Path
from typing import Any

import pandas as pd

from lib.option import values_as
from lib.tasks.base import Task
from lib.tasks.brief import Brief
from tests.models.tiny import tiny_checkpoint

SENTENCES = [
    "the tea was wonderful on a bright morning",
    "our train was late again",
    "this song is calm and my garden is kind",
    "we walked home in the rain and talked about dinner for a long time",
    "her bicycle was broken",
]


def pairs(task: Task, sources: list[str | None], targets: list[str | None]) -> pd.DataFrame:
    """Rows with the task's own names as columns."""
    source, target = (role.name for role in task.roles)
    return pd.DataFrame({source: pd.Series(sources, dtype="str"), target: pd.Series(targets, dtype="str")})


def settled(
    task: Task, folder: Path, architecture: str = "T5", *, max_length: int = 64, **options: Any
) -> tuple[Any, Any, Brief]:
    """A tiny untrained model of that architecture, its tokenizer and the brief of a run with these options."""
    made = folder if (folder / "config.json").is_file() else tiny_checkpoint(architecture, folder)
    columns = {role.name: role.name for role in task.roles}
    target = task.describe_target(pairs(task, list(SENTENCES), list(reversed(SENTENCES))), columns)
    model, processor = task.load_model(made, target).eval(), task.load_processor(made)
    options = {"max_target_length": 12} | options
    brief = Brief(columns, target, max_length, vars(values_as(task.option_class, options)))
    return model, processor, task.settled(model, processor, brief)


def run_usage(snippet: str, text: str) -> str:
    """What the usage snippet prints for a text, run where Atelier cannot be imported."""
    import subprocess
    import sys

    code = "import sys\nsys.modules['lib'] = None\n" + snippet.replace('"A text"', repr(text))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
