"""The address of a repository on the Hub: which kind, whose, and its name, checked before anyone is asked."""

import re
from dataclasses import dataclass
from typing import Literal

from lib.errors import Problem
from lib.models.hub_web import endpoint

Kind = Literal["model", "dataset", "space"]
MOST_CHARACTERS = 96
NOUNS: dict[Kind, str] = {"model": "model", "dataset": "data set", "space": "Space"}


@dataclass(frozen=True)
class HubAddress:
    """`namespace` is a person or an organisation."""

    kind: Kind
    namespace: str
    name: str

    @property
    def id(self) -> str:
        """NAMESPACE/NAME."""
        return f"{self.namespace}/{self.name}"

    @property
    def path(self) -> str:
        """Where the repository is below the Hub's address."""
        return self.id if self.kind == "model" else f"{self.kind}s/{self.id}"

    @property
    def page(self) -> str:
        """Its page for people."""
        return f"{endpoint()}/{self.path}"

    @property
    def noun(self) -> str:
        """What it is called in a sentence: the model ada/moods."""
        return f"the {NOUNS[self.kind]} {self.id}"

    @staticmethod
    def of(text: str, kind: Kind) -> "HubAddress":
        """The address in "NAMESPACE/NAME", which `address_problems` has found to be one."""
        namespace, _, name = text.strip().partition("/")
        return HubAddress(kind, namespace, name)


def address_problems(text: str) -> list[Problem]:
    """Everything that forbids a text to be the id of a repository; the Hub's own rules."""
    namespace, slash, name = text.strip().partition("/")
    what = ""
    if not slash or not namespace or not name or "/" in name:
        what = f"{text!r} is not of the form NAMESPACE/NAME."
    elif any(re.search(r"[^\w.-]", part, flags=re.ASCII) for part in (namespace, name)):
        what = f"{text!r} has signs other than letters, digits, hyphens, dots and underscores."
    elif any(part[0] in "-." or part[-1] in "-." for part in (namespace, name)):
        what = f"{text!r} has a part that begins or ends with a hyphen or a dot."
    elif "--" in text or ".." in text:
        what = f"{text!r} has two hyphens or two dots in a row."
    elif name.endswith(".git") or name.endswith(".ipynb"):
        what = f"{text!r} ends with a suffix that the Hub keeps for itself."
    elif len(text.strip()) > MOST_CHARACTERS:
        what = f"The name has {len(text.strip())} characters, and the Hub takes {MOST_CHARACTERS}."
    if not what:
        return []
    fix = "Write your name on the Hub, a slash, and a name such as tweets-emotion."
    return [Problem(what, "to", fix, code="hub-address")]


def name_from(slug: str) -> str:
    """A repository's name made from a run's name."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", slug)
    return re.sub(r"-{2,}", "-", re.sub(r"\.{2,}", ".", plain)).strip("-.")[:60] or "model"
