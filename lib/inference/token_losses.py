"""How likely a model finds each token of some rows, from the model host."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from lib.errors import Problem, UserError
from lib.inference.ask import ask, work_folder
from lib.inference.predict import OnProgress, with_phase
from lib.inference.token_features import Of


@dataclass(frozen=True)
class TokenLosses:
    """One line a token, in reading order.

    `row` (place of its row among those asked about), `id`, `text` ("" for all but the last token of a letter), and of
    judged tokens (missing for the others) `loss` (−ln p, nats), `entropy` (nats), `rank` (1: the likeliest) and
    `others` (JSON list of [token, probability], the five likeliest). `untuned_loss` and `untuned_others` say the same
    of the model before training where `has_untuned`. `finished` is False when it was cancelled.
    """

    frame: pd.DataFrame
    has_untuned: bool = False
    finished: bool = True


def token_losses(
    ref: str,
    rows: pd.DataFrame,
    columns: Mapping[str, str],
    *,
    of: Of = "truth",
    untuned: bool = False,
    on_progress: OnProgress | None = None,
) -> TokenLosses:
    """Score the tokens of rows with the model `ref`; `columns` maps roles to the rows' columns.

    `of`: "truth" for what should have come, "written" for what the model writes itself (its probabilities, before any
    temperature), "plain" for the first column's texts as they stand. Progress as in `predict`. Raises UserError.
    """
    if rows.empty:
        raise UserError(Problem("There are no rows to score.", fix="Give at least one row.", code="no-rows"))
    with work_folder() as work:
        source, sink = work / "rows.parquet", work / "tokens.parquet"
        rows.astype("str").reset_index(drop=True).to_parquet(source, index=False)
        request = {
            "do": "token_losses",
            "model": ref,
            "columns": dict(columns),
            "rows": str(source),
            "out": str(sink),
            "of": of,
            "untuned": untuned,
        }
        answer = ask(request, with_phase(on_progress, len(rows)))
        if answer is None:
            return TokenLosses(pd.DataFrame(), finished=False)
        return TokenLosses(pd.read_parquet(sink), bool(answer["untuned"]))
