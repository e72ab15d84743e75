"""The frame of every page: title, style, path strip, the queue's thread, and a boundary for what fails."""

import functools
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ParamSpec, TypeVar

import streamlit as st
from streamlit.errors import StreamlitAPIException

from lib.data.store import open_dataset
from lib.errors import Problem, UserError
from lib.runs.folder import open_run
from lib.settings import get_settings
from lib.ui import hand as hands
from lib.ui.faults import log_path, record_fault
from lib.ui.hand import Hand
from lib.ui.path import next_words, page_file, page_files, steps
from lib.ui.problems import show_problems
from lib.ui.style import STYLE
from lib.ui.words import escape_markdown, shorten

P = ParamSpec("P")
R = TypeVar("R")

# A picture of our own: Streamlit would fetch an icon by name from a font server.
_MARK = Path(__file__).with_name("mark.svg")
_HELD_BACK = "_problems for the next page run"
_REDRAW = "_draw the page anew"


@contextmanager
def page(title: str, *, icon: str, lead: str = "") -> Iterator[Hand]:
    """Draw the frame of a page and guard what is drawn inside it.

    `lead` is one sentence under the title. Yields what is in hand. A UserError becomes a list of
    problems, anything else one sentence and an entry in the log; reruns and stops pass through.
    """
    with boundary(title):
        hand = start_page(title, icon=icon, lead=lead)
        yield hand
    # Not reached by a rerun, after which what was just said must still stand there.
    st.session_state.pop(_HELD_BACK, None)


def start_page(title: str, *, icon: str, lead: str = "") -> Hand:
    """The first call of every page: configuration, style, path strip, title. Use `page` where you can."""
    st.set_page_config(
        page_title="Atelier" if title == "Home" else f"{title} · Atelier",
        page_icon=_MARK,
        layout="wide",
        initial_sidebar_state="collapsed",
    )
    st.html(STYLE)
    _ensure_queue(str(get_settings().home))
    hand, missing = _hand_that_exists()
    _path_strip(title, hand)
    if title != "Home":
        st.title(title, anchor=False, icon=icon)
        if lead:
            with st.container(key="page-lead"):
                st.markdown(lead)
    if problems := [*st.session_state.get(_HELD_BACK, ()), *missing]:
        hold_back(problems)
        show_problems(problems)
    return hand


@contextmanager
def boundary(where: str) -> Iterator[None]:
    """Turn what is raised inside into something a person can read. Fragments need their own: see `guarded`."""
    try:
        yield
    except UserError as error:
        show_problems(error.problems)
    except Exception as fault:  # noqa: BLE001 – the page frame is the one place that may catch everything
        _show_fault(fault, where)


def guarded(function: Callable[P, R]) -> Callable[P, R | None]:
    """A fragment's function with a boundary of its own, as a fragment reruns outside of its page's.

    Use it below the decorator of the fragment: `@st.fragment(run_every=2)`, then `@guarded`.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R | None:
        with boundary(function.__name__.replace("_", " ").strip()):
            return function(*args, **kwargs)
        return None

    return run


def guarded_callback(function: Callable[P, None]) -> Callable[P, None]:
    """A widget's callback whose problems show at the top of the page that follows it."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            function(*args, **kwargs)
        except UserError as error:
            hold_back(error.problems)
        except Exception as fault:  # noqa: BLE001 – see `boundary`
            reference = record_fault(fault, where=function.__name__)
            hold_back((Problem(_fault_words(reference)),))

    return run


def hold_back(problems: Iterable[Problem]) -> None:
    """Keep problems for the top of the page's next run, from a callback or before a rerun."""
    st.session_state[_HELD_BACK] = tuple(problems)


def section(title: str) -> None:
    """The heading of a part of a page."""
    name = re.sub(r"\W+", "-", title.lower())
    with st.container(key=f"section-{name}"):
        st.subheader(title, anchor=False)


def go_to(title: str, **params: str) -> None:
    """Switch to the page of that title with what is in hand, and more query parameters. Ends this run."""
    file = "Home.py" if title == "Home" else page_file(title)
    if file is None:
        raise UserError(Problem(f"The page {title} is not part of this version of Atelier.", where=title))
    st.switch_page(file, query_params=hands.in_hand().params() | params)


def redraw_page() -> None:
    """From a callback inside a fragment: draw the whole page anew, not the fragment alone (see `redraw_if_asked`)."""
    st.session_state[_REDRAW] = True


