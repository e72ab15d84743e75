"""The rows to change and what the model says of them changed: asked of the host once, then kept on disk."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lib.analysis.robustness import SHAPES
from lib.analysis.text_changes import TEXT_CHANGES, TextChange, changed_texts
from lib.inference.inputs import model_inputs
from lib.inference.predict import predict
from lib.tasks.base import Role
from lib.tasks.images import load_picture
from lib.tasks.outputs import TokenLabels
from lib.tasks.picture_changes import PICTURE_CHANGES, PictureChange
from lib.ui.evaluate_data import Evaluation
from lib.ui.example_rows import given_in
from lib.ui.kept import keep, kept_path
from lib.ui.output_runs import has_model
from lib.ui.pictures import pictures_folder

# Enough to see a loss of five points, and quick on a laptop.
MOST_ROWS = 400
_SEED = 0

AnyChange = TextChange | PictureChange


@dataclass(frozen=True)
class Drawn:
    """Rows drawn from an evaluation, and what the model was given of each: `cells[role name]`, in the rows' order."""

    rows: pd.DataFrame
    cells: Mapping[str, list[str]]
    roles: Sequence[Role]

    @property
    def has_pictures(self) -> bool:
        """Whether the model looks at pictures."""
        return any(role.kind == "image" for role in self.roles)


def can_be_changed(found: Evaluation) -> bool:
    """Whether a small change of the input leaves the truth true, and the model is still there to be asked."""
    return isinstance(found.output, SHAPES) and has_model(found.run) and drawn_rows(found, most=1) is not None


def drawn_rows(found: Evaluation, *, most: int = MOST_ROWS) -> Drawn | None:
    """At most so many rows, drawn with a fixed seed; None when what the model was given is not known any more."""
    columns = found.run.spec.data.columns
    roles = model_inputs(found.task, columns)
    frame = found.frame
    rows = (frame.sample(most, random_state=_SEED) if len(frame) > most else frame).reset_index(drop=True)
    if rows.empty or not roles:
        return None
    pictures = any(role.kind == "image" for role in roles)
    folder = pictures_folder(found.run.spec.data.dataset) if pictures else None
    given = [
        given_in(found.output, {str(name): cell for name, cell in line.items()}, roles, columns)
        for line in rows.to_dict("records")
    ]
    if not all(given) or (pictures and folder is None):
        return None
    cells = {role.name: list(texts) for role, texts in zip(roles, zip(*given, strict=True), strict=True)}
    for role in roles:
        if role.kind == "image" and folder is not None:
            cells[role.name] = [str(folder / Path(name).name) for name in cells[role.name]]
    return Drawn(rows, cells, roles)


def changes_for(found: Evaluation, drawn: Drawn) -> list[AnyChange]:
    """The changes that make sense: of pictures or of texts, and those that keep places where spans are judged."""
    if drawn.has_pictures:
        return list(PICTURE_CHANGES)
    keeps_places = isinstance(found.output, TokenLabels)
    return [change for change in TEXT_CHANGES if change.keeps_length or not keeps_places]


def known_answers(found: Evaluation, change: AnyChange) -> pd.DataFrame | None:
    """What `ask_changed` has kept: columns `place` (in the drawn rows) and `predicted`; None before it was asked."""
    path = _path(found, change)
    return pd.read_parquet(path) if path.is_file() else None


def ask_changed(
    found: Evaluation, drawn: Drawn, change: AnyChange, *, on_progress: Callable[[int, int, str], None]
) -> None:
    """Change the rows, ask the model, and keep what it says of those that the change touches at all.

    Raises UserError as `predict` does, and whatever `on_progress(done, total, phase)` raises to cancel.
    """
    path = _path(found, change)
    cells: dict[str, list[str]] = {}
    touched = np.zeros(len(drawn.rows), dtype=bool)
    for role in drawn.roles:
        before = list(drawn.cells[role.name])
        if isinstance(change, PictureChange):
            cells[role.name] = _changed_pictures(change, before, path.parent / f"pictures {path.stem}")
            touched[:] = True
            continue
        cells[role.name] = changed_texts(change, before, seed=_SEED)
        touched |= np.array([one != other for one, other in zip(before, cells[role.name], strict=True)])
    places = touched.nonzero()[0]
    said: Sequence[Any] = []
    if len(places):
        asked = pd.DataFrame(cells).iloc[places].reset_index(drop=True)
        names = {role.name: role.name for role in drawn.roles}
        said = (
            predict(f"run:{found.run.id}", asked, names, on_progress=on_progress).frame["predicted"].tolist()
        )
    keep(pd.DataFrame({"place": places, "predicted": said}), path)


def _changed_pictures(change: PictureChange, names: Sequence[str], folder: Path) -> list[str]:
    """Paths of changed copies; the host reads them from disk like any other picture."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for place, name in enumerate(names):
        path = folder / f"{place}.png"
        if not path.is_file():
            picture = change.apply(load_picture(name), np.random.default_rng((_SEED, place)))
            work = path.with_suffix(".part")
            picture.save(work, "PNG")
            work.replace(path)
        paths.append(str(path))
    return paths


def _path(found: Evaluation, change: AnyChange) -> Path:
    return kept_path(found, "changed", change.name, str(MOST_ROWS))
