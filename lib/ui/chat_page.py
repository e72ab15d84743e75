"""Talking to a run's model: the conversation, how it is written, and which of its two models answers."""

import pandas as pd
import streamlit as st

from lib.analysis.votes import tally, verdicts
from lib.runs.ballots import Ballots
from lib.runs.chats import Chat, Chats
from lib.runs.folder import RunFolder
from lib.ui.address_choice import choose_in_address
from lib.ui.chat_answer import PROBLEMS, write_answer
from lib.ui.chat_keep import show_export
from lib.ui.chat_settings import show_settings
from lib.ui.chat_state import (
    NO_ROW,
    WHO,
    answer_wanted,
    await_answer,
    has_before,
    knows_turns,
    open_chat,
    say,
    switch_chat,
    who_answers,
)
from lib.ui.chat_turns import show_turns
from lib.ui.given import MOST_CHARACTERS
from lib.ui.numbers import ago
from lib.ui.problems import show_problems
from lib.ui.vote_result import result_words
from lib.ui.words import escape_markdown, shorten

# The field below is as wide as the page, and what a person says stands on the theme's own tone.
_STYLE = """
<style>
[data-testid="stBottomBlockContainer"] { max-width: 1180px; }
[data-testid="stChatMessage"]:has(> [aria-label="Chat message from user"]) { background: var(--atelier-hover); }
</style>
"""


def show_chat(run: RunFolder) -> None:
    """The conversation in the address with all that can be done with it; a wanted answer is written at its end."""
    st.html(_STYLE)
    chat = open_chat(run)
    seed = answer_wanted(chat)
    _bar(run, chat)
    if not chat.turns:
        _welcome(run)
    show_turns(run, chat, busy=seed is not None)
    waits = bool(chat.turns) and chat.turns[-1].waits_for_vote
    key = f"say {chat.id}"
    st.chat_input(
        "Vote first: the conversation goes on from the answer you choose"
        if waits
        else "Your message"
        if knows_turns(run)
        else "A beginning to go on from",
        key=key,
        max_chars=MOST_CHARACTERS,
        disabled=waits or seed is not None,
        on_submit=say,
        args=(run, chat, key),
    )
    if seed is not None:
        write_answer(run, chat, who=who_answers(run), seed=seed)
    if problems := st.session_state.pop(PROBLEMS, None):
        show_problems(problems)
    _votes(run)


def _bar(run: RunFolder, chat: Chat) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="chat-bar"):
        if has_before(run):
            choose_in_address("who", "Who answers", list(WHO), format_func=WHO.__getitem__)
        show_settings(run, chat)
        _others(run, chat)
        show_export(run, chat)


def _others(run: RunFolder, chat: Chat) -> None:
    """The earlier conversations with this model, and a new one."""
    with st.popover("Conversations", icon=":material/forum:", type="tertiary"):
        st.button(
            "New conversation",
            icon=":material/add_comment:",
            key="new chat",
            disabled=not chat.turns,
            on_click=switch_chat,
            args=(run, ""),
        )
        for other in Chats(run).headlines():
            if other.id == chat.id:
                continue
            st.button(
                f"{escape_markdown(shorten(other.title, 40))} · {ago(other.updated)}",
                key=f"chat {other.id}",
                type="tertiary",
                on_click=switch_chat,
                args=(run, other.id),
            )
        if chat.turns:
            st.button(
                "Delete this conversation",
                icon=":material/delete:",
                type="tertiary",
                key="delete chat",
                on_click=_delete,
                args=(run, chat),
            )
        st.caption("They are kept in the run's folder on this machine, and the address opens this one again.")


def _delete(run: RunFolder, chat: Chat) -> None:
    await_answer()
    Chats(run).forget(chat.id)
    switch_chat(run, "")


def _welcome(run: RunFolder) -> None:
    if knows_turns(run):
        st.markdown("Say something, and the model answers as it has learned to, in its own chat template.")
    else:
        st.markdown(
            "Give a beginning, and the model goes on from it. It knows no turns: each of your texts is read by itself, "
            "and nothing said before it."
        )
    if has_before(run):
        st.caption(
            "“Both, blind” lets the models before and after training answer side by side; you choose the better one "
            "without knowing which is which."
        )


def _votes(run: RunFolder) -> None:
    """What the blind votes in this run's conversations come to."""
    votes = pd.DataFrame(
        [vote for vote in Ballots(run).votes() if vote.get("row") == NO_ROW],
        columns=["row", "pair", "verdict", "left", "author", "time"],
    )
    if votes.empty:
        return
    with st.expander(f"Blind votes in conversations: {len(votes):,}", icon=":material/how_to_vote:"):
        st.markdown(result_words(tally(verdicts(votes)["verdict"].tolist())))
        st.caption(
            "Each pair of answers counts once. Votes on test rows are counted by themselves, on Evaluate."
        )
