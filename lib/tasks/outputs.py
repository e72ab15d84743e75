"""The shapes a prediction can have. Views, charts, intervals and losses dispatch on these, never on a task's name.

Every judged row holds `gold`, `predicted`, `correct` (bool) and `loss` (natural logarithm; missing where there is
none); what else it holds is said with each shape. Predictions that are not judged lack `gold`, `correct`, `loss`.
"""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class Output:
    """What all shapes share: being written down as plain JSON data."""

    kind: ClassVar[str]

    def to_json(self) -> dict[str, Any]:
        """The output as plain JSON data, to be read back by `output_from_json`."""
        return {"kind": self.kind} | asdict(self)


@dataclass(frozen=True)
class LabelScores(Output):
    """One probability per label, summing to 1; exactly one label is right.

    `labels` in the order of the model's logits. In predictions.parquet each row holds `gold` and
    `predicted` (label names), `confidence` (the probability of `predicted`), `loss` (−ln p of `gold`,
    natural log), `margin` (best minus second-best probability), `entropy` (−Σ p ln p) and `scores`
    (float32[labels], the probabilities in label order).
    """

    kind: ClassVar[str] = "label-scores"
    labels: tuple[str, ...]


@dataclass(frozen=True)
class ManyLabels(Output):
    """A probability per label, each for itself; any number of labels is right, none included.

    `thresholds` in label order: from which probability on a label is given. A row holds `gold` and `predicted`
    (JSON lists of label names in label order), `scores` (float32[labels]), `confidence` (the probability, labels
    taken as independent, that the whole set is right), `margin` (how far the closest probability is from its
    threshold) and `loss` (mean binary cross-entropy over the labels); `correct` when the whole set is right.
    """

    kind: ClassVar[str] = "many-labels"
    labels: tuple[str, ...]
    thresholds: tuple[float, ...] = ()


@dataclass(frozen=True)
class Number(Output):
    """A number in the user's unit. `low` and `high` are the range seen in training.

    A row holds `gold` and `predicted` (float64, in that unit), `error` (predicted minus true), `loss` (squared error
    in units of the training rows' variance) and `correct` (the error is at most a tenth of the training rows' standard
    deviation `spread`).
    """

    kind: ClassVar[str] = "number"
    unit: str = ""
    low: float = 0.0
    high: float = 1.0
    spread: float = 1.0


@dataclass(frozen=True)
class TokenLabels(Output):
    """Labelled spans of a text. `labels` are the types of spans, without B- and I-.

    A row holds `text` (of tokens, those joined by single spaces); `gold` and `predicted`: JSON lists of {"start",
    "end", "label", "text"} (characters of `text`, end exclusive; predicted ones with "confidence", the mean probability
    of their words), spans as widened to whole words; `tags`: JSON list, the predicted IOB2 tag of each word; `tp`,
    `fp`, `fn` (strict: same span and label), `words`, `words_correct`; `confidence` (the least of its words); `loss`
    (mean −ln p over words); `correct` when every span is right. A prediction also holds `scores`, float32[words ·
    labels of the model], which judged rows do not keep.
    """

    kind: ClassVar[str] = "token-labels"
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Spans(Output):
    """An answer cut out of a given text, or none ("" at 0 to 0).

    A row holds `text` (the context), `predicted` (the answer), `start`, `end` (characters of `text`, end exclusive),
    `confidence` and `margin` (to the best other answer); `gold` (JSON list of accepted answers, empty when there is
    none), `gold_start` and `gold_end` (where one of them stands, −1 when there is none), `exact_match` and
    `answer_f1` (0 to 1); `loss` is the mean of −ln p of the true start and of the true end in the windows that
    hold the answer; `correct` when it matches exactly.
    """

    kind: ClassVar[str] = "spans"


@dataclass(frozen=True)
class Text(Output):
    """A text written for a text, compared with a reference.

    A row holds `gold` and `predicted`, `rouge1`, `rouge2`, `rougeL`, `rougeLsum`, `bleu_stats` and `chrf_stats`
    (what the corpus scores are sums of), `gen_len` (tokens written), `loss` (mean −ln p of the reference's tokens);
    `correct` when both texts are equal but for case and white space. Simple methods have no `gen_len` and no `loss`.
    """

    kind: ClassVar[str] = "text"


@dataclass(frozen=True)
class Continuation(Output):
    """A text that goes on from a text or a conversation; what is judged is how likely the truth was.

    A prediction holds `predicted` and `tokens written`. A judged row holds `gold` (what should have come), `predicted`
    (missing where the model was not asked to write), `nll` (Σ −ln p over the tokens judged), `tokens_judged`, `loss`
    (their quotient; missing for no tokens) and `learned` (the row as the model reads it: JSON list of runs of {"text",
    "trained"}, trained where it learns and is judged); `correct` is always False: a continuation is not right or wrong.
    """

    kind: ClassVar[str] = "continuation"
    chat: bool = False


@dataclass(frozen=True)
class MaskedTokens(Output):
    """Candidates for each masked token of a text.

    A prediction holds `text`, `candidates`: JSON list, one per mask, of lists of {"token", "score"}, best first, and
    `confidence` (the mean score of the best ones; missing where nothing is masked). A judged row holds `nll`,
    `tokens_judged`, `loss` as in `Continuation`, `hits` (masked tokens guessed exactly) and `hidden`: JSON list of
    {"start", "end" (characters of the text), "token", "guess", "score" (of the guess), "loss", "rank" (1: no token was
    likelier), "top" (the three likeliest, [token, score] each)}; runs of before have no rank and no top. `gold` and
    `predicted` are the hidden and the guessed tokens as texts; `correct` when all were guessed.
    """

    kind: ClassVar[str] = "masked-tokens"
    mask: str = "[MASK]"


SHAPES: tuple[type[Output], ...] = (
    LabelScores,
    ManyLabels,
    Number,
    TokenLabels,
    Spans,
    Text,
    Continuation,
    MaskedTokens,
)
KINDS = frozenset(shape.kind for shape in SHAPES)


def output_from_json(value: dict[str, Any]) -> Output:
    """The output that `to_json` wrote. Raises ValueError for a kind this version does not know."""
    for shape in SHAPES:
        if value.get("kind") == shape.kind:
            parts = {name: tuple(part) if isinstance(part, list) else part for name, part in value.items()}
            parts.pop("kind")
            return shape(**parts)
    raise ValueError(f"unknown kind of output: {value.get('kind')!r}")
