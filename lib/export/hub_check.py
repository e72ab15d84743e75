"""Everything that would stop an upload, found in three questions before a byte is sent."""

from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote

from lib.errors import Problem, UserError
from lib.export.hub_account import Account, account_of, cannot_write, may_write
from lib.export.hub_address import NOUNS, HubAddress
from lib.models.hub_token import Token
from lib.models.hub_web import get_json

Into = Literal["new", "update", "branch", "pull-request"]
INTO: tuple[Into, ...] = ("new", "update", "branch", "pull-request")
# What the Hub itself puts into a new repository.
OF_THE_HUB = {".gitattributes"}


@dataclass(frozen=True)
class Ready:
    """What was found: whose token, and the repository as it is. `head` is its newest commit, "" where it is new."""

    account: Account
    address: HubAddress
    exists: bool = False
    private: bool = False
    head: str = ""
    files: frozenset[str] = field(default_factory=frozenset)

    @property
    def is_empty(self) -> bool:
        """Whether nobody has put anything into it."""
        return self.files <= OF_THE_HUB


def check_hub(
    address: HubAddress, *, token: Token | None, into: Into, private: bool, branch: str = ""
) -> Ready:
    """Ask the Hub whether what is wanted can be done. Raises UserError with what to do instead."""
    account = account_of(token)
    found = _look(address, token)
    if into == "pull-request":
        if not account.writes:
            raise UserError(cannot_write())
    elif problems := may_write(account, address.namespace):
        raise UserError(*problems)
    if found is None:
        if into != "new":
            raise UserError(_missing(address))
        return Ready(account, address)
    files = frozenset(str(one.get("rfilename")) for one in found.get("siblings") or [])
    ready = Ready(account, address, True, bool(found.get("private")), str(found.get("sha") or ""), files)
    if into == "new":
        if not ready.is_empty:
            raise UserError(_taken(address))
        if private and not ready.private:
            raise UserError(_public(address))
    if into == "branch" and not branch.strip():
        problem = Problem("The branch has no name.", "branch", "Write one, such as v2.", code="hub-branch")
        raise UserError(problem)
    return ready


def _look(address: HubAddress, token: Token | None, revision: str = "") -> dict[str, Any] | None:
    """What the Hub says of the repository; None when there is none that the token's owner can see."""
    rest = f"/revision/{quote(revision, safe='')}" if revision else ""
    try:
        told = get_json(
            f"/api/{address.kind}s/{address.id}{rest}", subject=address.id, model=address.path, token=token
        )
    except UserError as error:
        if error.problems[0].code == "hub-no-model":
            return None
        raise
    return told if isinstance(told, dict) else None


def _taken(address: HubAddress) -> Problem:
    noun = NOUNS[address.kind]
    return Problem(
        f"There is a {noun} {address.id} already, with files in it.",
        "to",
        "Choose another name, or say that this one is to be updated, on a branch or as a pull request (into).",
        code="hub-taken",
    )


def _public(address: HubAddress) -> Problem:
    return Problem(
        f"{address.id} is there, empty and public, and you want it private.",
        "private",
        f"Make it private at {address.page}/settings, or choose another name.",
        code="hub-public",
    )


def _missing(address: HubAddress) -> Problem:
    noun = NOUNS[address.kind]
    return Problem(
        f"There is no {noun} {address.id} to put this into, or the token's owner cannot see it.",
        "to",
        "Check the name, or make a new one (into: new).",
        code="hub-missing",
    )
