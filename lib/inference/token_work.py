"""The host's work behind coloured tokens: rows from a file in, one line a token to a file out."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from lib.data.cells import to_cell
from lib.errors import Problem, UserError
from lib.inference.models import HeldModel
from lib.inference.token_features import scored_features
from lib.inference.token_scores import TokenScores, token_scores
from lib.inference.token_texts import token_name, token_texts
from lib.inference.untuned import untuned
from lib.tasks.base import Features, Task


def score_tokens(
    held: HeldModel, request: dict[str, Any], *, on_rows: Callable[[int], None]
) -> dict[str, Any]:
    """Score the tokens of the rows in `request["rows"]` into `request["out"]`; see `token_losses` for the columns.

    `request["of"]` is as in `scored_features`. With `request["untuned"]` also by the model before training; the answer
    says whether that was to be had.
    """
    if not held.task.learns_tokens or held.task.model_kind not in ("causal", "seq2seq"):
        what = f"{held.task.title} does not write token by token, so no token has a probability."
        raise UserError(Problem(what, "model", "Choose a model that writes texts.", code="no-tokens"))
    rows = pd.read_parquet(request["rows"])
    brief = held.brief.changed(columns=request["columns"])
    task, processor = held.task, held.processor
    features = scored_features(task, held.model, processor, rows, brief, of=request["of"], on_rows=on_rows)
    table = _tokens(task, processor, features)
    wanted = bool(request.get("untuned"))

    def told(scored: int) -> None:
        on_rows(min(len(rows), scored))

    scores = token_scores(task, held.model, processor, features, brief, on_features=told)
    table = _joined(table, _scored(processor, scores), "")
    compared = False
    if wanted:
        with untuned(held, request["model"]) as base:
            compared = base is not None
            if base is not None:
                before = token_scores(task, base, processor, features, brief, on_features=told)
                table = _joined(
                    table, _scored(processor, before)[["feature", "place", "loss", "others"]], "untuned_"
                )
    table.drop(columns=["feature", "place"]).to_parquet(request["out"], index=False)
    return {"untuned": compared}


def _tokens(task: Task, processor: Any, features: Features) -> pd.DataFrame:
    """The tokens of each row in order, with the feature and the place in which each is scored."""
    causal = task.model_kind == "causal"
    ids = features["input_ids"] if causal else features["labels"]
    news = features.get("_new", [0] * len(ids))
    parts = [
        pd.DataFrame({"row": row, "feature": number, "place": np.arange(new, len(one)), "id": one[new:]})
        for number, (row, one, new) in enumerate(zip(features["row"], ids, news, strict=True))
    ]
    empty = pd.DataFrame({name: pd.Series(dtype="int64") for name in ("row", "feature", "place", "id")})
    table = pd.concat([empty, *parts], ignore_index=True)
    texts = table.groupby("row", sort=False)["id"].transform(
        lambda found: pd.Series(token_texts(processor, found.tolist()), index=found.index, dtype="object")
    )
    table["text"] = texts.astype("str")
    return table


def _scored(processor: Any, scores: TokenScores) -> pd.DataFrame:
    names: dict[int, str] = {}

    def named(number: int) -> str:
        if number not in names:
            names[number] = token_name(processor, number)
        return names[number]

    others = [
        to_cell([[named(int(token)), round(float(chance), 6)] for token, chance in zip(*pair, strict=True)])
        for pair in zip(scores.others, scores.chances, strict=True)
    ]
    return pd.DataFrame(
        {
            "feature": scores.feature.astype(np.int64),
            "place": scores.place.astype(np.int64),
            "loss": scores.loss,
            "entropy": scores.entropy,
            "rank": scores.rank.astype(np.int64),
            "others": pd.Series(others, dtype="str"),
        }
    )


def _joined(table: pd.DataFrame, scores: pd.DataFrame, prefix: str) -> pd.DataFrame:
    keys = ["feature", "place"]
    renamed = scores.rename(columns={name: prefix + name for name in scores.columns if name not in keys})
    return table.merge(renamed, on=keys, how="left", validate="one_to_one")
