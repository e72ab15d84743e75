"""The HTTP application around a served model: health, facts, predictions, chat, documentation, a key."""

import hmac
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware

from lib.serving.batcher import Batcher
from lib.serving.body_limit import BodyLimit
from lib.serving.chatting import chat_router
from lib.serving.docs import docs_page
from lib.serving.limits import Limits
from lib.serving.model import ServedModel
from lib.serving.predicting import REFUSALS, predict_router
from lib.serving.replies import add_replies

# What is under way when the server is told to end may finish, but not for ever.
SECONDS_TO_FINISH = 20.0
LOOPBACK = ("127.0.0.1", "localhost", "::1", "[::1]")


class Health(BaseModel):
    """That the server is up."""

    status: str
    run: str


def make_app(
    served: ServedModel,
    *,
    limits: Limits | None = None,
    key: str = "",
    local: bool = True,
    on_ready: Callable[[], None] | None = None,
) -> FastAPI:
    """The application. With `key`, all but /health and the documentation ask for it.

    `local`: it is reached by this machine's own names alone, so that no web page can rebind a name of its own to it.
    """
    limits = limits or Limits()
    batcher = Batcher(
        {"predict": served.predict, "chat": served.write},
        most={"predict": limits.rows_at_once, "chat": limits.chats_at_once},
        waiting=limits.waiting,
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if on_ready is not None:
            on_ready()
        yield
        batcher.end(SECONDS_TO_FINISH)

    task = served.taught.task
    app = FastAPI(
        title=f"{served.run.name} on Atelier",
        description=f"{task.title}: {task.summary} Limits stand in GET /model.",
        version="1",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    add_replies(app)
    app.add_middleware(BodyLimit, most=limits.body_bytes)
    if local:
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(LOOPBACK))

    def allowed(request: Request) -> None:
        given = request.headers.get("authorization", "")
        wanted = f"Bearer {key}"
        if key and not hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode()):
            raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})

    guard = [Depends(allowed)]

    @app.get("/health", response_model=Health)
    async def health() -> Health:
        """Whether the server is up and its model is loaded."""
        return Health(status="ok", run=served.run.id)

    @app.get("/model", dependencies=guard, responses={401: REFUSALS[401]})
    async def model() -> dict[str, Any]:
        """What the model is: its run, task, labels, inputs, scores with their 95 % intervals, and the limits here."""
        return served.about() | {"limits": limits.to_json()}

    app.include_router(predict_router(served, batcher, limits), dependencies=guard)
    if served.chats:
        app.include_router(chat_router(served, batcher, limits), dependencies=guard)

    @app.get("/docs", response_class=HTMLResponse, include_in_schema=False)
    async def docs(request: Request) -> str:
        return docs_page(app.openapi(), _examples(served), str(request.base_url).rstrip("/"))

    return app


def _examples(served: ServedModel) -> dict[str, Any]:
    talk = [{"role": "user", "content": "Hello"}]
    texts = {"image": "BASE64", "messages": "Hello"}
    row = {role.name: texts.get(role.kind, "A text") for role in served.inputs}
    return {
        "/predict": {"rows": [row]},
        "/v1/chat/completions": {"model": served.run.id, "messages": talk, "max_tokens": 64},
    }
