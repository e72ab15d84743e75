"""What more labels would buy, from runs of one recipe that learned from nested shares of the same rows."""

import json
from dataclasses import dataclass

import streamlit as st

from lib.analysis.budget import FEWEST_SIZES, Budget, budget, budget_sentence
from lib.analysis.paired import paired_scores
from lib.analysis.same_rows import same_rows
from lib.analysis.seeds import seed_key
from lib.charts.budget import learning_curve
from lib.errors import UserError
from lib.runs.spec import Spec
from lib.ui.address_choice import choose_in_address
from lib.ui.charts import current_theme, show_chart
from lib.ui.compare_data import has_judged, same_data
from lib.ui.evaluate_data import Evaluation, evaluation
from lib.ui.frame import guarded
from lib.ui.numbers import count
from lib.ui.runs_list import RunLine, all_lines
from lib.ui.words import escape_markdown

MORE = ("500", "100", "2000", "10000")
_HOUR = 3600


@dataclass(frozen=True)
class _Found:
    curve: Budget
    test_rows: int
    left_out: int


def has_budget(found: Evaluation) -> bool:
    """Whether runs of this recipe have learned from three or more numbers of training rows."""
    if found.split != "test":
        return False
    return len({line.rows("train") for line in _family(found, all_lines())}) >= FEWEST_SIZES


@st.fragment
@guarded
def show_budget(found: Evaluation) -> None:
    """The curve and what it says of more rows."""
    lines = _family(found, all_lines())
    drawn = _drawn(
        repr([(line.id, line.run.predictions_path.stat().st_mtime_ns) for line in lines]), found, lines
    )
    if drawn is None:
        st.markdown(
            "These runs share too few test rows, or their score cannot be drawn again, so there is no curve."
        )
        return
    more = int(
        choose_in_address("more", "More rows", MORE, format_func=lambda rows: f"{int(rows):,} more rows")
    )
    st.markdown(f"**{escape_markdown(budget_sentence(drawn.curve, more))}**")
    chart = learning_curve(drawn.curve, more=more, test_rows=drawn.test_rows, theme=current_theme())
    show_chart(chart, "learning curve")
    curve = drawn.curve
    luck = (
        f"The interval is over test rows and over {curve.seeds} seeds or more a size."
        if curve.seeds > 1
        else "The interval is over test rows alone: with one seed a size, the luck of a seed is not in it. Train with "
        "3 seeds to have it in."
    )
    left_out = (
        f" {count(drawn.left_out, 'run')} judged on other test rows left out." if drawn.left_out else ""
    )
    law = "error = a · n^−b + c"
    st.caption(
        f"{len(curve.rows)} sizes, fitted with {escape_markdown(law)}. New rows are taken to be like the old ones; "
        f"beyond the last dot nothing was measured, and the further, the less is known. {luck}{left_out}"
    )


def _family(found: Evaluation, lines: list[RunLine]) -> list[RunLine]:
    """The runs that differ from this one in share of training rows and seed alone, itself among them."""
    wanted = _key(found.run.spec)
    return [
        line
        for line in lines
        if line.spec is not None
        and (line.spec.task, line.spec.model) == (found.run.spec.task, found.run.spec.model)
        and line.standing == "succeeded"
        and has_judged(line, "test")
        and _key(line.spec) == wanted
    ]


def _key(spec: Spec) -> str:
    recipe = json.loads(seed_key(spec.to_json()))
    recipe["data"].pop("train_share", None)
    recipe.pop("estimate", None)
    return json.dumps(recipe, sort_keys=True)


@st.cache_resource(max_entries=6, ttl=_HOUR, show_spinner="Fitting the learning curve")
def _drawn(keys: str, _found: Evaluation, _lines: list[RunLine]) -> _Found | None:
    main, frames, rows, left_out = _found.task.main_score, [], [], 0
    for line in _lines:
        try:
            other = evaluation(line.run, "test")
            both = same_rows(
                _found.output, other.frame, _found.frame, other_texts=other.texts, this_texts=_found.texts,
                same_data=same_data(other.run.spec.data, _found.run.spec.data),
            )  # fmt: skip
        except UserError:
            left_out += 1
            continue
        if both.is_whole:
            frames.append(both.other)
            rows.append(int(line.rows("train") or 0))
        else:
            left_out += 1
    if len(set(rows)) < FEWEST_SIZES:
        return None
    scores = paired_scores(_found.output, main.name, frames)
    if scores is None or not len(scores.draws):
        return None
    curve = budget(main.name, rows, scores.values, scores.draws, higher_is_better=main.higher_is_better)
    return _Found(curve, len(_found.frame), left_out)
