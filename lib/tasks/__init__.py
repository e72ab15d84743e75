"""What can be learned: the ordered list of tasks; order here is order on screen."""

from lib.errors import Problem, UserError
from lib.tasks.base import Task
from lib.tasks.chat import Chat
from lib.tasks.fill_mask import FillMask
from lib.tasks.image_classification import ImageClassification
from lib.tasks.multi_label_classification import MultiLabelClassification
from lib.tasks.next_sentence_prediction import NextSentencePrediction
from lib.tasks.question_answering import QuestionAnswering
from lib.tasks.summarization import Summarization
from lib.tasks.text2text_generation import Text2TextGeneration
from lib.tasks.text_classification import TextClassification
from lib.tasks.text_generation import TextGeneration
from lib.tasks.text_regression import TextRegression
from lib.tasks.token_classification import TokenClassification
from lib.tasks.translation import Translation

TASKS: tuple[Task, ...] = (
    TextClassification(),
    MultiLabelClassification(),
    TextRegression(),
    TokenClassification(),
    QuestionAnswering(),
    Summarization(),
    Translation(),
    Text2TextGeneration(),
    FillMask(),
    NextSentencePrediction(),
    TextGeneration(),
    Chat(),
    ImageClassification(),
)


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
