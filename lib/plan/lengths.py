"""How much there is to read: examples made of a row, and tokens of a text, told from samples."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from lib.data.cells import as_list, as_messages
from lib.errors import UserError
from lib.models.sources import ModelInfo
from lib.models.tokens import count_tokens
from lib.tasks.base import Task
from lib.tasks.images import picture_tokens

ROWS_TO_COUNT_TOKENS_ON = 1_000
ROWS_TO_COUNT_EXAMPLES_ON = 1_000


def examples_per_row(train: pd.DataFrame, task: Task, columns: Mapping[str, str]) -> float:
    """How many examples a training row makes on average, such as pairs from a document; told from a sample."""
    sample = train.sample(min(len(train), ROWS_TO_COUNT_EXAMPLES_ON), random_state=0)
    examples, _ = task.as_examples(sample, columns, seed=0)
    return len(examples) / max(1, len(sample))


# What is read of a cell with a list in it: the words of all tokens or turns, not the brackets.
_PLAIN: dict[str, Callable[[str], str]] = {
    "tokens": lambda cell: " ".join(map(str, as_list(cell) or [])),
    "messages": lambda cell: " ".join(turn["content"] for turn in as_messages(cell) or []),
}


def plain_text(cells: "pd.Series[str]", kind: str) -> "pd.Series[str]":
    """What is read of the cells of a role's column: of lists the words or turns, of anything else the cell itself."""
    read = _PLAIN.get(kind)
    return cells if read is None else cells.map(read, na_action="ignore").astype("str")


def token_lengths(
    frame: pd.DataFrame, task: Task, columns: Mapping[str, str], ref: str, max_length: int
) -> tuple[float, int]:
    """Mean and longest length in tokens of a sample of rows, cut at `max_length`."""
    if task.model_kind == "image":  # what a picture becomes depends on options: see `read_lengths`
        return float(max_length), max_length
    used = task.inputs(columns)
    texts = frame[used].dropna()
    texts = texts.sample(min(len(texts), ROWS_TO_COUNT_TOKENS_ON), random_state=0)
    kinds = {columns[role.name]: role.kind for role in task.roles if columns.get(role.name) in used}
    texts = texts.assign(**{name: plain_text(texts[name], kinds[name]) for name in used})
    joined = texts.agg(" ".join, axis=1).tolist() if len(used) > 1 else texts.iloc[:, 0].tolist()
    try:
        counts = count_tokens([text[:20_000] for text in joined], ref)
    except (UserError, FileNotFoundError):
        counts = [int(1.4 * len(text.split())) + 2 for text in joined]  # about 1.4 tokens a word in English
    cut = [min(count, max_length) for count in counts] or [max_length]
    return sum(cut) / len(cut), max(cut)


def read_lengths(
    task: Task, model: ModelInfo, options: Mapping[str, Any], lengths: tuple[float, int]
) -> tuple[float, int]:
    """The lengths that these options leave: cut at `max_length`, or the tokens of a picture of their size."""
    if task.model_kind == "image":
        tokens = picture_tokens(model.config, model.max_length, int(options.get("image_size", 0)))
        return float(tokens), tokens
    most = int(options["max_length"])
    return min(lengths[0], most), min(lengths[1], most)
