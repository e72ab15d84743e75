"""The program that lies beside an exported model: predict.py and what it imports, cut loose from Atelier."""

import re
from pathlib import Path

from lib.tasks.outputs import (
    Continuation,
    LabelScores,
    ManyLabels,
    MaskedTokens,
    Number,
    Output,
    Spans,
    Text,
    TokenLabels,
)

_ROOT = Path(__file__).resolve().parents[1]
_HERE = "lib.export.standalone"
_IMPORT = re.compile(r"^from (lib(?:\.\w+)*\.(\w+)) import", re.MULTILINE)
_MODULES: dict[type[Output], str] = {
    LabelScores: "labels",
    ManyLabels: "labels",
    Number: "labels",
    TokenLabels: "entities",
    Spans: "spans",
    MaskedTokens: "masks",
    Text: "texts",
    Continuation: "texts",
}


def write_program(output: Output, folder: Path) -> None:
    """Write predict.py, which answers as the output's shape says, and the modules that it imports, beside each other.

    Every one is a file of Atelier's own, so what is shipped is what is tested.
    """
    _write(f"{_HERE}.{_MODULES[type(output)]}", folder / "predict.py", folder)


def _write(module: str, path: Path, folder: Path) -> None:
    source = _ROOT.joinpath(*module.split(".")[1:]).with_suffix(".py").read_text(encoding="utf-8")
    path.write_text(_IMPORT.sub(r"from \2 import", source), encoding="utf-8")
    for found in _IMPORT.finditer(source):
        other = folder / f"{found[2]}.py"
        if not other.exists():
            _write(found[1], other, folder)
