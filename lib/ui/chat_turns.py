"""The turns of a conversation: what was said, what can be done with it, and a blind pair with its vote."""

from typing import Any

import streamlit as st

from lib.errors import UserError
from lib.runs.chats import Chat, Turn
from lib.runs.folder import RunFolder
from lib.tasks.manner import manner_of
from lib.ui.chat_keep import show_adding
from lib.ui.chat_state import answer_again, is_open, open_turn, say_instead, vote
from lib.ui.chat_text import show_said, show_tokens
from lib.ui.chat_words import SIDES, answer_words, lacks_place
from lib.ui.given import MOST_CHARACTERS
from lib.ui.words import escape_markdown

# So many turns are drawn; a page of hundreds would be slow.
MOST_TURNS = 30
_PERSON, _MODEL = ":material/person:", ":material/smart_toy:"
_VERDICTS = (
    ("Left is better", "left", "arrow_back"),
    ("Right is better", "right", "arrow_forward"),
    ("Equal", "equal", "drag_handle"),
    ("Both bad", "both bad", "thumb_down"),
)


def show_turns(run: RunFolder, chat: Chat, *, busy: bool) -> None:
    """Every turn, the oldest first; while an answer is being written (`busy`) without buttons."""
    first = 0
    if len(chat.turns) > MOST_TURNS and not st.toggle(
        f"Show all {len(chat.turns)} turns", key=f"all turns {chat.id}"
    ):
        first = len(chat.turns) - MOST_TURNS
    for place, turn in enumerate(chat.turns[first:], first):
        if turn.role == "user":
            _show_asked(run, chat, place, busy=busy)
        elif turn.blind:
            _show_pair(run, chat, place, busy=busy)
        else:
            _show_answer(run, chat, place, busy=busy)


def _show_asked(run: RunFolder, chat: Chat, place: int, *, busy: bool) -> None:
    turn = chat.turns[place]
    with st.chat_message("user", avatar=_PERSON):
        if is_open("editing", place) and not busy:
            _show_editor(run, chat, place)
            return
        with st.container(horizontal=True, vertical_alignment="top", gap="small"):
            show_said(turn.content)
            if not busy:
                _button("Edit", "edit", f"edit {place}", open_turn, "editing", place)
        if not busy and place == len(chat.turns) - 1:
            st.button(
                "Answer this",
                icon=":material/reply:",
                key=f"answer {place}",
                on_click=answer_again,
                args=(run, chat),
            )


def _show_editor(run: RunFolder, chat: Chat, place: int) -> None:
    key = f"edited {chat.id} {place}"
    st.session_state.setdefault(key, chat.turns[place].content)
    st.text_area("What you say instead", key=key, max_chars=MOST_CHARACTERS, height=120)
    if len(chat.turns) > place + 2:
        st.caption("The conversation goes on from here anew; as it was, it stays among the conversations.")
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Ask again",
            type="primary",
            icon=":material/send:",
            key=f"ask again {place}",
            on_click=say_instead,
            args=(run, chat, place, key),
        )
        _button("Cancel", "close", f"cancel {place}", open_turn, "editing", None)


def _show_answer(run: RunFolder, chat: Chat, place: int, *, busy: bool) -> None:
    turn = chat.turns[place]
    answer = turn.answers[0]
    with st.chat_message("assistant", avatar=_MODEL):
        if is_open("tokens", place) and not busy:
            show_tokens(answer)
        else:
            show_said(str(answer["text"]))
        _facts(run, chat, turn, answer)
        if turn.sides[0] == "untuned":
            st.caption("From the model before training.")
        if not busy:
            _actions(run, chat, place)


def _facts(run: RunFolder, chat: Chat, turn: Turn, answer: dict[str, Any]) -> None:
    icon = ":material/content_cut: " if lacks_place(answer) else ""
    seed = turn.seed if temperature(run, chat) > 0 else None
    st.caption(icon + escape_markdown(answer_words(answer, seed=seed)))


def temperature(run: RunFolder, chat: Chat) -> float:
    """That of the next answer; 0 where the settings are no longer ones that can be used."""
    try:
        return manner_of((run.brief() or {}).get("options", {}), chat.settings).temperature
    except UserError:
        return 0.0


def _actions(run: RunFolder, chat: Chat, place: int) -> None:
    turn = chat.turns[place]
    with st.container(horizontal=True, gap="small"):
        if place == len(chat.turns) - 1:
            same = temperature(run, chat) <= 0
            st.button(
                "Regenerate",
                icon=":material/refresh:",
                type="tertiary",
                key=f"again {place}",
                on_click=answer_again,
                args=(run, chat),
                help="At temperature 0 the same answer comes again: change how it writes first."
                if same
                else "Draws again, with the next seed",
            )
        if turn.answers[turn.chosen or 0].get("tokens") and not turn.blind:
            shown = is_open("tokens", place)
            title = "Text alone" if shown else "Token probabilities"
            _button(title, "gradient", f"tokens {place}", open_turn, "tokens", None if shown else place)
        adding = is_open("adding", place)
        _button(
            "Add to a data set",
            "playlist_add",
            f"add {place}",
            open_turn,
            "adding",
            None if adding else place,
        )
    if adding:
        show_adding(run, chat, place)


def _show_pair(run: RunFolder, chat: Chat, place: int, *, busy: bool) -> None:
    """Two answers side by side; which is which is told once one has been chosen."""
    turn = chat.turns[place]
    with st.chat_message("assistant", avatar=_MODEL):
        columns = st.columns(2, gap="medium", border=True)
        for number, (column, name) in enumerate(zip(columns, ("Left", "Right"), strict=True)):
            with column:
                told = "" if turn.waits_for_vote else f": {SIDES[turn.sides[number]]}"
                chosen = " :material/check:" if turn.chosen == number and turn.vote in SIDES else ""
                st.caption(f"**{name}{told}**{chosen}")
                show_said(str(turn.answers[number]["text"]))
                if not turn.waits_for_vote:
                    _facts(run, chat, turn, turn.answers[number])
        if turn.waits_for_vote:
            if not busy:
                _show_vote(run, chat, place)
            return
        if turn.vote is None:
            st.caption("Both wrote the very same, so there was nothing to choose.")
        elif turn.vote not in SIDES:
            st.caption(
                f"You called them {turn.vote}; the conversation goes on from the model after training."
            )
        if not busy:
            _actions(run, chat, place)


def _show_vote(run: RunFolder, chat: Chat, place: int) -> None:
    with st.container(horizontal=True, gap="small", key="chat-vote"):
        for title, verdict, icon in _VERDICTS:
            st.button(
                title,
                icon=f":material/{icon}:",
                key=f"vote {verdict}",
                on_click=vote,
                args=(run, chat, place, verdict),
            )
        _button("Ask both again", "refresh", f"again {place}", answer_again, run, chat)
    if any(answer.get("finish") == "stopped" for answer in chat.turns[place].answers):
        st.caption("Stopped before its end, so this is no fair comparison: ask both again rather than vote.")
    st.caption("The sides are drawn at random. You learn which is which once you have voted.")


def _button(title: str, icon: str, key: str, do: Any, *args: Any) -> None:
    st.button(title, icon=f":material/{icon}:", type="tertiary", key=key, on_click=do, args=args)
