"""POST /v1/chat/completions and GET /v1/models: the chat model as clients of OpenAI's interface expect one."""

import asyncio
import contextlib
import json
import secrets
import time
from collections.abc import AsyncIterator
from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from lib.data.cells import whole_text
from lib.errors import Problem, UserError
from lib.inference.chat_prompt import Prompt, check_messages
from lib.inference.writing import Written
from lib.serving.batcher import Batcher, Job
from lib.serving.limits import Limits
from lib.serving.model import Asked, ServedModel
from lib.serving.replies import Refusal
from lib.tasks.manner import Manner, manner_of

_SECONDS_BETWEEN_LOOKS = 0.5
_END = object()


class Part(BaseModel):
    """A part of a message; only texts can be read."""

    type: Literal["text"]
    text: str


class Message(BaseModel):
    """A turn of the conversation."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[Part]

    def turn(self) -> dict[str, str]:
        """The turn as the model's chat template takes it."""
        said = (
            self.content if isinstance(self.content, str) else "\n".join(part.text for part in self.content)
        )
        return {"role": "system" if self.role == "developer" else self.role, "content": whole_text(said)}


class StreamOptions(BaseModel):
    """What else a stream tells."""

    include_usage: bool = False


class ChatRequest(BaseModel):
    """A conversation to go on with; what is left out is as the run was set up, and unknown fields are passed over."""

    model: str | None = Field(None, description="Any name: there is one model here.", max_length=500)
    messages: list[Message] = Field(min_length=1)
    stream: bool = Field(False, description="Send the answer as server-sent events, bit by bit.")
    stream_options: StreamOptions | None = None
    max_tokens: int | None = Field(None, ge=1, le=4096)
    max_completion_tokens: int | None = Field(None, ge=1, le=4096)
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, ge=0, le=1)
    repetition_penalty: float | None = Field(None, ge=1, le=2, description="Not of OpenAI's interface.")
    seed: int | None = Field(None, ge=0, le=2_147_483_647)
    stop: str | list[str] | None = Field(None, description="At most 4 texts of at most 200 characters.")
    n: Literal[1] | None = None

    def manner(self, options: Any) -> Manner:
        """How to write."""
        wanted = {
            "max_new_tokens": self.max_completion_tokens or self.max_tokens,
            "temperature": self.temperature,
            # 0 would leave nothing to draw from; what is meant is the likeliest token.
            "top_p": None if self.top_p is None else max(self.top_p, 0.05),
            "repetition_penalty": self.repetition_penalty,
            # Without one, every answer above temperature 0 is another.
            "seed": secrets.randbelow(2_147_483_647) if self.seed is None else self.seed,
        }
        return manner_of(options, {name: value for name, value in wanted.items() if value is not None})

    def stops(self) -> tuple[str, ...]:
        """The texts that end the answer. Raises UserError when they are too many or too long."""
        stops = [self.stop] if isinstance(self.stop, str) else self.stop or []
        if len(stops) > 4 or any(len(stop) > 200 for stop in stops):
            what = "There are more than 4 stops, or one is longer than 200 characters."
            raise UserError(Problem(what, "stop", "Give fewer or shorter ones.", code="stop"))
        return tuple(whole_text(stop) for stop in stops if stop)


class Choice(BaseModel):
    """The answer."""

    index: int = 0
    message: dict[str, Any]
    finish_reason: Literal["stop", "length"]


class Usage(BaseModel):
    """Tokens read and written."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Completion(BaseModel):
    """An answer to a conversation."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[Choice]
    usage: Usage


