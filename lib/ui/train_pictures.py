"""What a model of pictures will see: some of the pictures in its size, and as they are changed while it learns."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from lib.data.store import StoredDataset
from lib.errors import UserError
from lib.models.sources import ModelInfo
from lib.tasks.augmenting import augmented
from lib.tasks.base import Task
from lib.tasks.images import Recipe, fitting_side, load_picture
from lib.ui.pictures import data_uri

PICTURES, CHANGES = 4, 3
# Width on screen, in pixels.
_SHOWN = 112


def show_pictures(stored: StoredDataset, task: Task, model: ModelInfo, options: Mapping[str, Any]) -> None:
    """A fold with a few pictures of the data set as the model gets them; nothing for a task without pictures."""
    named = [
        stored.columns[role.name]
        for role in task.roles
        if role.kind == "image" and role.name in stored.columns
    ]
    if not named or stored.files is None:
        return
    with st.expander("What the model sees", icon=":material/visibility:"):
        recipe = recipe_of(model, int(options.get("image_size", 0)))
        strength = str(options.get("augmentation", "none"))
        st.caption(
            f"Pictures are brought to {recipe.side} × {recipe.side} pixels"
            + (
                ", and the margins are cut off."
                if not recipe.squeezed or recipe.resized > recipe.side
                else "."
            )
            + ("" if strength == "none" else " Beside each: how it may be changed while the model learns.")
        )
        frame = stored.read(named, 0, min(stored.rows, 400))
        names = frame[named[0]].dropna().drop_duplicates()
        for name in names.iloc[:: max(1, len(names) // PICTURES)].head(PICTURES):
            _line(stored.files / Path(name).name, recipe, strength, mirror=bool(options.get("mirror", True)))


def recipe_of(model: ModelInfo, image_size: int) -> Recipe:
    """How pictures are prepared for a model, told from its files alone."""
    try:
        settings = json.loads((model.folder / "preprocessor_config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):  # not built yet: a square of the configuration's size
        settings = {"size": model.config.get("image_size", 224)}
        settings["size"] = {"height": settings["size"], "width": settings["size"]}
    own = Recipe.of(settings)
    side = fitting_side(model.config, image_size, own=own.side)
    return Recipe(side, round(own.resized * side / own.side), own.squeezed, own.resample)


def _line(path: Path, recipe: Recipe, strength: str, *, mirror: bool) -> None:
    try:
        picture = load_picture(path)
    except UserError:
        return
    with st.container(horizontal=True, gap="small"):
        st.image(data_uri(recipe.shown(picture)), width=_SHOWN, alt="A picture as the model sees it")
        for draw in range(CHANGES if strength != "none" else 0):
            changed = augmented(
                picture, recipe.side, strength=strength, mirror=mirror, draw=draw, resample=recipe.resample
            )
            st.image(data_uri(changed), width=_SHOWN, alt="The same picture, changed at random")
