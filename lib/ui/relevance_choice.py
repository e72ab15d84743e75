"""What to explain and how: method, target, contrast, place, baseline and steps, each mirrored in the address."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from lib.inference.relevance import Relevance
from lib.tasks.outputs import LabelScores, ManyLabels
from lib.ui.explain_example import Example
from lib.ui.frame import guarded_callback
from lib.ui.relevance_ask import Question
from lib.ui.relevance_words import BASELINES, WAY, WAYS
from lib.ui.words import shorten

STEPS = (20, 50, 100, 300)
# In the address, and without meaning for another row or run.
PARAMETERS = ("target", "against", "place")
NOTHING = ""


def question_in_address() -> Question:
    """What the address asks; a method that there is not becomes the first."""
    asked = st.query_params
    steps, place = _number(asked.get("steps")), _number(asked.get("place"))
    return Question(
        method=asked.get("method", "") if asked.get("method") in WAY else WAYS[0].name,
        target=asked.get("target", ""),
        against=asked.get("against", ""),
        place=place,
        baseline=asked.get("baseline", "") if asked.get("baseline") in BASELINES else "",
        steps=steps if steps in STEPS else 50,
    )


def choose_method(example: Example, question: Question) -> None:
    """The methods as buttons, and a line on the one that is chosen."""
    key = "relevance method"
    st.session_state[key] = question.method
    st.segmented_control(
        "Method",
        [way.name for way in WAYS],
        format_func=lambda name: WAY[name].title,
        key=key,
        required=True,
        on_change=_write,
        args=(key, "method"),
    )
    pictures = any(role.kind == "image" for role in example.task.roles)
    unit = "patch" if pictures else "word"
    scored = isinstance(example.output, LabelScores | ManyLabels)
    words = {"unit": unit, "units": "patches" if pictures else "words", "steps": question.steps}
    st.caption(WAY[question.method].help.format(**words, measure="probability" if scored else "score"))


def choose_target(example: Example, question: Question, found: Relevance) -> None:
    """What is explained: where the score is read, which label or token, and rather than which other one."""
    if found.places:
        _choose_place(found)
    if len(found.labels) > 1:
        labels = list(found.labels)
        # What is predicted and what is true stand first: of 1,000 labels these are the ones to look at.
        first = [name for name in dict.fromkeys([found.predicted, example.gold]) if name in labels]
        order = [*first, *(name for name in labels if name not in first)]
        _select("Target", "target", order, found.target, lambda name: _titled(name, example, found))
        if isinstance(example.output, ManyLabels):
            return
        others = [NOTHING, *(name for name in order if name != found.target)]
        _select(
            "Rather than",
            "against",
            others,
            found.against,
            lambda name: _titled(name, example, found) if name else "– (the target alone)",
            help="Explains the lead of the target over another label: the difference of their logits.",
        )


def choose_baseline(question: Question, found: Relevance) -> None:
    """The empty input and the number of steps of integrated gradients."""
    if found.method != "integrated":
        return
    _select(
        "Baseline",
        "baseline",
        list(found.baselines),
        found.baseline,
        lambda name: BASELINES.get(name, name),
        help="The input without content at which the path begins. What the baseline has cannot be relevant.",
    )
    _select("Steps", "steps", [str(steps) for steps in STEPS], str(question.steps), str)


def _choose_place(found: Relevance) -> None:
    places = list(range(len(found.places)))

    def name(place: int) -> str:
        tag = found.said[place] if place < len(found.said) and found.said[place] not in ("", "O") else ""
        said = f"{place + 1} · {shorten(found.places[place], 24)}"
        return f"{said} ({tag})" if tag else said

    title = "Word" if found.said else "Token written" if found.written is not None else "Hidden word"
    _select(title, "place", places, found.place or 0, name, forget=("target", "against"))


def _select(
    title: str,
    parameter: str,
    options: Sequence[Any],
    now: Any,
    name: Callable[[Any], str],
    *,
    help: str | None = None,
    forget: Sequence[str] = (),
) -> None:
    key = f"relevance {parameter}"
    st.session_state[key] = now if now in options else options[0]
    st.selectbox(
        title,
        options,
        format_func=name,
        key=key,
        on_change=_write,
        args=(key, parameter, tuple(forget)),
        help=help,
    )


@guarded_callback
def _write(key: str, parameter: str, forget: Sequence[str] = ()) -> None:
    value = st.session_state[key]
    for name in forget:
        st.query_params.pop(name, None)
    if value == NOTHING:
        st.query_params.pop(parameter, None)
    else:
        st.query_params[parameter] = str(value)


def switch(title: str, parameter: str, *, help: str | None = None) -> bool:
    """A switch that stands in the address while it is on."""
    key = f"relevance {parameter}"
    st.session_state[key] = parameter in st.query_params

    def take() -> None:
        if st.session_state[key]:
            st.query_params[parameter] = "1"
        else:
            st.query_params.pop(parameter, None)

    return st.toggle(title, key=key, on_change=take, help=help)


def choose_strength() -> float:
    """How strongly a picture is coloured, in [0, 1]."""
    key, asked = "relevance strength", _number(st.query_params.get("strength"))
    st.session_state[key] = min(100, asked // 5 * 5) if asked is not None else 65
    st.slider("Strength of the colours, %", 0, 100, step=5, key=key, on_change=_write, args=(key, "strength"))
    return int(st.session_state[key]) / 100


@guarded_callback
def explain_what_is_predicted() -> None:
    """Forget targets of the address that this row does not have."""
    for name in PARAMETERS:
        st.query_params.pop(name, None)


def _titled(name: str, example: Example, found: Relevance) -> str:
    # Several labels may be given at once, so the best of them is not "the" prediction.
    first = "most probable" if isinstance(example.output, ManyLabels) else "predicted"
    marks = [word for word, other in ((first, found.predicted), ("true", example.gold)) if other == name]
    said = shorten(name, 40)
    return f"{said} ({', '.join(marks)})" if marks else said


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() and len(text) < 7 else None
