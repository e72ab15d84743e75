"""The conversation that this tab has open: found by its id in the address, changed only on disk."""

import secrets
import threading
from hashlib import sha256

import streamlit as st

from lib.errors import Problem, UserError
from lib.inference.chat_prompt import has_turns
from lib.inference.untuned import untuned_folder
from lib.models.adapted import is_adapter
from lib.runs.ballots import MOST_NAME, Ballots
from lib.runs.chats import Chat, Chats, Turn, new_id
from lib.runs.folder import RunFolder
from lib.tasks import find_task
from lib.ui.frame import guarded_callback

# What belongs to one conversation in the address.
TURN_PARAMETERS = ("editing", "tokens", "adding")
WHO = {"tuned": "After training", "untuned": "Before training", "blind": "Both, blind"}
_WANTED, _KEEPING = "_answer wanted", "_answer being kept"
# A stopped run ends at its next word to the page, which comes several times a second.
_SECONDS_TO_KEEP = 5.0
# Votes on rows of a data set name the row; a conversation has none.
NO_ROW = -1
_SIDES = ("tuned", "untuned")


def writes_on(run: RunFolder) -> bool:
    """Whether the run's model goes on with texts, so that one can talk to it."""
    return find_task(run.spec.task).model_kind == "causal"


def knows_turns(run: RunFolder) -> bool:
    """Whether it knows who speaks."""
    return has_turns(find_task(run.spec.task))


def has_before(run: RunFolder) -> bool:
    """Whether the model before training is there to be talked to."""
    return is_adapter(run.model_path) or untuned_folder(run) is not None


def answer_being_kept() -> threading.Event:
    """Begin an answer in this tab; set what is returned once it is kept.

    Streamlit begins the next run of a page while the one that a click has stopped still ends.
    """
    st.session_state[_KEEPING] = threading.Event()
    return st.session_state[_KEEPING]


def await_answer() -> None:
    """Wait until the answer that was stopped in this tab is kept: only then is its conversation read or changed."""
    keeping = st.session_state.get(_KEEPING)
    if keeping is not None:
        keeping.wait(_SECONDS_TO_KEEP)


def open_chat(run: RunFolder) -> Chat:
    """The conversation in the address, else the one this tab had last of this run, else a new one."""
    await_answer()
    memory = f"_chat with {run.id}"
    asked = st.query_params.get("chat") or st.session_state.get(memory) or new_id()
    found = Chats(run).find(asked) or Chat(asked if len(asked) == 12 and asked.isalnum() else new_id())
    if found.id != st.query_params.get("chat"):
        st.query_params["chat"] = found.id
    st.session_state[memory] = found.id
    return found


@guarded_callback
def switch_chat(run: RunFolder, identity: str) -> None:
    """Open another conversation of this run; "" begins a new one."""
    st.session_state.pop(f"_chat with {run.id}", None)
    _leave_turns()
    if identity:
        st.query_params["chat"] = identity
    else:
        st.query_params["chat"] = new_id()


def who_answers(run: RunFolder) -> str:
    """Which model the next answer is from, as the address has it."""
    asked = st.query_params.get("who", "tuned")
    return asked if asked in WHO and (asked == "tuned" or has_before(run)) else "tuned"


def answer_wanted(chat: Chat) -> int | None:
    """The seed to answer with, once, when somebody has just asked for an answer in this conversation."""
    wanted = st.session_state.pop(_WANTED, None)
    return wanted[1] if wanted is not None and wanted[0] == chat.id else None


@guarded_callback
def say(run: RunFolder, chat: Chat, key: str) -> None:
    """Add what was typed and ask for an answer."""
    text = str(st.session_state.get(key) or "")
    if text.strip():
        chat.turns.append(Turn("user", text))
        _ask(run, chat, first_seed(run, chat))


@guarded_callback
def say_instead(run: RunFolder, chat: Chat, place: int, key: str) -> None:
    """Put another text in the place of an earlier one of the user's, and ask again from there.

    The conversation as it was is kept among the earlier ones where more than an answer would be lost.
    """
    text = str(st.session_state.get(key) or "")
    if not text.strip():
        raise UserError(
            Problem("The message is empty.", "message", "Type one, or leave it as it was.", code="no-text")
        )
    if len(chat.turns) > place + 2:
        Chats(run).keep(chat.forked())
    del chat.turns[place:]
    chat.turns.append(Turn("user", text))
    _ask(run, chat, first_seed(run, chat))


@guarded_callback
def answer_again(run: RunFolder, chat: Chat) -> None:
    """Throw the last answer away, if there is one, and ask for another with the next seed."""
    seed = first_seed(run, chat)
    if chat.turns and chat.turns[-1].role == "assistant":
        seed = chat.turns.pop().seed + 1
    _ask(run, chat, seed)


@guarded_callback
def vote(run: RunFolder, chat: Chat, place: int, verdict: str) -> None:
    """Keep a vote ("left", "right", "equal" or "both bad") and go on from the answer that won.

    With no winner it goes on from the tuned model's. Votes and answers lie with those on test rows.
    """
    turn = chat.turns[place]
    number = {"left": 0, "right": 1}.get(verdict)
    said = verdict if number is None else turn.sides[number]
    turn.chosen = turn.sides.index("tuned") if number is None else number
    turn.vote = said
    Chats(run).keep(chat)
    prompt = chat.messages(place)[-1]["content"]
    texts = {side: str(answer["text"]) for side, answer in zip(turn.sides, turn.answers, strict=True)}
    pair = sha256("\x00".join([chat.id, prompt, texts["tuned"], texts["untuned"]]).encode()).hexdigest()[:16]
    author = st.query_params.get("voter", "")[:MOST_NAME] or "anonymous"
    ballots = Ballots(run)
    ballots.add_answers([{"row": NO_ROW, "input": prompt, **texts}])
    ballots.cast(row=NO_ROW, pair=pair, verdict=said, left=turn.sides[0], author=author)


def sides_for(who: str) -> list[str]:
    """The models to ask, in the order in which they stand; of both, a coin decides."""
    if who != "blind":
        return [who]
    return list(_SIDES) if secrets.randbelow(2) else list(reversed(_SIDES))


def first_seed(run: RunFolder, chat: Chat) -> int:
    """The seed of the settings."""
    return int(chat.settings.get("seed", 0))


def open_turn(name: str, place: int | None) -> None:
    """Open or close (None) a turn's editor, tokens or form: one at a time, and the address says which."""
    _leave_turns()
    if place is not None:
        st.query_params[name] = str(place)


def is_open(name: str, place: int) -> bool:
    """Whether that is open at that turn."""
    return st.query_params.get(name) == str(place)


def _ask(run: RunFolder, chat: Chat, seed: int) -> None:
    Chats(run).keep(chat)
    st.session_state[_WANTED] = (chat.id, min(seed, 2_147_483_647))
    _leave_turns()


def _leave_turns() -> None:
    for name in TURN_PARAMETERS:
        st.query_params.pop(name, None)
