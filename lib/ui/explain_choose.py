"""Which row the Explain page is about: one that was judged, from the address or a click, or something of your own."""

from typing import Any

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
from lib.ui.words import escape_markdown, shorten

OWN = "own"
_PICK = "explain example"
# What belongs to one example in the address, and means nothing for another.
_OF_EXAMPLE = ("token",)


def choose_example(run: RunFolder) -> Example | None:
    """The example, below the buttons that choose it; None while nothing is given.

    The address says which: `split` and `row`, or `example=own`. Raises UserError for a row that is not there.
    """
    said = run.brief()
    task = find_task(run.spec.task)
    if said is None:
        raise UserError(
            Problem(
                "The run does not say what its model reads.",
                str(run.path),
                "Train it again.",
                code="damaged-run",
            )
        )
    inputs, output = model_inputs(task, said["columns"]), task.output(said["target"])
    offered = _offered(run, inputs, output, said["columns"])
    now = _asked(run, offered)
    _picker(offered, now)
    if now == OWN:
        return _own(run, task, output, inputs)
    _, row, cells = offered[now]
    _facts(row)
    gold = row.get("gold")
    number = int(row["row"]) + 1
    return Example(
        run, task, output, cells, f"{row['split']} row {number:,}", None if gold is None else str(gold)
    )


def _offered(
    run: RunFolder, inputs: list[Role], output: Output, columns: dict[str, str]
) -> dict[str, tuple[str, dict[str, Any], dict[str, str]]]:
    """The rows to click: "test 17" → (title, judged row, cells by role); first the one in the address."""
    rows = [(title, row) for title, row in example_rows(run)]
    number = row_in_address()
    if number is not None:
        asked = _row(run, number)
        if all(int(row["row"]) != number for _, row in rows):
            rows.insert(0, ("", asked))
    found = {}
    for title, row in rows:
        texts = given_in(output, row, inputs, columns)
        cells = {role.name: text for role, text in zip(inputs, texts, strict=False)}
        for role in inputs:
            if role.kind == "image" and cells:
                path = picture_path(run.spec.data.dataset, cells[role.name])
                cells = {} if path is None else cells | {role.name: str(path)}
        if cells:
            name = f"{row['split']} {int(row['row'])}"
            if name not in found:
                found[name] = (title, row, cells)
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
    raise UserError(
        Problem(
            f"Row {number + 1:,} is not among the judged rows of this run.",
            "row",
            "Open a row of the Evaluate page, or choose one of the test set here.",
            code="no-such-row",
        )
    )


def _asked(run: RunFolder, offered: dict[str, Any]) -> str:
    """What the address asks for; the first that is offered, or your own, if it asks for nothing."""
    if st.query_params.get("example") == OWN or not offered:
        return OWN
    number = row_in_address()
    return next((name for name in offered if name.split()[1] == str(number)), next(iter(offered)))


def _picker(offered: dict[str, tuple[str, dict[str, Any], dict[str, str]]], now: str) -> None:
    def title(name: str) -> str:
        if name == OWN:
            return ":material/edit: Your own"
        kind, row, cells = offered[name]
        number = int(row["row"]) + 1
        words = next(iter(cells.values())) if not str(row.get("gold", "")) else None
        head = (
            f"{kind}: {row['split']} row {number:,}"
            if kind
            else f"{str(row['split']).capitalize()} row {number:,}"
        )
        return head if words is None else f"{head} · {escape_markdown(shorten(words, 30))}"

    st.session_state[_PICK] = now
    with st.container(key="explain-example"):
        st.pills(
            "Row to explain",
            [*offered, OWN],
            format_func=title,
            key=_PICK,
            required=True,
            on_change=_take,
            label_visibility="collapsed",
        )


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
            ask_for(run, role, alone=len(inputs) == 1)
        if st.form_submit_button("Look inside", type="primary", icon=":material/psychology:"):
            st.session_state[kept] = {role.name: given_for(run, role) for role in inputs}
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


def _facts(row: dict[str, Any]) -> None:
    """What the model made of a judged row, in one line."""
    parts = []
    if "gold" in row and "predicted" in row:
        gold, predicted = (escape_markdown(shorten(row[name], 60)) for name in ("gold", "predicted"))
        parts.append(f"truly **{gold}**, predicted **{predicted}**")
    confidence = row.get("confidence")
    if isinstance(confidence, float) and 0 <= confidence <= 1:
        parts.append(f"confidence {percent(confidence)}")
    where = f"{str(row['split']).capitalize()} row {int(row['row']) + 1:,}"
    st.caption(f"{where}: {' · '.join(parts)}" if parts else where)
