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
    Example(
        name="everyday-stories",
        title="Everyday stories",
        summary="82 short documents of five sentences, written for Atelier, on everyday things from bakeries to "
        "beehives; no labels. For pretraining: guessing hidden words, and which sentence follows which.",
        file="everyday-stories.csv",
        rows=82,
        task="next-sentence-prediction",
        columns={"document": "document"},
    ),
    Example(
        name="restaurant-searches",
        title="Restaurant searches",
        summary="400 requests to a restaurant guide, written for Atelier, with what they ask for marked: dish, "
        "cuisine, location, price, amenity, rating, hours and name.",
        file="restaurant-searches.jsonl",
        rows=400,
        task="token-classification",
        columns={"text": "text", "spans": "spans"},
    ),
    Example(
        name="news-headlines",
        title="Local news with headlines",
        summary="144 short news items from towns that do not exist, written for Atelier, each with a headline.",
        file="news-headlines.csv",
        rows=144,
        task="summarization",
        columns={"text": "article", "summary": "headline"},
    ),
    Example(
        name="english-french",
        title="English and French sentences",
        summary="284 simple English sentences with their French translations, written for Atelier.",
        file="english-french.csv",
        rows=284,
        task="translation",
        columns={"source": "english", "target": "french"},
    ),
    Example(
        name="cafe-orders",
        title="Orders in a café",
        summary="320 orders as people say them, each with the note a waiter would write, written for Atelier.",
        file="cafe-orders.csv",
        rows=320,
        task="text2text-generation",
        columns={"source": "order", "target": "note"},
    ),
    Example(
        name="town-guide",
        title="Town guide",
        summary="220 questions about 55 short texts of a guide to an invented town, written for Atelier; 15 of them "
        "are not answered by their text.",
        file="town-guide.csv",
        rows=220,
        task="question-answering",
        columns={"question": "question", "context": "context", "answers": "answers"},
    ),
    Example(
        name="film-notes",
        title="Film notes",
        summary="320 sketches of films never made, written for Atelier, each with one to three of six genres.",
        file="film-notes.csv",
        rows=320,
        task="multi-label-classification",
        columns={"text": "plot", "labels": "genres"},
    ),
    Example(
        name="flat-rents",
        title="Flat rents",
        summary="320 descriptions of invented flats, written for Atelier, each with its monthly rent in euros.",
        file="flat-rents.csv",
        rows=320,
        task="text-regression",
        columns={"text": "description", "target": "rent"},
    ),
    Example(
        name="product-descriptions",
        title="Product descriptions",
        summary="200 titles of things for the home, each with the description that a shop would show, written for "
        "Atelier.",
        file="product-descriptions.csv",
        rows=200,
        task="text-generation",
        columns={"prompt": "title", "completion": "description"},
    ),
    Example(
        name="studio-chats",
        title="Chats with a pottery studio",
        summary="116 conversations with a pottery studio's assistant, written for Atelier, many of several turns.",
        file="studio-chats.jsonl",
        rows=116,
        task="chat",
        columns={"messages": "messages"},
    ),
    Example(
        name="drawn-patterns",
        title="Drawn patterns",
        summary="240 small pictures of stripes across, stripes down and dots, drawn for Atelier by a program.",
        file="drawn-patterns.zip",
        rows=240,
        task="image-classification",
        columns={"image": "image", "label": "label"},
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
