"""What can be learned: the ordered list of tasks; order here is order on screen."""

from lib.errors import Problem, UserError
from lib.tasks.base import Task
from lib.tasks.text_classification import TextClassification

TASKS: tuple[Task, ...] = (TextClassification(),)


def find_task(slug: str) -> Task:
    """The task of that name. Raises UserError with the names there are."""
    for task in TASKS:
        if task.slug == slug:
            return task
    names = ", ".join(task.slug for task in TASKS)
    raise UserError(
        Problem(
            f"There is no task {slug!r}.", where="task", fix=f"Choose one of: {names}.", code="unknown-task"
        )
    )
