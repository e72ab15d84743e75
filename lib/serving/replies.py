"""What goes wrong, as JSON: sentences that say what to do, never a stack trace or what was sent."""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from lib.data.cells import whole_text
from lib.errors import Problem, UserError
from lib.serving.batcher import BusyError, EndedError

_MOST_PROBLEMS = 20
_WORDS = {
    400: ("The request cannot be read.", "Send JSON in UTF-8, in the form that /docs shows."),
    401: ("The key is missing or wrong.", "Send it as `Authorization: Bearer KEY`."),
    404: ("There is nothing at this address.", "See /docs for what there is."),
    405: ("This address does not take this method.", "See /docs for what it takes."),
    413: ("The request is too large.", "Send fewer or shorter rows; GET /model says what the limits are."),
}


class Refusal(Exception):
    """A request that is not done: its status and why."""

    def __init__(self, status: int, *problems: Problem) -> None:
        super().__init__(status)
        self.status, self.problems = status, problems


def reply(request: Request, status: int, problems: Sequence[Problem], **headers: str) -> JSONResponse:
    """The problems, in the form that clients of this address expect."""
    told = [problem.to_json() for problem in problems[:_MOST_PROBLEMS]]
    content: dict[str, Any] = {"problems": told}
    if request.url.path.startswith("/v1/"):
        status = 400 if status == 422 else status  # what their clients know
        kind = "invalid_request_error" if status < 500 else "server_error"
        first = problems[0]
        content = {
            "error": {
                "message": " ".join(str(problem) for problem in problems[:_MOST_PROBLEMS]),
                "type": kind,
                "param": first.where or None,
                "code": first.code or None,
            }
        }
    return JSONResponse(_whole(content), status_code=status, headers=headers)


def add_replies(app: FastAPI) -> None:
    """Let every failure be answered by `reply`."""

    @app.exception_handler(Refusal)
    async def refused(request: Request, error: Refusal) -> JSONResponse:
        return reply(request, error.status, error.problems)

    @app.exception_handler(UserError)
    async def wrong(request: Request, error: UserError) -> JSONResponse:
        return reply(request, 422, error.problems)

    @app.exception_handler(RequestValidationError)
    async def misshapen(request: Request, error: RequestValidationError) -> JSONResponse:
        return reply(request, 422, [_problem(one) for one in error.errors()])

    @app.exception_handler(HTTPException)
    async def plain_error(request: Request, error: HTTPException) -> JSONResponse:
        what, fix = _WORDS.get(error.status_code, (f"{str(error.detail).rstrip('.')}.", ""))
        problem = Problem(what, fix=fix, code=f"http-{error.status_code}")
        headers = dict(error.headers or {})
        if error.status_code == 413:
            headers["Connection"] = "close"  # else the rest of the body would still be read, and thrown away
        return reply(request, error.status_code, [problem], **headers)

    @app.exception_handler(BusyError)
    async def busy(request: Request, error: BusyError) -> JSONResponse:
        problem = Problem("Too many requests wait for the model.", fix="Try again in a moment.", code="busy")
        return reply(request, 503, [problem], **{"Retry-After": "1"})

    @app.exception_handler(EndedError)
    async def ended(request: Request, error: EndedError) -> JSONResponse:
        problem = Problem("The server is going down.", fix="Try again later.", code="ending")
        return reply(request, 503, [problem], **{"Retry-After": "5"})

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> JSONResponse:
        problem = Problem("The server failed.", fix="Its log says more.", code="fault")
        return reply(request, 500, [problem])


def _problem(error: dict[str, Any]) -> Problem:
    """What pydantic says, without what was sent."""
    where = ".".join(str(part) for part in error.get("loc", ()) if part != "body")
    what = str(error.get("msg", "not as expected")).rstrip(".")
    return Problem(f"{what[:1].upper()}{what[1:]}.", where[:200], "See /docs for the form.", code="form")


def _whole(value: Any) -> Any:
    """Without halves of surrogate pairs, which no reply can hold."""
    match value:
        case str():
            return whole_text(value)
        case dict():
            return {whole_text(name): _whole(one) for name, one in value.items()}
        case list():
            return [_whole(one) for one in value]
    return value
