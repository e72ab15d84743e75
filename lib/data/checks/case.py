"""The rows of a data set as checks see them: what is read, what is answered, and which part each row is in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from lib.data.near_pictures import near_pictures, picture_marks
from lib.data.near_text import near_groups
from lib.data.profile import fold_text
from lib.data.split import SPLITS, SplitPlan

Answer = Literal["", "label", "labels", "number", "tags", "text"]
Tell = Callable[[float], Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """Everything a check may look at. All series have the index 0 … rows − 1 and miss what a row lacks.

    `inputs`: all that a model reads of a row, as one text (of pictures: the file's name); `read`: its
    parts where a model reads several, which must all be alike for rows to be. `together`: what keeps rows
    in one part of the split, where that is not `inputs` (as of questions: the text they are about). `answers`: what is
    learned, stripped; of several labels in an order that does not depend on the row's. `answer` says which kind;
    `answer_column` and `input_column` the one column they stand in ("" where several do). `used` are the columns of the
    roles; `input_title` is what a person calls an input.
    `parts`: train, validation or test; missing for rows that cannot be used. `pictures`: each row's file.
    `count_tokens(texts)` counts in the tokens of `tokenizer`, of which a row has room for `room`; None where unknown.
    `mended_tags()` gives the rows whose tags break their scheme, and rows to write anew with their new cells (more rows
    where a scheme cannot hold what is read). `tell(share)` is told how
    much of what takes long is done.
    """

    frame: pd.DataFrame
    parts: "pd.Series[str]"
    split: SplitPlan
    inputs: "pd.Series[str]"
    read: Sequence["pd.Series[str]"] = ()
    together: "pd.Series[str] | None" = None
    answers: "pd.Series[str] | None" = None
    answer: Answer = ""
    answer_column: str = ""
    used: tuple[str, ...] = ()
    input_title: str = "text"
    input_column: str = ""
    pictures: Sequence[Path | None] | None = None
    count_tokens: Callable[[Sequence[str]], Sequence[int]] | None = None
    tokenizer: str = ""
    room: int = 512
    mended_tags: Callable[[], tuple[np.ndarray, np.ndarray, tuple[str, ...]]] | None = None
    tell: Tell = field(default=lambda share: None)

    @cached_property
    def usable(self) -> np.ndarray:
        """bool[rows]: whether a row is in a part of the split."""
        return self.parts.notna().to_numpy(dtype=bool)

    @cached_property
    def part(self) -> np.ndarray:
        """int8[rows]: 0 train, 1 validation, 2 test; −1 not used."""
        return np.asarray(pd.Categorical(self.parts, categories=list(SPLITS)).codes, dtype=np.int8)

    @cached_property
    def labels(self) -> "pd.Series[str] | None":
        """The answers of usable rows where each is one label; None where there are none."""
        if self.answer != "label" or self.answers is None:
            return None
        return self.answers.where(self.usable)

    @cached_property
    def same(self) -> np.ndarray:
        """int64[rows]: rows whose input is equal (case and white space aside) share a number; −1 for unusable rows."""
        return self._numbered(self.inputs)

    @cached_property
    def near(self) -> np.ndarray:
        """int64[rows]: rows whose input is nearly equal share a number; −1 for unusable rows."""
        if self.pictures is not None:
            found = self._near_pictures()
        else:
            # Questions on one long text would all be alike if both were compared as one.
            parts = [near_groups(part, tell=self.tell) for part in self.read or (self.inputs,)]
            kept = {number: np.where(self._lacking(number), -1, part) for number, part in enumerate(parts)}
            found = pd.DataFrame(kept).groupby(list(kept), sort=False).ngroup().to_numpy(dtype=np.int64)
        # What is equal is near, whatever the letters are made of.
        return self._merged(np.where(self.usable, found, -1), self.same)

    @cached_property
    def near_together(self) -> np.ndarray:
        """As `near`, of what keeps rows in one part of the split."""
        if self.together is None:
            return self.near
        same = self._numbered(self.together)
        found = near_groups(self.together, tell=self.tell)
        return self._merged(np.where(self.usable, found, -1), same)

    @cached_property
    def same_together(self) -> np.ndarray:
        """As `same`, of what keeps rows in one part of the split."""
        return self.same if self.together is None else self._numbered(self.together)

    def column_name(self, wanted: str) -> str:
        """The name, or one with a number behind where the table has such a column."""
        name, number = wanted, 1
        while name in self.frame:
            number += 1
            name = f"{wanted}_{number}"
        return name

    def _lacking(self, number: int) -> np.ndarray:
        """bool[rows]: whether a row lacks one of the parts that are read, as an optional one; only where "
        "it has others."""
        if len(self.read) < 2:
            return np.zeros(len(self.frame), dtype=bool)
        return self.read[number].isna().to_numpy(dtype=bool)

    def _numbered(self, texts: "pd.Series[str]") -> np.ndarray:
        codes, _ = pd.factorize(fold_text(texts))
        codes = codes.astype(np.int64)
        alone = codes < 0
        codes[alone] = codes.max(initial=-1) + 1 + np.arange(int(alone.sum()))
        return np.where(self.usable, codes, -1)

    @cached_property
    def readable_pictures(self) -> np.ndarray:
        """bool[rows]: whether the row's picture can be opened."""
        codes, _, greys = self._marks
        good = ~np.isnan(greys[:, 0]) if len(greys) else np.zeros(1, dtype=bool)
        return (codes >= 0) & good[np.maximum(codes, 0)]

    @cached_property
    def _marks(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Which picture each row has (−1 for none), and every picture's marks; each file is opened once."""
        assert self.pictures is not None
        names = pd.Series([None if path is None else str(path) for path in self.pictures], dtype="str")
        codes, distinct = pd.factorize(names)
        hashes, greys = picture_marks([Path(name) for name in distinct], tell=self.tell)
        return codes.astype(np.int64), hashes, greys

    def _near_pictures(self) -> np.ndarray:
        codes, hashes, greys = self._marks
        found = near_pictures(hashes, greys, tell=self.tell)
        alone = codes < 0
        groups = found[np.maximum(codes, 0)] if len(found) else np.zeros(len(codes), np.int64)
        groups[alone] = len(found) + np.arange(int(alone.sum()))
        return groups

    @staticmethod
    def _merged(near: np.ndarray, same: np.ndarray) -> np.ndarray:
        """Groups of `near` joined where `same` says that their rows are equal."""
        used = near >= 0
        lowest = pd.Series(near[used]).groupby(same[used]).transform("min").to_numpy()
        # Equal rows are in one near group already but for those without letters, which stand alone there.
        merged = near.copy()
        merged[used] = lowest
        return merged
