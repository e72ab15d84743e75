"""Any number of labels a row: each beside its threshold, which labels are missed or added, and the rows behind it."""

import json
from typing import Any

import pandas as pd
import streamlit as st

from lib.analysis.label_sets import as_sets, per_label
from lib.charts.decisions import decisions
from lib.charts.per_class import MEASURE_TITLES, Measure, per_class
from lib.tasks.outputs import ManyLabels
from lib.ui.charts import current_theme, picked_data, show_chart
from lib.ui.downloads import csv_bytes
from lib.ui.evaluate_data import INPUT, Evaluation
from lib.ui.explain_link import explain_link
from lib.ui.frame import guarded, guarded_callback
from lib.ui.judged_rows import show_rows, show_steps
from lib.ui.numbers import count, share, significant
from lib.ui.review_row import show_text
from lib.ui.review_selection import forget_row
from lib.ui.view import View
from lib.ui.words import escape_markdown, shorten, term

NONE = "no label"
MISTAKES = {
    "any": "Missed or added",
    "missed": "Missed",
    "added": "Added wrongly",
    "right": "Whole set right",
    "all": "All rows",
}
_EVERY = "(any)"
_LABEL, _KIND = "label", "mistake"


class ManyLabelsView(View):
    """Views of `ManyLabels`."""

    def show_prediction(self, output: Any, row: "pd.Series[Any]", *, key: str, note: str = "") -> None:
        """The labels that apply, and the probability of every label beside its threshold."""
        given = json.loads(row["predicted"])
        st.metric(
            count(len(given), "label applies", "labels apply") if given else "Predicted labels",
            escape_markdown(shorten(said(row["predicted"]), 80)),
            help="The labels whose probability reaches their threshold, which was tuned on validation rows.",
        )
        words = f"confidence in the whole set {100 * float(row['confidence']):.1f} %"
        st.caption(escape_markdown(f"{words} · {note}" if note else words), help=term("confidence"))
        chart = decisions(
            output.labels,
            list(row["scores"]),
            output.thresholds,
            theme=current_theme(),
            title="Which labels reach their threshold?",
        )
        show_chart(chart, key)

    def tried(self, output: Any, row: "pd.Series[Any]") -> dict[str, Any]:
        """The labels and how sure the model is of all of them together."""
        return {"predicted": said(row["predicted"]), "confidence": float(row["confidence"])}

    def in_words(self, output: Any, row: "pd.Series[Any]", name: str) -> str:
        """The labels in a line."""
        return said(row[name])

    def counts(self, output: Any, table: pd.DataFrame) -> "pd.Series[Any] | None":
        """How often each label was given; rows without any count as such."""
        sets = as_sets(table["predicted"].dropna())
        return pd.Series([label for row in sets for label in (row or [NONE])], dtype="str")

    def review(self, found: Evaluation) -> None:
        """The labels, the rows in which one is missed or added, and one of these rows."""
        assert isinstance(found.output, ManyLabels)
        _review(found, found.output)


def said(cell: object) -> str:
    """A set of labels, as judged rows hold it, in words."""
    return ", ".join(as_sets([str(cell)])[0]) or NONE


def mistaken_rows(frame: pd.DataFrame, *, label: str | None, kind: str) -> pd.DataFrame:
    """The judged rows of one kind of MISTAKES, of one label or of any, highest loss first; with `missed`, `added`."""
    gold, predicted = as_sets(frame["gold"]), as_sets(frame["predicted"])
    missed = [
        [name for name in true if name not in given] for true, given in zip(gold, predicted, strict=True)
    ]
    added = [
        [name for name in given if name not in true] for true, given in zip(gold, predicted, strict=True)
    ]
    rows = frame.assign(missed=list(map(_joined, missed)), added=list(map(_joined, added)))

    def concerns(sets: list[list[str]]) -> "pd.Series[bool]":
        return pd.Series([bool(row) if label is None else label in row for row in sets], index=frame.index)

    kept = {
        "missed": concerns(missed),
        "added": concerns(added),
        "any": concerns(missed) | concerns(added),
        "right": frame["correct"].astype(bool) & (concerns(gold) if label is not None else True),
        "all": concerns(gold) | concerns(predicted) | (label is None),
    }[kind]
    return rows[kept].sort_values("loss", ascending=False, kind="stable")


