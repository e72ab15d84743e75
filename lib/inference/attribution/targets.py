"""The score that is explained: one number that the model says of a row, and how changes of it are told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

# Logits held at once: a vocabulary of 50,000 at one place of 1,000 rows.
Said = Callable[[dict[str, Any]], tuple[Any, Any]]


@dataclass(frozen=True, kw_only=True)
class Target:
    """What is asked about one row.

    `say(inputs)` gives raw values, float[rows, values], and the model's outputs. `score(raw)` is what is explained
    and can be differentiated, float[rows]; `measure(raw)` is what people read: a probability, a number or log-odds,
    as `kind` says. `name` and, for a contrast, `against` are among `labels`; `predicted` is what the model chooses.
    """

    say: Said
    score: Callable[[Any], Any]
    measure: Callable[[Any], Any]
    kind: str
    scale: str
    labels: Sequence[str] = ()
    name: str = ""
    against: str = ""
    predicted: str = ""
    # Where the score is read, if there is a choice: words of a text, hidden words, tokens that were written.
    places: Sequence[str] = ()
    place: int | None = None

    def told(self) -> dict[str, Any]:
        """The target as plain JSON data."""
        return {
            "labels": list(self.labels),
            "target": self.name,
            "against": self.against,
            "predicted": self.predicted,
            "places": list(self.places),
            "place": self.place,
            "kind": self.kind,
            "scale": self.scale,
        }


def one_of(
    say: Said, labels: Sequence[str], chosen: int, other: int | None, predicted: int, **parts: Any
) -> Target:
    """One label of several that exclude each other: its logit, or its logit minus that of another one."""

    def score(raw: Any) -> Any:
        return raw[:, chosen] if other is None else raw[:, chosen] - raw[:, other]

    def measure(raw: Any) -> Any:
        return raw.softmax(dim=-1)[:, chosen] if other is None else raw[:, chosen] - raw[:, other]

    return Target(
        say=say,
        score=score,
        measure=measure,
        kind="probability" if other is None else "log-odds",
        scale="logit" if other is None else "difference of logits",
        labels=labels,
        name=labels[chosen],
        against="" if other is None else labels[other],
        predicted=labels[predicted],
        **parts,
    )


def each_of(say: Said, labels: Sequence[str], chosen: int, predicted: int) -> Target:
    """One label of several that do not exclude each other."""
    return Target(
        say=say,
        score=lambda raw: raw[:, chosen],
        measure=lambda raw: raw.sigmoid()[:, chosen],
        kind="probability",
        scale="logit",
        labels=labels,
        name=labels[chosen],
        predicted=labels[predicted],
    )


def number(say: Said, *, mean: float, spread: float) -> Target:
    """A number in the user's unit."""

    def value(raw: Any) -> Any:
        return mean + spread * raw[:, 0].double()

    return Target(say=say, score=value, measure=value, kind="number", scale="number")


def answer(say: Said, first: int, last: int, text: str) -> Target:
    """The piece of a text from the token at `first` to that at `last`; raw is float[rows, 2, tokens]."""
    return Target(
        say=say,
        score=lambda raw: raw[:, 0, first] + raw[:, 1, last],
        measure=lambda raw: raw[:, 0].softmax(dim=-1)[:, first] * raw[:, 1].softmax(dim=-1)[:, last],
        kind="probability",
        scale="start logit plus end logit",
        labels=[text],
        name=text,
        predicted=text,
    )


def token(
    say: Said,
    labels: Sequence[str],
    numbers: Sequence[int],
    chosen: int,
    other: int | None,
    *,
    predicted: str,
    places: Sequence[str],
    place: int,
) -> Target:
    """The log-probability of a token of the vocabulary at one place, or its lead over another token.

    `numbers` are the vocabulary's of `labels`, of which `chosen` and `other` are places.
    """
    wanted, rival = numbers[chosen], None if other is None else numbers[other]

    def lead(raw: Any) -> Any:
        logs = raw.log_softmax(dim=-1)
        return logs[:, wanted] if rival is None else logs[:, wanted] - logs[:, rival]

    return Target(
        say=say,
        score=lead,
        measure=lambda raw: lead(raw).exp() if rival is None else lead(raw),
        kind="probability" if rival is None else "log-odds",
        scale="log-probability" if rival is None else "difference of log-probabilities",
        labels=labels,
        name=labels[chosen],
        against="" if other is None else labels[other],
        predicted=predicted,
        places=places,
        place=place,
    )
