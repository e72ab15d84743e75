"""The Train page's form: model, preset, name and options, and the wish that they make."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from lib.data.store import StoredDataset
from lib.errors import Problem
from lib.methods import METHODS
from lib.methods.base import Method
from lib.models.cut import layers_of
from lib.plan.fit import check_method
from lib.plan.presets import PRESETS
from lib.plan.preview import Preview, preview_run, sample_lengths
from lib.plan.search import search_words, with_search
from lib.runs.spec import DataSpec, Spec
from lib.tasks.base import Task
from lib.ui.drafts import Draft
from lib.ui.problems import show_problems
from lib.ui.train_method import choose_method
from lib.ui.train_models import ModelChoice, choose_model
from lib.ui.train_options import method_changes, show_options, training_changes
from lib.ui.train_pictures import show_pictures
from lib.ui.train_repeat import ask_repeat
from lib.ui.train_teacher import choose_teacher, wants_control
from lib.ui.train_words import PRESET_TITLES, preset_words
from lib.ui.words import escape_markdown, shorten


@dataclass(frozen=True)
class Wish:
    """What is asked for, what it would cost (None while the model cannot be read), and what is in the way.

    `control`: the same student without a teacher is to be trained after it; `shares`: also on shares of
    the training rows.
    """

    spec: Spec
    preview: Preview | None
    problems: tuple[Problem, ...]
    control: bool = False
    seeds: int = 1
    shares: bool = False


def ask(stored: StoredDataset, task: Task, draft: Draft) -> Wish:
    """Draw the form and return what is chosen now."""
    method = choose_method(draft, task)
    teacher = choose_teacher(draft, task, stored.ref) if method.has_teacher else None
    if teacher is not None:
        show_problems(teacher.problems)
    choice = choose_model(draft, task, teacher=teacher.model if teacher else None)
    unfit = check_method(method, task, choice.model) if choice.model else []
    show_problems([*choice.problems, *unfit])
    control = wants_control(draft) if teacher is not None else False
    changes = training_changes(draft, task).values()
    how = {"name": method.name, **method_changes(draft, method).values()}
    if teacher is not None:
        how["teacher"] = teacher.ref
    previews = {preset: _preview(stored, task, choice, {"preset": preset}, how) for preset in PRESETS}
    preset = st.radio(
        "How thorough",
        PRESETS,
        format_func=lambda preset: PRESET_TITLES[preset],
        captions=[escape_markdown(preset_words(preset, previews[preset])) for preset in PRESETS],
        key=draft.key("preset", "balanced", allowed=PRESETS),
    )
    suggested = suggested_name(stored, choice, method, preset)
    typed = st.text_input(
        "Name of the run", key=draft.key("name", ""), placeholder=suggested, max_chars=120, help=_NAME_HELP
    )
    name = " ".join((typed or "").split()) or suggested
    usual = previews[preset]
    if usual:
        show_options(draft, task, method, usual.values)
    repeat = ask_repeat(draft, method)
    draft.keep()
    given = {"preset": preset, **changes}
    preview = _preview(stored, task, choice, given, how)
    if preview is not None and choice.model is not None:
        show_pictures(stored, task, choice.model, preview.values)
    spec = Spec(
        task=task.slug,
        data=DataSpec(dataset=stored.ref),
        model=choice.ref,
        name=name,
        method=how,
        options=given,
        search=repeat.search,
    )
    if preview is not None:
        preview = replace(
            preview,
            estimate=with_search(preview.estimate, repeat.search),
            sentence=preview.sentence + search_words(repeat.search),
        )
    in_the_way = (*(teacher.problems if teacher else ()), *choice.problems, *unfit)
    return Wish(spec, preview, (*in_the_way, *_empty_parts(preview)), control, repeat.seeds, repeat.shares)


_NAME_HELP = "What you will find it by. Left empty, it is called as shown."


def suggested_name(stored: StoredDataset, choice: ModelChoice, method: Method, preset: str) -> str:
    """A name that says what the run is: "tweets, MiniLM-L6, balanced", or "tweets, after my run, LoRA, quick look"."""
    title = shorten(choice.model.title.replace("“", "").replace("”", ""), 40) if choice.model else ""
    model = [f"after {title}" if choice.ref.startswith("run:") else title] if title else []
    how = [] if method is METHODS[0] else [method.title]
    return ", ".join([shorten(stored.name, 50), *model, *how, PRESET_TITLES[preset].lower()])


def _preview(
    stored: StoredDataset,
    task: Task,
    choice: ModelChoice,
    given: Mapping[str, Any],
    method: Mapping[str, Any],
) -> Preview | None:
    model = choice.model
    if model is None:
        return None
    columns = tuple(sorted(stored.columns.items()))
    lengths = _lengths(
        stored.fingerprint,
        columns,
        task.slug,
        # The tokens of a student cut from its teacher are the teacher's.
        str(method["teacher"]) if layers_of(model.ref) else model.ref,
        model.revision,
        model.max_length,
        stored,
        task,
    )
    return preview_run(stored, task, model, given, lengths=lengths, method=method)


# The arguments without underscore are what a sample depends on; the others are not hashed.
@st.cache_data(max_entries=300, show_spinner="Counting the tokens of a sample of the rows")
def _lengths(
    fingerprint: str,
    columns: tuple[tuple[str, str], ...],
    slug: str,
    ref: str,
    revision: str,
    max_length: int,
    _stored: StoredDataset,
    _task: Task,
) -> tuple[float, int]:
    try:
        return sample_lengths(_stored, _task, ref, max_length)
    except (ValueError, ZeroDivisionError):  # no row has a text: the plan says so when it is asked
        return float(max_length), max_length


def _empty_parts(preview: Preview | None) -> list[Problem]:
    """What the plan would refuse for having no rows, said before the button is pressed."""
    return [
        Problem(
            f"There are no {part} rows.",
            "split",
            "Change the split on the Data page, or bring more rows.",
            code=f"no-{part}-rows",
        )
        for part, rows in (preview.rows.items() if preview else ())
        if rows == 0
    ]
