"""Small data sets that come with Atelier, to try everything out before bringing data of one's own."""

from dataclasses import dataclass
from pathlib import Path

from lib.data.read import read_table
from lib.data.table import Table
from lib.errors import Problem, UserError

_FOLDER = Path(__file__).parent / "examples"


@dataclass(frozen=True)
class Example:
    """A bundled data set: its name, what is in it, and which column plays which role for which task."""

    name: str
    title: str
    summary: str
    file: str
    rows: int
    task: str
    columns: dict[str, str]

    @property
    def path(self) -> Path:
        """Where the file lies."""
        return _FOLDER / self.file


EXAMPLES: list[Example] = [
    Example(
        name="support-tickets",
        title="Support tickets",
        summary="400 messages from customers of a shop, written for Atelier, on four topics: delivery, billing, "
        "product quality and account access.",
        file="support-tickets.csv",
        rows=400,
        task="text-classification",
        columns={"text": "text", "label": "label"},
    ),
]


def load_example(name: str) -> Table:
    """The table of a bundled data set. Raises UserError listing the names when there is no such one."""
    for example in EXAMPLES:
        if example.name == name:
            return read_table(example.path)
    names = ", ".join(example.name for example in EXAMPLES)
    fix = f"Choose one of: {names}."
    raise UserError(Problem(f"There is no example “{name}”.", where="example", fix=fix, code="no-example"))
