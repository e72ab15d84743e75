"""Whose token it is, and where it may write: asked of the Hub before anything is sent."""

from dataclasses import dataclass

from lib.errors import Problem, UserError
from lib.models.hub_token import TOKENS_PAGE, Token
from lib.models.hub_web import endpoint, get_json, host


@dataclass(frozen=True)
class Account:
    """`name` is the owner's; `organisations` those they may write to; `writes`: the token may do so."""

    name: str
    organisations: tuple[str, ...] = ()
    writes: bool = True

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Under which names a repository may be made, the owner's first."""
        return (self.name, *self.organisations)


def account_of(token: Token | None) -> Account:
    """Ask the Hub whose token it is. Raises UserError: no token, a wrong one, no network, offline."""
    if token is None:
        raise UserError(no_token())
    try:
        told = get_json("/api/whoami-v2", subject="The export", token=token)
    except UserError as error:
        raise _said_for_pushing(error) from error
    if not isinstance(told, dict) or not isinstance(told.get("name"), str):
        what = f"What answers at {endpoint()} is not the Hub."
        raise UserError(Problem(what, "HF_ENDPOINT", "Check HF_ENDPOINT.", code="hub-unreachable"))
    role = ((told.get("auth") or {}).get("accessToken") or {}).get("role")
    orgs = [one for one in told.get("orgs") or [] if isinstance(one, dict) and one.get("name")]
    writable = tuple(str(one["name"]) for one in orgs if one.get("roleInOrg") != "read")
    return Account(told["name"], writable, writes=role != "read")


def may_write(account: Account, namespace: str) -> list[Problem]:
    """Why nothing can be made under the namespace."""
    if not account.writes:
        return [cannot_write()]
    if namespace.lower() in (name.lower() for name in account.namespaces):
        return []
    return [
        Problem(
            f"The token is {account.name}'s, who may not make anything under {namespace}.",
            "to",
            f"Write {' or '.join(f'{name}/…' for name in account.namespaces)}, ask {namespace} to let you in, or "
            "offer it as a pull request to a repository that is there.",
            code="hub-permission",
        )
    ]


def no_token() -> Problem:
    """That nobody has said who they are."""
    return Problem(
        f"There is no token, and {host()} lets nobody write without one.",
        "token",
        f"Make one that may write at {endpoint()}{TOKENS_PAGE}; give it here, in HF_TOKEN, or with hf auth login.",
        code="hub-no-token",
    )


def wrong_token() -> Problem:
    """That the Hub does not know the token."""
    return Problem(
        "The Hub does not accept the token.",
        "token",
        f"Make a new one that may write at {endpoint()}{TOKENS_PAGE}, and copy it whole.",
        code="hub-token",
    )


def cannot_write() -> Problem:
    """That the token is for reading."""
    return Problem(
        "The token may only read.",
        "token",
        f"Make one that may write at {endpoint()}{TOKENS_PAGE}.",
        code="hub-permission",
    )


def _said_for_pushing(error: UserError) -> UserError:
    """What downloads are told, in the words of somebody who wants to send something."""
    [problem, *_] = error.problems
    fixes = {
        "hub-unreachable": "Check the network (HTTPS_PROXY, HF_ENDPOINT), then export again; nothing was sent.",
        "hub-rate-limit": "Wait a little, then export again; nothing was sent.",
        "hub-fault": "Export again later; nothing was sent.",
    }
    if problem.code in ("hub-token", "hub-no-model", "hub-gated"):
        return UserError(wrong_token())
    if problem.code == "hub-offline":
        what = "HF_HUB_OFFLINE forbids talking to the Hub."
        return UserError(
            Problem(what, "HF_HUB_OFFLINE", "Unset it, or export to a file.", code="hub-offline")
        )
    if problem.code in fixes:
        return UserError(Problem(problem.what, "network", fixes[problem.code], code=problem.code))
    return error
