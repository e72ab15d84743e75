"""Words that give the label away: half of a label's texts hold one that no other label's texts hold."""

import re

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from lib.data.checks.case import Case
from lib.data.checks.finding import Edits, Finding, Fix
from lib.data.checks.words import counted, per_cent, test_rows_said
from lib.data.near_text import bare_texts

_FEWEST_ROWS = 40
_FEWEST_OF_LABEL = 20
_COVERED, _PURE = 0.5, 0.98
_LOOKED_AT = 50_000
_MOST_NAMED = 5


def telling_words(case: Case) -> list[Finding]:
    """For each label the word that stands in most of its texts and hardly in others; judged on 50,000 rows at most."""
    if case.labels is None or case.pictures is not None:
        return []
    rows = np.flatnonzero(case.labels.notna().to_numpy() & case.usable)
    if len(rows) > _LOOKED_AT:
        rows = np.sort(np.random.default_rng(0).choice(rows, _LOOKED_AT, replace=False))
    codes, names = pd.factorize(case.labels.iloc[rows], sort=True)
    if len(rows) < _FEWEST_ROWS or len(names) < 2:
        return []
    told = _words(case.inputs.iloc[rows], codes.astype(np.int64), len(names))
    found = []
    for label, word, covered, pure in told[:_MOST_NAMED]:
        holding = np.flatnonzero(case.usable & _holds(case.inputs, word))
        found.append(_finding(case, str(names[label]), word, covered, pure, holding))
    return found


def _words(texts: pd.Series, codes: np.ndarray, labels: int) -> list[tuple[int, str, float, float]]:
    """(label, word, share of the label's texts with it, share of the texts with it that have the label), best first."""
    lists = pc.utf8_split_whitespace(bare_texts(texts))
    row = np.asarray(pc.list_parent_indices(lists))
    flat = pc.dictionary_encode(lists.flatten())
    words = np.asarray(flat.indices, dtype=np.int64)
    # A word counts once a text.
    pairs = np.unique(row.astype(np.int64) * (len(flat.dictionary) + 1) + words)
    row, words = np.divmod(pairs, len(flat.dictionary) + 1)
    texts_with = np.bincount(words, minlength=len(flat.dictionary))
    of_label = np.bincount(codes, minlength=labels)
    found = []
    for label in np.flatnonzero((of_label >= _FEWEST_OF_LABEL) & (of_label < 0.9 * len(codes))).tolist():
        here = np.bincount(words[codes[row] == label], minlength=len(flat.dictionary))
        best = (
            int(np.argmax(np.where(here >= _PURE * np.maximum(texts_with, 1), here, 0))) if len(here) else 0
        )
        if len(here) and here[best] >= _COVERED * of_label[label] and here[best] >= _PURE * texts_with[best]:
            found.append(
                (
                    label,
                    flat.dictionary[best].as_py(),
                    float(here[best] / of_label[label]),
                    float(here[best] / texts_with[best]),
                )
            )
    return sorted(found, key=lambda item: -item[2])


def _holds(texts: pd.Series, word: str) -> np.ndarray:
    """bool[rows]: whether the word, of letters, digits and symbols alone, stands in a text."""
    found = pc.match_substring_regex(bare_texts(texts), f"(?:^| ){word}(?: |$)")
    return np.asarray(pc.fill_null(found, False))


def _finding(case: Case, label: str, word: str, covered: float, pure: float, holding: np.ndarray) -> Finding:
    what = (
        f"The word “{word}” gives “{label}” away: it stands in {per_cent(covered, 1)} of its texts and "
        f"{per_cent(pure, 1)} of the texts with it have this label."
    )
    fixes: tuple[Fix, ...] = ()
    if case.input_column:
        pattern = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE)
        cells = case.frame[case.input_column].iloc[holding]
        values = tuple(re.sub(r"\s{2,}", " ", pattern.sub(" ", str(cell))).strip() for cell in cells)
        changed = np.array([new != old for new, old in zip(values, cells, strict=True)], dtype=bool)
        whole = all(values)
        if whole and changed.any():
            fix = Fix(
                "without-word",
                f"Take it out of {counted(int(changed.sum()), 'text')}",
                f"The rest of the texts stays as it is.{test_rows_said(case.part[holding[changed]])}",
                Edits(
                    column=case.input_column,
                    rows=holding[changed],
                    values=tuple(value for value, differs in zip(values, changed, strict=True) if differs),
                ),
            )
            fixes = (fix,)
    return Finding(
        check="telling-word",
        what=what,
        why="If it is there because somebody labelled the text, such as a prefix or a tag, the model learns "
        "the mark and not the "
        "meaning. If people really write so, all is well.",
        rows=holding,
        where=case.input_column,
        fixes=fixes,
    )
