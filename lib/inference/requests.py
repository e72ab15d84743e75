"""What the host can be asked to do with a model that it holds: one line a kind of work."""

from collections.abc import Callable
from typing import Any, Protocol

from lib.inference.adapter_work import map_adapter
from lib.inference.answer_work import write_answers
from lib.inference.attention import attend
from lib.inference.attribution.work import explain_row
from lib.inference.chat_work import write_answer
from lib.inference.embeddings import map_file
from lib.inference.models import HeldModel
from lib.inference.token_work import score_tokens
from lib.inference.work import predict_file


class Work(Protocol):
    """Files named in the request in, files named in the request out; returns the short answer to the asker.

    `on_rows(done)` is called as the work goes on and may raise to end it.
    """

    def __call__(
        self, held: HeldModel, request: dict[str, Any], *, on_rows: Callable[[int], None]
    ) -> dict[str, Any]:
        """Do it. Raises UserError for what cannot be done."""


class Telling(Protocol):
    """Work that tells the asker what it has as it comes, with `say`, which raises when nobody listens any more."""

    def __call__(
        self, held: HeldModel, request: dict[str, Any], *, say: Callable[[dict[str, Any]], None]
    ) -> dict[str, Any]:
        """Do it. Raises UserError for what cannot be done."""


WORK: dict[str, Work] = {
    "predict": predict_file,
    "map": map_file,
    "token_losses": score_tokens,
    "write_answers": write_answers,
    "map_adapter": map_adapter,
    "attention": attend,
    "relevance": explain_row,
}
TELLING: dict[str, Telling] = {
    "write_answer": write_answer,
}
