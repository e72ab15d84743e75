"""Choosing a base model on the Hugging Face Hub: search, or a name; what it is and what it asks for, before the run."""

import threading
import time
from dataclasses import dataclass

import streamlit as st

from lib.errors import Problem, UserError
from lib.models.hub import HubHit, HubModel, describe, parse_name, search
from lib.models.hub_models import find_hub, info_of
from lib.models.hub_token import TOKENS_PAGE, Token, as_token
from lib.models.hub_web import endpoint, host, is_offline, is_reachable
from lib.plan.fit import check_kind
from lib.tasks.base import Task
from lib.ui.drafts import Draft
from lib.ui.model_choice import ModelChoice
from lib.ui.numbers import significant, size
from lib.ui.words import escape_markdown, shorten

SECONDS_KEPT = 60.0
SECONDS_TO_ANSWER = 3.0
# Held in this session's memory only: it is in no draft, and gone when the tab is closed.
_TOKEN, _TYPED, _ANSWERS = "_hub token", "hub token typed", "_hub answers"
_TOKEN_PROBLEMS = ("hub-gated", "hub-token", "hub-no-model")


@dataclass
class _Reach:
    """Whether the Hub answered when it was last asked; asked in a thread, so that no page waits for long."""

    address: str = ""
    answer: bool | None = None
    when: float = float("-inf")
    thread: threading.Thread | None = None


_reach = _Reach()
_lock = threading.Lock()


def can_reach_hub(seconds: float = SECONDS_TO_ANSWER) -> bool:
    """Whether the Hub answers, as known for a minute; an answer that takes longer than the seconds counts as none."""
    if is_offline():
        return False
    with _lock:
        known = _reach.address == endpoint() and time.monotonic() - _reach.when < SECONDS_KEPT
        if known and _reach.answer is not None:
            return _reach.answer
        if _reach.thread is None or not _reach.thread.is_alive() or _reach.address != endpoint():
            _reach.address, _reach.answer = endpoint(), None
            _reach.thread = threading.Thread(target=_ask, args=(endpoint(), seconds), daemon=True)
            _reach.thread.start()
        thread = _reach.thread
    thread.join(seconds)
    return bool(_reach.answer) and _reach.address == endpoint()


def _ask(address: str, seconds: float) -> None:
    answer = is_reachable(seconds)
    with _lock:
        if _reach.address == address:
            _reach.answer, _reach.when = answer, time.monotonic()


def choose_hub(draft: Draft, task: Task) -> ModelChoice:
    """Ask for a model of the Hub and show its licence, its size and what it asks for."""
    with st.spinner(f"Looking whether {host()} answers"):
        reached = can_reach_hub()
    words = st.text_input(
        "Search, or the name of a model",
        key=draft.key("hub", ""),
        placeholder="google-bert/bert-base-uncased",
        help="Words to search for, or org/name as on the model's page, with @revision behind it if you like.",
        max_chars=200,
    )
    if not reached:
        why = "HF_HUB_OFFLINE is set" if is_offline() else "it does not answer"
        st.caption(
            escape_markdown(
                f"The Hub at {host()} cannot be reached from here: {why}. Models that were downloaded before can "
                "be used all the same; type their name."
            )
        )
    typed = " ".join((words or "").split())
    if not typed:
        return _nothing("No model is named.", "Search for one or type its name, or choose another model.")
    if "/" in typed or not reached:
        return _described(typed, task)
    try:
        hits = _search(endpoint(), typed, task.model_kind)
    except UserError as error:
        return ModelChoice("", None, error.problems)
    if not hits:
        return _nothing(
            f"Nothing on the Hub that fits {task.title.lower()} is called “{shorten(typed, 60)}”.",
            "Try fewer words.",
        )
    by_name = {hit.name: hit for hit in hits}
    chosen = st.selectbox(
        f"{len(hits)} found, the most downloaded first",
        list(by_name),
        format_func=lambda name: hit_words(by_name[name]),
        key=draft.key("hub hit", hits[0].name, allowed=list(by_name)),
    )
    return _described(str(chosen), task)