def _joined(labels: list[str]) -> str:
    return ", ".join(labels)


@st.fragment
@guarded
def _review(found: Evaluation, output: ManyLabels) -> None:
    table = per_label(found.frame, output.labels, output.thresholds)
    table = table[(table["support"] + table["predicted"]) > 0].reset_index(drop=True)
    label, kind = _asked(table)
    left, right = st.columns([1, 1], gap="medium")
    with left:
        _labels(found, table)
    with right:
        rows = _list_heading(found, table, label, kind)
        place = _list(found, rows) if len(rows) else None
    if place is None:
        return
    show_label_set_row(found, output, rows, place)


def _asked(table: pd.DataFrame) -> tuple[str | None, str]:
    """The label and the kind of mistake in the address; any label where it names one that there is not."""
    label = st.query_params.get(_LABEL)
    kind = st.query_params.get(_KIND, "any")
    return (label if label in set(table["label"]) else None), (kind if kind in MISTAKES else "any")


def _select(label: str | None, kind: str, split: str) -> None:
    for name, value in ((_LABEL, label), (_KIND, kind if kind != "any" else None)):
        if value is None:
            st.query_params.pop(name, None)
        else:
            st.query_params[name] = value
    st.query_params["split"] = split
    forget_row()


def _labels(found: Evaluation, table: pd.DataFrame) -> None:
    measure: Measure = st.segmented_control(
        "Measure",
        list(MEASURE_TITLES),
        format_func=lambda name: MEASURE_TITLES[name][:1].upper() + MEASURE_TITLES[name][1:],
        default="f1",
        required=True,
        key="labels measure",
        label_visibility="collapsed",
        persist_state="page",
    )
    st.caption("Click a dot or a line’s box to read the rows in which that label is missed or added.")
    chart = per_class(table, measure=measure, split=found.split, rows=len(found.frame), theme=current_theme())

    @guarded_callback
    def on_dot() -> None:
        if data := picked_data("labels chart"):
            _select(str(table["label"].iloc[int(data[0])]), "any", found.split)

    show_chart(chart, "labels chart", on_select=on_dot)

    @guarded_callback
    def on_line() -> None:
        chosen = st.session_state["labels table"]["selection"]["rows"]
        if chosen:
            _select(str(ordered["label"].iloc[chosen[0]]), "any", found.split)

    names = ["label", "f1", "support", "missed", "added", "threshold", "precision", "recall"]
    ordered = table.sort_values("f1", kind="stable").reset_index(drop=True)
    st.dataframe(
        ordered[names].assign(label=ordered["label"].map(lambda label: shorten(label, 60))),
        hide_index=True,
        key="labels table",
        on_select=on_line,
        selection_mode="single-row",
        height=min(36 * len(ordered) + 40, 400),
        column_config={
            "label": st.column_config.TextColumn("Label", width=105),
            "f1": st.column_config.NumberColumn("F1", format="%.2f", width=55),
            "precision": st.column_config.NumberColumn(
                "Precision", format="%.2f", help=term("precision"), width=75
            ),
            "recall": st.column_config.NumberColumn("Recall", format="%.2f", help=term("recall"), width=60),
            "support": st.column_config.NumberColumn(
                "Rows", help="Rows that truly have the label.", width=55
            ),
            "missed": st.column_config.NumberColumn(
                "Missed", help="Rows that have the label and were not given it.", width=60
            ),
            "added": st.column_config.NumberColumn(
                "Added", help="Rows that were given the label and do not have it.", width=60
            ),
            "threshold": st.column_config.NumberColumn(
                "Threshold",
                format="%.2f",
                help="From this probability on the label is given; tuned on validation rows.",
                width=75,
            ),
        },
        alt=f"Precision, recall, F1 and threshold of {count(len(table), 'label')}, lowest F1 first",
    )
    st.download_button(
        "Labels with intervals (CSV)",
        lambda: csv_bytes(table),
        f"{found.run.id}-{found.split}-labels.csv",
        "text/csv",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
    )


