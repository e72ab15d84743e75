"""Two runs on the same rows: which one is better and how sure that is, then the rows on which they part."""

import pandas as pd
import streamlit as st

from lib.analysis.intervals import number
from lib.analysis.two_runs import agreement_sentence, decimals_for, lead_sentence
from lib.charts.gains import gains
from lib.errors import UserError
from lib.tasks.outputs import Number
from lib.ui.charts import current_theme, show_chart
from lib.ui.compare_data import Compared, compared, first_choice, has_judged, others, score_leads
from lib.ui.compare_matrix import show_change
from lib.ui.compare_rows import forget_rows, show_outcomes, show_rows_apart
from lib.ui.evaluate_data import Evaluation, evaluation
from lib.ui.frame import go_to, guarded, guarded_callback
from lib.ui.numbers import ago, count, score
from lib.ui.problems import show_problems
from lib.ui.review_labels import NARROW_UP_TO
from lib.ui.run_words import main_score
from lib.ui.runs_list import RunLine, all_lines
from lib.ui.told_apart import told_apart
from lib.ui.words import escape_markdown, shorten, term

WITH = "with"
_KEY = "compare with"


@st.fragment
@guarded
def show_comparison(found: Evaluation) -> None:
    """The panel: choose the other run, read the answer, then see where the two part."""
    lines = all_lines()
    choices = others(found, lines)
    chosen = _pick(found, choices, lines)
    if chosen is None:
        return
    try:
        other = evaluation(chosen.run, found.split)
        both = compared(found, other)
    except UserError as error:
        show_problems(error.problems)
        return
    _answer(found, other, both)
    _scores(found, other)
    if both.change is None:
        _gains(found, both)
        show_outcomes(both)
        show_rows_apart(found, both, narrow=False)
        return
    narrow = len(both.change) <= NARROW_UP_TO
    left, right = st.columns([1, 1], gap="medium") if narrow else (st.container(), st.container())
    with left:
        show_change(found, chosen.run, both)
    with right:
        show_outcomes(both)
        show_rows_apart(found, both, narrow=narrow)


def _pick(found: Evaluation, choices: list[RunLine], lines: list[RunLine]) -> RunLine | None:
    """The other run: the one in the address, else the first choice, which is then written there."""
    asked = st.query_params.get(WITH)
    chosen = _asked(found, asked, choices, lines)
    if chosen is not None and chosen not in choices:
        choices = [chosen, *choices]
    if not choices:
        st.markdown(
            f"There is no other run of this task on this data set with judged {found.split} rows. Train a second one, "
            "with another model or other options, and the two are compared here row by row."
        )
        if st.button("Train another run", icon=":material/add:", key="train another"):
            go_to("Train")
        return None
    if chosen is None and (not asked or asked == found.run.id):
        chosen = first_choice(found.run.spec, choices)
        st.query_params[WITH] = chosen.id if chosen else ""
    st.session_state[_KEY] = chosen.id if chosen else None
    by_id = {line.id: line for line in choices}
    st.selectbox(
        "Compare with",
        list(by_id),
        format_func=told_apart(by_id, lambda identity: _title(by_id[identity], found.split)).__getitem__,
        key=_KEY,
        placeholder="Choose a run",
        on_change=_take_other,
        help="Runs of the same task on the same data set that were judged on rows of this split.",
    )
    return chosen


def _asked(
    found: Evaluation, asked: str | None, choices: list[RunLine], lines: list[RunLine]
) -> RunLine | None:
    """The run that the address names, if it can be compared with; why not is said."""
    if not asked or asked == found.run.id:
        return None
    line = next((line for line in [*choices, *lines] if line.id == asked), None)
    if line is None:
        st.caption(
            f"The address asks to compare with “{escape_markdown(shorten(asked, 60))}”, a run that is no longer here."
        )
        return None
    if line.spec is None or line.spec.task != found.run.spec.task or not has_judged(line, found.split):
        why = "is a run of another task" if line.spec is not None and line.spec.task != found.run.spec.task else (
            f"has no judged {found.split} rows"
        )  # fmt: skip
        st.caption(f"“{escape_markdown(shorten(line.name, 60))}”, which the address names, {why}.")
        return None
    return line


