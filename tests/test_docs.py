"""The documents are true: they name what there is, their pictures exist, their examples work."""

import re
from pathlib import Path

import pytest
import yaml

from lib.__main__ import build_parser
from lib.methods import METHODS
from lib.runs.options import check_options
from lib.runs.spec import spec_from_mapping
from lib.tasks import TASKS

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [path.stem.partition("_")[2] for path in sorted((ROOT / "pages").glob("*.py"))]


@pytest.mark.parametrize("page", PAGES)
def test_readme_names_every_page(page: str) -> None:
    assert f"**{page}**" in README


@pytest.mark.parametrize("name", [*(task.slug for task in TASKS), *(method.name for method in METHODS)])
def test_readme_names_every_task_and_method(name: str) -> None:
    assert f"| `{name}` |" in README


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#:]+)\)", README))
def test_what_readme_links_to_is_there(link: str) -> None:
    assert (ROOT / link).exists()


def test_the_example_spec_is_accepted_as_it_stands() -> None:
    [text] = re.findall(r"```yaml\n(.*?)```", README, flags=re.S)
    spec = spec_from_mapping(yaml.safe_load(text))
    assert check_options(spec.options) == []


def test_readme_names_every_command_and_only_those() -> None:
    parser = build_parser()
    commands = set(parser._subparsers._group_actions[0].choices)  # type: ignore[union-attr,arg-type]
    for command in commands:
        assert re.search(rf"`{command}[ `]", README)


def test_every_variable_that_is_read_is_in_readme() -> None:
    for path in (ROOT / "lib").rglob("*.py"):
        for name in re.findall(r'"(ATELIER_[A-Z_]+)"', path.read_text(encoding="utf-8")):
            if name not in ("ATELIER_DEVICE", "ATELIER_VISIT_TOKEN"):  # between the queue and its worker only
                assert name in README, f"{path.name} reads {name}"


def test_the_licence_is_apache_2() -> None:
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")


def test_the_make_targets_readme_shows_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"make ([a-z]+)", README):
        assert re.search(rf"^{target}:", makefile, flags=re.M)
