"""Which files of this machine somebody may name by a path: those below a few folders, with no links out of them."""

import stat
from pathlib import Path

from lib.errors import Problem, UserError
from lib.settings import get_settings


def allowed_path(text: str) -> Path:
    """The file or folder at a typed path. Raises UserError when it is not below a folder that may be read.

    Links are followed first, so a link that leads out is refused; so are hidden files, devices and pipes.
    """
    roots = get_settings().data_roots
    typed = text.strip().strip("\"'")
    if not typed:
        raise UserError(
            Problem("No path was given.", "path", "Type the path of a file or folder.", code="no-file")
        )
    try:
        path = Path(typed).expanduser()
        if not path.is_absolute():
            path = roots[0] / path
        whole = path.resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise UserError(
            Problem(f"{typed[:200]!r} is no path.", "path", "Check it.", code="no-file")
        ) from error
    below = next((root for root in roots if whole == root or root in whole.parents), None)
    if below is None:
        shown = ", ".join(map(str, roots))
        what = f"{typed[:200]} lies outside the folders that may be read here, or is a link that leads out."
        fix = f"Give a path below {shown}, or name more folders in ATELIER_DATA_ROOTS."
        raise UserError(Problem(what, "path", fix, code="path-outside"))
    if any(part.startswith(".") for part in whole.relative_to(below).parts):
        what = f"{typed[:200]} is hidden, and hidden files are not read."
        raise UserError(
            Problem(what, "path", "Move it to a folder without a dot before its name.", code="path-hidden")
        )
    try:
        mode = whole.stat().st_mode
    except OSError as error:
        what = f"There is no file or folder {typed[:200]}."
        raise UserError(Problem(what, "path", "Check the path.", code="no-file")) from error
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        what = f"{typed[:200]} is neither a file nor a folder."
        raise UserError(Problem(what, "path", "Give a file or a folder.", code="no-file"))
    return whole
