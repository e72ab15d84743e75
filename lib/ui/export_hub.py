"""What the Hub says before anything is sent: whose token it is, where it may write; and the card as it will be."""

import re
import time
from collections.abc import Mapping
from typing import Any

import streamlit as st

from lib.errors import Problem, UserError
from lib.export.base import Export
from lib.export.hub_account import Account, account_of
from lib.export.source import Source
from lib.models.hub_token import Token, as_token, find_token
from lib.models.hub_web import endpoint, host, is_offline
from lib.option import values_as
from lib.ui.train_hub import can_reach_hub
from lib.ui.words import escape_markdown

# In this session's memory: the Hub's last answer, a mark of the token it was given for, and when; not the token.
_ASKED = "_hub account"
SECONDS_KEPT = 60.0


def known_account(typed: str) -> tuple[Account | None, Problem | None]:
    """Whose token it is, the typed one or this machine's, as known for a minute; or why that cannot be said."""
    if is_offline():
        return None, Problem("HF_HUB_OFFLINE forbids talking to the Hub.", "", "Unset it to push.")
    try:
        token = as_token(typed) if typed.strip() else find_token()
    except UserError as error:
        return None, error.problems[0]
    if token is None:
        return None, None
    mark = hash((endpoint(), token.value))
    held: tuple[int, float, Account | None, Problem | None] | None = st.session_state.get(_ASKED)
    if held and held[0] == mark and time.monotonic() - held[1] < SECONDS_KEPT:
        return held[2], held[3]
    account, problem = _ask(token)
    st.session_state[_ASKED] = (mark, time.monotonic(), account, problem)
    return account, problem


def _ask(token: Token) -> tuple[Account | None, Problem | None]:
    if not can_reach_hub():
        fix = "Check the network (HTTPS_PROXY, HF_ENDPOINT)."
        return None, Problem(f"The Hub at {host()} does not answer just now.", "", fix)
    try:
        return account_of(token), None
    except UserError as error:
        return None, error.problems[0]


def is_asked_now(name: str, chosen: Mapping[str, Any]) -> bool:
    """Whether an option means something beside the others as they stand: a branch's name only for a branch."""
    return name != "branch" or chosen.get("into") == "branch"


def show_account(account: Account | None, problem: Problem | None) -> None:
    """One line: who pushes, and under which names; or what is in the way."""
    if problem is not None:
        st.warning(escape_markdown(f"{problem.what} {problem.fix}"), icon=":material/key_off:")
    elif account is None:
        st.caption(f"No token yet. [Make one that may write]({endpoint()}/settings/tokens).")
    elif not account.writes:
        st.warning(
            escape_markdown(f"The token of {account.name} may only read. Make one that may write."),
            icon=":material/key_off:",
        )
    else:
        names = ", ".join(account.namespaces)
        st.caption(
            escape_markdown(f"You push as {account.name}; you may write to {names}."),
            help="The Hub was asked whose token it is; nothing was sent.",
        )


def show_preview(source: Source, export: Export, place: str, changes: dict[str, Any]) -> None:
    """The page that people will find there, as it follows from the options; nothing where the format has none."""
    try:
        options: Any = values_as(export.option_class, changes)
        if export.check(changes):
            return
        text = export.preview(source, place or "NAMESPACE/NAME", options)
    except UserError as error:
        st.warning(escape_markdown(str(error.problems[0])), icon=":material/warning:")
        return
    if text is None:
        return
    head, body = split_card(text)
    with st.expander("The card, before it goes", icon=":material/article:"):
        with st.container(border=True, key="card-preview"):
            st.markdown(body)
        st.caption("Above it stands what the Hub reads:")
        st.code(head, language="yaml", wrap_lines=True)


def split_card(text: str) -> tuple[str, str]:
    """The head and the body of a card. Headings of the body are made a step smaller, as they stand inside a page."""
    found = re.match(r"---\n(.*?)\n---\n", text, flags=re.DOTALL)
    head, body = (found[1], text[found.end() :]) if found else ("", text)
    lines, fence = [], ""
    for line in body.splitlines():
        ticks = re.match(r"`{3,}", line)
        if ticks and not fence:
            fence = ticks[0]
        elif fence and line.strip() == fence:
            fence = ""
        lines.append(f"###{line}" if not fence and re.match(r"#+ ", line) else line)
    return head, "\n".join(lines)
