"""What came of a try: one model's answer in full, or two side by side with their differences marked."""

from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd
import streamlit as st

from lib.inference.askable import Askable
from lib.inference.tries import Answer, Try
from lib.tasks.outputs import Continuation, Text
from lib.ui.answers_apart import apart, changes
from lib.ui.numbers import significant
from lib.ui.pictures import show_picture
from lib.ui.predict_settings import settings_words
from lib.ui.text_marks import STYLE, against_reference, titled
from lib.ui.views import view_of
from lib.ui.words import escape_markdown, shorten

MOST_LABELS = 12


def show_answers_of(asked: Askable, tried: Try, tries: list[Try]) -> None:
    """The try in full; `tries` are all with this model, for what is usual."""
    for role in asked.roles_in(tried.cells):
        if role.kind == "image":
            show_picture(Path(tried.cells[role.name]), alt="The picture that was tried")
    if tried.options:
        st.caption(escape_markdown(f"Asked with {settings_words(asked, tried.options)}."))
    first = tried.answers[0]
    if len(tried.answers) == 1:
        _one(first, tries, key="probabilities of the text")
        return
    second = tried.answers[1]
    mine, theirs = pd.Series(dict(first.row)), pd.Series(dict(second.row))
    sentences = apart(first.output, mine, second.output, theirs)
    with st.container(key="answers-apart"):
        st.markdown(" ".join(escape_markdown(sentence) for sentence in sentences))
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(f"**{escape_markdown(shorten(first.title, 60))}**")
        _one(first, tries, key="answer of the first")
    with right:
        st.markdown(f"**{escape_markdown(shorten(second.title, 60))}**")
        if isinstance(second.output, Text | Continuation) and mine["predicted"] != theirs["predicted"]:
            st.html(
                STYLE + titled("Written", against_reference(str(mine["predicted"]), str(theirs["predicted"])))
            )
            st.caption(escape_markdown(_time_words(second, tries)))
            _remarks(second)
        else:
            _one(second, tries, key="answer of the second")
    _label_changes(first, second, mine, theirs)


def _one(answer: Answer, tries: list[Try], *, key: str) -> None:
    row = pd.Series(dict(answer.row))
    view_of(answer.output).show_prediction(answer.output, row, key=key, note=_time_words(answer, tries))
    _remarks(answer)


def _remarks(answer: Answer) -> None:
    if answer.remark:
        st.caption(f":material/warning: {escape_markdown(answer.remark)}")
    if words := cut_words(answer):
        st.caption(f":material/content_cut: {escape_markdown(words)}")


def cut_words(answer: Answer) -> str:
    """How much of the input the model did not read; "" when it read all of it."""
    row = answer.row
    if not row.get("truncated"):
        return ""
    read, given = int(row.get("tokens") or 0), int(row.get("tokens_given") or 0)
    kept = "last" if isinstance(answer.output, Continuation) else "first"
    if given <= read:
        return f"The text was cut: the model read only the {kept} {read:,} tokens."
    lost = 100 * (given - read) / given
    return (
        f"The text was cut: the model read only the {kept} {read:,} of {given:,} tokens; {lost:.0f} % of it did not "
        "count."
    )


def _time_words(answer: Answer, tries: list[Try]) -> str:
    """The time of this answer, and whether it is the first one after loading or what it usually is."""
    words = f"{significant(1000 * answer.seconds)} ms"
    if answer.is_first:
        return f"{words}, the first answer after loading for {significant(answer.loading)} s"
    warm = [
        other.seconds
        for one in tries
        for other in one.answers
        if other.key == answer.key and not other.is_first
    ]
    if len(warm) < 3:
        return words
    return f"{words}; median of {len(warm)} warm answers {significant(1000 * median(warm))} ms"


def _label_changes(first: Answer, second: Answer, mine: "pd.Series[Any]", theirs: "pd.Series[Any]") -> None:
    table = changes(first.output, mine, second.output, theirs).head(MOST_LABELS)
    if table.empty:
        return
    st.dataframe(
        table.assign(label=table["label"].map(lambda label: shorten(label, 60))),
        hide_index=True,
        height=min(36 * len(table) + 40, 300),
        column_config={
            "label": "Label",
            "first": st.column_config.NumberColumn(shorten(first.title, 30), format="%.1f %%"),
            "second": st.column_config.NumberColumn(shorten(second.title, 30), format="%.1f %%"),
            "change": st.column_config.NumberColumn("Change, points", format="%+.1f"),
        },
        alt="The probability of each label by both models, the largest change first",
    )
