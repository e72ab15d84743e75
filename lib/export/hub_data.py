"""To the Hub: the data set that a run learned from, in its split, with a card."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lib.cards.licences import LICENCES
from lib.cards.wish import CardWish, languages_in
from lib.errors import Problem
from lib.export.base import Export, Made, Step
from lib.export.dataset_files import dataset_files
from lib.export.hub import branch_problems, facts_of, prepared_push
from lib.export.hub_address import HubAddress, address_problems, name_from
from lib.export.hub_check import INTO
from lib.export.source import Source
from lib.option import option


@dataclass(frozen=True)
class HubDataOptions:
    """Who sees it, where it lands, and what of the card a person decides."""

    private: bool = option(
        True,
        title="Private",
        help="Only you and your organisation see the rows. Before you make them public, make sure that you may.",
        group="repository",
    )
    into: str = option(
        "new",
        title="Put it into",
        help="A new repository, one that is there, a branch of it, or a pull request.",
        group="repository",
        choices=INTO,
    )
    branch: str = option("", title="Branch", help="The name of the branch, such as v2.", group="repository")
    title: str = option(
        "", title="Title", help="What the card is headed with; the data set's name if empty.", group="card"
    )
    description: str = option("", title="Description", help="What stands below the title.", group="card")
    licence: str = option(
        "",
        title="Licence",
        help="Under which licence others may use the rows.",
        group="card",
        choices=("", *LICENCES),
    )
    languages: str = option("", title="Languages", help="Codes such as en, de.", group="card")

    @property
    def wish(self) -> CardWish:
        """What the card should say."""
        languages = languages_in(self.languages)
        return CardWish(self.title.strip(), self.description.strip(), self.licence, languages)


class HubData(Export):
    """A data set repository: Parquet by split, which load_dataset reads by its name."""

    name = "hub-data"
    title = "Data set on the Hub"
    summary = (
        "All rows of the data set's version, split as the run had them, with a card; load_dataset reads it."
    )
    serves = "So that others can repeat the run, or train on the same rows."
    icon = ":material/dataset:"
    makes = "address"
    option_class = HubDataOptions
    takes_token = True

    def check(self, options: Mapping[str, Any]) -> list[Problem]:
        """The options, and what of the card a person typed."""
        problems = super().check(options)
        return problems or [*HubDataOptions(**options).wish.problems(), *branch_problems(options)]

    def check_to(self, to: str) -> list[Problem]:
        """Whether it is of the form NAMESPACE/NAME, as the Hub wants it."""
        return address_problems(to)

    def suggested(self, source: Source) -> str:
        """The name of the repository."""
        return name_from((source.spec.data.dataset or source.slug).partition("@")[0])

    def write(self, source: Source, to: Path, options: HubDataOptions, step: Step) -> Made:
        """Ask the Hub first, then write the files, then send them."""
        step("asking the Hub", 0.0)
        address = HubAddress.of(to.as_posix(), "dataset")
        push = prepared_push(address, options, f"{source.spec.data.dataset}, from Atelier")
        with tempfile.TemporaryDirectory(prefix=".hub-", dir=source.run.path) as work:
            files = dataset_files(source, place=address.id, wish=options.wish, work=Path(work), step=step)
            pushed = push.send(files, step, begun=0.15)
        use = f"from datasets import load_dataset\n\nrows = load_dataset({address.id!r})\n"
        return Made(url=pushed.url, bytes=pushed.bytes, facts=facts_of(push, pushed) | {"use": use})
