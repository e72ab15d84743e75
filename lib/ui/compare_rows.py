"""The rows on which two runs part: by who is right, or behind a cell of the difference; and one of them in full."""

from typing import Any, Literal, get_args

import pandas as pd
import streamlit as st

from lib.analysis.amounts import amount
from lib.analysis.matrix_change import moved
from lib.analysis.two_runs import MEASURES, OUTCOMES, Outcome
from lib.tasks.outputs import Continuation, LabelScores, Number
from lib.ui.address_choice import choose_in_address
from lib.ui.compare_data import Compared, names_of
from lib.ui.distilled_rows import said
from lib.ui.evaluate_data import INPUT, Evaluation
from lib.ui.frame import guarded_callback
from lib.ui.judged_rows import show_rows, show_steps
from lib.ui.numbers import count, significant
from lib.ui.pictures import picture_path, show_picture
from lib.ui.review_row import show_text
from lib.ui.review_selection import Names, Selection, forget_row, select, selection_in_address
from lib.ui.words import escape_markdown, shorten

OUTCOME = "outcome"
# Where a link from the matrix leads.
ROWS_ANCHOR = "compared-rows"
First = Literal["changes", "gains", "losses"]
FIRST: dict[First, str] = {"changes": "Largest changes", "gains": "Largest gains", "losses": "Largest losses"}
RIGHT: dict[Outcome, str] = {
    "both": "Both right",
    "this": "Only this run right",
    "other": "Only the other right",
    "neither": "Both wrong",
}
CLOSE: dict[Outcome, str] = {"this": "This run closer", "other": "The other closer", "tie": "Neither closer"}
# What happened to a row on the way from the other run to this one.
CHANGES: dict[Outcome, str] = {
    "both": "right in both",
    "this": "fixed",
    "other": "broken",
    "neither": "wrong in both",
    "tie": "alike",
}
_STYLE = """
<style>
.st-key-compare-outcomes [data-testid="stColumn"] { min-width: 0; }
.st-key-compare-outcomes button { justify-content: space-between; }
.st-key-compare-outcomes [class*="st-key-outcome-chosen"] button {
  border-color: var(--atelier-accent); color: var(--atelier-accent); box-shadow: inset 0 0 0 1px var(--atelier-accent);
}
</style>
"""


def outcome_in_address() -> Outcome | None:
    """The outcome whose rows are asked for, if the address names one."""
    asked = st.query_params.get(OUTCOME)
    return next((outcome for outcome in OUTCOMES if outcome == asked), None)


def forget_rows() -> None:
    """No part of the rows is selected any more. For callbacks."""
    for name in (OUTCOME, "true", "predicted"):
        st.query_params.pop(name, None)
    forget_row()


def show_outcomes(both: Compared) -> None:
    """How many rows of each outcome there are, two and two; each is a button that shows its rows."""
    titles, now = CLOSE if both.agreement.by_closeness else RIGHT, outcome_in_address()
    st.html(_STYLE)
    kinds = list(titles)
    with st.container(key="compare-outcomes", gap="small"):
        for start in range(0, len(kinds), 2):
            for place, kind in zip(
                st.columns(2, gap="small", wrap=False), kinds[start : start + 2], strict=False
            ):
                rows = both.agreement.counts[kind]
                with place.container(key=f"outcome-{'chosen' if kind == now else 'other'}-{kind}"):
                    st.button(
                        f"{titles[kind]}: **{rows:,}**",
                        key=f"outcome {kind}",
                        width="stretch",
                        disabled=not rows,
                        help="Show every row on which they part" if kind == now else "Read these rows",
                        on_click=_take_outcome,
                        args=(None if kind == now else kind,),
                    )


@guarded_callback
def _take_outcome(kind: Outcome | None) -> None:
    forget_rows()
    if kind is not None:
        st.query_params[OUTCOME] = kind


def rows_apart(
    both: Compared, names: Names | None, selection: Selection, outcome: Outcome | None
) -> pd.DataFrame:
    """The rows asked for, each with how it `changed`: a cell's rows that moved, an outcome's, else all that changed."""
    frame = both.frame
    if names is not None and not selection.is_empty:
        parts = [
            set(names.members[name]) if name is not None else None
            for name in (selection.true, selection.predicted)
        ]
        ways = moved(frame.assign(other=frame["other_predicted"]), true=parts[0], predicted=parts[1])
        words = {"in": "moved in", "out": "moved out"}
        rows = frame[ways != ""]
        told = rows["outcome"].map(CHANGES)
        return rows.assign(changed=told if parts[1] is None else ways[ways != ""].map(words) + ", " + told)
    if outcome is not None:
        rows = frame[frame["outcome"] == outcome]
    elif both.agreement.by_closeness:
        rows = frame[frame["outcome"] != "tie"]
    else:
        apart = frame["predicted"].astype("str") != frame["other_predicted"].astype("str")
        rows = frame[apart | frame["outcome"].isin(["this", "other"])]
    closer = {"this": "closer", "other": "further off", "tie": "alike"}
    return rows.assign(changed=rows["outcome"].map(closer if both.agreement.by_closeness else CHANGES))


def sorted_rows(rows: pd.DataFrame, first: First) -> pd.DataFrame:
    """The rows with those first that changed most, gained most or lost most."""
    by = rows["gain"].abs() if first == "changes" else rows["gain"]
    return rows.loc[by.sort_values(ascending=first == "losses", kind="stable").index]


