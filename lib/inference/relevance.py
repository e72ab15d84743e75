"""Asking the model host what a prediction rests on: the words or patches of one row, by one method, for one score."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lib.inference.ask import ask

# Per cent done and the host's phase ("waiting", "loading", "predicting"); False cancels.
OnProgress = Callable[[int, str], bool | None]


@dataclass(frozen=True)
class Weighed:
    """A word of the text with the number `field`: its characters (end exclusive), its score, how many tokens it is."""

    field: int
    start: int
    end: int
    score: float
    tokens: int = 1


@dataclass(frozen=True)
class Followed:
    """What the model says of the target with the most relevant share of the row hidden, and with only that left.

    `shares` in per cent and `counts` in words or patches; `value` of the whole row; `removed` and `kept` float[shares]
    in the order of the scores, `random_*` float[orders][shares]. `curves` of a picture: see `followed`.
    """

    shares: Sequence[int]
    counts: Sequence[int]
    value: float
    removed: Sequence[float]
    kept: Sequence[float]
    random_removed: Sequence[Sequence[float]]
    random_kept: Sequence[Sequence[float]]
    curves: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Relevance:
    """Scores of the words of a text, or of the patches of a picture, for one score of the model.

    `kind` says what `value` is: "probability", "number" or "log-odds"; `scale` what the scores of gradient methods are
    parts of. `fields` are (name, text); `grid` is (rows, columns) of a picture, whose patches come row by row and
    which stands in `picture` as base64 of a PNG. `specials` are (token, score). `hidden_mass`: the share of Σ|score|
    on them. `delta` and `change` of integrated gradients: how far the scores fail to add up, to what. `said` are the
    predicted tags, word by word.
    """

    method: str
    target: str
    against: str
    predicted: str
    labels: Sequence[str]
    places: Sequence[str]
    place: int | None
    kind: str
    scale: str
    value: float
    fields: Sequence[tuple[str, str]]
    words: Sequence[Weighed]
    grid: tuple[int, int] | None
    patches: Sequence[float]
    picture: str
    specials: Sequence[tuple[str, float]]
    hidden_mass: float
    hidden_by: str
    baseline: str
    baselines: Sequence[str]
    steps: int | None
    delta: float | None
    change: float | None
    faithfulness: Followed
    truncated: bool
    written: Sequence[int] | None
    said: Sequence[str]
    stamp: str
    seconds: float

    @property
    def scores(self) -> list[float]:
        """The scores of words or patches in their order."""
        return [word.score for word in self.words] if self.grid is None else list(self.patches)

    @property
    def fails_to_add_up(self) -> bool:
        """Whether integrated gradients miss f(x) − f(x′) by more than 5 % of it."""
        return self.delta is not None and self.delta > 0.05 * abs(self.change or 0.0)

    def text_of(self, word: Weighed) -> str:
        """The characters of a word."""
        return self.fields[word.field][1][word.start : word.end]


def relevance(
    ref: str,
    cells: Mapping[str, str],
    method: str,
    *,
    target: str = "",
    against: str = "",
    place: int | None = None,
    baseline: str = "",
    steps: int = 50,
    written: Sequence[int] | None = None,
    on_progress: OnProgress | None = None,
) -> Relevance | None:
    """What the score of `target` (if empty, what is predicted) rests on in the row `cells`, by role; None if cancelled.

    `against` another label makes it their difference. `place` is which word, hidden word or written token the score
    is read at. `written` spares a model that writes from writing again. Raises UserError with what the host said.
    """
    request = {
        "do": "relevance",
        "model": ref,
        "cells": dict(cells),
        "method": method,
        "target": target,
        "against": against,
        "place": place,
        "baseline": baseline,
        "steps": steps,
        "written": None if written is None else list(written),
    }
    answer = ask(request, on_progress or (lambda done, phase: None))
    return None if answer is None else _read(answer)


def _read(answer: Mapping[str, Any]) -> Relevance:
    grid = answer.get("grid")
    return Relevance(
        fields=tuple((field["name"], field["text"]) for field in answer.get("fields", ())),
        words=tuple(Weighed(**word) for word in answer.get("words", ())),
        grid=None if grid is None else (int(grid[0]), int(grid[1])),
        patches=tuple(answer.get("patches", ())),
        picture=answer.get("picture", ""),
        specials=tuple((item["token"], item["score"]) for item in answer.get("specials", ())),
        faithfulness=Followed(**answer["faithfulness"]),
        written=answer.get("written"),
        said=tuple(answer.get("said", ())),
        **{name: answer[name] for name in _PLAIN},
    )


_PLAIN = (
    "method", "target", "against", "predicted", "labels", "places", "place", "kind", "scale", "value", "hidden_mass",
    "hidden_by", "baseline", "baselines", "steps", "delta", "change", "truncated", "stamp", "seconds",
)  # fmt: skip
