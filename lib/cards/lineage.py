"""What a run's model was made from: the first model that is no run of this machine, with its licence."""

from dataclasses import dataclass

from lib.errors import UserError
from lib.models.sources import find_model
from lib.models.starters import STARTERS
from lib.runs.folder import open_run
from lib.runs.spec import Spec

# Runs that went on from one another; longer chains are a circle.
_MOST_STEPS = 30


@dataclass(frozen=True)
class Lineage:
    """`ref` is the model as a spec names it; `hub` its name on the Hub, where it has one, and `revision` the commit.

    `licence` is as stated, "not stated" where nobody says; `exact`: the weights are those of the Hub's commit.
    """

    ref: str
    hub: str = ""
    revision: str = ""
    licence: str = "not stated"
    exact: bool = False

    @property
    def words(self) -> str:
        """What a card calls the model: never a path of this machine."""
        kind, _, name = self.ref.partition(":")
        if self.hub:
            return self.hub
        return {
            "folder": f"the model {name.replace(chr(92), '/').rstrip('/').rpartition('/')[2]}",
            "scratch": f"an untrained {name}",
            "run": "an earlier model",
        }.get(kind, self.ref)


def lineage_of(spec: Spec) -> Lineage:
    """The model at the beginning of a run's line: runs are followed to theirs, models cut from a teacher to it."""
    ref, revision = spec.model, spec.revision or ""
    for _ in range(_MOST_STEPS):
        kind, _, name = ref.partition(":")
        if kind == "cut":
            ref, revision = str(spec.method.get("teacher", "")), ""
        elif kind == "run":
            try:
                spec = open_run(name).spec
            except UserError:  # deleted since; its model was copied, its line was not
                return Lineage(ref)
            ref, revision = spec.model, spec.revision or ""
        else:
            break
    kind, _, name = ref.partition(":")
    if kind == "hub":
        hub, _, asked = name.partition("@")
        return Lineage(ref, hub, revision or asked, _licence(f"hub:{hub}@{revision or asked}"), exact=True)
    if kind == "starter":
        starter = next((one for one in STARTERS if one.name == name), None)
        return Lineage(ref, starter.hub, "", starter.licence) if starter else Lineage(ref)
    return Lineage(ref, licence=_licence(ref))


def _licence(ref: str) -> str:
    """As the model itself states it; only what lies on this machine is asked."""
    try:
        return find_model(ref.removesuffix("@")).licence
    except UserError:
        return "not stated"
