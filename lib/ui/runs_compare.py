"""Any number of runs beside each other: their curves, what differs between them, and which options go with a score."""

from collections.abc import Sequence
from typing import Any, get_args

import pandas as pd
import streamlit as st

from lib.analysis.differing import is_numeric
from lib.analysis.scores import title as score_title
from lib.charts.overlay import By, overlay
from lib.charts.parallel import parallel
from lib.tasks import TASKS
from lib.ui.address_choice import choose_in_address
from lib.ui.charts import current_theme, show_chart
from lib.ui.downloads import csv_bytes
from lib.ui.frame import go_to, guarded, section
from lib.ui.numbers import count
from lib.ui.run_words import main_score
from lib.ui.runs_compare_tables import differences, recipe_table, recipes, run_table, task_of, title_of
from lib.ui.runs_list import RunLine
from lib.ui.runs_measured import What, curves_of
from lib.ui.words import escape_markdown, term

COMPARE = "compare"
# More lines than this in one picture are a carpet; the table holds all.
MOST_CURVES = 40
_WHAT: dict[What, str] = {
    "train loss": "Training loss",
    "validation loss": "Validation loss",
    "main score": "Main score",
}
_BY: dict[By, str] = {"step": "Step", "epoch": "Epoch", "time": "Time"}


def chosen_ids() -> list[str]:
    """The runs that the address asks to compare, each once, in its order."""
    return list(dict.fromkeys(part for part in st.query_params.get(COMPARE, "").split(",") if part))[:200]


def choose(ids: Sequence[str]) -> None:
    """Put the runs to compare into the address. For callbacks."""
    if ids:
        st.query_params[COMPARE] = ",".join(ids)
    else:
        st.query_params.pop(COMPARE, None)


def show_compared(lines: Sequence[RunLine]) -> None:
    """The section under the table of runs; nothing while fewer than two are ticked but a word on how."""
    asked = chosen_ids()
    by_id = {line.id: line for line in lines}
    there = [by_id[identity] for identity in asked if identity in by_id and by_id[identity].spec is not None]
    gone = len(asked) - len(there)
    if gone:
        st.caption(
            f"The address asks for {count(gone, 'run')} that cannot be read or {_is(gone)} no longer here."
        )
    if len(there) < 2:
        if len(lines) > 1:
            more = "another run" if there else "two or more runs"
            st.caption(f"Tick {more} in the table to compare curves, options and scores.")
        return
    section(f"{len(there)} runs compared")
    _actions(there)
    _evidence(there)


@st.fragment
@guarded
def _evidence(there: list[RunLine]) -> None:
    """Curves, table and axes; only this part runs again when another curve is chosen."""
    numbered = list(enumerate(there, start=1))
    groups = recipes(there)
    grouped = _grouping(groups)
    _curves(numbered, groups if grouped else list(range(len(there))))
    if grouped:
        _table(recipe_table(there, groups), "recipes", "Recipes with the mean score over their seeds")
        st.caption(
            "± is the standard deviation between seeds (n − 1), the interval Student’s for the mean over all seeds; a "
            "recipe with one seed has neither. Runs of one recipe have one colour."
        )
    else:
        _table(run_table(numbered), "runs", "Runs with their scores and the options that differ")
        st.caption(
            f"Only options that differ are shown. Scores stand on each run’s own test rows. {term('interval')} Two "
            "intervals that overlap do not say that two runs are alike: compare two runs row by row for that."
        )
    _parallel(there)


def _is(n: int) -> str:
    return "is" if n == 1 else "are"


