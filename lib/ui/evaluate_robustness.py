"""The view of small changes: what typing mistakes, capitals or blur cost the model."""

import time

import pandas as pd
import streamlit as st

from lib.analysis.robustness import Robustness, robustness
from lib.analysis.text_changes import TextChange
from lib.charts.robustness import robustness_chart
from lib.tasks.outputs import Number
from lib.ui.charts import current_theme, show_chart
from lib.ui.evaluate_changes import AnyChange, Drawn, ask_changed, changes_for, drawn_rows, known_answers
from lib.ui.evaluate_data import Evaluation
from lib.ui.numbers import about, count, score
from lib.ui.words import escape_markdown

_UNDER_WAY = "_changing rows"
# With fewer rows a change stands in the table alone.
FEWEST_DRAWN = 20


def show_robustness(found: Evaluation) -> None:
    """What is known so far, and the button that finds out the rest."""
    drawn = drawn_rows(found)
    if drawn is None:
        st.caption("What the model was given is no longer there, so nothing can be changed and asked again.")
        return
    changes = changes_for(found, drawn)
    answers = {change.name: known_answers(found, change) for change in changes}
    open_ones = [change for change in changes if answers[change.name] is None]
    of = f" drawn from {len(found.frame):,}" if len(drawn.rows) < len(found.frame) else ""
    st.caption(
        f"The same {count(len(drawn.rows), f'{found.split} row')}{of}, changed a little and asked again. A model that "
        "reads what matters keeps its answers. A change that you never meet in practice need not worry you."
    )
    if st.session_state.pop(_UNDER_WAY, False):
        st.caption(":material/info: It was cancelled; what was finished is kept.")
    if open_ones:
        start = st.empty()
        label = "Try the changes" if len(open_ones) == len(changes) else f"Try the other {len(open_ones)}"
        if start.button(label, icon=":material/play_arrow:", key="try changes"):
            start.empty()
            _ask(found, drawn, open_ones)
            st.rerun()
    judged = {
        change.name: _judged(found, drawn, change, said)
        for change in changes
        if (said := answers[change.name]) is not None
    }
    _show(found, drawn, changes, {name: one for name, one in judged.items() if one is not None})
    for change in changes:
        if answers[change.name] is not None and judged[change.name] is None:
            st.caption(f"{escape_markdown(change.title)}: no row is changed by it.")


def _judged(found: Evaluation, drawn: Drawn, change: AnyChange, said: pd.DataFrame) -> Robustness | None:
    rows = drawn.rows.iloc[said["place"].to_numpy(dtype=int)]
    keeps = change.keeps_meaning if isinstance(change, TextChange) else True
    return robustness(
        change.name,
        found.output,
        found.task.main_score.name,
        rows,
        said["predicted"].tolist(),
        keeps_meaning=keeps,
    )


def _ask(found: Evaluation, drawn: Drawn, changes: list[AnyChange]) -> None:
    """Ask change by change with a bar and a way out: Cancel is a button like any other, whose rerun ends this."""
    bar = st.progress(0.0, text="Waiting for the model")
    st.button("Cancel", icon=":material/stop:", key="cancel changes")
    st.session_state[_UNDER_WAY] = True
    begun = time.monotonic()
    for place, change in enumerate(changes):

        def tell(done: int, total: int, phase: str, place: int = place, change: AnyChange = change) -> None:
            share = (place + done / max(total, 1)) / len(changes)
            passed = time.monotonic() - begun
            left = f", {about(passed / share * (1 - share))} left" if share > 0.05 and passed > 2 else ""
            bar.progress(min(share, 1.0), text=f"{change.title}: {done:,} of {count(total, 'row')}{left}")

        ask_changed(found, drawn, change, on_progress=tell)
    st.session_state.pop(_UNDER_WAY, None)


def _show(found: Evaluation, drawn: Drawn, changes: list[AnyChange], judged: dict[str, Robustness]) -> None:
    titles = {change.name: change.title for change in changes}
    main = found.task.main_score
    # The interval of a handful of rows would leave no room for the others.
    kept = [one for one in judged.values() if one.difference is not None and one.rows >= FEWEST_DRAWN]
    if kept:
        show_chart(
            robustness_chart(
                kept,
                titles,
                main.name,
                rows=len(drawn.rows),
                split=found.split,
                higher_is_better=main.higher_is_better,
                theme=current_theme(),
            ),
            "robustness",
        )
    if judged:
        st.dataframe(
            pd.DataFrame([_line(change, judged[change.name]) for change in changes if change.name in judged]),
            hide_index=True,
            column_config={"What is done": st.column_config.TextColumn(width="large")},
            alt=f"What {count(len(judged), 'change')} of the input cost",
        )
        within = " A number counts as the same when it moves by less than a tenth of the rows’ spread."
        st.caption(
            "Only rows that a change touches count, so “unchanged” differs from line to line. Intervals are at 95 %."
            + (within if isinstance(found.output, Number) else "")
        )


def _line(change: AnyChange, one: Robustness) -> dict[str, object]:
    if one.difference is None or one.interval is None:
        verdict = "may change what is true"
    elif one.is_noise:
        verdict = "within noise" if one.rows >= FEWEST_DRAWN else "too few rows to tell"
    else:
        low, high = one.interval
        verdict = f"{one.difference:+.3f} ({low:+.3f} to {high:+.3f})".replace("-", "−")
    low, high = one.same_interval
    return {
        "Change": change.title,
        "Rows": one.rows,
        "Unchanged": score(one.before),
        "Changed": score(one.after),
        "Difference": verdict,
        "Same answer": f"{100 * one.same:.0f} % ({100 * low:.0f}–{100 * high:.0f})",
        "What is done": change.explanation,
    }
