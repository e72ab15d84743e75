"""How a model leaves Atelier: the ordered list of formats; order here is order on screen."""

from lib.errors import Problem, UserError
from lib.export.base import Export
from lib.export.gguf import Gguf
from lib.export.hub import Hub
from lib.export.hub_data import HubData
from lib.export.merged import Merged
from lib.export.onnx import Onnx
from lib.export.quantised import Quantised
from lib.export.report import Report
from lib.export.script import Script
from lib.export.space import HubSpace, Space
from lib.export.zipped import Zipped

EXPORTS: tuple[Export, ...] = (
    Zipped(), Hub(), Merged(), Quantised(), Onnx(), Gguf(), Script(), Report(), Space(), HubSpace(), HubData(),
)  # fmt: skip


def find_export(name: str) -> Export:
    """The format of that name. Raises UserError with the names there are."""
    for export in EXPORTS:
        if export.name == name:
            return export
    names = ", ".join(export.name for export in EXPORTS)
    raise UserError(
        Problem(
            f"There is no export {name!r}.", where="to", fix=f"Choose one of: {names}.", code="unknown-export"
        )
    )
