"""Words on the page: user text made safe for Markdown, and the field's terms explained in one sentence."""

import re

# What Markdown, Streamlit's directives (:red[…], :material/…:), LaTeX and HTML give a meaning to.
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:^=@&])")
_BREAKS = re.compile(r"[\r\n\u2028\u2029]+")

TERMS: dict[str, str] = {
    "epoch": "One pass over all training rows. Start with 3 or 4; too many and the model learns the rows by heart.",
    "learning rate": "How far each step moves the weights. Start with 5e-5 for a whole model; too high and the "
    "loss jumps or stays flat, too low and nothing is learned.",
    "batch size": "How many rows are looked at before each step. 16 or 32 is usual; more needs more memory.",
    "seed": "The number that fixes everything random, so that the same run can be repeated exactly.",
    "loss": "How wrong the model is on average: −ln of the probability it gave to the right answer. Lower is better; "
    "when it falls on training rows and rises on validation rows, the model is learning by heart.",
    "accuracy": "The share of rows that are right. Misleading when one label is much more common than the others.",
    "macro-F1": "The F1 score of each label, averaged with the same weight for rare and common labels. 1 is perfect.",
    "precision": "Of the rows given this label, the share that really has it.",
    "recall": "Of the rows that have this label, the share that was found.",
    "split": "Which rows are learned from, which choose the best moment to stop, and which give the final score.",
    "training rows": "The rows the model learns from.",
    "validation rows": "Rows the model does not learn from; they decide when to stop and which checkpoint is best.",
    "test rows": "Rows kept away from training and from every choice, so that their score is an honest one.",
    "stratified": "Every split gets the labels in the same proportions as the whole table.",
    "group": "Rows that belong together, such as one author or one conversation, stay in the same split; otherwise "
    "the score is better than it should be.",
    "token": "A piece of a word, the unit a model reads. In English a word is about 1.3 tokens.",
    "duplicates": "Rows that are the same in every column. A row in both training and test rows flatters the score.",
    "fingerprint": "A short code computed from the content: the same content always has the same code.",
    "confidence": "The probability the model gives to its answer; the chance of being right only if it is calibrated.",
    "interval": "Where the score would be, 95 times out of 100, had other rows of the same kind been drawn.",
}


def escape_markdown(text: object) -> str:
    """Any text as one line of Markdown that shows exactly that text, whatever it contains."""
    return _SPECIAL.sub(r"\\\1", _BREAKS.sub(" ", str(text)))


def shorten(text: object, characters: int = 60) -> str:
    """The text in at most so many characters, cut with an ellipsis. Not escaped."""
    line = _BREAKS.sub(" ", str(text))
    return line if len(line) <= characters else line[: characters - 1].rstrip() + "…"


def term(name: str) -> str:
    """The explanation of a term of the field, for `help=`. Raises KeyError for a word not yet explained."""
    return TERMS[name]
