"""Inputs to click on the Predict page: rows of the run's own test set, and those that come with its task."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from lib.errors import UserError
from lib.inference.askable import Askable
from lib.ui.evaluate_data import SPLITS, evaluation, splits_of
from lib.ui.example_rows import example_rows, given_in
from lib.ui.output_runs import has_scores
from lib.ui.pictures import picture_path, thumbnail
from lib.ui.review_selection import row_in_address
from lib.ui.task_examples import task_examples
from lib.ui.words import escape_markdown, shorten


@dataclass(frozen=True)
class Sample:
    """One input to click: what it is called, its cells by role, and the judged row it is ("test", 17), if it is one."""

    title: str
    cells: dict[str, str]
    words: str
    row: tuple[str, int] | None = None


def samples_of(asked: Askable) -> list[Sample]:
    """The run's own test rows first; those of the task where it has none."""
    own = _own(asked)
    if own:
        return own
    inputs = asked.inputs
    found = []
    for number, cells in enumerate(task_examples(asked.task), start=1):
        if all(cells.get(role.name) for role in inputs):
            used = {role.name: cells[role.name] for role in inputs}
            found.append(Sample(f"Example {number}", used, _words(asked, used)))
    return found


def sample_in_address(asked: Askable) -> Sample | None:
    """The judged row that the address names, as something to try."""
    number, run = row_in_address(), asked.run
    split = st.query_params.get("split", "test")
    if number is None or run is None:
        return None
    try:
        if not has_scores(run) or split not in SPLITS or split not in splits_of(run):
            return None
        frame = evaluation(run, split).frame
    except UserError:
        return None
    rows = frame[frame["row"] == number]
    if rows.empty:
        return None
    return _sample(asked, "The row of the address", {str(k): v for k, v in rows.iloc[0].items()})


def show_samples(asked: Askable, take: Any) -> None:
    """A button for each; `take(asked, sample)` is called back."""
    samples = samples_of(asked)
    if not samples:
        return
    own = samples[0].row is not None
    with st.container(gap=None):
        st.caption("Or try a row of the test set:" if own else "Or try an example of the task:")
        for sample in samples:
            for role in asked.inputs:
                if role.kind == "image":
                    place = sample.cells[role.name]
                    st.image(thumbnail(Path(place)) or place, width=96)
            st.button(
                f"**{sample.title}:** {escape_markdown(shorten(sample.words, 44))}",
                key=f"example {sample.title}",
                type="tertiary",
                on_click=take,
                args=(asked, sample),
            )


def _own(asked: Askable) -> list[Sample]:
    if asked.run is None:
        return []
    found = [_sample(asked, title, row) for title, row in example_rows(asked.run)]
    return [sample for sample in found if sample is not None]


def _sample(asked: Askable, title: str, row: dict[str, Any]) -> Sample | None:
    inputs = asked.inputs
    texts = given_in(asked.output, row, inputs, dict(asked.brief.columns))
    if not texts:
        return None
    cells = {role.name: text for role, text in zip(inputs, texts, strict=True)}
    for role in inputs:
        if role.kind == "image":
            path = picture_path(asked.dataset, cells[role.name])
            if path is None:
                return None
            cells[role.name] = str(path)
    words = str(row["gold"]) if any(role.kind == "image" for role in inputs) else cells[inputs[0].name]
    return Sample(title, cells, words, (str(row.get("split", "test")), int(row.get("row", 0))))


def _words(asked: Askable, cells: dict[str, str]) -> str:
    first = asked.inputs[0]
    return "a picture" if first.kind == "image" else cells[first.name]
