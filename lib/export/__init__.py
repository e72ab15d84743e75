"""How a model leaves Atelier: the ordered list of formats; order here is order on screen."""

from lib.errors import Problem, UserError
from lib.export.base import Export
from lib.export.zipped import Zipped

EXPORTS: tuple[Export, ...] = (Zipped(),)


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
