"""Which true entities are found: those met in training or never seen, and short ones or long ones."""

from collections.abc import Collection

import numpy as np
import pandas as pd

from lib.analysis.intervals import wilson

SEEN, UNSEEN = "Seen in training", "Never seen in training"
_LENGTHS = ("1 word", "2 words", "3 words", "4 words or more")


def entity_slices(pairs: pd.DataFrame, known: Collection[str] | None) -> pd.DataFrame:
    """Recall of parts of the true entities: columns slice, kind, entities, found, recall, low, high.

    `known` are the entities of the training rows as `surface` writes them; None when they are not known, and then
    there are only slices by length (in words between blanks). Parts without an entity are left out.
    """
    true = pairs[pairs["true"].notna()]
    right = (true["outcome"] == "right").to_numpy()
    parts: list[tuple[str, str, np.ndarray]] = []
    if known is not None:
        seen = np.array([surface(text) in known for text in true["text"]], dtype=bool)
        parts += [(SEEN, "entity", seen), (UNSEEN, "entity", ~seen)]
    words = true["text"].str.count(r"\S+").clip(1, 4).to_numpy(dtype=np.int64)
    parts += [(name, "length", words == number) for number, name in enumerate(_LENGTHS, start=1)]
    table = pd.DataFrame(
        [(name, kind, int(part.sum()), int(right[part].sum())) for name, kind, part in parts],
        columns=["slice", "kind", "entities", "found"],
    )
    table = table[table["entities"] > 0].reset_index(drop=True)
    table["recall"] = table["found"] / table["entities"]
    table["low"], table["high"] = wilson(table["found"], table["entities"])
    return table


def surface(text: str) -> str:
    """An entity's text without its case and with single spaces, so that "New  York" and "new york" are one."""
    return " ".join(str(text).split()).casefold()
