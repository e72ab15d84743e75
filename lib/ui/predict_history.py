"""What was tried with a model before: a list to click, to keep as a file, or to forget."""

from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from lib.inference.askable import Askable
from lib.inference.tries import Answer, Try, forget_tries, keep_try, read_tries
from lib.ui.downloads import csv_bytes
from lib.ui.frame import guarded_callback
from lib.ui.given import MOST_CHARACTERS, field_key
from lib.ui.numbers import ago, count
from lib.ui.pictures import PICTURE_ROW, thumbnail
from lib.ui.predict_settings import put_settings, settings_words
from lib.ui.views import view_of
from lib.ui.words import shorten

PARAMETER = "try"
SHOWN = 50


def tries_of(asked: Askable) -> list[Try]:
    """What was tried, newest first; read once a visit, and added to by `add_try`."""
    name = f"_tries {asked.key}"
    if name not in st.session_state:
        st.session_state[name] = read_tries(asked)
    kept: list[Try] = st.session_state[name]
    return kept


def add_try(asked: Askable, tried: Try) -> None:
    """Put a try at the top and into the address; where it cannot be written down it stays for this visit."""
    tries_of(asked).insert(0, tried)
    if not keep_try(asked, tried):
        st.session_state[f"_not kept {asked.key}"] = True
    st.query_params[PARAMETER] = tried.id


def try_in_address(asked: Askable) -> Try | None:
    """The try that the address names, if it is still kept."""
    name = st.query_params.get(PARAMETER)
    return next((tried for tried in tries_of(asked) if tried.id == name), None)


def fill_fields(asked: Askable, tried: Try) -> None:
    """Put what was tried back into the fields, and its settings too; an uploader cannot be filled in."""
    for role in (*asked.inputs, *asked.extras):
        if role.kind != "image":
            st.session_state[field_key(asked.key, role)] = tried.cells.get(role.name, "")[:MOST_CHARACTERS]
    put_settings(asked, tried.options)


def show_history(asked: Askable) -> None:
    """The tries in a table; a click opens one again as it was, without asking the model."""
    tries = tries_of(asked)
    if not tries:
        return
    where = "run" if asked.run else "model"
    with st.expander(f"Tried so far: {len(tries)}", icon=":material/history:", key=f"tries {asked.key}"):
        if st.session_state.get(f"_not kept {asked.key}"):
            st.caption(":material/warning: The tries could not be written down; they are gone with this tab.")
        shown = tries[:SHOWN]
        table = pd.DataFrame([_line(asked, tried) for tried in tries])
        _table(asked, table.head(SHOWN), shown)
        if len(tries) > SHOWN:
            st.caption(f"The newest {SHOWN} of {count(len(tries), 'try', 'tries')}; the file has them all.")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.download_button(
                "Tries (CSV)",
                lambda: csv_bytes(table),
                f"{asked.ref.partition(':')[2].replace('/', '-')[-60:]}-tries.csv",
                "text/csv",
                on_click="ignore",
                type="tertiary",
                icon=":material/download:",
            )
            with st.popover("Forget them", icon=":material/delete:", type="tertiary"):
                st.caption(f"Removes what was tried with this {where} from this machine.")
                st.button("Forget all tries", key=f"forget {asked.key}", on_click=_forget, args=(asked,))


def _line(asked: Askable, tried: Try) -> dict[str, Any]:
    """One try as a line of the history: what was given, what came of it, how long it took."""
    first = tried.answers[0]
    line: dict[str, Any] = {**tried.cells, **_said(first)}
    if len(tried.answers) > 1:
        line |= {"compared with": tried.answers[1].title, "it said": _said(tried.answers[1])["predicted"]}
    if tried.options:
        line["settings"] = settings_words(asked, tried.options)
    times = {"milliseconds": round(1000 * first.seconds, 1), "loading s": round(first.loading, 1)}
    return line | times | {"when": ago(tried.when)}


def _said(answer: Answer) -> dict[str, Any]:
    return view_of(answer.output).tried(answer.output, pd.Series(dict(answer.row)))


def _table(asked: Askable, table: pd.DataFrame, tries: list[Try]) -> None:
    roles = [role for role in (*asked.inputs, *asked.extras) if role.name in table]
    pictures = [role.name for role in roles if role.kind == "image"]
    names = [role.name for role in roles]
    shown = table.assign(
        **{name: table[name].map(lambda text: shorten(text, 240), na_action="ignore") for name in names}
    )
    shown = shown.assign(
        **{name: table[name].map(lambda path: thumbnail(Path(str(path)))) for name in pictures}
    )
    words = [name for name in ("compared with", "it said", "settings") if name in shown]
    shown = shown.assign(**{name: shown[name].fillna("") for name in words})
    # A key of its own for every list, so that a row chosen in one is not chosen in the next.
    key = f"tries of {asked.key} {tries[0].id} {len(tries)}"

    @guarded_callback
    def on_row() -> None:
        chosen = st.session_state[key]["selection"]["rows"]
        if chosen:
            open_try(asked, tries[chosen[0]])

    st.dataframe(
        shown.drop(columns=["loading s"]),
        hide_index=True,
        key=key,
        on_select=on_row,
        selection_mode="single-row",
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
            "compared with": st.column_config.TextColumn("Compared with", width="small"),
            "it said": "It said",
            "settings": st.column_config.TextColumn("Settings", width="small"),
            "milliseconds": st.column_config.NumberColumn("Time, ms"),
            "when": "When",
        },
        alt=f"{count(len(tries), 'try', 'tries')}, newest first; choose one to open it again",
    )


def open_try(asked: Askable, tried: Try) -> None:
    """Show a try again as it was, with its input in the fields."""
    st.query_params[PARAMETER] = tried.id
    for name in ("row", "split"):
        st.query_params.pop(name, None)
    fill_fields(asked, tried)


@guarded_callback
def _forget(asked: Askable) -> None:
    forget_tries(asked)
    st.session_state[f"_tries {asked.key}"] = []
    st.query_params.pop(PARAMETER, None)
