"""An answer while it is written: shown as it comes, stopped by any click, and kept whatever happens."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import streamlit as st

from lib.errors import UserError
from lib.inference.ask import is_loaded
from lib.inference.chat import Answer, Heard, listen
from lib.runs.chats import Chat, Chats, Turn
from lib.runs.folder import RunFolder
from lib.ui.chat_state import answer_being_kept, sides_for
from lib.ui.chat_text import show_said

# What went wrong with the last answer, to be said below it.
PROBLEMS = "_problems of the last answer"
# Often enough to look like writing, seldom enough for a slow browser.
_SECONDS_BETWEEN_LOOKS = 0.06
_PHASES = {
    "waiting": "Waiting for an answer that was asked for before",
    "loading": "Loading the model, which takes a few seconds the first time",
    "predicting": "Reading",
}


def write_answer(run: RunFolder, chat: Chat, *, who: str, seed: int) -> None:
    """Ask for an answer to the conversation as it stands, show it growing, keep it, and begin the page anew."""
    sides = sides_for(who)
    answers = [Answer() for _ in sides]
    with st.chat_message("assistant", avatar=":material/smart_toy:"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.button(
                "Stop",
                icon=":material/stop_circle:",
                key="stop the answer",
                help="What is written by then stays",
            )
            status = st.empty()
        status.caption(_PHASES["predicting" if is_loaded(f"run:{run.id}") else "loading"])
        if len(sides) > 1:
            columns = st.columns(2, gap="medium", border=True)
            for column, name in zip(columns, ("Left", "Right"), strict=True):
                column.caption(name)
            slots = [column.empty() for column in columns]
        else:
            slots = [st.empty()]
    # Here, as nothing before the try may be stopped with an answer that nobody ever keeps.
    kept = answer_being_kept()
    try:
        with contextlib.closing(
            listen(
                f"run:{run.id}",
                chat.messages(),
                answers,
                settings=chat.settings | {"seed": seed},
                sides=sides,  # type: ignore[arg-type]
            )
        ) as asked:
            _show(asked, answers, slots, status)
    except UserError as error:
        st.session_state[PROBLEMS] = error.problems
    finally:
        # Also when a click, another page or a reload ended this run of the script in the middle.
        try:
            _keep(run, chat, answers, sides, seed)
        finally:
            kept.set()
    st.rerun()


def _show(asked: Iterator[Heard], answers: list[Answer], slots: list[Any], status: Any) -> None:
    shown = 0.0
    for news in asked:
        if news.place is None:
            # Also the moment at which a click can interrupt the wait.
            if not any(answer.tokens for answer in answers):
                status.caption(_PHASES.get(news.phase, ""))
            continue
        answer = answers[news.place]
        now = time.monotonic()
        if answer.tokens and (now - shown > _SECONDS_BETWEEN_LOOKS or answer.finish):
            shown = now
            # How fast one is might tell which it is.
            said = f"{len(answer.tokens):,} tokens" if len(answers) == 1 else ""
            status.caption(f"Writing{' · ' + said if said else ''}")
            with slots[news.place]:
                show_said(answer.text, writing=answer.finish is None)


def _keep(run: RunFolder, chat: Chat, answers: list[Answer], sides: list[str], seed: int) -> None:
    """Write down what there is, if anything."""
    if not any(answer.tokens for answer in answers):
        return
    for answer in answers:
        if answer.finish is None:
            answer.finish, answer.text = "stopped", answer.text.strip()
    blind = len(sides) > 1
    told = [asdict(answer) for answer in answers]
    chosen = 0 if not blind else sides.index("tuned") if _are_equal(answers) else None
    chat.turns.append(Turn("assistant", "", told, list(sides), chosen, seed, blind))
    try:
        Chats(run).keep(chat)
    except UserError as error:
        # Another tab went on with it: this answer is kept beside, so that nothing is lost.
        st.session_state[PROBLEMS] = error.problems
        with contextlib.suppress(UserError):
            Chats(run).keep(chat.forked())


def _are_equal(answers: list[Answer]) -> bool:
    """Whether all wrote the very same, so that there is nothing to choose."""
    return len({answer.text.strip() for answer in answers}) == 1
