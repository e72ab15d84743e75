"""What a prediction rests on: words or patches in the colour of their relevance, and how far that can be trusted."""

import streamlit as st

from lib.analysis.faithfulness import faithfulness
from lib.analysis.picture_areas import PictureAreas
from lib.charts.faithfulness import faithfulness_chart
from lib.errors import UserError
from lib.inference.relevance import Relevance
from lib.tasks.outputs import LabelScores
from lib.ui.charts import current_theme, show_chart
from lib.ui.explain_example import Example
from lib.ui.frame import guarded
from lib.ui.numbers import count, significant
from lib.ui.problems import show_problems
from lib.ui.relevance_ask import Question, ask_for_map
from lib.ui.relevance_choice import (
    choose_baseline,
    choose_method,
    choose_strength,
    choose_target,
    explain_what_is_predicted,
    question_in_address,
    switch,
)
from lib.ui.relevance_edit import show_edit
from lib.ui.relevance_export import keep_map, score_table
from lib.ui.relevance_picture import overlay, seen
from lib.ui.relevance_text import show_strip, strongest
from lib.ui.relevance_words import WAY, measure_words, method_words, score_words, signed, target_words
from lib.ui.words import escape_markdown, shorten

MOST_LISTED = 500


@st.fragment
@guarded
def show_relevance(example: Example) -> None:
    """The map of one row by the method and for the target that the address names; only this part runs again."""
    question = question_in_address()
    choose_method(example, question)
    choices = st.container(horizontal=True, vertical_alignment="bottom", key="relevance-choices")
    try:
        found = ask_for_map(example, question)
    except UserError as error:
        show_problems(error.problems)
        if any(problem.code == "unknown-target" for problem in error.problems):
            st.button("Explain what is predicted", type="primary", on_click=explain_what_is_predicted)
        return
    if found is None:
        return
    with choices:
        choose_target(example, question, found)
        choose_baseline(question, found)
    other = _beside(example, question, found)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _show_map(example, found, other)
    with right:
        _show_faithfulness(found)
    show_edit(example, found)


def _beside(example: Example, question: Question, found: Relevance) -> Relevance | None:
    """The map of the true label, where the model predicts another one and both are asked for."""
    if not isinstance(example.output, LabelScores):
        return None
    is_wrong = example.gold in found.labels and example.gold != found.predicted and not found.against
    if not is_wrong or found.target not in (found.predicted, example.gold):
        return None
    if not switch("Predicted and true label side by side", "beside"):
        return None
    rival = str(example.gold) if found.target == found.predicted else found.predicted
    return ask_for_map(example, question.about(target=rival))


def _show_map(example: Example, found: Relevance, other: Relevance | None) -> None:
    st.markdown(f"**{escape_markdown(finding(found))}**")
    st.caption(escape_markdown(_stand(example, found)))
    maps = [found] if other is None else [found, other]
    # One scale, so that the same colour means the same in both.
    scale = max(strongest(each) for each in maps)
    specials = bool(found.specials) and found.grid is None and switch("Show special tokens", "specials")
    strength, raw = _choose_overlay() if found.grid else (0.0, False)
    for each in maps:
        if other is not None:
            st.markdown(f"For **{escape_markdown(target_words(each))}**, {escape_markdown(_value(each))}")
        if each.grid is None:
            show_strip(each, scale=scale, specials=specials)
        else:
            _show_picture(each, strength=strength, raw=raw, scale=scale)
    _show_notes(found)
    with st.container(horizontal=True, vertical_alignment="center"):
        keep_map(example, found, key="relevance map")
    with st.expander("As a table", icon=":material/table:"):
        _show_table(found)


def finding(found: Relevance) -> str:
    """What weighs most, in a sentence of plain text."""
    scores, name = found.scores, target_words(found)
    order = sorted(range(len(scores)), key=lambda place: -scores[place])
    if not strongest(found):
        return f"Nothing here changes the score of {name}"

    def words(place: int) -> str:
        if found.grid is not None:
            row, column = divmod(place, found.grid[1])
            return f"the patch in row {row + 1}, column {column + 1}"
        return f"“{shorten(found.text_of(found.words[place]), 30)}”"

    top, bottom = order[0], order[-1]
    parts = []
    if scores[top] > 0:
        verb = "raises" if WAY[found.method].signed else "supports"
        parts.append(f"{words(top)} {verb} {name} most ({signed(scores[top])})")
    if scores[bottom] < 0:
        named = "it" if parts else name
        parts.append(f"{words(bottom)} lowers {named} most ({signed(scores[bottom])})")
    said = ", ".join(parts)
    return said[:1].upper() + said[1:]


