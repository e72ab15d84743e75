"""What a blind vote comes to: how often the tuned model is preferred, how sure that is, and every vote to keep."""

import pandas as pd
import streamlit as st

from lib.analysis.votes import Tally, by_length, tally, verdicts
from lib.charts.preferred import preferred
from lib.ui.charts import current_theme, show_chart
from lib.ui.downloads import csv_bytes
from lib.ui.evaluate_data import Evaluation
from lib.ui.numbers import count, share


def show_result(found: Evaluation, pairs: pd.DataFrame, votes: pd.DataFrame) -> None:
    """The tally over the pairs that stand now; closed until all of them are voted on, so that it sways nobody."""
    counted = votes[votes["pair"].isin(pairs["pair"])]
    if counted.empty:
        return
    rows = verdicts(counted)
    result = tally(rows["verdict"].tolist())
    authors = counted["author"].nunique()
    done = len(rows) == len(pairs)
    title = f"What the votes say: {count(len(rows), 'row')} of {len(pairs):,}, {count(authors, 'voter')}"
    with st.expander(title, expanded=done, icon=":material/how_to_vote:", key="vote result"):
        st.markdown(result_words(result))
        if result.decided:
            lengths = pairs.set_index("pair")["prompt"].str.len().reindex(rows["pair"])
            parts = by_length(rows["verdict"].tolist(), lengths.tolist()) if len(rows) >= 6 else {}
            chart = preferred(result, parts, split=found.split, theme=current_theme())
            show_chart(chart, "preferred")
        st.caption(
            "A row counts once, however many have voted on it: the majority decides, and a tie is equal. Equal and "
            "both bad say nothing for the share. It says what these readers prefer on these prompts, not what is true."
        )
        st.download_button(
            f"{count(len(votes), 'vote')} (CSV)",
            lambda: csv_bytes(votes),
            f"{found.run.id}-votes.csv",
            "text/csv",
            on_click="ignore",
            type="tertiary",
            icon=":material/download:",
            key="download votes",
        )


def result_words(result: Tally) -> str:
    """The tally in a sentence."""
    neither = f"{count(result.equal, 'row')} equal, {count(result.bad, 'row')} both bad"
    if not result.decided:
        return f"No row is decided yet: {neither}."
    low, high = result.interval
    span = f"95 % interval {share(low, 1)} to {share(high, 1)}"
    told = (
        "within noise: a coin could have done it"
        if result.within_noise
        else f"more than noise: {'the tuned model' if result.share > 0.5 else 'the model before training'} is preferred"
    )
    return (
        f"The tuned model wins **{result.tuned:,} of {count(result.decided, 'decided row')}** "
        f"({share(result.tuned, result.decided)}, {span}); {neither}. That is {told}."
    )
