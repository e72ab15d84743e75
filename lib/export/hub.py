"""To the Hub: the model with its card, in a repository of its own, in one commit."""

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from lib.cards.licences import LICENCES
from lib.cards.wish import CardWish, languages_in
from lib.errors import Problem, raise_errors
from lib.export.base import Export, Made, Step
from lib.export.hub_account import no_token
from lib.export.hub_address import HubAddress, address_problems, name_from
from lib.export.hub_check import INTO, check_hub
from lib.export.hub_model import WEIGHTS, goes_as_adapter, model_files
from lib.export.hub_push import Push, Pushed
from lib.export.source import Source
from lib.export.source_card import card_of, snippet_of
from lib.models.hub_token import find_token
from lib.option import option


@dataclass(frozen=True)
class HubOptions:
    """Who sees it, where it lands, and what of the card a person decides."""

    private: bool = option(
        True,
        title="Private",
        help="Only you and your organisation see it; you can make it public on its page. It counts for a new "
        "repository only.",
        group="repository",
    )
    into: str = option(
        "new",
        title="Put it into",
        help="A new repository; one that is there, as a new commit; a branch of it, which leaves the main one as it "
        "is; or a pull request, for repositories of others.",
        group="repository",
        choices=INTO,
    )
    branch: str = option("", title="Branch", help="The name of the branch, such as v2.", group="repository")
    weights: str = option(
        "auto",
        title="An adapter goes",
        help="As an adapter it is small and needs its base model from the Hub; merged it is whole. auto: as an adapter "
        "where the base model is on the Hub.",
        group="model",
        choices=WEIGHTS,
    )
    title: str = option(
        "", title="Title", help="What the card is headed with; the run's name if empty.", group="card"
    )
    description: str = option(
        "", title="Description", help="What stands below the title, as plain text.", group="card"
    )
    licence: str = option(
        "",
        title="Licence",
        help="Under which licence you publish; empty for that of the base model.",
        group="card",
        choices=("", *LICENCES),
    )
    languages: str = option(
        "", title="Languages", help="Codes such as en, de; the Hub files the model under them.", group="card"
    )
    datasets: str = option(
        "", title="Data sets", help="Ids of data sets on the Hub that it learned from.", group="card"
    )

    @property
    def wish(self) -> CardWish:
        """What the card should say."""
        return CardWish(
            self.title.strip(),
            self.description.strip(),
            self.licence,
            languages_in(self.languages),
            languages_in(self.datasets),
        )


class Hub(Export):
    """A model repository on the Hub, or on a mirror that HF_ENDPOINT names."""

    name = "hub"
    title = "Hugging Face Hub"
    summary = "The model and its card in a repository, private until you say otherwise, loaded by its name."
    serves = "To publish, or to share with a team."
    icon = ":material/cloud_upload:"
    makes = "address"
    option_class = HubOptions
    takes_token = True

    def refused(self, source: Source) -> str | None:
        """Only an adapter whose base model is neither here nor on the Hub cannot go."""
        from lib.export.staging import base_is_local

        if source.is_adapter and source.base is None and base_is_local(source):
            return str(source.base_problems[0])
        return None

    def check(self, options: Mapping[str, Any]) -> list[Problem]:
        """The options, and what of the card a person typed."""
        problems = super().check(options)
        return problems or [*HubOptions(**options).wish.problems(), *branch_problems(options)]

    def asked(self, source: Source) -> tuple[str, ...]:
        """Whole models have no adapter to merge."""
        return tuple(name for name in super().asked(source) if name != "weights" or source.is_adapter)

    def check_to(self, to: str) -> list[Problem]:
        """Whether it is of the form NAMESPACE/NAME, as the Hub wants it."""
        return address_problems(to)

    def suggested(self, source: Source) -> str:
        """The name of the repository."""
        return name_from(source.slug)

    def preview(self, source: Source, to: str, options: HubOptions) -> str:
        """The model's card."""
        as_adapter = goes_as_adapter(source, options.weights)  # type: ignore[arg-type]
        return card_of(source, place=to, is_adapter=as_adapter, wish=options.wish)

    def write(self, source: Source, to: Path, options: HubOptions, step: Step) -> Made:
        """Ask the Hub first, then send. What is made for it on the way is removed."""
        step("asking the Hub", 0.0)
        as_adapter = goes_as_adapter(source, options.weights)  # type: ignore[arg-type]
        push = prepared_push(
            HubAddress.of(to.as_posix(), "model"), options, f"{source.name}, trained with Atelier"
        )
        address = push.address
        with tempfile.TemporaryDirectory(prefix=".hub-", dir=source.run.path) as work:
            files = model_files(
                source, place=address.id, as_adapter=as_adapter, wish=options.wish, work=Path(work), step=step
            )
            begun = 0.3 if source.is_adapter and not as_adapter else 0.05
            pushed = push.send(files, step, begun=begun)
        use = snippet_of(source, address.id, is_adapter=as_adapter)
        return Made(url=pushed.url, bytes=pushed.bytes, facts=facts_of(push, pushed) | {"use": use})


class PushOptions(Protocol):
    """The options that every push has."""

    @property
    def private(self) -> bool: ...  # noqa: D102
    @property
    def into(self) -> str: ...  # noqa: D102
    @property
    def branch(self) -> str: ...  # noqa: D102


def prepared_push(address: HubAddress, options: PushOptions, summary: str) -> Push:
    """A push that the Hub will take, as far as it can be known. Raises UserError."""
    token = find_token()
    ready = check_hub(address, token=token, into=options.into, private=options.private, branch=options.branch)  # type: ignore[arg-type]
    if token is None:
        raise_errors([no_token()])
    assert token is not None
    line = " ".join(summary.split())[:200]
    return Push(ready, token, options.into, options.private, line, branch=options.branch.strip())  # type: ignore[arg-type]


def branch_problems(options: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with the branch's name."""
    branch = str(options.get("branch", "")).strip()
    if options.get("into") != "branch":
        return []
    if re.fullmatch(r"[\w][\w./-]*", branch, flags=re.ASCII) and ".." not in branch and branch != "main":
        return []
    what = f"{branch!r} is no name for a branch." if branch else "The branch has no name."
    return [
        Problem(
            what, "export.branch", "Write letters, digits, dots and hyphens, such as v2.", code="hub-branch"
        )
    ]


def facts_of(push: Push, pushed: Pushed) -> dict[str, Any]:
    """What the receipt keeps of a push."""
    private = push.private if pushed.made else push.ready.private
    seen = "Only you and those you let in see it." if private else "Everyone sees it."
    notes = [f"{pushed.files} files in one commit, {pushed.commit[:7]}.", seen]
    if push.into == "pull-request":
        notes = [f"{pushed.files} files in a pull request; its owner decides."]
    return {"commit": pushed.commit, "private": private, "files": pushed.files, "notes": notes}