def _stand(example: Example, found: Relevance) -> str:
    """On what the map stands: the score, the row, method with baseline."""
    return f"{example.source} · {_value(found)} · {method_words(found)} · scores: {score_words(found)}"


def _value(found: Relevance) -> str:
    if found.kind == "probability":
        return f"probability {100 * found.value:.1f} %"
    return f"{measure_words(found)} {significant(found.value, 3)}"


def _choose_overlay() -> tuple[float, bool]:
    with st.container(horizontal=True, vertical_alignment="bottom", key="relevance-overlay"):
        strength = choose_strength()
        return strength, switch("Patches as they are", "raw", help="Without smoothing between them.")


def _show_picture(found: Relevance, *, strength: float, raw: bool, scale: float) -> None:
    signs = WAY[found.method].signed
    words = "blue raises, orange lowers the score" if signs else "blue supports the target"
    plain, coloured = st.columns(2, gap="small")
    with plain:
        st.image(seen(found), caption="What the model saw", alt="The picture as the model saw it")
    with coloured:
        st.image(
            overlay(found, strength=strength, raw=raw, scale=scale),
            caption=f"Relevance: {words} (deepest at {significant(scale, 2)})",
            alt=escape_markdown(finding(found)),
        )


def _show_notes(found: Relevance) -> None:
    notes = [
        "Influence on this score, by this method and baseline. It is not a reason, and what weighs much does not make "
        "the prediction right."
    ]
    if found.hidden_mass > 0.005:
        notes.append(f"{100 * found.hidden_mass:.0f} % of the mass Σ|score| lies on special tokens.")
    if found.truncated:
        notes.append("The text is longer than the model reads at once; what is pale was not read here.")
    if found.written is not None:
        notes.append("What the model wrote before this token is given.")
    st.caption(escape_markdown(" ".join(notes)))
    if found.delta is None:
        return
    said = f"{significant(found.delta, 2)}, of a change of {significant(abs(found.change or 0.0), 2)}"
    if found.fails_to_add_up:
        st.warning(
            f"The scores miss the change of the score by {said}: more than 5 %. Take more steps first.",
            icon=":material/warning:",
        )
    else:
        st.caption(f"Convergence: the scores miss the change from the baseline by {said}.")


def _show_table(found: Relevance) -> None:
    table = score_table(found)
    order = table["score"].abs().sort_values(ascending=False, kind="stable").index[:MOST_LISTED]
    total = table["score"].abs().sum()
    shown = table.loc[order].assign(share=100 * table["score"].abs() / (total or 1.0))
    st.dataframe(
        shown,
        hide_index=True,
        column_config={
            "word": "Word",
            "text": "Text",
            "start": None,
            "end": None,
            "row": "Row",
            "column": "Column",
            "score": st.column_config.NumberColumn("Score", format="%.4g"),
            "share": st.column_config.NumberColumn("Share of Σ|score|", format="%.1f %%"),
        },
        alt=f"Relevance of {count(len(shown), 'part')}, highest first",
    )


def _show_faithfulness(found: Relevance) -> None:
    proof = found.faithfulness
    judged = faithfulness(
        proof.shares, proof.value, proof.removed, proof.kept, proof.random_removed, proof.random_kept
    )
    units = "patches" if found.grid else "words"
    chart = faithfulness_chart(judged, units=units, measure=measure_words(found), theme=current_theme())
    show_chart(chart, "relevance faithfulness")
    if not judged.beats_random:
        st.caption(
            ":material/warning: **Not better than random for this row.** Hiding what this map names changes the score "
            "no more than hiding others: do not read it as what the prediction rests on."
        )
    if proof.curves is not None:
        st.caption(_areas(PictureAreas.of(**proof.curves)))
    least = "at least one, so the first shares may be the same" if proof.counts[0] == proof.counts[1] else ""
    st.caption(
        escape_markdown(
            f"Of {count(len(found.scores), 'patch' if found.grid else 'word', units)}"
            + (f", {least}" if least else "")
            + ". Comprehensiveness above, sufficiency below (ERASER). Models rarely see inputs with holes, so read the "
            "distance to chance, not the height."
        )
    )


def _areas(areas: PictureAreas) -> str:
    """The areas under the curves from the whole picture to an empty one, and back."""
    parts = (
        ("Deletion", areas.deletion, areas.random_deletion, "lower"),
        ("Insertion", areas.insertion, areas.random_insertion, "higher"),
    )
    return (
        " ".join(
            f"{name}: area {value:.2f}, random patches {mean:.2f} ± {sd:.2f} ({better} is better)."
            for name, value, (mean, sd), better in parts
        )
        + " Areas under the curve over 0 to 100 % of the patches (Petsiuk et al. 2018); one row, 5 random orders."
    )
