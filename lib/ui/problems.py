"""Problems on the page: everything that is wrong, all at once, as sentences that say what to do."""

import re
from collections.abc import Iterable

import streamlit as st

from lib.errors import Problem, errors_in
from lib.ui.words import escape_markdown

_COUNTED = re.compile(r"(row|line|column) .*")
# Parts of a spec and of a file that problems name as their place.
_PLACES = (
    "split",
    "options",
    "data",
    "method",
    "model",
    "task",
    "name",
    "dataset",
    "encoding",
    "columns",
    "rows",
)


def show_problems(problems: Iterable[Problem], *, heading: str = "") -> bool:
    """Show the problems, errors first, and say whether any of them forbids going on."""
    found = list(problems)
    errors = errors_in(found)
    warnings = [problem for problem in found if problem.severity == "warning"]
    if errors:
        lead = heading or ("This needs putting right first:" if len(errors) > 1 else "")
        st.error(_as_markdown(errors, lead), icon=":material/error:")
    if warnings:
        lead = "Worth a look before you go on:" if len(warnings) > 1 else ""
        st.warning(_as_markdown(warnings, lead), icon=":material/warning:")
    return bool(errors)


def _as_markdown(problems: Iterable[Problem], lead: str) -> str:
    sentences = list(dict.fromkeys(_sentence(problem) for problem in problems))
    if len(sentences) == 1:
        return f"{lead} {sentences[0]}".strip()
    return "\n".join([*([lead, ""] if lead else []), *(f"- {sentence}" for sentence in sentences)])


def _sentence(problem: Problem) -> str:
    place = f"**{escape_markdown(_place(problem.where))}:** " if problem.where else ""
    fix = f" {escape_markdown(problem.fix)}" if problem.fix else ""
    return f"{place}{escape_markdown(problem.what)}{fix}"


def _place(where: str) -> str:
    """The place as a person names it: an option's path in a spec such as "split.test" is for scripts."""
    first, *rest = where.split(".")
    if first in _PLACES and all(part.isidentifier() for part in rest):
        words = first if first == "split" or not rest else rest[-1]
        return words.replace("_", " ").capitalize()
    return where[:1].upper() + where[1:] if _COUNTED.fullmatch(where) else where
