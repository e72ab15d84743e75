"""Attention over a picture: the patches that are read from, as a veil over what the model sees."""

import base64
import io

import numpy as np
import streamlit as st
from PIL import Image

from lib.charts.text import percent
from lib.inference.attended import Attention
from lib.ui.words import escape_markdown

# The side of what is shown, in pixels.
SHOWN = 448


def overlay(picture: np.ndarray, patches: np.ndarray, *, opacity: float, smooth: bool) -> Image.Image:
    """uint8[height, width, 3] under float[rows, columns] of patch weights, from none (dark) to the largest (light).

    The veil lies where nothing is read and lets the picture through where most is; `smooth` interpolates between
    the patches, else each is one square.
    """
    top = float(patches.max(initial=0.0)) or 1.0
    # Half of the largest weight is still easily seen.
    seen = np.rint(255 * np.clip(patches / top, 0, 1)).astype(np.uint8)
    size = (SHOWN, round(SHOWN * picture.shape[0] / picture.shape[1]))
    mask = Image.fromarray(seen).resize(
        size, Image.Resampling.BILINEAR if smooth else Image.Resampling.NEAREST
    )
    below = Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR)
    # Dark and without a hue, so that the colours seen are the picture's own.
    dark = Image.new("RGB", size, (16, 18, 22))
    veil = Image.fromarray(np.rint((255 - np.asarray(mask, dtype=float)) * opacity).astype(np.uint8))
    return Image.composite(dark, below, veil)


def show_patches(found: Attention, weights: np.ndarray, *, says: str, key: str) -> None:
    """The picture with float[tokens] weights over its patches; what lies on other tokens is said."""
    assert found.picture is not None and found.grid is not None
    rows, columns = found.grid
    others = len(weights) - rows * columns
    patches = weights[others:].reshape(rows, columns)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        opacity = st.slider(
            "Veil", 0, 100, 75, format="%d %%", key=f"{key} veil", persist_state="page", width=200
        )
        smooth = not st.toggle("Raw patches", key=f"{key} raw", persist_state="page")
    image = overlay(found.picture, patches, opacity=opacity / 100, smooth=smooth)
    file = io.BytesIO()
    image.save(file, "PNG")
    uri = "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
    st.image(uri, width=SHOWN, alt=escape_markdown(f"{says}, over the picture as the model sees it"))
    on_others = (
        f"; {percent(float(weights[:others].sum()))} lies on tokens that are no patch" if others else ""
    )
    st.caption(
        escape_markdown(
            f"{says}. Clear where most is read ({percent(float(patches.max()))} a patch), veiled where nothing is"
            f"{on_others}. {rows} × {columns} patches; between them the veil is interpolated."
        )
    )
