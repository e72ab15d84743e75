"""What plain transformers says of a saved model, in a process that cannot see Atelier, beside what its run reported."""

import inspect
import json
import re
import subprocess
import sys
import textwrap
from operator import eq
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from lib.data.store import open_dataset
from lib.models.adapted import is_adapter
from lib.plan.columns import whole_paths
from lib.runs.folder import RunFolder
from lib.tasks.base import Task


def assert_transformers_alone_agrees(
    run: RunFolder, task: Task, about: ModuleType, *, folder: Path | None = None
) -> None:
    """`plain` of the task's own test file, run where Atelier cannot be imported, gives the run's own predictions.

    `folder` is where the model lies, as exported; the run's own without it.
    """
    folder = folder or run.model_path
    rows = pd.read_parquet(run.predictions_path).head(20)
    inputs = {name: str(name).removeprefix("input: ") for name in rows if str(name).startswith("input: ")}
    data = run.spec.data
    whole = whole_paths(
        rows[list(inputs)].rename(columns=inputs), task, data.columns, open_dataset(data.dataset or "").files
    )
    given = whole.to_dict("records")
    code = (
        "import json, sys\n"
        "sys.modules['lib'] = None\n"
        f"{loading_of(folder)}\n"
        f"{textwrap.dedent(inspect.getsource(about.plain))}\n"
        "print(json.dumps(plain(sys.argv[1], json.load(sys.stdin))))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    predicted = rows[getattr(about, "PLAIN_COLUMN", "predicted")].tolist()
    said = json.loads(done.stdout.splitlines()[-1])
    is_number = isinstance(predicted[0], float)
    if run.spec.method.get("bits") == 8 and is_adapter(folder):
        # LLM.int8 keeps a column whole when any row of the batch has an outlier there (Dettmers et al., 2022), so what
        # it says of a row depends a little on the others, and a close call may fall the other way.
        near = pytest.approx(predicted, rel=3e-2) if is_number else predicted
        assert said == near or sum(map(eq, said, predicted)) >= 0.6 * len(predicted)
        return
    # Numbers only nearly: a batch of other texts is padded otherwise and adds up in another order.
    assert said == (pytest.approx(predicted, rel=1e-4) if is_number else predicted)


def loading_of(folder: Path) -> str:
    """The lines of an adapter's card that load its base model, and `from_pretrained` made to give the two together."""
    if not is_adapter(folder):
        return ""
    card = (folder / "README.md").read_text(encoding="utf-8")
    lines = r"from peft .*?\nbase = .*?\n\)\n(?:base\..*?\n)*(?:repair = .*?\n        \)\n)?"
    found = re.search(rf"```python\n({lines})", card, flags=re.DOTALL)
    assert found, card
    return (
        # A quicker way to compute on some CPUs, in bf16; the run's own figures are in fp32.
        "import bitsandbytes.nn.modules as quantised\n"
        "quantised.has_avx512bf16 = lambda: False\n"
        f"{found.group(1)}"
        "import transformers\n"
        "whole = PeftModel.from_pretrained(base, '.').eval()\n"
        # What the task says of itself lies beside the adapter; the base's config knows nothing of it.
        "own = transformers.AutoConfig.from_pretrained('.')\n"
        "base.config.task_specific_params = getattr(own, 'task_specific_params', None)\n"
        "for name in dir(transformers):\n"
        "    if name.startswith('AutoModelFor'):\n"
        "        getattr(transformers, name).from_pretrained = lambda *given, **settings: whole\n"
    )
