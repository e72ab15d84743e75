"""Who may import whom, how large a file may grow, and what never happens: the shape of the code, enforced."""

import ast
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Rule:
    """What a part may import: other parts of lib, third-party packages at the top of a file, and inside functions."""

    lib: frozenset[str]
    top: frozenset[str]
    never: frozenset[str]


def rule(lib: str = "", top: str = "", never: str = "") -> Rule:
    return Rule(frozenset(lib.split()), frozenset(top.split()), frozenset(never.split()))


TORCH = "torch transformers accelerate evaluate peft bitsandbytes trl"
# The table of lib/README.md. `tasks.outputs` stands for that one module. A part may always import itself.
RULES = {
    "errors": rule(never=f"streamlit plotly {TORCH}"),
    "option": rule("errors", never=f"streamlit plotly {TORCH}"),
    "settings": rule("errors", never=f"streamlit plotly {TORCH}"),
    "data": rule("errors settings", "pandas pyarrow numpy PIL", f"streamlit plotly {TORCH} sklearn"),
    "tasks": rule("errors option data", "pandas numpy PIL", "streamlit plotly"),
    "methods": rule("errors option tasks.outputs", "", "streamlit plotly"),
    "models": rule("errors settings", "", "streamlit plotly"),
    "runs": rule("errors option settings", "psutil yaml filelock", f"streamlit plotly {TORCH} sklearn"),
    "plan": rule(
        "errors option settings data tasks methods models runs analysis",
        "pandas numpy yaml psutil",
        f"streamlit plotly {TORCH} sklearn",
    ),
    "analysis": rule("errors tasks.outputs", "numpy pandas scipy", f"streamlit plotly {TORCH}"),
    "charts": rule("errors tasks.outputs analysis", "numpy pandas plotly", f"streamlit {TORCH} sklearn"),
    "cards": rule("errors data tasks methods models runs", "yaml", f"streamlit plotly {TORCH} sklearn"),
    "training": rule(
        "errors option settings cards data tasks methods models runs plan analysis inference.taught",
        "torch transformers datasets numpy pandas psutil yaml",
        "streamlit plotly",
    ),
    "inference": rule(
        "errors settings data tasks methods models runs",
        "numpy pandas pyarrow filelock psutil",
        "streamlit plotly",
    ),
    # Its process holds the model; torch stays inside functions all the same, so that `serve --help` is quick.
    "serving": rule(
        "errors data tasks runs inference",
        "numpy pandas fastapi pydantic starlette",
        "streamlit plotly",
    ),
    "export": rule(
        "errors option settings cards data tasks methods models runs plan analysis inference",
        "pandas numpy yaml psutil PIL",
        "streamlit plotly",
    ),
    "cli": rule(
        "errors option settings data tasks methods models runs plan analysis inference export serving",
        "pandas psutil yaml",
        f"streamlit plotly {TORCH}",
    ),
    "ui": rule(
        "errors option settings cards data tasks methods models runs plan analysis charts inference export",
        "streamlit pandas numpy plotly pyarrow PIL",
        f"{TORCH} sklearn",
    ),
}


@dataclass(frozen=True)
class Import:
    module: str
    top: bool
    line: int


