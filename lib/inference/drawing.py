"""Choosing the next token of several texts at once, each in its own manner and with its own random numbers."""

from collections.abc import Sequence
from typing import Any

from lib.tasks.manner import Manner


class Drawing:
    """A logits processor after which the largest score is the token to take, row by row.

    At temperature 0 that is the likeliest token. Above it, Gumbel noise on the scores makes the largest one a draw from
    their softmax (Gumbel 1954; Maddison et al. 2014), so each row draws by its own seed whoever is beside it.
    `logs` float32[rows, vocabulary] are the model's own log-probabilities at this step, before any of that.
    """

    def __init__(self, manners: Sequence[Manner], begins: Sequence[int]) -> None:
        import torch

        self._manners = list(manners)
        # Where each row's text begins; before it stands padding, which was never said.
        self._begins = list(begins)
        self._random = [torch.Generator().manual_seed(manner.seed) for manner in manners]
        self.logs: Any = None

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """Scores float32[rows, vocabulary] whose argmax is the token to take."""
        import torch

        self.logs = torch.log_softmax(scores, dim=-1)
        if all(manner.temperature <= 0 and manner.repetition_penalty == 1 for manner in self._manners):
            return scores
        chosen = scores.clone()
        for row, manner in enumerate(self._manners):
            chosen[row] = self._row(row, manner, input_ids[row, self._begins[row] :], chosen[row])
        return chosen

    def _row(self, row: int, manner: Manner, seen: Any, scores: Any) -> Any:
        import torch

        if manner.repetition_penalty != 1:
            # As in transformers (Keskar et al. 2019): towards zero where positive, away from it where negative.
            there = seen.unique()
            values, penalty = scores[there], manner.repetition_penalty
            scores[there] = torch.where(values < 0, values * penalty, values / penalty)
        if manner.temperature <= 0:
            return scores
        scores = scores / manner.temperature
        if manner.top_p < 1:
            scores = _nucleus(scores, manner.top_p)
        noise = torch.empty(scores.shape).exponential_(generator=self._random[row])
        return scores - noise.log().to(scores.device)


def _nucleus(scores: Any, top_p: float) -> Any:
    """Only the likeliest tokens that together reach `top_p` (Holtzman et al. 2020); the likeliest stays always."""
    import torch

    ordered, places = torch.sort(scores, descending=True)
    before = torch.softmax(ordered, dim=-1).cumsum(dim=-1) - torch.softmax(ordered, dim=-1)
    out = before >= top_p
    out[0] = False
    return scores.masked_fill(torch.zeros_like(out).scatter(0, places, out), float("-inf"))
