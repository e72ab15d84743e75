"""More than one training: a search for better options, several seeds, and shares of the training rows."""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from lib.methods.base import Method
from lib.option import options_of
from lib.plan.search import usual_names
from lib.runs.options import TrainingOptions
from lib.ui.drafts import Draft
from lib.ui.words import term

MINUTES = (0, 15, 30, 60)
SEEDS = (1, 3, 5)
# With minutes as the budget, the number of trials only keeps tiny data from being searched for ever.
MOST_TRIALS = 40


@dataclass(frozen=True)
class Repeat:
    """The search that a spec asks for (None for none), how many seeds to train with, and whether on shares too."""

    search: dict[str, Any] | None = None
    seeds: int = 1
    shares: bool = False


def ask_repeat(draft: Draft, method: Method) -> Repeat:
    """Ask for both, behind one click that says what is chosen."""
    minutes = int(draft.get("search minutes", 0) or 0)
    seeds = int(draft.get("seeds", 1) or 1)
    said = [f"search of {minutes} minutes"] * (minutes > 0) + [f"{seeds} seeds"] * (seeds > 1)
    shares = bool(draft.get("shares", False)) and not minutes
    said += ["shares of the rows"] * shares
    label = "Search and repeat" + (f": {', '.join(said)}" if said else "")
    with st.expander(label, icon=":material/repeat:", key="train repeat"):
        st.segmented_control(
            "Look for better options",
            MINUTES,
            format_func=lambda value: f"{value} minutes" if value else "Off",
            key=draft.key("search minutes", 0, allowed=MINUTES),
            required=True,
            help=_SEARCH_HELP,
        )
        names = [_title(method, name) for name in usual_names(method)]
        st.caption(
            f"Tries other values of {', '.join(names[:-1])} and {names[-1]} before the training itself. Each trial is "
            "judged on the validation rows; the test rows stay untouched."
        )
        st.segmented_control(
            "Seeds",
            SEEDS,
            key=draft.key("seeds", 1, allowed=SEEDS),
            required=True,
            help=f"{term('seed')} Several runs that differ in it alone show how much of a score is chance.",
        )
        st.toggle(
            "Also on 12.5, 25 and 50 % of the training rows",
            key=draft.key("shares", False, allowed=(False, True)),
            disabled=bool(minutes),
            help="Three more runs, a little less than as long again in all, with the same test rows. They show what "
            "more labels would buy. Not with a search, which would find other options for each.",
        )
    minutes = int(draft.get("search minutes", 0) or 0)
    return Repeat(
        {"trials": MOST_TRIALS, "minutes": minutes} if minutes else None,
        int(draft.get("seeds", 1) or 1),
        bool(draft.get("shares", False)) and not minutes,
    )


_SEARCH_HELP = (
    "How long to try options before the training. The first trial is the options as they stand, so it never ends "
    "worse on the validation rows; what is behind the others is given up early."
)


def _title(method: Method, name: str) -> str:
    title = str(options_of(TrainingOptions, method.option_class)[name].metadata["title"])
    return title[:1].lower() + title[1:]
