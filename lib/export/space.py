"""A demo to try the model in a browser: a folder that runs anywhere, or a Space on the Hub."""

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lib.cards.licences import LICENCES
from lib.errors import Problem
from lib.export.base import Export, Made, Step
from lib.export.hub import branch_problems, facts_of, prepared_push
from lib.export.hub_address import HubAddress, address_problems, name_from
from lib.export.hub_check import INTO
from lib.export.place import placed, size_of
from lib.export.source import Source
from lib.export.space_files import space_card, space_files
from lib.option import option

_NAMED: Any = option(
    "",
    title="Model on the Hub",
    help="NAMESPACE/NAME of the model, published before; empty puts the model itself into the demo.",
    group="model",
)
_TITLE: Any = option(
    "", title="Title", help="What the demo is headed with; the run's name if empty.", group="card"
)


@dataclass(frozen=True)
class SpaceOptions:
    """What the folder holds."""

    model: str = _NAMED
    title: str = _TITLE


@dataclass(frozen=True)
class HubSpaceOptions:
    """Who sees it, where it lands, and what it holds."""

    private: bool = option(
        True, title="Private", help="Only you and your organisation can open the demo.", group="repository"
    )
    into: str = option(
        "new",
        title="Put it into",
        help="A new Space, one that is there, a branch of it, or a pull request.",
        group="repository",
        choices=INTO,
    )
    branch: str = option("", title="Branch", help="The name of the branch, such as v2.", group="repository")
    model: str = _NAMED
    title: str = _TITLE
    licence: str = option(
        "", title="Licence", help="Of the demo; empty for that of the base model.", group="card",
        choices=("", *LICENCES),
    )  # fmt: skip


class Space(Export):
    """app.py, requirements.txt and README.md, with the model inside."""

    name = "space"
    title = "Demo folder (Gradio)"
    summary = "A page to try the model in a browser, as a folder that runs with Gradio here or on a server."
    serves = "To show the model to people who write no code."
    icon = ":material/web:"
    makes = "folder"
    option_class = SpaceOptions

    def refused(self, source: Source) -> str | None:
        """An adapter goes merged into its base model, so that must be here."""
        return str(source.base_problems[0]) if source.base_problems else None

    def check(self, options: Mapping[str, Any]) -> list[Problem]:
        """The options, and whether the model's name can be one."""
        return super().check(options) or model_problems(options)

    def write(self, source: Source, to: Path, options: SpaceOptions, step: Step) -> Made:
        """Write the folder, complete or not at all."""
        with (
            placed(to) as folder,
            tempfile.TemporaryDirectory(prefix=".space-", dir=source.run.path) as work,
        ):
            files = space_files(
                source,
                named=options.model.strip(),
                title=options.title,
                licence="",
                work=Path(work),
                step=step,
            )
            for number, (name, content) in enumerate(files.items()):
                step("writing the folder", 0.3 + 0.7 * number / len(files))
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                if isinstance(content, bytes):
                    (folder / name).write_bytes(content)
                else:
                    shutil.copyfile(content, folder / name)
        notes = ["Go into the folder, then: pip install -r requirements.txt && python app.py"]
        return Made(to, bytes=size_of(to), facts={"notes": notes})


class HubSpace(Export):
    """The same folder as a Space."""

    name = "hub-space"
    title = "Demo on the Hub (Space)"
    summary = "The same page as a Space of yours; on free hardware it starts when somebody opens it."
    serves = "To let others try the model by a link."
    icon = ":material/rocket_launch:"
    makes = "address"
    option_class = HubSpaceOptions
    takes_token = True

    def refused(self, source: Source) -> str | None:
        """An adapter goes merged into its base model, so that must be here."""
        return str(source.base_problems[0]) if source.base_problems else None

    def check(self, options: Mapping[str, Any]) -> list[Problem]:
        """The options, and whether the model's name can be one."""
        return super().check(options) or [*model_problems(options), *branch_problems(options)]

    def check_to(self, to: str) -> list[Problem]:
        """Whether it is of the form NAMESPACE/NAME, as the Hub wants it."""
        return address_problems(to)

    def suggested(self, source: Source) -> str:
        """The name of the Space."""
        return name_from(f"{source.slug}-demo")

    def preview(self, source: Source, to: str, options: HubSpaceOptions) -> str:
        """The README of the Space."""
        named, licence = options.model.strip(), options.licence
        return space_card(source, named=named, title=options.title or source.name, licence=licence)

    def write(self, source: Source, to: Path, options: HubSpaceOptions, step: Step) -> Made:
        """Ask the Hub first, then write the files, then send them."""
        step("asking the Hub", 0.0)
        push = prepared_push(HubAddress.of(to.as_posix(), "space"), options, f"A demo of {source.name}")
        with tempfile.TemporaryDirectory(prefix=".space-", dir=source.run.path) as work:
            files = space_files(
                source, named=options.model.strip(), title=options.title, licence=options.licence,
                work=Path(work), step=step,
            )  # fmt: skip
            pushed = push.send(files, step, begun=0.3)
        return Made(url=pushed.url, bytes=pushed.bytes, facts=facts_of(push, pushed))


def model_problems(options: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with the name of the model on the Hub."""
    named = str(options.get("model", "")).strip()
    return address_problems(named) if named else []
