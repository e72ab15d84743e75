"""What is kept of a conversation: a file of it, or one of its turns as something to learn from."""

import streamlit as st

from lib.data.chat_rows import add_conversation, chat_datasets
from lib.errors import UserError
from lib.runs.chats import Chat
from lib.runs.folder import RunFolder
from lib.runs.transcripts import as_jsonl, as_markdown
from lib.ui.chat_state import knows_turns, open_turn
from lib.ui.frame import go_to
from lib.ui.given import MOST_CHARACTERS
from lib.ui.numbers import count
from lib.ui.problems import show_problems
from lib.ui.words import escape_markdown, shorten

_NEW = "\x00new"
_ADDED = "_added a conversation"


def show_export(run: RunFolder, chat: Chat) -> None:
    """The conversation as a file, to learn from or to read."""
    with st.popover("Keep", icon=":material/download:", type="tertiary", disabled=not chat.turns):
        messages = chat.messages()
        st.caption(
            f"{count(len(messages), 'message')}, the system prompt included. Answers nobody chose are left out."
        )
        for title, ending, kind, text in (
            ("Messages (JSON Lines)", "jsonl", "application/jsonl", as_jsonl(messages)),
            ("Text (Markdown)", "md", "text/markdown", as_markdown(messages, run.name)),
        ):
            st.download_button(
                title,
                text,
                f"{run.id}-chat.{ending}",
                kind,
                on_click="ignore",
                type="tertiary",
                icon=":material/download:",
                key=f"keep {ending}",
            )


def show_adding(run: RunFolder, chat: Chat, place: int) -> None:
    """The form that makes a row of a turn: corrected first, if need be, and to which data set."""
    with st.container(border=True, key="chat-adding"):
        if (done := st.session_state.get(_ADDED)) and done[0] == (chat.id, place):
            _show_added(done[1], done[2])
            return
        turn = chat.turns[place]
        whole = chat.messages(place)
        answer = st.text_area(
            "What the model should answer",
            turn.text,
            key=f"should answer {chat.id} {place}",
            max_chars=MOST_CHARACTERS,
            height=140,
            help="Corrected here, it is what a model learns; the conversation on this page stays as it was.",
        )
        alone = [message for message in whole if message["role"] == "user"][-1:]
        lead = alone
        if len(whole) > len(alone) and knows_turns(run):
            before = st.checkbox(
                f"With the {count(len(whole) - len(alone), 'message')} before it",
                value=True,
                key=f"with before {place}",
            )
            lead = whole if before else alone
        known = [stored.name for stored in chat_datasets()]
        chosen = st.selectbox(
            "Data set",
            [*known, _NEW],
            format_func=lambda name: "A new one" if name == _NEW else shorten(name, 60),
            key=f"add to {place}",
        )
        name = chosen
        if chosen == _NEW:
            name = st.text_input(
                "Name of the new data set", key=f"new name {place}", max_chars=80, placeholder="good answers"
            )
        with st.container(horizontal=True, gap="small"):
            if st.button("Add", type="primary", icon=":material/playlist_add:", key=f"add now {place}"):
                messages = [*lead, {"role": "assistant", "content": answer.strip()}]
                _add(chat, place, messages, name, new=chosen == _NEW)
            st.button(
                "Cancel", icon=":material/close:", type="tertiary", key=f"add not {place}",
                on_click=open_turn, args=("adding", None),
            )  # fmt: skip


def _add(chat: Chat, place: int, messages: list[dict[str, str]], name: str, *, new: bool) -> None:
    try:
        stored = add_conversation(messages, name=name, new=new)
    except UserError as error:
        show_problems(error.problems)
        return
    st.session_state[_ADDED] = ((chat.id, place), stored.ref, stored.rows)
    st.rerun()


def _show_added(ref: str, rows: int) -> None:
    st.markdown(f":material/check: Added. **{escape_markdown(ref)}** has {count(rows, 'conversation')} now.")
    with st.container(horizontal=True, gap="small"):
        if st.button(
            "Look at the data", icon=":material/arrow_forward:", icon_position="right", key="see added"
        ):
            st.session_state.pop(_ADDED, None)
            go_to("Data", data=ref)
        if st.button("Done", type="tertiary", key="done adding"):
            st.session_state.pop(_ADDED, None)
            st.query_params.pop("adding", None)
            st.rerun()