@guarded_callback
def _take_other() -> None:
    st.query_params[WITH] = st.session_state[_KEY] or ""
    forget_rows()


def _title(line: RunLine, split: str) -> str:
    """A run in one line of plain text: name, main score, when."""
    main = main_score(line)
    value = line.score(split, main.name) if main else None
    said = f"{main.title} {score(value)}" if main and value is not None else ""
    when = ago(line.state.finished or line.state.updated or line.state.queued)
    return " · ".join(part for part in (shorten(line.name, 50), said, when) if part)


def _answer(found: Evaluation, other: Evaluation, both: Compared) -> None:
    """The difference with its interval in words, first; then which rows it stands on, then the test."""
    if both.lead is None:
        main = found.task.main_score.title
        st.markdown(
            f"No interval can be worked out for the difference in {escape_markdown(main)} of these two."
        )
    else:
        st.markdown(f"**{escape_markdown(lead_sentence(both.lead, found.split))}**", help=term("interval"))
    st.markdown(escape_markdown(agreement_sentence(both.agreement, found.split)))
    st.caption(escape_markdown(f"{_rows_words(found, other, both)} {_CAUTION}"))


_CAUTION = (
    "The interval is about rows: both runs are drawn on the same ones, 2,000 times. Another seed may move either run "
    "too, so a small lead of one run over one other is not yet a lead of its recipe."
)


def _rows_words(found: Evaluation, other: Evaluation, both: Compared) -> str:
    """Which rows are compared, and what is left out."""
    rows = both.rows
    words = f"Both runs were judged on exactly these {count(len(rows), f'{found.split} row')}."
    if not rows.is_whole:
        parts = [
            f"{count(rows.only_this, 'row')} only this run has" if rows.only_this else "",
            f"{count(rows.only_other, 'row')} only the other has" if rows.only_other else "",
            f"{count(rows.relabelled, 'row')} whose true answer differs" if rows.relabelled else "",
        ]
        words = (
            f"The {found.split} rows of the two runs differ: compared are the {count(len(rows), 'row')} that both "
            f"have; left out are {', '.join(part for part in parts if part)}."
        )
    if rows.by_text:
        words += " The data versions differ, so rows were found by what they say."
    if found.split == "validation":
        words += " Validation rows chose the checkpoint of both runs, so judge by the test rows."
    return words


def _scores(found: Evaluation, other: Evaluation) -> None:
    """Every score of both, worked out when opened."""
    opened = st.expander(
        "All scores of both", icon=":material/table_rows:", on_change="rerun", key="compare scores"
    )
    if not opened.open:
        return
    with opened:
        st.dataframe(
            score_table(found, other),
            hide_index=True,
            key="compare score table",
            alt="Every score of both runs on the same rows, with the lead of this run and its 95 % interval",
        )
        st.caption(
            "A lead is above zero where this run is better, whether more or less of a score is better."
        )


def score_table(found: Evaluation, other: Evaluation) -> pd.DataFrame:
    """One line a score: this run, the other, the lead with its interval, and what that amounts to."""
    lines = []
    for item, gap in zip(found.task.scores, score_leads(found, other), strict=True):
        if gap is None:
            continue
        decimals = decimals_for(gap.difference)
        one, two, value, low, high = (
            number(part, decimals=decimals)
            for part in (gap.this, gap.other, gap.difference.value, gap.difference.low, gap.difference.high)
        )
        verdict = "better" if gap.difference.value > 0 else "worse"
        lines.append(
            {
                "Score": item.title,
                "This run": one,
                "Other run": two,
                "Lead": value,
                "95 % interval": f"{low} to {high}",
                "": "within noise" if gap.difference.within_noise else verdict,
            }
        )
    return pd.DataFrame(lines)


def _gains(found: Evaluation, both: Compared) -> None:
    unit = found.output.unit if isinstance(found.output, Number) else ""
    chart = gains(
        both.frame["gain"].to_numpy(),
        kind=found.output.kind,
        unit=unit,
        split=found.split,
        theme=current_theme(),
    )
    show_chart(chart, "compare gains")
