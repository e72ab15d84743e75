"""Answers of a run's model and of the model before training to the same prompts, ready to be voted on."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pandas as pd
import pyarrow as pa

from lib.data.cells import as_messages
from lib.inference.answers import answers
from lib.runs.ballots import Ballots
from lib.ui.evaluate_data import INPUT, Evaluation
from lib.ui.judged_again import rows_again

# Written and put down at once, so that little is lost when the page is left.
ROWS_AT_ONCE = 4


def pairs_of(found: Evaluation) -> pd.DataFrame:
    """`row`, `prompt`, `tuned`, `untuned`, `pair` (a name that changes with the texts); in the order of the rows.

    From what was written when the run was scored (the first test rows), and what was written since for the vote.
    """
    stored = _stored(found)
    more = pd.DataFrame(Ballots(found.run).answers(), columns=["row", "input", "tuned", "untuned"])
    more = more.drop_duplicates("row", keep="last")
    more = more[more["row"].isin(found.frame["row"]) & ~more["row"].isin(stored["row"])]
    prompts = found.frame.set_index("row")
    every = pd.concat([stored, more[["row", "tuned", "untuned"]]], ignore_index=True)
    every = every.astype({"row": "int64"}).sort_values("row", kind="stable", ignore_index=True)
    every["prompt"] = [prompt_of(found, prompts.loc[row]) for row in every["row"]]
    texts = zip(every["prompt"], every["tuned"], every["untuned"], strict=True)
    names = [sha256("\x00".join(map(str, three)).encode()).hexdigest()[:16] for three in texts]
    every["pair"] = pd.Series(names, dtype="str")
    return every


def prompt_of(found: Evaluation, row: "pd.Series[Any]") -> str:
    """What both models were given, as a person reads it; of a conversation all turns before the last answer."""
    columns = (found.run.brief() or {}).get("columns", {})
    name = next((columns[role] for role in ("messages", "prompt", "text") if role in columns), None)
    cell = str(row.get(f"{INPUT}{name}", ""))
    turns = as_messages(cell)
    if not turns:
        return cell
    while len(turns) > 1 and turns[-1]["role"] == "assistant":
        turns = turns[:-1]
    if len(turns) == 1:
        return turns[0]["content"]
    return "\n".join(f"{turn['role']}: {turn['content']}" for turn in turns)


def without_answers(found: Evaluation, pairs: pd.DataFrame) -> pd.DataFrame:
    """The judged rows for which nothing was written yet."""
    return found.frame[~found.frame["row"].isin(pairs["row"]) & found.frame["loss"].notna()]


def write_more(found: Evaluation, rows: pd.DataFrame, tell: Callable[[int], None]) -> None:
    """Have both models write for some judged rows; `tell(done)` is called as it goes on and may raise to end it."""
    for start in range(0, len(rows), ROWS_AT_ONCE):
        part = rows.iloc[start : start + ROWS_AT_ONCE]
        cells, columns = rows_again(found, part)

        def on_progress(done: int, total: int, before: int = start) -> None:
            tell(before + done)

        written = answers(f"run:{found.run.id}", cells, columns, on_progress=on_progress)
        if written is None:
            return
        Ballots(found.run).add_answers(
            [
                {"row": int(row)} | {str(name): str(text) for name, text in line.items()}
                for row, line in zip(part["row"], written.to_dict("records"), strict=True)
            ]
        )


def _stored(found: Evaluation) -> pd.DataFrame:
    """What both wrote when the run was scored."""
    nothing = pd.DataFrame({"row": [], "tuned": [], "untuned": []})
    if found.split != "test" or "predicted" not in found.frame:
        return nothing
    try:
        before = pd.read_parquet(found.run.path / "baseline-untuned.parquet", columns=["row", "predicted"])
    except (OSError, ValueError, pa.ArrowException):
        return nothing
    both = found.frame[["row", "predicted"]].merge(before, on="row", suffixes=("_tuned", "_untuned"))
    both = both.dropna(subset=["predicted_tuned", "predicted_untuned"])
    return both.rename(columns={"predicted_tuned": "tuned", "predicted_untuned": "untuned"})
