"""POST /predict: predictions for one row or many, each row's errors its own."""

import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from lib.errors import Problem
from lib.serving.batcher import Batcher, Job
from lib.serving.limits import Limits
from lib.serving.model import ServedModel
from lib.serving.replies import Refusal
from lib.serving.rows import read_rows
from lib.tasks.base import Role

_JSON_KINDS = {"tokens": {"type": "array", "items": {"type": "string"}}}
_ANY_OF = {"messages": [{"type": "string"}, {"type": "array", "items": {"type": "object"}}]}


class RowProblem(BaseModel):
    """Why one row has no prediction."""

    row: int = Field(description="The row's number, from 0.")
    what: str
    where: str = Field(description="The input it is about.")
    fix: str
    code: str


class PredictAnswer(BaseModel):
    """Predictions in the order of the rows; null where `errors` says why."""

    run: str
    predictions: list[dict[str, Any] | None]
    errors: list[RowProblem]
    seconds: float = Field(description="From the request's arrival to its answer.")


def predict_request(inputs: list[Role], limits: Limits) -> type[BaseModel]:
    """The form of a request to this model, with its own inputs in the documentation."""
    properties = {
        role.name: {
            "description": f"{role.explanation} In base64." if role.kind == "image" else role.explanation,
            **(
                {"anyOf": _ANY_OF[role.kind]}
                if role.kind in _ANY_OF
                else _JSON_KINDS.get(role.kind, {"type": "string", "maxLength": limits.characters})
            ),
        }
        for role in inputs
    }
    row = {"type": "object", "properties": properties, "required": [role.name for role in inputs]}
    form = {"anyOf": [row, {"type": "array", "items": row, "minItems": 1, "maxItems": limits.rows}]}

    class PredictRequest(BaseModel):
        """One row, or a list of rows."""

        model_config = ConfigDict(
            json_schema_extra={"examples": [{"rows": [{role.name: "…" for role in inputs}]}]}
        )
        rows: dict[str, Any] | list[Any] = Field(json_schema_extra=lambda schema: _replace(schema, form))

    return PredictRequest


def _replace(schema: dict[str, Any], form: dict[str, Any]) -> None:
    schema.clear()
    schema.update(form)


def predict_router(served: ServedModel, batcher: Batcher, limits: Limits) -> APIRouter:
    """The address, for this model."""
    router = APIRouter()
    form: Any = predict_request(served.inputs, limits)

    async def predict(body: Any) -> PredictAnswer:
        """Predict for one row or many.

        Rows that cannot be read have null in `predictions` and a sentence in `errors`; the others are predicted all the
        same. When no row can be read, the status is 422.
        """
        begun = time.monotonic()
        rows = body.rows if isinstance(body.rows, list) else [body.rows]
        if not 1 <= len(rows) <= limits.rows:
            what = f"There are {len(rows):,} rows; from 1 to {limits.rows:,} are taken at once."
            fix = "Send them in several requests."
            raise Refusal(422 if not rows else 413, Problem(what, "rows", fix, code="rows"))
        with tempfile.TemporaryDirectory(prefix="atelier-serve-") as folder:
            frame, numbers, wrong = await run_in_threadpool(
                read_rows, rows, served.inputs, limits, Path(folder)
            )
            if not numbers:
                raise Refusal(422, *(problem for found in wrong.values() for problem in found))
            said = await asyncio.wrap_future(batcher.put(Job("predict", frame, len(frame))))
        predictions: list[dict[str, Any] | None] = [None] * len(rows)
        for number, one in zip(numbers, said, strict=True):
            predictions[number] = one
        errors = [
            RowProblem(row=number, what=problem.what, where=problem.where, fix=problem.fix, code=problem.code)
            for number, found in wrong.items()
            for problem in found
        ]
        return PredictAnswer(
            run=served.run.id,
            predictions=predictions,
            errors=errors,
            seconds=round(time.monotonic() - begun, 4),
        )

    predict.__annotations__["body"] = form
    add: Callable[..., Any] = router.post("/predict", response_model=PredictAnswer, responses=REFUSALS)
    add(predict)
    return router


class ProblemForm(BaseModel):
    """One thing that is wrong, and what to do."""

    what: str
    where: str
    fix: str
    severity: str
    code: str


class Problems(BaseModel):
    """All that is wrong with a request."""

    problems: list[ProblemForm]


REFUSALS: dict[int | str, dict[str, Any]] = {
    401: {"model": Problems, "description": "The key is missing or wrong"},
    413: {"model": Problems, "description": "Too much at once"},
    422: {"model": Problems, "description": "Nothing in it can be read"},
    503: {"model": Problems, "description": "Too many wait already"},
}