def _list_heading(found: Evaluation, table: pd.DataFrame, label: str | None, kind: str) -> pd.DataFrame:
    """The pickers and how many rows they leave; returns these rows."""
    heading = st.container()
    st.session_state["review label"] = label or _EVERY
    st.session_state["review mistake"] = kind

    @guarded_callback
    def on_pick() -> None:
        chosen = st.session_state["review label"]
        _select(None if chosen == _EVERY else chosen, st.session_state["review mistake"], found.split)

    one, two = st.columns(2, gap="small")
    one.selectbox(
        "Label",
        [_EVERY, *table["label"]],
        format_func=lambda name: "Any" if name == _EVERY else shorten(name, 60),
        key="review label",
        on_change=on_pick,
    )
    two.selectbox(
        "Rows in which it is",
        list(MISTAKES),
        format_func=MISTAKES.__getitem__,
        key="review mistake",
        on_change=on_pick,
    )
    rows = mistaken_rows(found.frame, label=label, kind=kind)
    total = len(found.frame)
    with heading:
        st.markdown(
            f"**{count(len(rows), 'row')}** of {count(total, f'{found.split} row')} "
            f"({share(len(rows), total)}), highest loss first"
        )
    if rows.empty:
        st.caption("There is no such row. Choose another label or another kind of mistake.")
    return rows


def _list(found: Evaluation, rows: pd.DataFrame) -> int:
    return show_rows(
        found,
        rows,
        cells=lambda part: {
            "missed": part["missed"].map(lambda text: shorten(text, 80)),
            "added": part["added"].map(lambda text: shorten(text, 80)),
            "loss": part["loss"],
        },
        columns={
            "missed": st.column_config.TextColumn("Missed", width=95),
            "added": st.column_config.TextColumn("Added", width=95),
            "loss": st.column_config.NumberColumn("Loss", format="%.2f", help=term("loss"), width=55),
        },
        key="label sets",
        alt="Rows with the labels that were missed and added, highest loss first",
        text_width=205,
    )


def show_label_set_row(found: Evaluation, output: ManyLabels, rows: pd.DataFrame, place: int) -> None:
    """The row at that place of a list of judged rows: its texts, its labels, and each label beside its threshold."""
    row = rows.iloc[place]
    with st.container(border=True, key="review-row"):
        show_steps(rows, place)
        explain_link(found.run, found.split, int(row["row"]))
        read, thought = st.columns([6, 5], gap="large")
        with read:
            for name in found.texts:
                show_text(row[name], title=shorten(name.removeprefix(INPUT), 60))
            true, given = (escape_markdown(shorten(said(row[name]), 200)) for name in ("gold", "predicted"))
            st.markdown(f"{'Right' if row['correct'] else 'Wrong'}: truly **{true}**, predicted **{given}**.")
            facts = [f"loss {significant(float(row['loss']))}"]
            if "tokens" in row:
                facts.append(count(float(row["tokens"]), "token"))
            if row.get("truncated"):
                facts.append("cut: the model read only the beginning")
            st.caption(" · ".join(facts))
        with thought:
            chart = decisions(
                output.labels,
                found.probabilities(int(row["position"])).tolist(),
                output.thresholds,
                gold=as_sets([row["gold"]])[0],
                theme=current_theme(),
            )
            show_chart(chart, "decisions of the row", downloads=False)
