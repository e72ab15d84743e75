"""Gathers tables with one word a row (sentence, word, tag) into one row a sentence."""

from dataclasses import replace

import pandas as pd

from lib.data.account import plural, set_aside
from lib.data.cells import is_tag, to_cell
from lib.data.names import plain_name
from lib.data.table import RejectedLine, Table

_SENTENCES = (
    "sentence",
    "sentence_id",
    "sent_id",
    "sentence_idx",
    "sentence_number",
    "sentence_no",
    "sent",
    "doc_id",
    "document_id",
)
_WORDS = ("word", "token", "words", "tokens")
_TAGS = ("tag", "ner_tag", "ner", "label", "tags", "labels", "iob", "bio", "entity")
_LOOKED_AT = 5_000


def gathered_words(table: Table) -> Table:
    """The same table with columns `tokens` and `tags`, a list in each cell, when it has one word a row; else itself.

    A sentence goes on while its column is empty or says the same. Rows without a word or a tag are set aside.
    """
    names = {plain_name(str(name)): str(name) for name in table.frame.columns}
    sentence, word, tag = (next((names[name] for name in wanted if name in names), None)
                           for wanted in (_SENTENCES, _WORDS, _TAGS))  # fmt: skip
    if sentence is None or word is None or tag is None or not _has_words(table.frame, word, tag):
        return table
    frame = table.frame
    whole = frame[word].notna() & frame[tag].notna()
    key = frame[sentence].ffill()
    number = (key != key.shift()).cumsum()
    rejected = [
        RejectedLine(place + 1, f"{frame[word][place]} {frame[tag][place]}", "It has no word or no tag.")
        for place in frame.index[~whole & (frame[word].notna() | frame[tag].notna())]
    ]
    others = [str(name) for name in frame.columns if name not in (sentence, word, tag)]
    columns: dict[str, list[str | None]] = {
        "sentence": [],
        "tokens": [],
        "tags": [],
        **{name: [] for name in others},
    }
    for _, rows in frame[whole].groupby(number[whole], sort=False):
        columns["sentence"].append(key[rows.index[0]])
        columns["tokens"].append(to_cell(rows[word].tolist()))
        columns["tags"].append(to_cell(rows[tag].tolist()))
        for name in others:
            columns[name].append(to_cell(rows[name].fillna("").tolist()))
    result = pd.DataFrame({name: pd.array(cells, dtype="str") for name, cells in columns.items()})
    said = f"{plural(len(frame), 'row')} of one word each became {plural(len(result), 'sentence')}."
    return replace(
        table,
        frame=result,
        repairs=(*table.repairs, said),
        rejected=(*table.rejected, *rejected),
        problems=(*table.problems, *set_aside(rejected, "row")),
    )


def _has_words(frame: pd.DataFrame, word: str, tag: str) -> bool:
    """Whether one column holds single words and the other tags of the BIO family, and not only O."""
    words, tags = frame[word].dropna().head(_LOOKED_AT), frame[tag].dropna().head(_LOOKED_AT)
    if len(words) < 3 or not len(tags):
        return False
    single = (words.str.strip().str.count(r"\s+") == 0) & ~words.str.startswith("[")
    tagged = tags.map(lambda cell: is_tag(cell.strip()))
    return bool(single.mean() >= 0.98 and tagged.mean() >= 0.98 and (tags != "O").any())
