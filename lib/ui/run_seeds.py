"""Runs that differ from the one in hand in the seed alone: how much the score varies, and what differences mean."""

from collections.abc import Sequence

import streamlit as st

from lib.analysis.seeds import SeedScore, one_per_seed, seed_key, spread, spread_words
from lib.charts.seeds import seed_strip
from lib.ui.charts import current_theme, show_chart
from lib.ui.run_words import main_score
from lib.ui.runs_list import RunLine
from lib.ui.words import escape_markdown


def siblings(line: RunLine, lines: Sequence[RunLine]) -> list[RunLine]:
    """The runs with the recipe of this one, itself among them, in the order of `lines`."""
    spec = line.spec
    if spec is None:
        return []
    key = seed_key(spec.to_json())
    return [
        other
        for other in lines
        if other.spec is not None
        # Quick to tell, so that a long list costs nothing.
        and (other.spec.task, other.spec.model, other.spec.method) == (spec.task, spec.model, spec.method)
        and seed_key(other.spec.to_json()) == key
    ]


def seed_scores(line: RunLine, lines: Sequence[RunLine]) -> list[SeedScore]:
    """The main test scores of the finished runs with this recipe, one a seed, by rising seed."""
    main = main_score(line)
    if main is None:
        return []
    return one_per_seed(
        [
            SeedScore(int(other.spec.options["seed"]), value, other.interval("test", main.name), other.id)
            for other in siblings(line, lines)
            if other.spec is not None
            and "seed" in other.spec.options
            and other.standing == "succeeded"
            and (value := other.score("test", main.name)) is not None
        ]
    )


def show_seeds(line: RunLine, lines: Sequence[RunLine]) -> None:
    """The spread over seeds; a word on what is still to come; nothing when this recipe ran with one seed."""
    main = main_score(line)
    group = siblings(line, lines)
    if main is None or len({other.spec.options.get("seed") for other in group if other.spec}) < 2:
        return
    scores = seed_scores(line, lines)
    waiting = sum(1 for other in group if other.active)
    st.markdown("**The same run with other seeds**")
    if len(scores) < 2:
        st.caption("When two of these runs have finished, how much the seed matters is shown here.")
        return
    rows = line.rows("test") or next((rows for other in group if (rows := other.rows("test"))), 0)
    words = spread_words(main.name, spread([item.value for item in scores]), rows=rows)
    if line.spec is not None and line.spec.data.limit:
        words += " Each seed also draws its own sample of the rows, which is part of the difference."
    if waiting:
        words += f" {waiting} more {'is' if waiting == 1 else 'are'} still to come."
    st.markdown(escape_markdown(words))
    show_chart(seed_strip(main.name, scores, rows=rows, theme=current_theme()), f"seeds {line.id}")
