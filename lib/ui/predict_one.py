"""Trying a model on one text or pair: the prediction, how sure it is, the time it took, and earlier tries."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from lib.inference.ask import is_loaded
from lib.inference.inputs import model_inputs, one_row
from lib.inference.predict import Predictions, predict
from lib.runs.folder import RunFolder
from lib.tasks import find_task
from lib.tasks.base import Role
from lib.ui.downloads import csv_bytes
from lib.ui.example_rows import example_rows, given_in
from lib.ui.frame import guarded_callback
from lib.ui.given import MOST_CHARACTERS, ask_for, field_key, given_for
from lib.ui.numbers import count, significant
from lib.ui.pictures import PICTURE_ROW, picture_path, show_picture, thumbnail
from lib.ui.views import view_of
from lib.ui.words import escape_markdown, shorten

MOST_TRIES = 50
_NOW, _EXAMPLE = "_predict at once", "_example to predict"


@dataclass(frozen=True)
class Try:
    """One text that was tried, and what came of it."""

    texts: dict[str, str]
    found: Predictions


def show_one(run: RunFolder) -> None:
    """Ask for a text and show what the model makes of it."""
    inputs = model_inputs(find_task(run.spec.task), run.spec.data.columns)
    tries: list[Try] = st.session_state.setdefault(f"_tries {run.id}", [])
    ask, answer = st.columns(2, gap="large")
    with ask:
        with st.form(f"one text {run.id}", border=False, enter_to_submit=True):
            for role in inputs:
                ask_for(run, role, alone=len(inputs) == 1)
            asked = st.form_submit_button("Predict", type="primary", icon=":material/play_arrow:")
        _examples(run, inputs)
    with answer:
        if asked or st.session_state.pop(_NOW, False):
            texts = st.session_state.pop(_EXAMPLE, None) or {
                role.name: given_for(run, role) for role in inputs
            }
            tries.insert(0, Try(texts, _ask(run, inputs, list(texts.values()))))
            del tries[MOST_TRIES:]
        if tries:
            _show(tries[0], inputs)
        else:
            st.caption("What the model makes of it, how sure it is, and the time it took appear here.")
    if tries:
        _history(run, tries, inputs)


def _ask(run: RunFolder, inputs: list[Role], texts: list[str]) -> Predictions:
    rows, columns = one_row(inputs, texts)
    ref = f"run:{run.id}"
    waiting = st.empty()

    def tell(done: int, total: int, phase: str) -> None:
        # Also the moment at which a click elsewhere on the page can interrupt the wait.
        waiting.caption("Waiting for rows that came first" if phase == "waiting" else "")

    with st.spinner(
        "Predicting" if is_loaded(ref) else "Loading the model, which takes a few seconds the first time"
    ):
        found = predict(ref, rows, columns, on_progress=tell)
    waiting.empty()
    return found


def _show(tried: Try, inputs: list[Role]) -> None:
    row = tried.found.frame.iloc[0]
    for role in inputs:
        if role.kind == "image":
            show_picture(Path(tried.texts[role.name]), alt="The picture that was tried")
    note = f"{significant(1000 * tried.found.seconds)} ms"
    output = tried.found.output
    view_of(output).show_prediction(output, row, key="probabilities of the text", note=note)
    if bool(row.get("truncated")):
        st.caption(
            f":material/content_cut: The text was cut: the model read only the first {int(row['tokens']):,} tokens."
        )


def _line(tried: Try) -> dict[str, Any]:
    """One try as a line of the history: what was given, what came of it, how long it took."""
    found = tried.found
    said = view_of(found.output).tried(found.output, found.frame.iloc[0])
    return {**tried.texts, **said, "milliseconds": round(1000 * found.seconds, 1)}


def _examples(run: RunFolder, inputs: list[Role]) -> None:
    said = run.brief()
    rows = example_rows(run) if said else []
    if not rows or not said:
        return
    output = find_task(run.spec.task).output(said["target"])
    given = [(title, row, given_in(output, row, inputs, said["columns"])) for title, row in rows]
    given = [(title, row, texts) for title, row, texts in given if texts]
    if not given:
        return
    pictures = [role.kind == "image" for role in inputs]
    with st.container(gap=None):
        st.caption("Or try a row of the test set:")
        for title, row, texts in given:
            if any(pictures):
                path = picture_path(run.spec.data.dataset, texts[0])
                if path is None:
                    continue
                texts[0] = str(path)
                st.image(thumbnail(path) or str(path), width=96)
            words = str(row["gold"]) if any(pictures) else texts[0]
            st.button(
                f"**{title}:** {escape_markdown(shorten(words, 44))}",
                key=f"example {title}",
                type="tertiary",
                on_click=_take_example,
                args=(run, inputs, texts),
            )


@guarded_callback
def _take_example(run: RunFolder, inputs: list[Role], texts: list[str]) -> None:
    for role, text in zip(inputs, texts, strict=True):
        if role.kind != "image":  # an uploader cannot be filled in
            st.session_state[field_key(run, role)] = text[:MOST_CHARACTERS]
    st.session_state[_EXAMPLE] = {role.name: text for role, text in zip(inputs, texts, strict=True)}
    st.session_state[_NOW] = True


def _history(run: RunFolder, tries: list[Try], inputs: list[Role]) -> None:
    with st.expander(f"Tried so far: {len(tries)}", icon=":material/history:"):
        table = pd.DataFrame([_line(tried) for tried in tries])
        names = [name for name in tries[0].texts if name in table]
        pictures = [role.name for role in inputs if role.kind == "image"]
        shown = table.assign(**{name: table[name].map(lambda text: shorten(text, 240)) for name in names})
        shown = shown.assign(
            **{name: table[name].map(lambda path: thumbnail(Path(path))) for name in pictures}
        )
        st.dataframe(
            shown,
            hide_index=True,
            row_height=PICTURE_ROW if pictures else None,
            column_config={
                **{
                    name: st.column_config.ImageColumn("Picture", width="small")
                    if name in pictures
                    else st.column_config.TextColumn(name.replace("_", " ").capitalize(), width="large")
                    for name in names
                },
                "predicted": "Predicted",
                "confidence": st.column_config.NumberColumn("Confidence", format="percent"),
                "milliseconds": st.column_config.NumberColumn("Time, ms"),
            },
            alt=f"The {count(len(tries), 'try', 'tries')} of this session, newest first",
        )
        st.download_button(
            "Tries (CSV)",
            lambda: csv_bytes(table),
            f"{run.id}-tries.csv",
            "text/csv",
            on_click="ignore",
            type="tertiary",
            icon=":material/download:",
        )