def _actions(there: list[RunLine]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button("Clear", icon=":material/close:", key="clear compared runs", on_click=choose, args=((),))
        pair = [line for line in there if line.has_result]
        alike = len(there) == len(pair) == 2 and task_of(pair[0]) == task_of(pair[1])
        if alike and st.button("Compare row by row", icon=":material/compare_arrows:", key="row by row"):
            go_to("Evaluate", run=pair[0].id, view="compare", **{"with": pair[1].id})
    if len({task_of(line) for line in there}) > 1:
        st.caption(
            "These runs are of different tasks, so neither their losses nor their scores can be compared."
        )


def _grouping(groups: list[int]) -> bool:
    if len(set(groups)) == len(groups):
        return False
    titles = {"run": "Every run", "seed": "Mean over seeds"}
    return choose_in_address("group", "Group", ("run", "seed"), format_func=titles.__getitem__) == "seed"


def _curves(numbered: list[tuple[int, RunLine]], groups: list[int]) -> None:
    with st.container(horizontal=True, gap="medium", key="compared-curves"):
        what: What = choose_in_address("curve", "Curve", get_args(What), format_func=_WHAT.__getitem__)
        by: By = choose_in_address("by", "By", get_args(By), format_func=_BY.__getitem__)
    curves = curves_of(numbered[:MOST_CURVES], what, by, groups[:MOST_CURVES])
    if not curves:
        st.caption(f"None of these runs has measured its {_WHAT[what].lower()} yet.")
        return
    mains = {main.name for _, line in numbered if (main := main_score(line))}
    name = score_title(next(iter(mains))) if len(mains) == 1 else "main score of each run’s task"
    left_out = len(numbered) - len(curves)
    notes = [f"{left_out} not drawn" if left_out else "", "a pause counts as time" if by == "time" else ""]
    chart = overlay(
        curves,
        what=f"validation {name}" if what == "main score" else _WHAT[what],
        by=by,
        smooth=what == "train loss",
        note=" · ".join(note for note in notes if note),
        theme=current_theme(),
    )
    show_chart(chart, "compared curves")


def _table(table: pd.DataFrame, key: str, alt: str) -> None:
    names = [str(name) for name in table]
    scores = [name for name in names if name == "±" or _is_score(name)]
    columns: dict[str, Any] = {name: st.column_config.NumberColumn(format="%.3f") for name in scores}
    st.dataframe(
        table,
        hide_index=True,
        height=min(36 * len(table) + 40, 500),
        key=f"compared {key}",
        placeholder="–",
        column_config={
            **columns,
            "Name": st.column_config.TextColumn(width="medium"),
            "Learning rate": st.column_config.NumberColumn(format="%.1e"),
        },
        alt=alt,
    )
    st.download_button(
        f"{count(len(table), 'line')} (CSV)", lambda: csv_bytes(table), f"compared-{key}.csv", "text/csv",
        on_click="ignore", type="tertiary", icon=":material/download:", key=f"download compared {key}",
    )  # fmt: skip


def _is_score(name: str) -> bool:
    titles = {task.main_score.title for task in TASKS} | {"Main score"}
    return name.removeprefix("Mean ") in titles


def _parallel(there: list[RunLine]) -> None:
    """Numeric options and the main score, for three or more scored runs of one task."""
    scored = [
        (line, main.name, value)
        for line in there
        if (main := main_score(line))
        and line.has_result
        and (value := line.score("test", main.name)) is not None
    ]
    if len(scored) < 3 or len({task_of(line) for line, _, _ in scored}) > 1:
        return
    lines = [line for line, _, _ in scored]
    found = {
        path: values
        for path, values in differences(lines).items()
        # The seed is a number by name only: no axis says more of it than chance.
        if is_numeric(values)
        and path.partition(".")[0] in ("options", "method", "data")
        and path != "options.seed"
    }
    if not found:
        return
    empty = pd.DataFrame()
    chart = parallel(
        {title_of(path, lines, empty): values for path, values in found.items()},
        [value for _, _, value in scored],
        scored[0][1],
        theme=current_theme(),
    )
    show_chart(chart, "compared options")
    st.caption(
        escape_markdown(
            "Each line is a run. Options that were changed together cannot be told apart here, and a difference within "
            "the intervals above may be chance."
        )
    )
