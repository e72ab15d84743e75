"""Requests to the Hub, and every way they fail as a sentence.

The environment (HF_ENDPOINT, HF_HUB_OFFLINE, proxies) is read at each call, not once at import.
"""

import contextlib
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from lib.errors import Problem, UserError
from lib.models.hub_token import TOKENS_PAGE, Token

SECONDS_TO_CONNECT, SECONDS_OF_SILENCE = 5.0, 15.0
_TRUE = ("1", "ON", "YES", "TRUE")
# What the Hub says instead of "no such model" when the token itself is not known.
_BAD_TOKEN = re.compile(r"invalid (credentials|username or password|user token)|expired", re.IGNORECASE)


def endpoint() -> str:
    """The address of the Hub or of its mirror, without a slash at the end."""
    return (os.environ.get("HF_ENDPOINT") or "https://huggingface.co").rstrip("/")


def host() -> str:
    """The Hub's name for a sentence."""
    return urlsplit(endpoint()).netloc or endpoint()


def is_offline() -> bool:
    """Whether the environment forbids asking the Hub."""
    return any(
        os.environ.get(name, "").upper() in _TRUE for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
    )


@contextlib.contextmanager
def connect(
    token: Token | None, *, subject: str, seconds_to_connect: float = SECONDS_TO_CONNECT
) -> Iterator[Any]:
    """An HTTP client for the Hub. Everything that goes wrong inside becomes a UserError about the subject.

    The token goes to the Hub alone: when it sends on to another host, the client leaves the token out.
    """
    import httpx2

    if is_offline():
        raise UserError(
            Problem(
                f"{subject} is not on this machine, and HF_HUB_OFFLINE forbids asking the Hub.",
                "model",
                "Unset HF_HUB_OFFLINE, or choose a model that is here.",
                code="hub-offline",
            )
        )
    try:
        with httpx2.Client(
            headers={"User-Agent": "atelier", **(token.header if token else {})},
            timeout=httpx2.Timeout(SECONDS_OF_SILENCE, connect=seconds_to_connect),
            follow_redirects=True,
        ) as client:
            yield client
    except httpx2.InvalidURL as error:
        raise UserError(
            Problem(
                f"HF_ENDPOINT is {endpoint()!r}, which is no web address.",
                "HF_ENDPOINT",
                "Unset it to use https://huggingface.co.",
                code="hub-endpoint",
            )
        ) from error
    except httpx2.HTTPError as error:
        raise UserError(unreachable(error)) from error


def unreachable(error: Exception) -> Problem:
    """The problem of a Hub that does not answer."""
    name = type(error).__name__
    why = "it does not answer in time" if "Timeout" in name else (str(error).strip(". ") or name)
    return Problem(
        f"The Hub at {host()} cannot be reached: {why}.",
        "model",
        "Check the network (HTTPS_PROXY, HF_ENDPOINT), or choose a model that is on this machine.",
        code="hub-unreachable",
    )


def get_json(
    path: str, *, subject: str, model: str = "", token: Token | None = None, params: Any = None
) -> Any:
    """What the Hub answers to one question. Raises UserError."""
    with connect(token, subject=subject) as client:
        response = client.get(f"{endpoint()}{path}", params=params)
        raise_refusal(response, subject=subject, model=model, token=token)
        try:
            return response.json()
        except ValueError as error:
            raise UserError(
                Problem(
                    f"What answers at {endpoint()} is not the Hub.",
                    "HF_ENDPOINT",
                    "Check HF_ENDPOINT, and whether the network asks for a login first.",
                    code="hub-unreachable",
                )
            ) from error


def file_address(model: str, sha: str, name: str) -> str:
    """Where a file of a model is."""
    return f"{endpoint()}/{model}/resolve/{sha}/{quote(name)}"


def raise_refusal(response: Any, *, subject: str, model: str, token: Token | None) -> None:
    """Raise a UserError when the Hub refused. `model` is the id that its page is linked by."""
    status = int(response.status_code)
    if status < 400:
        return
    said = response.headers.get("X-Error-Code", "")
    message = response.headers.get("X-Error-Message", "")
    page = f"{endpoint()}/{model}"
    tokens = f"{endpoint()}{TOKENS_PAGE}"
    if status == 429:
        problem = Problem(
            f"The Hub asks for a pause: too many requests came from this address{_pause(response.headers)}.",
            "model",
            "Wait a little and try again, or set HF_TOKEN: it allows more.",
            code="hub-rate-limit",
        )
    elif status >= 500:
        problem = Problem(
            f"The Hub at {host()} has a fault of its own just now (error {status}).",
            "model",
            "Try again later; what was downloaded is kept.",
            code="hub-fault",
        )
    elif said == "GatedRepo" or (status == 403 and model):
        problem = _gated(subject, page, tokens, token)
    elif token and status == 401 and (said != "RepoNotFound" or _BAD_TOKEN.search(message)):
        problem = Problem(
            "The Hub does not accept the token.",
            "token",
            f"Make a new one at {tokens}, with permission to read.",
            code="hub-token",
        )
    elif said == "RevisionNotFound":
        problem = Problem(
            f"{subject} is not on the Hub: the model is there, and that revision of it is not.",
            "model",
            f"Choose a branch, tag or commit from {page}/commits.",
            code="hub-no-revision",
        )
    elif said == "EntryNotFound":
        problem = Problem(
            f"A file of {subject} is missing on the Hub.", "model", f"See {page}.", code="hub-no-file"
        )
    else:
        problem = Problem(
            f"There is no model {model or subject} on the Hub at {host()}, or it is private.",
            "model",
            f"Check the name. For a private model, set HF_TOKEN to a token from {tokens}.",
            code="hub-no-model",
        )
    raise UserError(problem)


def _gated(subject: str, page: str, tokens: str, token: Token | None) -> Problem:
    if token:
        return Problem(
            f"{subject} is gated, and the owner of the token has no access to it.",
            "model",
            f"Accept its terms at {page} with that account, and wait until access is granted.",
            code="hub-gated",
        )
    return Problem(
        f"{subject} is gated: its owner wants the terms accepted first.",
        "model",
        f"Accept them at {page}, make a token that may read at {tokens}, and give it here or in HF_TOKEN.",
        code="hub-gated",
    )


def _pause(headers: Mapping[str, str]) -> str:
    found = re.search(r"\bt=(\d+)", headers.get("ratelimit", ""))
    seconds = headers.get("Retry-After") or (found.group(1) if found else "")
    return f"; it names {seconds} seconds" if seconds.isdigit() else ""


def is_reachable(seconds: float = 3.0) -> bool:
    """Whether the Hub answers; at most that many seconds, but for a name server that does not answer."""
    if is_offline():
        return False
    try:
        with connect(None, subject="the Hub", seconds_to_connect=seconds) as client:
            answer = client.get(f"{endpoint()}/api/models", params={"limit": 1}, timeout=seconds)
            return int(answer.status_code) < 500 and isinstance(answer.json(), list)
    except (UserError, ValueError):
        return False
