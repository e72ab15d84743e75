"""How much an adapter changes each weight matrix, from the model host; kept beside the model once it is known."""

from pathlib import Path
from typing import Any

from lib.inference.ask import ask
from lib.inference.predict import OnProgress, with_phase
from lib.runs.files import read_json, write_json
from lib.runs.folder import RunFolder

_FILE = "adapter-map.json"


def known_map(run: RunFolder) -> list[dict[str, Any]] | None:
    """The map as it was worked out before; None when it was not, or the adapter has been written since."""
    kept = read_json(run.path / _FILE)
    if not isinstance(kept, dict) or kept.get("adapter") != _stamp(run.model_path):
        return None
    return list(kept["modules"])


def adapter_map(run: RunFolder, *, on_progress: OnProgress | None = None) -> list[dict[str, Any]]:
    """One entry for each adapted matrix, as `map_adapter` describes it; none when cancelled. Raises UserError."""
    stamp = _stamp(run.model_path)
    answer = ask({"do": "map_adapter", "model": f"run:{run.id}"}, with_phase(on_progress, 0))
    if answer is None:
        return []
    modules: list[dict[str, Any]] = answer["modules"]
    write_json(run.path / _FILE, {"adapter": stamp, "modules": modules})
    return modules


def _stamp(folder: Path) -> int:
    try:
        return (folder / "adapter_model.safetensors").stat().st_mtime_ns
    except OSError:
        return 0