def show_rows_apart(found: Evaluation, both: Compared, *, narrow: bool) -> None:
    """The list of rows asked for, and the one that is open in full; `narrow` when it has half of the page's width."""
    names, selection = None, Selection()
    if both.change is not None:
        names = names_of(both.change)
        selection, _ = selection_in_address(names)
    outcome = None if not selection.is_empty else outcome_in_address()
    rows = rows_apart(both, names, selection, outcome)
    _heading(found, both, rows, selection, outcome)
    if rows.empty:
        return
    first = choose_in_address("first", "First", get_args(First), format_func=FIRST.__getitem__)
    rows = sorted_rows(rows, first)
    unit = found.output.unit if isinstance(found.output, Number) else ""
    measure = MEASURES[found.output.kind] + (f", {unit}" if unit else "")
    # Labels and numbers are short; sets, spans and written texts need the room of what was read.
    short = isinstance(found.output, LabelScores | Number | Continuation)
    label = 80 if narrow else 120 if short else 190
    place = show_rows(
        found,
        _kept(found, rows),
        cells=lambda part: _cells(found, part) | {"changed": part["changed"], "gain": part["gain"]},
        columns={
            "gold": st.column_config.TextColumn("True", width=label),
            "other": st.column_config.TextColumn("Other run", width=label),
            "this": st.column_config.TextColumn("This run", width=label),
            "changed": st.column_config.TextColumn("Change", width=90 if narrow else 130),
            "gain": st.column_config.NumberColumn(
                measure, format="%+.3g", width=90, help="Above zero where this run is better on the row."
            ),
        },
        key="compare",
        alt=f"{count(len(rows), 'row')} with the answers of both runs",
        text_width=130 if narrow else 420 if short else 230,
    )
    _row(found, rows, place)


def _heading(
    found: Evaluation, both: Compared, rows: pd.DataFrame, selection: Selection, outcome: Outcome | None
) -> None:
    titles = CLOSE if both.agreement.by_closeness else RIGHT
    st.html(f'<div id="{ROWS_ANCHOR}"></div>')
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{count(len(rows), 'row')}**", width="content")
        if not selection.is_empty:
            st.button(
                escape_markdown(shorten(selection.words(), 80)),
                icon=":material/close:",
                icon_position="right",
                key="clear compared",
                help="Clear this selection and show every row on which they part",
                on_click=select,
                args=(Selection(),),
                kwargs={"split": found.split},
            )
    words = (
        "on which one of the two comes closer" if both.agreement.by_closeness else "with different answers"
    )
    if not selection.is_empty:
        came, went = (int(rows["changed"].str.startswith(way).sum()) for way in ("moved in", "moved out"))
        words = (
            f"{came:,} moved in and {went:,} moved out: net {came - went:+,}".replace("-", "−")
            if selection.predicted is not None
            else "with different answers among those with this true label"
        )
    elif outcome is not None:
        words = titles[outcome].lower() if outcome in titles else CHANGES[outcome]
    st.caption(f"{words[:1].upper()}{words[1:]}.")


def _kept(found: Evaluation, rows: pd.DataFrame) -> pd.DataFrame:
    """The columns for the list and its file."""
    answers = ["predicted", "correct", "confidence", "loss"]
    pairs = [name for answer in answers for name in (f"other_{answer}", answer)]
    wanted = ["row", "row_id", "split", *found.texts, "gold", *pairs, "outcome", "changed", "gain"]
    return rows[[name for name in wanted if name in rows]]


def _cells(found: Evaluation, part: pd.DataFrame) -> dict[str, Any]:
    if isinstance(found.output, Continuation):
        return {"other": part["other_loss"].map(_loss), "this": part["loss"].map(_loss)}
    columns = {"gold": part["gold"], "other": part["other_predicted"], "this": part["predicted"]}
    return {name: column.map(lambda cell: shorten(said(cell), 120)) for name, column in columns.items()}


def _loss(value: float) -> str:
    return f"loss {significant(float(value), 3)}"


def _row(found: Evaluation, rows: pd.DataFrame, place: int) -> None:
    """One row: what was read, what is true, and what each run made of it."""
    row = rows.iloc[place]
    with st.container(border=True, key="compare-row"):
        show_steps(rows, place)
        read, thought = st.columns([6, 5], gap="large")
        with read:
            for name in found.texts:
                if name in found.pictures:
                    path = picture_path(found.run.spec.data.dataset, str(row[name]))
                    show_picture(path, alt="The picture of this row")
                else:
                    show_text(row[name], title=shorten(name.removeprefix(INPUT), 60))
        with thought:
            if not isinstance(found.output, Continuation):
                st.caption("True")
                st.markdown(f"**{escape_markdown(shorten(said(row['gold']), 1_000))}**")
            for title, prefix in (("Other run", "other_"), ("This run", "")):
                st.caption(f"{title}{_facts(found, row, prefix)}")
                if not isinstance(found.output, Continuation):
                    answer = shorten(said(row[f"{prefix}predicted"]), 1_000)
                    st.markdown(escape_markdown(answer) if answer.strip() else "*nothing*")


def _facts(found: Evaluation, row: "pd.Series[Any]", prefix: str) -> str:
    facts = []
    if isinstance(found.output, LabelScores) and f"{prefix}confidence" in row:
        facts.append("right" if row[f"{prefix}correct"] else "wrong")
        facts.append(f"confidence {100 * float(row[f'{prefix}confidence']):.1f} %")
    if isinstance(found.output, Number):
        off = float(row[f"{prefix}predicted"]) - float(row["gold"])
        facts.append(f"error {amount(off, found.output.unit, spread=found.output.spread)}")
    elif (loss := row.get(f"{prefix}loss")) is not None and pd.notna(loss):
        facts.append(f"loss {significant(float(loss), 3)}")
    return escape_markdown("".join(f" · {fact}" for fact in facts))
