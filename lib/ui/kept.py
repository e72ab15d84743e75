"""Tables that were asked of a model once and are kept on disk, named after all that they depend on."""

from hashlib import sha256
from pathlib import Path

import pandas as pd

from lib.settings import get_settings
from lib.ui.evaluate_data import Evaluation


def kept_path(found: Evaluation, folder: str, *parts: str) -> Path:
    """Where the cache keeps a table about judged rows: training again, or judging other rows, names another file."""
    model = (found.run.model_path / "atelier.json").stat().st_mtime_ns
    named = "|".join([found.run.id, str(model), *map(str, found.key), *parts])
    return get_settings().cache / folder / f"{sha256(named.encode()).hexdigest()[:20]}.parquet"


def keep(table: pd.DataFrame, path: Path) -> None:
    """Write the table in one step, so that nobody reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    work = path.with_suffix(".part")
    table.to_parquet(work, index=False)
    work.replace(path)