def _nothing(what: str, fix: str) -> ModelChoice:
    return ModelChoice("", None, (Problem(what, "model", fix, code="no-model-chosen"),))


@st.cache_data(ttl=300, max_entries=100, show_spinner="Searching the Hub")
def _search(address: str, words: str, kind: str) -> list[HubHit]:
    return search(words, kind=kind)


def hit_words(hit: HubHit) -> str:
    """A search result in one line of plain text."""
    parts = [
        hit.name,
        *(["gated"] if hit.gated else []),
        *([f"{significant(hit.parameters / 1e6, 3)} M parameters"] if hit.parameters else []),
        *([size(hit.size_mb * 1e6)] if hit.size_mb else []),
        f"licence {hit.licence}",
        f"{hit.downloads:,} downloads a month",
        *(["not known to fit"] if hit.kind is None else []),
    ]
    return " · ".join(parts)


def hub_facts(model: HubModel) -> str:
    """A model of the Hub in plain text: its licence, size and age, before anything large is downloaded."""
    parts = [
        f"Licence {model.licence}",
        *([f"{significant(model.parameters / 1e6, 3)} million parameters"] if model.parameters else []),
        f"{size(model.download_mb * 1e6)} to download",
        *([f"changed {model.modified}"] if model.modified else []),
        f"commit {model.sha[:7]}",
        *(["gated: its terms must be accepted"] if model.gated else []),
    ]
    return " · ".join(parts)


def _described(text: str, task: Task) -> ModelChoice:
    """The named model, its facts on the page, and a field for a token when it asks for one."""
    try:
        name, revision = parse_name(text)
    except UserError as error:
        return ModelChoice("", None, error.problems)
    token = visit_token()
    choice, facts = _asked(name, revision, token)
    if facts:
        st.caption(escape_markdown(facts))
    if any(problem.code in _TOKEN_PROBLEMS for problem in choice.problems) or token:
        _ask_for_token(name)
    if choice.model is None:
        return choice
    if choice.model.is_downloaded:
        st.caption("It is on this machine already.")
    else:
        st.caption("It is downloaded when the run starts, once; a download that breaks off goes on later.")
    return ModelChoice(choice.ref, choice.model, tuple(check_kind(task, choice.model)))


def _asked(name: str, revision: str | None, token: Token | None) -> tuple[ModelChoice, str]:
    """The model as the Hub tells it, remembered by this session for a minute."""
    answers = st.session_state.setdefault(_ANSWERS, {})
    key = (endpoint(), name, revision, token)
    if key in answers and time.monotonic() - answers[key][0] < SECONDS_KEPT:
        return answers[key][1], answers[key][2]
    facts = ""
    with st.spinner(f"Asking {host()} about {escape_markdown(name)}"):
        try:
            if can_reach_hub():
                model = describe(name, revision, token=token)
                facts = hub_facts(model)
                info = info_of(model)
            else:
                info = find_hub(f"{name}@{revision}" if revision else name)
                facts = f"Licence {info.licence} · {size(info.size_mb * 1e6)} · {info.origin}"
            choice = ModelChoice(info.ref, info)
        except UserError as error:
            choice = ModelChoice("", None, error.problems)
    answers[key] = (time.monotonic(), choice, facts)
    return choice, facts


def _ask_for_token(name: str) -> None:
    st.text_input(
        "Access token, for this visit only",
        key=_TYPED,
        type="password",
        on_change=_take_typed,
        autocomplete="off",
        help="It is kept in memory until you close the tab, given to the download, and written nowhere.",
    )
    st.caption(
        f"[The model's page, to accept its terms]({endpoint()}/{name}) · "
        f"[Make a token that may read]({endpoint()}{TOKENS_PAGE})"
    )


def _take_typed() -> None:
    st.session_state[_TOKEN] = str(st.session_state.get(_TYPED) or "")


def visit_token() -> Token | None:
    """The token typed in this session, if it can be one."""
    try:
        return as_token(str(st.session_state.get(_TOKEN) or ""))
    except UserError:
        return None
