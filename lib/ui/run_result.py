"""What a run came to: its scores with intervals, the rows they stand on, and what needs no model at all."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from lib.analysis.verdict import summary
from lib.charts.baselines import NAMES
from lib.plan.checkup import problem_from
from lib.tasks import TASKS
from lib.ui.numbers import count, score, score_with_interval
from lib.ui.problems import show_problems
from lib.ui.run_words import main_score
from lib.ui.runs_list import RunLine
from lib.ui.words import escape_markdown, term

MOST_REMARKS = 2


def show_verdict(line: RunLine) -> None:
    """What the run came to in two sentences; nothing while there is no result."""
    main = main_score(line)
    value = line.score("test", main.name) if main else None
    if main is None or value is None or not line.has_result:
        return
    baselines = line.result.get("baselines")
    st.markdown(
        escape_markdown(
            summary(
                main.name,
                value,
                baselines if isinstance(baselines, dict) else {},
                rows=line.rows("test") or 0,
                interval=line.interval("test", main.name),
                higher_is_better=main.higher_is_better,
            )
        )
    )


def show_remarks(result: Mapping[str, Any]) -> None:
    """What is worth knowing about a finished run beside its scores: the worst of it, as the run's page says all."""
    found = result.get("problems")
    show_problems(
        problem_from(problem) for problem in (found if isinstance(found, list) else [])[:MOST_REMARKS]
    )


def show_scores(line: RunLine) -> None:
    """The table of scores behind a click; nothing while there is no result."""
    main = main_score(line)
    if main is None or line.score("test", main.name) is None or not line.has_result:
        return
    with st.expander("All scores", icon=":material/table_rows:", key=f"scores {line.id}"):
        st.dataframe(
            score_table(line), key=f"score table {line.id}", hide_index=True, alt="Scores of the run by split"
        )
        st.caption(f"± is half the 95 % interval. {term('interval')}")


def score_table(line: RunLine) -> pd.DataFrame:
    """One row per score of the task: test and validation with their intervals, then the baselines on the test rows."""
    task = next(task for task in TASKS if line.spec is not None and task.slug == line.spec.task)
    baselines = line.result.get("baselines")
    known = baselines if isinstance(baselines, dict) else {}
    rows = []
    for item in task.scores:
        row = {"Score": item.title}
        for split in ("test", "validation"):
            heading = f"{split.capitalize()}, {count(line.rows(split), 'row')}"
            row[heading] = score_with_interval(line.score(split, item.name), line.interval(split, item.name))
        for name, values in known.items():
            found = values.get(item.name) if isinstance(values, dict) else None
            row[_column(str(name))] = score(found)
        rows.append(row)
    return pd.DataFrame(rows)


def _column(baseline: str) -> str:
    known = NAMES.get(baseline, baseline)
    return f"{known[:1].upper()}{known[1:]}, test"
