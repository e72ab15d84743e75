"""Choosing the teacher of a distilled run, and whether the same student is trained without it too."""

from dataclasses import replace

import streamlit as st

from lib.errors import Problem
from lib.methods.soft_losses import BY_WORD
from lib.plan.fit import check_kind
from lib.tasks.base import Task
from lib.ui.drafts import Draft
from lib.ui.model_choice import ModelChoice, find_choice
from lib.ui.runs_list import RunLine, all_lines
from lib.ui.told_apart import told_apart
from lib.ui.train_models import at_hand, describe_run
from lib.ui.train_words import model_facts
from lib.ui.words import escape_markdown, shorten

_FOLDER = "folder"


def choose_teacher(draft: Draft, task: Task, data: str) -> ModelChoice:
    """Ask for a model that knows the task: a finished run, the best ones of this data set first, or a folder."""
    lines = {f"run:{line.id}": line for line in _taught(task, data)}
    # A language model can teach without having been taught the task.
    models = {
        model.ref: model
        for model in (at_hand() if task.shape.kind in BY_WORD else [])
        if not model.is_scratch and not check_kind(task, model)
    }
    options = [*lines, *models, _FOLDER]

    def title(option: str) -> str:
        if option in lines:
            return describe_run(lines[option])
        return models[option].title if option in models else "A folder on this machine"

    chosen = st.selectbox(
        "Teacher",
        options,
        format_func=told_apart(options, title).__getitem__,
        key=draft.key("teacher", options[0], allowed=options),
        help="The model that the student learns from: large and good. It should have been trained with the same split.",
    )
    if chosen != _FOLDER:
        found = find_choice(chosen)
        if found.model is None or chosen not in lines:
            return found
        named = replace(found.model, title=f"“{shorten(lines[chosen].name, 40)}”")
        st.caption(escape_markdown(model_facts(named)))
        return replace(found, model=named)
    path = st.text_input("The teacher's folder", key=draft.key("teacher folder", ""), max_chars=1_000)
    if (path or "").strip():
        return find_choice(f"folder:{path.strip()}")
    what = "There is no teacher yet." if not lines else "No folder is given."
    fix = (
        f"Train a model for {task.title.lower()} first, with full fine-tuning; then it can teach a smaller one."
        if not lines
        else "Type the path of a model folder, or choose a finished run."
    )
    return ModelChoice("", None, (Problem(what, "method.teacher", fix, code="no-teacher"),))


def _taught(task: Task, data: str) -> list[RunLine]:
    """Finished runs of the task with a model: those of this data set first, in each group the best first."""
    main = task.main_score
    sign = -1 if main.higher_is_better else 1

    def place(line: RunLine) -> tuple[bool, float]:
        other = (
            line.spec is None or (line.spec.data.dataset or "").partition("@")[0] != data.partition("@")[0]
        )
        score = line.score("test", main.name)
        return other, sign * score if score is not None else float("inf")

    found = [
        line
        for line in all_lines()
        if line.spec is not None
        and line.spec.task == task.slug
        and line.has_result
        and line.run.model_path.is_dir()
    ]
    return sorted(found, key=place)


def wants_control(draft: Draft) -> bool:
    """Ask whether the undistilled control is trained too."""
    return st.toggle(
        "Also train the same student without the teacher",
        key=draft.key("control", True, allowed=(True, False)),
        help="The control: same student, same rows, labels alone. Only beside it can you see what the teacher is "
        "worth. It takes as long again and is queued behind the first run.",
    )
