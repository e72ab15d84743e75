"""What can be asked for a prediction: a finished run's model, or one that was taught elsewhere and a task it can do."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lib.errors import Problem, UserError
from lib.inference.elsewhere import abilities, lack_words, may_be_given
from lib.inference.taught import is_taught
from lib.models.sources import find_model, read_json_object
from lib.runs.folder import RunFolder, open_run
from lib.tasks import find_task
from lib.tasks.base import Brief, Role, Task
from lib.tasks.outputs import Output


@dataclass(frozen=True)
class Askable:
    """A model with all that is needed to ask it, told without loading it.

    `run` is the run that taught it, if one did; `remark` is a sentence to know before believing its answers.
    """

    ref: str
    title: str
    task: Task
    brief: Brief
    folder: Path
    run: RunFolder | None = None
    remark: str = ""

    @property
    def slug(self) -> str:
        """The task that the host must be told: none for a model that says itself what it was taught."""
        return "" if is_taught(self.folder) else self.task.slug

    @property
    def key(self) -> str:
        """The same for the same model and task."""
        return f"{self.ref} {self.task.slug}"

    @property
    def output(self) -> Output:
        """The shape of its predictions."""
        return self.task.output(self.brief.target)

    @property
    def inputs(self) -> list[Role]:
        """What it must be given for one prediction, in order."""
        return self.task.asked(self.brief.columns)

    @property
    def extras(self) -> list[Role]:
        """What it may be given too."""
        return may_be_given(self.task) if self.slug else []

    @property
    def stamp(self) -> int:
        """Changes when it is taught again under the same name."""
        about = self.folder / ("config.json" if self.slug else "atelier.json")
        return about.stat().st_mtime_ns if about.is_file() else 0

    @property
    def dataset(self) -> str | None:
        """The data set that it was taught on, if it is known."""
        return self.run.spec.data.dataset if self.run else None

    def roles_in(self, cells: Mapping[str, str]) -> list[Role]:
        """The roles to ask for, those that may be given only where they were."""
        return [*self.inputs, *(role for role in self.extras if (cells.get(role.name) or "").strip())]


def askable_run(run: RunFolder) -> Askable:
    """The model of a finished run. Raises UserError when its folder does not say what it was taught."""
    said = run.brief()
    try:
        brief = Brief.from_json(said or {})
    except (KeyError, TypeError, ValueError) as error:
        what = "The run does not say what its model reads."
        raise UserError(Problem(what, str(run.path), "Train it again.", code="damaged-run")) from error
    return Askable(f"run:{run.id}", run.name, find_task(run.spec.task), brief, run.model_path, run)


def askables(ref: str) -> list[Askable]:
    """What the model behind a reference can be asked for as it is, the likeliest task first.

    Raises UserError when there is no such model, or nothing that it can be asked.
    """
    if ref.startswith("run:"):
        return [askable_run(open_run(ref.removeprefix("run:")))]
    info = find_model(ref)
    if info.is_scratch or not info.is_downloaded:
        what = f"{info.title} is not here yet, so it cannot be asked."
        fix = "It is downloaded, or built, when a run starts from it."
        raise UserError(Problem(what, "model", fix, code="model-not-here"))
    if is_taught(info.folder):
        about = read_json_object(info.folder / "atelier.json")
        try:
            task, brief = find_task(str(about["task"])), Brief.from_json(about)
        except (KeyError, TypeError, ValueError) as error:
            what = f"The folder {info.folder} does not say what its model was taught."
            raise UserError(Problem(what, "model", "Choose another.", code="damaged-model")) from error
        return [Askable(info.ref, info.title, task, brief, info.folder)]
    found = abilities(info)
    if not found:
        what = f"{info.title} cannot be asked as it is. {lack_words(info)}"
        raise UserError(Problem(what, "model", "Choose another model, or train this one.", code="no-head"))
    return [
        Askable(info.ref, info.title, one.task, one.brief, info.folder, None, one.remark) for one in found
    ]


def find_askable(ref: str, slug: str = "") -> Askable:
    """The model for that task; for the likeliest one when none is named. Raises UserError."""
    found = askables(ref)
    if not slug:
        return found[0]
    for one in found:
        if one.task.slug == slug:
            return one
    titles = ", ".join(one.task.title.lower() for one in found)
    what = f"{found[0].title} cannot do {find_task(slug).title.lower()}."
    raise UserError(Problem(what, "task", f"It can do: {titles}.", code="model-without-task"))
