"""The host's work behind a chat: one answer, told token by token to whoever asked."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from lib.errors import Problem, UserError
from lib.inference.chat_prompt import Prompt, check_messages, prompt_of
from lib.inference.models import HeldModel
from lib.inference.untuned import untuned
from lib.inference.writing import Piece, Wish, Written, write_together
from lib.tasks.manner import Manner, manner_of

SIDES = ("tuned", "untuned")


def write_answer(
    held: HeldModel, request: dict[str, Any], *, say: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """Answer `request["messages"]` in the manner `request["settings"]`, by each of `request["sides"]` in turn.

    Says, with the `side` it is about (its place in `sides`): `reading` (see `Prompt.to_json`), a `piece` for each token
    and `written` at its end. `say` raises when nobody listens any more, which ends the writing at that token. Raises
    UserError where the model does not write on, or the one before training is gone.
    """
    if held.task.model_kind != "causal":
        what = f"{held.task.title} does not go on with a text, so there is nobody to talk to."
        raise UserError(
            Problem(what, "model", "Choose a run that learned to chat or to write.", code="no-chat")
        )
    manner = manner_of(held.brief.options, request.get("settings"))
    messages = check_messages(request["messages"])
    prompt = prompt_of(held.task, held.processor, held.brief, messages, manner)
    sides = list(request.get("sides") or ["tuned"])
    ref = str(request["model"])
    # Both are loaded before either speaks, so that a wait tells nobody which is which.
    for side in sides:
        with _model(held, ref, side):
            pass
    for place, side in enumerate(sides):
        say({"side": place, "reading": prompt.to_json()})
        with _model(held, ref, side) as model:
            written = _write(model, held.processor, prompt, manner, place, say)
        say({"side": place, "written": _told(written)})
    return {"ended": True}


@contextlib.contextmanager
def _model(held: HeldModel, ref: str, side: str) -> Iterator[Any]:
    if side != "untuned":
        yield held.model
        return
    with untuned(held, ref) as base:
        if base is None:
            what = "The model that this run began with is gone, so it cannot answer."
            raise UserError(Problem(what, "model", "Bring the base model back.", code="base-gone"))
        yield base


def _write(
    model: Any,
    tokenizer: Any,
    prompt: Prompt,
    manner: Manner,
    place: int,
    say: Callable[[dict[str, Any]], None],
) -> Written:
    def tell(piece: Piece) -> None:
        token = [piece.name, piece.loss, piece.rank, piece.others]
        say({"side": place, "piece": piece.text, "token": token})

    wish = Wish(prompt.ids, manner, prompt.limit - len(prompt.ids), on_piece=tell)
    return write_together(model, tokenizer, [wish], ends=prompt.ends)[0]


def _told(written: Written) -> dict[str, Any]:
    return {
        "text": written.text,
        "finish": written.finish,
        "tokens": written.tokens,
        "first": round(written.first, 4),
        "seconds": round(written.seconds, 4),
    }
