"""Models that were never taught here: what their heads can do, and how they are loaded to do it."""

from dataclasses import dataclass
from typing import Any

from lib.errors import Problem, UserError
from lib.inference.taught import Taught
from lib.models.sources import ModelInfo, read_json_object
from lib.tasks import TASKS, find_task
from lib.tasks.base import Brief, Role, Task
from lib.tasks.elsewhere import Elsewhere, Known

# Heads by the end of the class that saved the model, in the words of a sentence; none of the tasks here needs them.
_OTHER_HEADS = {
    "ForMultipleChoice": "multiple choice",
    "ForSpeechSeq2Seq": "speech",
    "ForCTC": "speech",
    "ForObjectDetection": "finding objects in pictures",
    "ForSemanticSegmentation": "segmenting pictures",
}


@dataclass(frozen=True)
class Ability:
    """A task that a model taught elsewhere can do as it is, how it is asked, and a sentence to know before."""

    task: Task
    brief: Brief
    remark: str


def says_of(model: ModelInfo) -> Elsewhere:
    """What the model's folder says of it."""
    writing = read_json_object(model.folder / "generation_config.json")
    return Elsewhere(model.config, writing, model.kind, chats=model.has_chat_template)


def abilities(model: ModelInfo) -> list[Ability]:
    """The tasks that the model's head can do, those that its configs name first."""
    said = says_of(model)
    found = [(task, known) for task in TASKS if (known := task.known_elsewhere(said)) is not None]
    found.sort(key=lambda pair: not pair[1].names_task)
    return [Ability(task, _brief(task, known, model), known.remark) for task, known in found]


def lack_words(model: ModelInfo) -> str:
    """Why a model can do none of the tasks, in a sentence or two."""
    names = [str(name) for name in model.config.get("architectures") or ()]
    other = next((words for name in names for end, words in _OTHER_HEADS.items() if name.endswith(end)), None)
    if other:
        return f"Its head is for {other}, which Atelier does not do."
    kinds = {"encoder": "texts", "image": "pictures"}
    if model.kind in kinds:
        return (
            f"It reads {kinds[model.kind]} but has no head: nothing in it was taught to answer. "
            "Train it on rows of yours, and the run's model is here to be tried."
        )
    return "Its config does not name a head that Atelier knows, so there is nothing to ask it."


def load_elsewhere(model: ModelInfo, slug: str, *, device: str) -> Taught:
    """The model ready to do a task as it is. Raises UserError when it cannot, or parts of its head are missing."""
    task = find_task(slug)
    found = next((one for one in abilities(model) if one.task.slug == slug), None)
    if found is None:
        raise UserError(
            Problem(
                f"{model.title} cannot do {task.title.lower()} as it is. {lack_words(model)}",
                where="model",
                fix="Choose another task or model, or train this one.",
                code="model-without-task",
            )
        )
    loaded = task.load_model(model.folder, None)
    if missing := _missing(loaded):
        raise UserError(
            Problem(
                f"Parts of the head of {model.title} are not in its folder ({', '.join(missing[:3])}), so its answers "
                "would be random.",
                where=str(model.folder),
                fix="Bring the whole model, or train it.",
                code="head-missing",
            )
        )
    for name, value in task.writing(found.brief).items():
        setattr(loaded.generation_config, name, value)
    return Taught(task, found.brief, task.load_processor(model.folder), loaded.to(device))


def _missing(loaded: Any) -> list[str]:
    """The modules that began at random: but for rows of tokens that were added, which nothing was saved for."""
    return [name for name in getattr(loaded, "fresh_modules", ()) if name]


def _brief(task: Task, known: Known, model: ModelInfo) -> Brief:
    """Asked by the roles' own names; an input that only some rows have, such as a second text, is left out."""
    needed = [role.name for role in _layout(task) if role.required and role.name in task.model_input]
    return Brief({name: name for name in needed}, known.target, model.max_length, dict(known.options))


def may_be_given(task: Task) -> list[Role]:
    """What a model taught elsewhere may be given too: its config does not say whether it reads it."""
    return [role for role in _layout(task) if not role.required and role.name in task.model_input]


def _layout(task: Task) -> list[Role]:
    """The roles of the plainest layout that a model can read: the last one."""
    return next(
        roles
        for roles in reversed(task.all_layouts())
        if any(role.name in task.model_input for role in roles)
    )