class OneModel(BaseModel):
    """A model as `GET /v1/models` lists it."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str = "atelier"


class Models(BaseModel):
    """The models there are: one."""

    object: Literal["list"] = "list"
    data: list[OneModel]


def chat_router(served: ServedModel, batcher: Batcher, limits: Limits) -> APIRouter:
    """The addresses, for this model."""
    router = APIRouter(prefix="/v1")
    started = int(time.time())

    @router.get("/models", response_model=Models)
    async def models() -> Models:
        """The one model that is served."""
        return Models(data=[OneModel(id=served.run.id, created=started)])

    @router.post(
        "/chat/completions",
        response_model=Completion,
        responses={
            200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}},
            400: {"description": "The conversation cannot be read, or is too long"},
            401: {"description": "The key is missing or wrong"},
            413: {"description": "The request is too large"},
            503: {"description": "Too many wait already"},
        },
    )
    async def complete(body: ChatRequest, request: Request) -> Any:
        """Answer a conversation.

        A conversation that is too long is refused: nothing of it is left out unsaid. Requests that come while the model
        writes are answered together when it has finished.
        """
        asked = await run_in_threadpool(_asked, served, body, limits)
        told = f"chatcmpl-{secrets.token_hex(12)}"
        if body.stream:
            usage = body.stream_options is not None and body.stream_options.include_usage
            events = _stream(batcher, asked, told, served.run.id, usage=usage)
            first = await anext(events)  # so that a refusal is still a status, and not an event
            return StreamingResponse(_after(first, events), media_type="text/event-stream")
        job = Job("chat", asked)
        written: Written = await _result(batcher, job, request)
        return JSONResponse(
            Completion(
                id=told,
                created=int(time.time()),
                model=served.run.id,
                choices=[
                    Choice(
                        message={"role": "assistant", "content": whole_text(written.text), "refusal": None},
                        finish_reason=_reason(written),
                    )
                ],
                usage=_usage(asked.prompt, written),
            ).model_dump()
        )

    return router


def _asked(served: ServedModel, body: ChatRequest, limits: Limits) -> Asked:
    """What the model is asked. Raises UserError or Refusal when it cannot be."""
    if len(body.messages) > limits.messages:
        what = f"There are {len(body.messages):,} messages; at most {limits.messages:,} are taken."
        raise Refusal(413, Problem(what, "messages", "Leave the oldest out.", code="messages"))
    turns = [message.turn() for message in body.messages]
    longest = max(len(turn["content"]) for turn in turns)
    if longest > limits.characters:
        what = f"A message has {longest:,} characters; at most {limits.characters:,} are taken."
        raise Refusal(413, Problem(what, "messages", "Shorten it.", code="too-long"))
    manner = body.manner(served.taught.brief.options)
    # One token of answer is enough to be read whole; how many there is room for is seen then.
    prompt = served.prompt(check_messages(turns), Manner(**{**manner.to_json(), "max_new_tokens": 1}))
    if prompt.dropped or prompt.cut:
        what = f"The conversation is longer than the {prompt.room:,} tokens that this model reads."
        fix = "Leave the oldest messages out, or shorten the last."
        raise Refusal(400, Problem(what, "messages", fix, code="context_length_exceeded"))
    return Asked(prompt, manner, body.stops())


async def _result(batcher: Batcher, job: Job, request: Request) -> Any:
    """The answer; nobody is kept waiting for one whose asker has hung up."""
    future = asyncio.wrap_future(batcher.put(job))
    while True:
        done, _ = await asyncio.wait({future}, timeout=_SECONDS_BETWEEN_LOOKS)
        if done:
            return future.result()
        if await request.is_disconnected():
            job.wanted = False


async def _stream(
    batcher: Batcher, asked: Asked, told: str, model: str, *, usage: bool
) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    said: asyncio.Queue[Any] = asyncio.Queue()

    def hear(text: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody is there to hear it
            loop.call_soon_threadsafe(said.put_nowait, text)

    job = Job("chat", Asked(asked.prompt, asked.manner, asked.stops, hear))
    future = batcher.put(job)
    future.add_done_callback(lambda _: hear(_END))
    head = {"id": told, "object": "chat.completion.chunk", "created": int(time.time()), "model": model}

    def event(delta: dict[str, Any], reason: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return _event({**head, "choices": [choice]})

    try:
        yield event({"role": "assistant", "content": ""})
        held, begun = "", False
        while (text := await said.get()) is not _END:
            # As in an answer that comes whole, white space at its ends is left out.
            text = held + text if begun else text.lstrip()
            begun = begun or bool(text)
            held = text[len(text.rstrip()) :]
            if sure := text.rstrip():
                yield event({"content": whole_text(sure)})
        if future.cancelled() or future.exception() is not None:
            yield _event({"error": {"message": "The answer could not be finished.", "type": "server_error"}})
        else:
            written = future.result()
            yield event({}, _reason(written))
            if usage:
                yield _event({**head, "choices": [], "usage": _usage(asked.prompt, written).model_dump()})
        yield "data: [DONE]\n\n"
    finally:
        job.wanted = False


async def _after(first: str, events: AsyncIterator[str]) -> AsyncIterator[str]:
    yield first
    async with contextlib.aclosing(events) as rest:  # type: ignore[type-var]
        async for event in rest:
            yield event


def _event(message: dict[str, Any]) -> str:
    return f"data: {json.dumps(message, ensure_ascii=False)}\n\n"


def _reason(written: Written) -> Literal["stop", "length"]:
    return "length" if written.finish == "length" else "stop"


def _usage(prompt: Prompt, written: Written) -> Usage:
    read, wrote = len(prompt.ids), written.tokens
    return Usage(prompt_tokens=read, completion_tokens=wrote, total_tokens=read + wrote)
