"""Which row the Explain page is about: one that was judged, from the address or a click, or something of your own."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from lib.charts.text import percent
from lib.errors import Problem, UserError
from lib.inference.inputs import model_inputs
from lib.runs.folder import RunFolder
from lib.tasks import find_task
from lib.tasks.base import Role, Task
from lib.tasks.outputs import Output
from lib.ui.evaluate_data import SPLITS, evaluation, splits_of
from lib.ui.example_rows import example_rows, given_in
from lib.ui.explain_example import Example
from lib.ui.frame import guarded_callback
from lib.ui.given import ask_for, given_for
from lib.ui.output_runs import has_scores
from lib.ui.pictures import picture_path
from lib.ui.review_selection import row_in_address
from lib.ui.views import view_of
from lib.ui.words import escape_markdown, shorten

OWN = "own"
_PICK = "explain example"
# What belongs to one example in the address, and means nothing for another.
_OF_EXAMPLE = ("token", "place", "hide")


@dataclass(frozen=True)
class Offered:
    """A judged row to click: why it is offered ("Mistaken"; "" for the one of the address), and its cells by role."""

    title: str
    row: dict[str, Any]
    cells: dict[str, str]


def choose_row(run: RunFolder) -> str:
    """The buttons that choose, and what is chosen: "test 17", or OWN.

    The address says which: `split` and `row`, or `example=own`. Raises UserError for a row that is not there.
    """
    offered = _offered(run)
    number = row_in_address()
    now = next(iter(offered), OWN)
    if st.query_params.get("example") == OWN:
        now = OWN
    elif number is not None:
        now = next((name for name in offered if name.split()[1] == str(number)), now)
    st.session_state[_PICK] = now
    with st.container(key="explain-example"):
        st.pills(
            "Row to explain",
            [*offered, OWN],
            format_func=lambda name: ":material/edit: Your own" if name == OWN else _title(offered[name]),
            key=_PICK,
            required=True,
            on_change=_take,
            label_visibility="collapsed",
        )
    return now


def chosen_example(run: RunFolder, name: str) -> Example | None:
    """The example of that name, below a line on what the model made of it; None while nothing of your own is given."""
    task, (inputs, output) = find_task(run.spec.task), _said(run)
    if name == OWN:
        return _own(run, task, output, inputs)
    chosen = _offered(run)[name]
    _facts(output, chosen.row)
    gold = chosen.row.get("gold")
    source = f"{chosen.row['split']} row {int(chosen.row['row']) + 1:,}"
    return Example(run, task, output, chosen.cells, source, None if gold is None else str(gold))


def _said(run: RunFolder) -> tuple[list[Role], Output]:
    """What the run's model reads and what it says. Raises UserError when its folder does not tell."""
    said = run.brief()
    if said is None:
        raise UserError(
            Problem(
                "The run does not say what its model reads.",
                str(run.path),
                "Train it again.",
                code="damaged-run",
            )
        )
    task = find_task(run.spec.task)
    return model_inputs(task, said["columns"]), task.output(said["target"])


def _offered(run: RunFolder) -> dict[str, Offered]:
    """The rows to click, by name; first the one in the address where it is no other one."""
    inputs, output = _said(run)
    columns = (run.brief() or {})["columns"]
    rows = list(example_rows(run))
    number = row_in_address()
    if number is not None and all(int(row["row"]) != number for _, row in rows):
        rows.insert(0, ("", _row(run, number)))
    found: dict[str, Offered] = {}
    for title, row in rows:
        texts = given_in(output, row, inputs, columns)
        cells = {role.name: text for role, text in zip(inputs, texts, strict=False)}
        for role in inputs:
            if role.kind == "image" and cells:
                path = picture_path(run.spec.data.dataset, cells[role.name])
                cells = {} if path is None else cells | {role.name: str(path)}
        if cells:
            found.setdefault(f"{row['split']} {int(row['row'])}", Offered(title, row, cells))
        elif number == int(row["row"]):
            raise _no_such_row(number, "is known, but not what the model read there")
    return found


def _row(run: RunFolder, number: int) -> dict[str, Any]:
    """The judged row of that number, from the split in the address or any."""
    if has_scores(run):
        asked = st.query_params.get("split")
        splits = splits_of(run)
        for split in [asked] if asked in splits else [split for split in SPLITS if split in splits]:
            frame = evaluation(run, split).frame
            rows = frame[frame["row"] == number]
            if len(rows):
                return {str(name): value for name, value in rows.iloc[0].items()}
    raise _no_such_row(number, "is not among the judged rows of this run")


def _no_such_row(number: int, why: str) -> UserError:
    return UserError(
        Problem(
            f"Row {number + 1:,} {why}.",
            "row",
            "Open a row of the Evaluate page, or choose one of the test set here.",
            code="no-such-row",
        )
    )


def _title(offered: Offered) -> str:
    where = f"{offered.row['split']} row {int(offered.row['row']) + 1:,}"
    return f"{offered.title}: {where}" if offered.title else where.capitalize()


@guarded_callback
def _take() -> None:
    name = str(st.session_state[_PICK])
    for parameter in _OF_EXAMPLE:
        st.query_params.pop(parameter, None)
    if name == OWN:
        st.query_params["example"] = OWN
        st.query_params.pop("row", None)
        return
    split, number = name.split()
    st.query_params.pop("example", None)
    st.query_params["split"], st.query_params["row"] = split, number


def _own(run: RunFolder, task: Task, output: Output, inputs: list[Role]) -> Example | None:
    """A text typed or a picture brought; what was given last stays until something else is given."""
    kept = f"_own example {run.id}"
    with st.form(f"own example {run.id}", border=False, enter_to_submit=True):
        for role in inputs:
            ask_for(run.id, role, alone=len(inputs) == 1)
        if st.form_submit_button("Look inside", type="primary", icon=":material/psychology:"):
            st.session_state[kept] = {role.name: given_for(run.id, role) for role in inputs}
    cells = st.session_state.get(kept)
    if cells is None:
        st.caption("Give the model something to read, and see here what it does with it.")
        return None
    missing = [role.title for role in inputs if not cells.get(role.name, "").strip()]
    if missing:
        st.caption(f"Nothing was given as {escape_markdown(', '.join(missing))}.")
        return None
    picture = any(role.kind == "image" for role in inputs)
    return Example(run, task, output, cells, "your picture" if picture else "your text")


def _facts(output: Output, row: dict[str, Any]) -> None:
    """What the model made of a judged row, in one line."""
    parts = []
    if "gold" in row and "predicted" in row:
        cells = pd.Series(row)
        words = (view_of(output).in_words(output, cells, name) for name in ("gold", "predicted"))
        gold, predicted = (escape_markdown(shorten(word, 60)) for word in words)
        parts.append(f"truly **{gold}**, predicted **{predicted}**")
    confidence = row.get("confidence")
    if isinstance(confidence, float) and 0 <= confidence <= 1:
        parts.append(f"confidence {percent(confidence)}")
    where = f"{str(row['split']).capitalize()} row {int(row['row']) + 1:,}"
    st.caption(f"{where}: {' · '.join(parts)}" if parts else where)