def redraw_if_asked() -> None:
    """At the beginning of a fragment whose callbacks may change what the page around it shows."""
    if st.session_state.pop(_REDRAW, False):
        st.rerun()


def lead_on(label: str, title: str, *, icon: str = ":material/arrow_forward:", **params: str) -> None:
    """The one primary button at the end of a page, which leads to another page with what is in hand."""
    if st.button(label, type="primary", icon=icon, icon_position="right", key=f"lead on to {title}"):
        go_to(title, **params)


def _fault_words(reference: str) -> str:
    return (
        "This is a fault of Atelier, not of yours; nothing you saved is lost. Try again. "
        f"If it comes back, report it with what stands in {log_path()} under {reference}."
    )


def _show_fault(fault: Exception, where: str) -> None:
    st.error(escape_markdown(_fault_words(record_fault(fault, where=where))), icon=":material/bug_report:")
    st.button("Try again", icon=":material/refresh:", key=f"try again {where}")


@st.cache_resource(show_spinner=False)
def _ensure_queue(home: str) -> None:
    """Start the thread that starts queued runs, once per process and home folder."""
    from lib.runs.queue import start_queue

    start_queue()


def _hand_that_exists() -> tuple[Hand, list[Problem]]:
    """What is in hand, and what to say if the address names a data set that is gone.

    What the last visit left and is gone by now is dropped without a word; a run that is gone is left in
    hand when the address names it, as the pages about runs say so themselves.
    """
    asked = set(st.query_params)
    hand = hands.find_hand()
    missing: list[Problem] = []
    try:
        if hand.data is not None:
            open_dataset(hand.data)
    except UserError as error:
        hand = hands.put_away(data=hand.data)
        missing = list(error.problems) if "data" in asked else []
    if hand.run is not None and "run" not in asked and _run_state(hand.run) is None:
        hand = hands.put_away(run=hand.run)
    return hand, missing


def _run_state(run: str | None) -> str | None:
    """The state of the run in hand; None without one, or when it is gone."""
    try:
        return None if run is None else open_run(run).state().state
    except UserError:
        return None


def _run_name(run: str) -> str:
    try:
        return open_run(run).name
    except UserError:  # its spec is damaged
        return run


def _path_strip(here: str, hand: Hand) -> None:
    state = _run_state(hand.run)
    seen = _seen(here, hand)
    path = steps(page_files(), here=here, has_data=bool(hand.data or state), run_state=state, seen=seen)
    with st.container(key="path-strip", horizontal=True, gap="small", vertical_alignment="center"):
        with st.container(key="word-mark", width="content"):
            _link("Home.py", "Atelier", hand)
        for step in path:
            standing = "here" if step.here else "later" if step.mark == "later" else step.mark
            with st.container(key=f"step-{standing}-{step.title.lower()}", width="content"):
                _link(step.file, step.title, hand, icon=_ICONS.get(step.mark))
    words = []
    if hand.data:
        words.append(f"**{escape_markdown(shorten(hand.data, 48))}**")
    if hand.run and state:
        # What a run is doing is said by `next_words`; how it ended is said here.
        ended = f" ({_ENDED[state]})" if state in _ENDED else ""
        words.append(f"run **{escape_markdown(shorten(_run_name(hand.run), 48))}**{ended}")
    in_hand = "In hand: " + " and ".join(words) + ". " if words else ""
    following = next_words(path, data=hand.data, run=hand.run, run_state=state)
    if here != "Home" and (in_hand or following):
        with st.container(key="path-words"):
            st.caption(in_hand + following)


_ENDED = {"succeeded": "finished", "stopped": "stopped early", "failed": "failed", "lost": "lost"}
_ICONS = {"done": ":material/check:", "next": ":material/arrow_right:"}


def _seen(here: str, hand: Hand) -> frozenset[str]:
    """The pages visited with the run in hand in this tab, this one included."""
    visits: dict[str | None, frozenset[str]] = st.session_state.setdefault("_pages seen", {})
    visits[hand.run] = visits.get(hand.run, frozenset()) | {here}
    return visits[hand.run]


def _link(file: str, label: str, hand: Hand, *, icon: str | None = None) -> None:
    try:
        st.page_link(file, label=label, icon=icon, query_params=hand.params())
    except (StreamlitAPIException, KeyError):
        # A page started on its own, as a test may do, does not know its neighbours.
        st.markdown(label)
