"""The answer of the Evaluate page: how good the model is, how sure that is, and compared with what."""

import pandas as pd
import streamlit as st

from lib.analysis.verdict import baseline_title, verdicts
from lib.charts.baselines import NAMES, baselines
from lib.tasks.base import Score
from lib.ui.charts import current_theme, show_chart
from lib.ui.downloads import csv_bytes
from lib.ui.evaluate_data import Evaluation
from lib.ui.numbers import count, score, score_with_interval
from lib.ui.run_result import show_remarks
from lib.ui.words import escape_markdown, term

SELECTION_SET = (
    "These rows decided which checkpoint is the best one, so the model looks better on them than it is. "
    "Judge it by the test rows."
)

# One number is the answer; the others support it.
_STYLE = """
<style>
.st-key-evaluate-main-score [data-testid="stMetricValue"] { font-size: 2.6rem; line-height: 1.15; }
.st-key-evaluate-other-scores [data-testid="stMetricValue"] { font-size: 1.1rem; }
.st-key-evaluate-other-scores { row-gap: 0.5rem; }
</style>
"""


def show_answer(found: Evaluation) -> None:
    """The main score with its interval and rows, the verdict against the baselines, and the other scores."""
    st.html(_STYLE)
    main = found.task.main_score
    value, rows = found.scores.get(main.name), len(found.frame)
    if value is None:
        st.markdown(f"This run has no {escape_markdown(main.title)} on {found.split} rows.")
        return
    interval = found.intervals.get(main.name)
    differences = found.differences()
    said, beside = st.columns([5, 6], gap="large", vertical_alignment="center")
    with said:
        with st.container(key="evaluate-main-score", gap=None):
            st.metric(main.title, score_with_interval(value, interval), help=escape_markdown(main.meaning))
            span = f"95 % interval {score(interval[0])}–{score(interval[1])}, " if interval else ""
            st.caption(f"{span}{count(rows, f'{found.split} row')}", help=term("interval"))
        if found.split == "validation":
            st.badge("selection set: optimistic", icon=":material/info:", color="orange", help=SELECTION_SET)
        found_verdicts = verdicts(
            main.name,
            value,
            found.baselines,
            interval=interval,
            differences=differences,
            higher_is_better=main.higher_is_better,
        )
        if found_verdicts and all(verdict.outcome == "better" for verdict in found_verdicts):
            names = " and ".join(
                f"{baseline_title(v.baseline)} ({score(found.baselines[v.baseline][main.name])})"
                for v in found_verdicts
            )
            st.markdown(f"The model beats {escape_markdown(names)}.")
        else:
            for verdict in found_verdicts:
                lead = "**Mind:** " if verdict.outcome == "worse" else ""
                st.markdown(lead + escape_markdown(verdict.sentence))
        show_remarks(found.result)
        if not found.baselines:
            st.caption("The baselines are only worked out on the test rows, where they count.")
    with beside:
        if found.baselines:
            known = {
                name: values[main.name] for name, values in found.baselines.items() if main.name in values
            }
            show_chart(
                baselines(
                    main.name,
                    value,
                    known,
                    interval=interval,
                    rows=rows,
                    split=found.split,
                    higher_is_better=main.higher_is_better,
                    theme=current_theme(),
                ),
                "baselines",
                downloads=False,
            )
        else:
            _other_scores(found)
    if found.baselines:
        _other_scores(found)
    _all_scores(found)


def _other_scores(found: Evaluation) -> None:
    with st.container(horizontal=True, key="evaluate-other-scores", gap="large"):
        for item in found.task.scores[1:]:
            if item.name in found.scores:
                shown = score_with_interval(found.scores[item.name], found.intervals.get(item.name))
                st.metric(item.title, shown, help=escape_markdown(item.meaning), width="content")


def _all_scores(found: Evaluation) -> None:
    title = "All scores beside the baselines" if found.baselines else "All scores"
    with st.expander(title, icon=":material/table_rows:"):
        table = pd.DataFrame([_line(found, item) for item in found.task.scores if item.name in found.scores])
        numbers = [name for name in table.columns if name not in ("Score", "What it says")]
        st.dataframe(
            table,
            hide_index=True,
            column_config={
                **{name: st.column_config.NumberColumn(format="%.3f") for name in numbers},
                "What it says": st.column_config.TextColumn(width="large"),
            },
            alt=f"All scores on {count(len(found.frame), f'{found.split} row')}, with 95 % intervals",
        )
        st.download_button(
            "Scores (CSV)",
            lambda: csv_bytes(table),
            f"{found.run.id}-{found.split}-scores.csv",
            "text/csv",
            on_click="ignore",
            type="tertiary",
            icon=":material/download:",
        )


def _line(found: Evaluation, item: Score) -> dict[str, object]:
    low, high = found.intervals.get(item.name, (None, None))
    others = {
        NAMES.get(name, name).capitalize()
        if name in NAMES and name != "tfidf"
        else NAMES.get(name, name): v.get(item.name)
        for name, v in found.baselines.items()
    }
    return {
        "Score": item.title,
        "Model": found.scores[item.name],
        "from": low,
        "to": high,
        **others,
        "What it says": item.meaning,
    }