def imports_of(path: Path) -> list[Import]:
    """Every import of a file; `top` when it runs as the module is imported, typing-only blocks left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            inside.update(child for child in ast.walk(node) if child is not node)
    found = []
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} has a relative import"
            module = node.module or ""
            names = [
                f"{module}.{alias.name}" if module in ("lib", "lib.tasks") else module for alias in node.names
            ]
        found += [Import(name, node not in inside, node.lineno) for name in names]
    return found


def tracked(pattern: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", pattern],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [ROOT / name for name in listed.stdout.split() if (ROOT / name).is_file()]


def part_of(path: Path) -> str:
    relative = path.relative_to(ROOT / "lib")
    return relative.stem if len(relative.parts) == 1 else relative.parts[0]


LIB_FILES = [
    path for path in tracked("lib/*.py") if path.name not in ("__main__.py",) and path.parent.name != "lib"
]
SINGLE_FILES = [ROOT / "lib" / "errors.py", ROOT / "lib" / "option.py", ROOT / "lib" / "settings.py"]


def label(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", [*LIB_FILES, *SINGLE_FILES], ids=label)
def test_a_file_imports_only_what_its_part_may(path: Path) -> None:
    part = part_of(path)
    allowed = RULES[part]
    wrong = []
    for found in imports_of(path):
        names = found.module.split(".")
        if names[0] == "lib":
            other = names[1] if len(names) > 1 else ""
            exact = ".".join(names[1:3])
            if other not in (part, "__version__") and other not in allowed.lib and exact not in allowed.lib:
                wrong.append(f"line {found.line}: {found.module} belongs to another part")
        elif names[0] in allowed.never:
            wrong.append(f"line {found.line}: {found.module} is never imported here")
        elif found.top and is_third_party(names[0]) and names[0] not in allowed.top:
            wrong.append(f"line {found.line}: {found.module} is imported at the top")
    assert not wrong


def is_third_party(name: str) -> bool:
    import sys

    return name not in sys.stdlib_module_names


@pytest.mark.parametrize("path", [ROOT / "Home.py", *tracked("pages/*.py")], ids=label)
def test_a_page_is_thin(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 120
    for found in imports_of(path):
        assert found.module.split(".")[0] not in {*TORCH.split(), "plotly", "sklearn", "pandas", "numpy"}
        assert not found.module.startswith("lib.training")
        assert "st.navigation" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", tracked("lib/*.py"), ids=label)
def test_a_file_of_lib_is_small_and_says_what_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    first = (ast.get_docstring(ast.parse(text)) or "").split("\n")[0]
    assert len(first) > 15


def test_streamlit_is_imported_only_in_the_user_interface() -> None:
    outside = [
        label(path)
        for path in tracked("lib/*.py")
        if part_of(path) != "ui"
        and any(found.module.split(".")[0] == "streamlit" for found in imports_of(path))
    ]
    assert outside == []


@pytest.mark.parametrize("pattern", ["broad except", "trust_remote_code=True", "pickle.load", "torch.load("])
def test_what_is_dangerous_stays_out(pattern: str) -> None:
    """Broad excepts have their places; remote code and pickles have none."""
    allowed = {
        "broad except": {
            "lib/training/trouble.py",
            "lib/ui/frame.py",
            "lib/inference/host.py",
            "lib/serving/batcher.py",
            "lib/export/trouble.py",
        }
    }.get(pattern, set())
    found = set()
    for path in tracked("lib/*.py"):
        text = path.read_text(encoding="utf-8")
        if pattern == "broad except":
            if any(words in text for words in ("except Exception", "except BaseException", "except:")):
                found.add(label(path))
        elif pattern in text:
            found.add(label(path))
    assert found <= allowed


def test_no_file_of_lib_is_ignored_by_git() -> None:
    """Many .gitignore templates hold `lib/`; `git add` would then stage nothing of ours."""
    ignored = subprocess.run(
        ["git", "check-ignore", "lib/errors.py", "lib/data/read.py", "lib/models/starters.py"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ignored.stdout == ""


def test_the_map_in_lib_readme_equals_the_folders() -> None:
    text = (ROOT / "lib" / "README.md").read_text(encoding="utf-8")
    folders = {path.name for path in (ROOT / "lib").iterdir() if path.is_dir() and path.name != "__pycache__"}
    for folder in folders:
        assert f"`{folder}/`" in text, f"lib/README.md does not mention {folder}/"
    mentioned = {word.strip("`/") for word in text.split() if word.startswith("`") and word.endswith("/`")}
    assert mentioned <= folders | {"runs", "pages", "tests"}


def test_no_two_test_files_have_one_name() -> None:
    """pytest imports them by their names alone, and leaves the second one out with an error."""
    names = Counter(path.name for path in (ROOT / "tests").rglob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []
