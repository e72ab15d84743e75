"""The Lengths view of the Data page: words and tokens of the texts, what a limit cuts, scripts; sizes of pictures."""

from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from lib.charts.lengths import lengths
from lib.charts.picture_sizes import picture_sizes
from lib.charts.script_mix import script_mix_bars
from lib.data.scripts import script_mix
from lib.models.sources import ModelInfo
from lib.tasks import find_task
from lib.tasks.base import Task
from lib.ui.charts import current_theme, show_chart
from lib.ui.data_pieces import show_pieces
from lib.ui.numbers import count, share
from lib.ui.pictures import picture_columns
from lib.ui.subject import Choice, Subject, tokens_in, words_in
from lib.ui.train_models import at_hand
from lib.ui.words import escape_markdown, shorten, term

_READER, _LIMIT = "reader", "limit"
_LIMITS = (32, 64, 128, 256, 512, 1024, 2048)
_USUAL_LIMIT = 128
_STARTER = "starter:minilm-l6"
_MOST_TEXTS, _MOST_PICTURES = 5_000, 20_000


def show_lengths(subject: Subject, choice: Choice) -> None:
    """Lengths of every column of text that is read, or the sizes of the pictures."""
    if picture_columns(choice):
        _sizes(subject, choice)
        return
    task = find_task(choice.task)
    chosen = [role for role in task.roles if choice.columns.get(role.name)]
    texts = [choice.columns[role.name] for role in chosen if role.kind == "text"]
    if tagged := choice.columns.get("tokens"):
        if (reader := _reader(task)) is not None:
            show_pieces(
                subject, reader, reader.max_length, column=tagged, tags=choice.columns.get("tags", "")
            )
        return
    if not texts:
        st.caption(
            "Lengths are shown for columns of plain text."
            if chosen
            else "Once the text column is chosen, this shows how long the texts are."
        )
        return
    reader = _reader(task)
    for place, column in enumerate(texts):
        if len(texts) > 1:
            st.markdown(f"**{escape_markdown(column)}**")
        words = words_in(subject.key, column, subject)
        if len(words):
            show_chart(lengths(words, theme=current_theme()), f"words-{place}")
        tokens = tokens_in(subject.key, column, subject, reader.ref) if reader else None
        if reader and tokens is not None and len(tokens):
            limit = _tokens(tokens, reader, place, all_texts=len(words))
            show_pieces(subject, reader, limit, column=column)
        _scripts(subject, column, place)


def _reader(task: Task) -> ModelInfo | None:
    """The model whose tokens count: chosen among those at hand that the task could train, kept in the address."""
    known = {
        model.ref: model
        for model in at_hand()
        if model.kind == task.model_kind and (model.folder / "tokenizer.json").is_file()
    }
    if not known:
        known = {model.ref: model for model in at_hand() if model.ref == _STARTER}
    if not known:
        return None
    asked = st.query_params.get(_READER, "")
    st.session_state[_READER] = asked if asked in known else next(iter(known))
    if len(known) == 1:
        return next(iter(known.values()))

    def take() -> None:
        st.query_params[_READER] = st.session_state[_READER]

    chosen = st.selectbox(
        "Tokens of",
        list(known),
        format_func=lambda ref: shorten(known[ref].title, 60),
        key=_READER,
        on_change=take,
        help="The model that you mean to train: each cuts words into other pieces.",
    )
    return known[chosen]


def _tokens(tokens: np.ndarray, reader: ModelInfo, place: int, *, all_texts: int) -> int:
    """The chart of the tokens with the limit that is chosen for it; returns the limit."""
    limits = [limit for limit in _LIMITS if limit < reader.max_length] + [reader.max_length]
    asked = st.query_params.get(_LIMIT, "")
    usual = _USUAL_LIMIT if _USUAL_LIMIT in limits else limits[-1]
    key = f"{_LIMIT} {place}"
    st.session_state[key] = int(asked) if asked.isdigit() and int(asked) in limits else usual

    def take() -> None:
        st.query_params[_LIMIT] = str(st.session_state[key])

    limit = st.segmented_control(
        "Maximum length, in tokens",
        limits,
        format_func=lambda limit: f"{limit:,} · {share(float((tokens > limit).sum()), len(tokens))} cut",
        key=key,
        required=True,
        on_change=take,
        help="Longer texts lose their end. Reading longer ones takes more time and memory.",
    )
    show_chart(lengths(tokens, unit="tokens", max_length=limit, theme=current_theme()), f"tokens-{place}")
    of = f" On {count(len(tokens))} of {count(all_texts, 'text')}." if len(tokens) < all_texts else ""
    st.caption(f"{term('token')} Counted with the tokenizer of {escape_markdown(reader.title)}.{of}")
    return int(limit or usual)


def _scripts(subject: Subject, column: str, place: int) -> None:
    scripts, texts = _mix(subject.key, column, subject)
    main = [script for script, (_, rows) in scripts.items() if rows]
    if len(main) > 1:
        show_chart(script_mix_bars(scripts, texts=texts, theme=current_theme()), f"scripts-{place}")
    elif main:
        letters = share(scripts[main[0]][0], sum(number for number, _ in scripts.values()))
        st.caption(f"{letters} of the letters in {count(texts, 'text')} are {escape_markdown(main[0])}.")


@st.cache_data(max_entries=20, show_spinner=False)
def _mix(key: str, column: str, _subject: Subject) -> tuple[dict[str, tuple[int, int]], int]:
    texts = _subject.sample(column, _MOST_TEXTS)
    return script_mix(text[:2_000] for text in texts), len(texts)


def _sizes(subject: Subject, choice: Choice) -> None:
    sizes = _sizes_of(subject.key, picture_columns(choice)[0], subject)
    if sizes.empty:
        st.caption("None of the pictures can be opened.")
        return
    show_chart(picture_sizes(sizes, theme=current_theme()), "picture-sizes")


@st.cache_data(max_entries=10, show_spinner="Looking at the pictures")
def _sizes_of(key: str, column: str, _subject: Subject) -> pd.DataFrame:
    """Width and height of at most 20,000 pictures; only the beginning of each file is read."""
    found = []
    for name in _subject.sample(column, _MOST_PICTURES):
        path = (_subject.files or Path()) / Path(name).name
        try:
            with Image.open(path) as picture:
                found.append(picture.size)
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
            continue
    return pd.DataFrame(found, columns=["width", "height"])
