"""Pictures of a data set by class: a line of small ones for each label, to see at a glance what a label means."""

import numpy as np
import pandas as pd
import streamlit as st

from lib.tasks import find_task
from lib.ui.numbers import count
from lib.ui.pictures import picture_columns, thumbnails_in
from lib.ui.subject import Choice, Subject
from lib.ui.words import escape_markdown, shorten

_CLASSES, _EACH = 12, 6
_WIDTH = 72


def show_classes(subject: Subject, choice: Choice) -> None:
    """Six pictures of each label, most frequent labels first; nothing for a task without pictures and labels."""
    label = find_task(choice.task).stratum(choice.columns)
    columns = picture_columns(choice)
    if not columns or not label:
        return
    chosen, counts = _chosen(subject.key, columns[0], label, subject)
    for name, pictures in chosen.items():
        with st.container(key=f"class-{name}", gap="small"):
            st.markdown(f"**{escape_markdown(shorten(name, 60))}** · {count(counts[name], 'picture')}")
            shown = thumbnails_in(subject.files, pd.Series(pictures, dtype="str")).dropna()
            with st.container(horizontal=True, gap="small"):
                for picture in shown:
                    st.image(picture, width=_WIDTH, alt=escape_markdown(f"A picture of {name}"))
    if len(counts) > len(chosen):
        st.caption(f"And {count(len(counts) - len(chosen), 'label')} with fewer pictures.")


@st.cache_data(max_entries=10, show_spinner=False)
def _chosen(
    key: str, column: str, label: str, _subject: Subject
) -> tuple[dict[str, list[str]], dict[str, int]]:
    """Names of pictures by label, spread over the rows of each, and how many there are of all labels."""
    rows = _subject.columns([column, label]).dropna()
    counts = {str(name): int(number) for name, number in rows[label].value_counts().items()}
    chosen = {}
    for name in list(counts)[:_CLASSES]:
        names = rows.loc[rows[label] == name, column].to_numpy()
        chosen[name] = names[np.unique(np.linspace(0, len(names) - 1, _EACH).astype(int))].tolist()
    return chosen, counts
