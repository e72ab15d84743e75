"""Choosing a base model: one at hand, one of the Hub, a folder on this machine, or an earlier run."""

from dataclasses import replace

import streamlit as st

from lib.errors import Problem
from lib.models.cut import depth_of, describe_cut
from lib.models.hub_cache import cache_folder
from lib.models.sources import ModelInfo, list_models
from lib.plan.fit import KIND_WORDS, check_kind
from lib.settings import get_settings
from lib.tasks import TASKS
from lib.tasks.base import Task
from lib.ui.drafts import Draft
from lib.ui.model_choice import ModelChoice, find_choice
from lib.ui.numbers import ago, score
from lib.ui.run_words import main_score
from lib.ui.runs_list import RunLine, all_lines
from lib.ui.told_apart import told_apart
from lib.ui.train_hub import choose_hub
from lib.ui.train_words import model_facts, model_words
from lib.ui.words import escape_markdown, shorten

_FOLDER, _RUN, _HUB, _CUT = "folder", "run", "hub", "cut"
# More than this many as a list with captions would push everything else off the screen.
_FEW = 6


@st.cache_data(ttl=30, show_spinner=False)
def _at_hand(models_folder: str, home: str, cache: str) -> list[ModelInfo]:
    return list_models()


def at_hand() -> list[ModelInfo]:
    """The models that need neither a network nor a path."""
    settings = get_settings()
    return _at_hand(str(settings.models), str(settings.home), str(cache_folder()))


def choose_model(draft: Draft, task: Task, *, teacher: ModelInfo | None = None) -> ModelChoice:
    """Ask for the model to start from; with a teacher, for the student, which may be cut from it."""
    # A model of an unknown architecture may be tried; one that is known not to fit is not offered.
    known = {model.ref: model for model in at_hand() if not check_kind(task, model)}
    earlier = [line for line in all_lines() if _has_model(line, task)]
    taught = [ref for ref, model in known.items() if not model.is_scratch]
    untaught = [ref for ref in known if ref not in taught]
    depth = depth_of(teacher.config) if teacher else None
    cut = [_CUT] if depth is not None and depth > 1 else []
    options = [*cut, *taught, *([_RUN] if earlier else []), _HUB, _FOLDER, *untaught]
    # What the task recommends comes first among what is at hand.
    start = _CUT if cut else next((ref for ref in task.starters if ref in known), options[0])
    key = draft.key("student" if teacher else "model", start, allowed=options)
    titles = {
        _CUT: "Some of the teacher’s layers",
        _RUN: "An earlier run",
        _HUB: "From the Hugging Face Hub",
        _FOLDER: "A folder on this machine",
    }
    captions = {
        _CUT: "It begins with what the teacher knows and reads the same tokens; half of the layers is usual.",
        _RUN: "Go on from a model you trained here, for example with more or newer rows.",
        _HUB: "Any model there whose weights are safetensors; it is downloaded once.",
        _FOLDER: f"One saved with save_pretrained as safetensors: {KIND_WORDS[task.model_kind]}.",
    }

    def title(option: str) -> str:
        return titles[option] if option in titles else known[option].title

    label = "Student" if teacher else "Start from"
    if len(options) <= _FEW:
        chosen = st.radio(
            label,
            options,
            format_func=lambda option: escape_markdown(shorten(title(option), 60)),
            captions=[
                escape_markdown(captions[option]) if option in captions else model_words(known[option])
                for option in options
            ],
            key=key,
        )
    else:
        chosen = st.selectbox(label, options, format_func=lambda option: shorten(title(option), 60), key=key)
        st.caption(escape_markdown(captions[chosen]) if chosen in captions else model_words(known[chosen]))
    if chosen == _CUT and teacher and depth:
        return _cut(draft, teacher, depth)
    if chosen == _HUB:
        return choose_hub(draft, task)
    if chosen == _FOLDER:
        return _folder(draft)
    if chosen == _RUN:
        return _run(draft, earlier)
    return ModelChoice(chosen, known[chosen])


def _cut(draft: Draft, teacher: ModelInfo, depth: int) -> ModelChoice:
    numbers = list(range(1, depth))
    layers = st.select_slider(
        f"Layers, of the teacher’s {depth}",
        numbers,
        key=draft.key("layers", max(1, depth // 2), allowed=numbers),
        help="Fewer are faster and know less; each takes about the same time.",
    )
    student = describe_cut(teacher, int(layers))
    st.caption(escape_markdown(model_facts(student)))
    return ModelChoice(student.ref, student)


def _folder(draft: Draft) -> ModelChoice:
    path = st.text_input(
        "Folder",
        key=draft.key("folder", ""),
        placeholder="/home/me/models/bert-base-uncased",
        max_chars=1_000,
    )
    if not (path or "").strip():
        what = Problem(
            "No folder is given.", "model", "Type the path of a model folder, or choose another model."
        )
        return ModelChoice("", None, (what,))
    found = find_choice(f"folder:{path.strip()}")
    if found.model:
        st.caption(escape_markdown(model_facts(found.model)))
    return found


def _run(draft: Draft, earlier: list[RunLine]) -> ModelChoice:
    lines = {line.id: line for line in earlier}
    ids = list(lines)
    chosen = st.selectbox(
        "Run",
        ids,
        format_func=told_apart(ids, lambda identity: describe_run(lines[identity])).__getitem__,
        key=draft.key("run", ids[0], allowed=ids),
    )
    found = find_choice(f"run:{chosen}")
    if found.model is None:
        return found
    return replace(found, model=replace(found.model, title=f"“{shorten(lines[chosen].name, 40)}”"))


def describe_run(line: RunLine) -> str:
    """A run in a list of models: its name, its main score on the test rows, and how old it is."""
    main = main_score(line)
    value = line.score("test", main.name) if main else None
    parts = [
        shorten(line.name, 40),
        *([f"{main.title} {score(value)}"] if main and value is not None else []),
    ]
    return " · ".join([*parts, ago(line.began)])


def _has_model(line: RunLine, task: Task) -> bool:
    """Whether a run left a model that can learn this task: what it was taught before may be another."""
    same = line.spec is not None and any(
        other.slug == line.spec.task and other.model_kind == task.model_kind for other in TASKS
    )
    return same and line.has_result and line.run.model_path.is_dir()
