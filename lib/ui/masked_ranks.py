"""Hidden tokens by the rank of the truth, whose bars choose texts; and one text before and after training."""

from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from lib.analysis.bins import binned, which_bin
from lib.analysis.hidden_ranks import RANK_ENDS, RANK_NAMES, before_and_after, token_ranks
from lib.charts.row_histogram import row_histogram
from lib.ui.charts import current_theme, picked_data, show_chart
from lib.ui.evaluate_data import Evaluation
from lib.ui.frame import guarded_callback
from lib.ui.numbers import share, significant
from lib.ui.review_selection import forget_row
from lib.ui.words import shorten

_HOUR = 3600


def chosen_rank() -> int | None:
    """The range of ranks that the address names."""
    text = st.query_params.get("part", "")
    return int(text) if text in map(str, range(len(RANK_NAMES))) else None


def show_ranks(found: Evaluation) -> "pd.Series[bool] | None":
    """The histogram; returns which rows have a hidden token in the chosen range, None when none is chosen."""
    ranks = _ranks(*found.key, found)
    if ranks.empty:
        if found.frame["tokens_judged"].sum():
            st.caption("This run was made before ranks were kept; train it again to see them.")
        return None
    chosen = chosen_rank()

    @guarded_callback
    def on_bar() -> None:
        if data := picked_data("ranks histogram"):
            st.query_params["part"] = str(int(data[0]))
            forget_row()

    chart = row_histogram(
        binned(ranks["rank"], RANK_ENDS),
        RANK_NAMES,
        measure="rank of the hidden token",
        selected=chosen,
        noun=("hidden token", "hidden tokens"),
        split=found.split,
        theme=current_theme(),
        title=_finding(found, ranks),
    )
    show_chart(chart, "ranks histogram", on_select=on_bar)
    st.caption(
        "A rank of 1 is an exact guess; of a few, the truth was among the likeliest. Several words often fit, so a "
        "rank far down is not always a mistake. Click a bar to read its texts."
    )
    if chosen is None:
        return None
    st.button(
        f"Hidden tokens ranked {RANK_NAMES[chosen]}",
        icon=":material/close:",
        icon_position="right",
        key="clear part",
        help="Clear this selection and show all texts",
        on_click=clear_rank,
    )
    places = ranks.loc[which_bin(ranks["rank"], RANK_ENDS) == chosen, "place"]
    return pd.Series(found.frame.index.isin(places), index=found.frame.index)


def clear_rank() -> None:
    """Choose no range. For callbacks."""
    st.query_params.pop("part", None)
    forget_row()


def _finding(found: Evaluation, ranks: pd.DataFrame) -> str:
    """How often the truth is first and among the first ten, now and before training."""

    def said(table: pd.DataFrame) -> str:
        first, ten = (int((table["rank"] <= most).sum()) for most in (1, 10))
        return f"first for {share(first, len(table))}, among the first ten for {share(ten, len(table))}"

    path = _untuned(found)
    then = _ranks_before(str(path), path.stat().st_mtime_ns) if path is not None else None
    before = f" (before training: {said(then)})" if then is not None and len(then) == len(ranks) else ""
    return f"The hidden token is {said(ranks)}{before}"


def show_before_and_after(found: Evaluation, row: "pd.Series[Any]") -> None:
    """The hidden tokens of a row with the likeliest tokens, beside those of the model before training."""
    path = _untuned(found)
    before = None
    if path is not None:
        lines = _hidden_before(str(path), path.stat().st_mtime_ns)
        before = lines.get(int(row["row"]))
    table = before_and_after(str(row["hidden"]), before)
    if table.empty or table["rank"].isna().all():
        return
    shown = pd.DataFrame(
        {
            "Hidden": [shorten(token, 40) for token in table["token"]],
            "Rank": table["rank"],
            "Likeliest": [_said(top) for top in table["top"]],
        }
    )
    if table["rank_before"].notna().any():
        shown["Rank before"] = table["rank_before"]
        shown["Likeliest before training"] = [_said(top) for top in table["top_before"]]
    st.dataframe(
        shown,
        hide_index=True,
        height=min(36 * len(shown) + 40, 260),
        column_config={
            name: st.column_config.NumberColumn(format="%d", width=90, help="1: no other token was likelier.")
            for name in ("Rank", "Rank before")
        },
        alt=f"The {len(shown):,} hidden tokens with the likeliest tokens, now and before training",
    )


def _said(top: Any) -> str:
    return ", ".join(f"{shorten(token, 24)} {significant(100 * chance)} %" for token, chance in (top or []))


def _untuned(found: Evaluation) -> Path | None:
    """The judged test rows of the model before training."""
    path = found.run.path / "baseline-untuned.parquet"
    return path if found.split == "test" and path.is_file() else None


@st.cache_data(max_entries=6, ttl=_HOUR, show_spinner="Reading the hidden tokens")
def _ranks(path: str, changed: int, split: str, _found: Evaluation) -> pd.DataFrame:
    return token_ranks(_found.frame["hidden"].tolist())


@st.cache_data(max_entries=4, ttl=_HOUR, show_spinner="Reading the hidden tokens")
def _ranks_before(path: str, changed: int) -> pd.DataFrame:
    return token_ranks(list(_hidden_before(path, changed).values()))


@st.cache_data(max_entries=2, ttl=_HOUR, show_spinner=False)
def _hidden_before(path: str, changed: int) -> dict[int, str]:
    """The hidden tokens before training by row; none when the file cannot be read."""
    try:
        frame = pd.read_parquet(path, columns=["row", "hidden"])
    except (OSError, ValueError):
        return {}
    return dict(zip(frame["row"].astype(int), frame["hidden"].astype("str"), strict=True))
