"""The search part of a run: which options were tried, which did best on the validation rows, and what that is worth."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from lib.analysis.trials import OUTCOME_WORDS, Trial, search_verdict, trials_from
from lib.charts.trials import trials as trials_chart
from lib.data.store import open_rows
from lib.errors import UserError
from lib.methods import METHODS
from lib.option import options_of
from lib.runs.folder import open_run
from lib.runs.options import TrainingOptions
from lib.runs.spec import Spec
from lib.ui.charts import current_theme, show_chart
from lib.ui.frame import guarded
from lib.ui.numbers import count, duration, score, score_with_interval
from lib.ui.run_words import main_score
from lib.ui.runs_list import RunLine, line_of
from lib.ui.train_words import option_value
from lib.ui.words import escape_markdown


@guarded
def show_search(identity: str) -> None:
    """What the run's search has found so far; nothing for a run without one."""
    try:
        line = line_of(open_run(identity))
    except UserError:  # deleted from another tab or a terminal
        return
    tried = trials_from(line.run.trials())
    main = main_score(line)
    if line.spec is None or not line.spec.search or main is None:
        return
    st.markdown("**Search for better options**")
    if not tried:
        st.caption("The trials appear here, one after another. The first one is the run's own options.")
        return
    report = line.result.get("search") if line.has_result else None
    if isinstance(report, Mapping):
        st.markdown(escape_markdown(search_verdict(report)))
    else:
        st.markdown(escape_markdown(so_far(tried, line.spec)))
    rows = int(report["rows"]) if isinstance(report, Mapping) else None
    left, right = st.columns(2, gap="large")
    with left:
        _chart(line, tried, rows)
    with right:
        st.dataframe(
            trial_table(tried, line.spec),
            hide_index=True,
            height=min(36 * len(tried) + 38, 330),
            key=f"trials {identity}",
            alt="The trials of the search with their options and validation scores",
        )
        st.caption("Scores are on validation rows, ± half the 95 % interval.")


def so_far(tried: Sequence[Trial], spec: Spec) -> str:
    """Where a search stands that is not over, as a sentence."""
    most, minutes = int((spec.search or {})["trials"]), float((spec.search or {})["minutes"])
    spent = duration(sum(trial.seconds for trial in tried))
    return (
        f"{count(len(tried), 'trial')} of at most {most} done in {spent} of at most {minutes:g} min. "
        "Each is judged on the validation rows; the test rows wait for the end."
    )


def _chart(line: RunLine, tried: Sequence[Trial], rows: int | None) -> None:
    main = main_score(line)
    assert main is not None and line.spec is not None and line.spec.search is not None
    spaces: Mapping[str, Any] = line.spec.search["over"]
    titles = option_titles(line.spec)
    names = list(spaces)
    option = names[0]
    if len(names) > 1:
        chosen = st.segmented_control(
            "Against",
            names,
            default=names[0],
            required=True,
            format_func=lambda name: titles[name],
            key=f"trials against {line.id}",
            label_visibility="collapsed",
        )
        option = chosen or option
    chart = trials_chart(
        tried,
        option,
        score=main.name,
        rows=rows or _validation_rows(line),
        higher_is_better=main.higher_is_better,
        option_title=titles[option],
        logarithmic=bool(spaces[option].get("log")),
        theme=current_theme(),
    )
    show_chart(chart, f"trials chart {line.id} {option}", downloads=not line.active)


def _validation_rows(line: RunLine) -> int:
    """How many rows the trials are judged on, from the data set's own split while there is no result."""

    data = line.spec.data if line.spec else None
    try:
        stored = open_rows(data.dataset or "", data.fingerprint) if data else None
    except UserError:
        return 0
    return int(stored.counts.get("validation", 0)) if stored else 0


def option_titles(spec: Spec) -> dict[str, str]:
    """The titles of all options that a search of the spec can try, by name."""
    method = next((method for method in METHODS if method.name == spec.method["name"]), METHODS[0])
    known = options_of(TrainingOptions, method.option_class)
    names = (spec.search or {}).get("over", {})
    return {name: known[name].metadata["title"] if name in known else name for name in names}


def trial_table(tried: Sequence[Trial], spec: Spec) -> pd.DataFrame:
    """One row a trial, in order: its options, its best validation score, how it ended and how long it took."""
    titles = option_titles(spec)
    rows = []
    for trial in tried:
        row: dict[str, Any] = {"Trial": trial.trial}
        row |= {titles[name]: option_value(trial.options.get(name, "–")) for name in titles}
        row["Validation score"] = (
            score_with_interval(trial.value, trial.interval) if trial.value is not None else score(None)
        )
        row["How it ended"] = OUTCOME_WORDS.get(trial.outcome, trial.outcome)
        row["Took"] = duration(trial.seconds)
        rows.append(row)
    return pd.DataFrame(rows)
