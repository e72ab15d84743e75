"""One Python file from parts: imports first, then the parts one after another, without what they import of Atelier."""

import ast
from collections.abc import Sequence
from pathlib import Path

LIB = Path(__file__).resolve().parents[1]


def composed(parts: Sequence[str], *, heading: Sequence[str]) -> str:
    """The source of the modules `parts` (paths below lib, without .py) as one file.

    `heading` are lines of comment at its top. Imports of `lib` are left out, as what they name is in another part.
    """
    imports: dict[str, None] = {}
    bodies = []
    for part in parts:
        source = (LIB / f"{part}.py").read_text(encoding="utf-8")
        tree, lines, end = ast.parse(source), source.splitlines(), 0
        for node in tree.body:
            is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            if isinstance(node, ast.Import | ast.ImportFrom):
                name = node.module or "" if isinstance(node, ast.ImportFrom) else ""
                if name.partition(".")[0] != "lib":
                    imports[ast.unparse(node)] = None
            elif not is_docstring:
                break
            end = node.end_lineno or end
        about = (ast.get_docstring(tree) or "").splitlines()[0]
        bodies.append(f"# {about}\n\n" + "\n".join(lines[end:]).strip())
    top = "\n".join(f"# {line}".rstrip() for line in heading)
    listed = sorted(imports, key=lambda line: (not line.startswith("import "), line))
    last = bodies.pop()  # what starts it stands at its end
    return "\n\n\n".join([top + "\n\n" + "\n".join(listed), *bodies, last]) + "\n"
