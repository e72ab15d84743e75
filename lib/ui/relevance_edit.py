"""Edit and predict again: hide words or change the text, and see what becomes of the prediction."""

import hashlib
from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from lib.charts.changed_probabilities import changed_probabilities
from lib.charts.colours import label_colours
from lib.inference.inputs import one_row
from lib.inference.predict import Predictions, predict
from lib.inference.relevance import Relevance
from lib.tasks.base import Role
from lib.tasks.outputs import LabelScores, ManyLabels, Number, TokenLabels
from lib.ui.charts import current_theme, show_chart
from lib.ui.explain_example import Example
from lib.ui.frame import guarded_callback, section
from lib.ui.given import MOST_CHARACTERS
from lib.ui.relevance_words import signed
from lib.ui.views import view_of
from lib.ui.words import escape_markdown, shorten

# Of longer texts words are picked from a list.
MOST_PILLS = 60
MOST_KEPT = 50
_PARAMETER = "hide"


def show_edit(example: Example, found: Relevance) -> None:
    """The texts of the row to be changed, words to hide, and the prediction before and after. Not for pictures."""
    roles = [role for role in example.task.roles if role.name in example.cells]
    roles = roles or [example.task.role(name) for name in example.cells]
    if found.grid is not None or any(role.kind == "image" for role in roles):
        return
    section("Edit and predict again")
    st.caption(
        "Hide words or rewrite the text: what the model says of a changed text is the plainest test of a map."
    )
    keys = {role.name: _key(example, role) for role in roles}
    hides = _can_hide(example, found, roles)
    hidden = _hidden_in_address(example, found) if hides else ()
    for role in roles:
        usual = _with_hidden(example, found, role, hidden) if hides else example.cells[role.name]
        # Only when words were picked anew; else what was typed stays.
        if st.session_state.get(f"{keys[role.name]} from") != usual:
            st.session_state[f"{keys[role.name]} from"] = usual
            st.session_state[keys[role.name]] = usual
    if hides:
        _choose_hidden(example, found, hidden)
    with st.form(f"edit {example.run.id}", border=False, enter_to_submit=True):
        for role in roles:
            st.text_area(role.title, key=keys[role.name], max_chars=MOST_CHARACTERS)
        with st.container(horizontal=True):
            st.form_submit_button("Predict again", type="primary", icon=":material/play_arrow:")
            st.form_submit_button("Back to the row", on_click=_back, args=(tuple(keys.values()),))
    texts = [str(st.session_state[keys[role.name]]) for role in roles]
    before = [example.cells[role.name] for role in roles]
    if texts == before:
        st.caption("Nothing is changed yet.")
        return
    _show_change(example, roles, before, texts)


def _show_change(example: Example, roles: Sequence[Role], before: list[str], after: list[str]) -> None:
    said = _predicted(example, roles, before, after)
    output, (old, new) = said.output, (said.frame.iloc[0], said.frame.iloc[1])
    if isinstance(output, LabelScores | ManyLabels):
        chart = changed_probabilities(
            output.labels,
            list(old["scores"]),
            list(new["scores"]),
            colours=label_colours(output.labels),
            theme=current_theme(),
        )
        show_chart(chart, "relevance changed")
        return
    if isinstance(output, Number):
        unit = f" {shorten(output.unit, 20)}" if output.unit else ""
        change = float(new["predicted"]) - float(old["predicted"])
        st.metric(
            "Predicted number after the change",
            escape_markdown(f"{float(new['predicted']):,.4g}{unit}"),
            delta=f"{signed(change)}{unit}",
            delta_color="off",
        )
        return
    columns = st.columns(2, gap="large")
    for column, title, row in zip(columns, ("Before", "After"), (old, new), strict=True):
        with column:
            st.markdown(f"**{title}**")
            view_of(output).show_prediction(output, row, key=f"relevance {title.lower()}")


def _predicted(
    example: Example, roles: Sequence[Role], before: Sequence[str], after: Sequence[str]
) -> Predictions:
    """Predictions for the row as it is and as it was changed; asked once."""
    kept: dict[Any, Predictions] = st.session_state.setdefault("_relevance edits", {})
    key = (example.ref, tuple(before), tuple(after))
    if key not in kept:
        old, columns = one_row(roles, list(before))
        new, _ = one_row(roles, list(after))
        with st.spinner("Predicting"):
            kept[key] = predict(example.ref, pd.concat([old, new], ignore_index=True), columns)
        while len(kept) > MOST_KEPT:
            kept.pop(next(iter(kept)))
    return kept[key]


def _can_hide(example: Example, found: Relevance, roles: Sequence[Role]) -> bool:
    """Whether the words of the map are words of the very texts that are given, which the mask can stand in for."""
    given = {role.title: example.cells[role.name] for role in roles}
    same = all(given.get(name) == text for name, text in found.fields)
    # Texts that come as words would have the mask cut into pieces.
    return same and not isinstance(example.output, TokenLabels)


def _choose_hidden(example: Example, found: Relevance, hidden: Sequence[int]) -> None:
    key = "relevance hide"
    st.session_state[key] = list(hidden)
    numbers = list(range(len(found.words)))
    words = f"Words to hide ({f'each becomes {found.hidden_by}' if found.hidden_by else 'left out'})"
    options: dict[str, Any] = {"key": key, "on_change": _take, "args": (key, row_mark(example))}

    def name(number: int) -> str:
        return shorten(found.text_of(found.words[number]), 30)

    if len(numbers) <= MOST_PILLS:
        st.pills(
            words,
            numbers,
            format_func=lambda number: escape_markdown(name(number)),
            selection_mode="multi",
            **options,
        )
    else:
        # The words that weigh most first, as nobody scrolls through hundreds.
        numbers.sort(key=lambda number: -abs(found.words[number].score))
        st.multiselect(
            words,
            numbers,
            format_func=lambda number: f"{number + 1} · {name(number)} ({signed(found.words[number].score)})",
            **options,
        )


@guarded_callback
def _take(key: str, mark: str) -> None:
    chosen = sorted(st.session_state[key])
    if chosen:
        st.query_params[_PARAMETER] = f"{mark}:{','.join(map(str, chosen))}"
    else:
        st.query_params.pop(_PARAMETER, None)


@guarded_callback
def _back(keys: Sequence[str]) -> None:
    st.query_params.pop(_PARAMETER, None)
    for key in keys:
        st.session_state.pop(f"{key} from", None)


def _hidden_in_address(example: Example, found: Relevance) -> tuple[int, ...]:
    """The numbers of the words to hide; none where the address means words of another row."""
    mark, _, asked = st.query_params.get(_PARAMETER, "").partition(":")
    if mark != row_mark(example):
        return ()
    numbers = {int(part) for part in asked.split(",") if part.isdecimal() and len(part) < 6}
    return tuple(sorted(number for number in numbers if number < len(found.words)))


def _with_hidden(example: Example, found: Relevance, role: Role, hidden: Sequence[int]) -> str:
    """The text of a role with these words replaced by the mask, token by token, as occlusion does."""
    text = example.cells[role.name]
    for number in sorted(hidden, key=lambda number: -found.words[number].start):
        word = found.words[number]
        if found.fields[word.field][0] == role.title:
            text = text[: word.start] + found.hidden_by * word.tokens + text[word.end :]
    return text


def row_mark(example: Example) -> str:
    """A short mark of what is given, so that numbers of words are never taken for those of another row."""
    return hashlib.sha256(repr(sorted(example.cells.items())).encode()).hexdigest()[:6]


def _key(example: Example, role: Role) -> str:
    return f"relevance text {example.run.id} {role.name} {row_mark(example)}"
