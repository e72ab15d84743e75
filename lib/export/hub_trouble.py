"""What goes wrong while something is sent to the Hub, as a sentence with what to do."""

from collections.abc import Iterator

from lib.errors import Problem
from lib.export.hub_account import cannot_write, wrong_token
from lib.export.hub_address import HubAddress
from lib.models.hub_web import host


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from, outermost first."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def hub_errors() -> tuple[type[Exception], ...]:
    """What huggingface_hub raises when something goes wrong outside of it."""
    import httpx2

    return (OSError, RuntimeError, ValueError, httpx2.HTTPError)


def is_broken_connection(error: BaseException) -> bool:
    """Whether the network failed rather than anyone refused."""
    import httpx2

    return any(isinstance(one, httpx2.TransportError | ConnectionError) for one in causes(error))


def status_of(error: BaseException) -> int | None:
    """What the Hub answered with, if it answered."""
    for one in causes(error):
        status = getattr(getattr(one, "response", None), "status_code", None)
        if isinstance(status, int):
            return status
    return None


def hub_problem(error: BaseException, address: HubAddress, *, left: str) -> Problem | None:
    """The sentence for an error of huggingface_hub; None for what is no error of the Hub.

    `left` says what is on the Hub now.
    """
    status, said = status_of(error), _said(error)
    again = "Export again to the same name: what has arrived is not sent again."
    if is_broken_connection(error):
        what = f"The connection to {host()} broke{left}"
        return Problem(f"{what}.", "network", again, code="hub-broken")
    if status == 401:
        return wrong_token()
    if status == 402:
        what = f"The Hub wants a paid plan for {address.noun}{said}."
        return Problem(what, "to", "Use another account, or export to a folder.", code="hub-payment")
    if status == 403:
        if "read" in said.lower() and "token" in said.lower():
            return cannot_write()
        what = f"The token's owner may not write to {address.noun}{said}."
        fix = "Ask its owner to let you in, choose another name, or offer a pull request."
        return Problem(what, "to", fix, code="hub-permission")
    if status in (404, 410):
        what = f"{address.noun.capitalize()} is gone, or the token's owner cannot see it any more."
        return Problem(what, "to", "Check the name, then export again.", code="hub-missing")
    if status == 409:
        what = f"There is something called {address.id} on the Hub already{said}."
        return Problem(what, "to", "Choose another name.", code="hub-taken")
    if status in (412, 422):
        what = f"Somebody changed {address.noun} meanwhile, so nothing was changed by this export."
        return Problem(what, "to", "Look at what changed, then export again.", code="hub-changed")
    if status in (413, 507):
        what = f"The Hub has no room for it{said}."
        return Problem(what, "to", "Free some storage of the account, then export again.", code="hub-storage")
    if status == 429:
        what = f"The Hub asks for a pause{left}."
        return Problem(what, "network", f"Wait some minutes. {again}", code="hub-rate-limit")
    if status is not None and status >= 500:
        what = f"The Hub at {host()} has a fault of its own just now (error {status}){left}."
        return Problem(what, "network", f"Wait a little. {again}", code="hub-fault")
    if any("Invalid metadata in README.md" in str(one) for one in causes(error)):
        lines = [line.strip("- ") for line in str(error).splitlines()[1:] if line.strip()]
        what = f"The Hub does not accept the head of the card: {'; '.join(lines)[:300]}."
        return Problem(
            what, "card", "Change licence or languages of the card, then export again.", code="hub-card"
        )
    if status is not None:
        return Problem(f"The Hub refused (error {status}){said}.", "to", "Read the log.", code="hub-refused")
    return None


def _said(error: BaseException) -> str:
    """What the server said in its own words, for the end of a sentence."""
    for one in causes(error):
        message = getattr(one, "server_message", None)
        if isinstance(message, str) and message.strip():
            return f": {' '.join(message.split())[:200].rstrip('.')}"
    return ""
